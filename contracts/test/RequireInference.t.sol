// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {InferenceRegistry} from "../src/InferenceRegistry.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {OutputPredicate} from "../src/libraries/OutputPredicate.sol";
import {HostileConsumer} from "./support/HostileConsumer.sol";
import {Inferences} from "./support/Inferences.sol";
import {RegistryTest} from "./support/RegistryTest.sol";

/// @dev Using inferences: whatever is refused leaves them unused, and the view gives the same answer.
contract RequireInferenceTest is RegistryTest {
    using OutputPredicate for IInferenceRegistry.Predicate;

    /// @dev Of the view and of the use alike.
    function _refused(bytes memory error_, bytes memory ref, IInferenceRegistry.Predicate memory wanted) private {
        _refusedOf(error_, ref, modelId, wanted);
    }

    function _refusedOf(
        bytes memory error_,
        bytes memory ref,
        bytes32 model,
        IInferenceRegistry.Predicate memory wanted
    ) private {
        vm.expectRevert(error_);
        registry.checkInference(address(this), ref, model, wanted, 60);
        vm.expectRevert(error_);
        registry.requireInference(ref, model, wanted, 60);
    }

    function _tooLow(bytes32 id, int16 output) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_OutputRefused.selector, id, 0, output);
    }

    function testFuzz_APredicateHoldsFromItsLowToItsHigh(uint16 shown, int16 low, int16 high) external {
        shown = uint16(bound(shown, 0, 4095));
        low = int16(int256(bound(uint16(low), 0, 4095)));
        high = int16(int256(bound(uint16(high), 0, 4095)));
        bytes32 id = _record(_single(1, shown));
        bytes memory ref = bytes.concat(id);
        int16 output = int16(shown);
        bytes memory outside = _tooLow(id, output);
        if (output < low) _refused(outside, ref, OutputPredicate.atLeast(0, low));
        if (output > high) _refused(outside, ref, OutputPredicate.atMost(0, high));
        if (output != low) _refused(outside, ref, OutputPredicate.equal(0, low));
        if (output < low || output > high) {
            _refused(outside, ref, OutputPredicate.within(0, low, high));
        } else {
            vm.assertTrue(
                registry.requireInference(ref, modelId, OutputPredicate.within(0, low, high), 0) == output, ""
            );
        }
    }

    function testFuzz_SignedOutputsAreComparedWithTheirSign(uint256 seed, uint8 slot) external {
        IInferenceRegistry.Batch memory batch = _batch(1, bound(seed, 0, type(uint128).max));
        uint16 place = uint16(bound(slot, 0, SIGNED_COUNT - 1));
        int16 output = int16(int256(_shown(batch.nonce, 0, place)) - 2048);
        bytes32 id = _record(batch);
        bytes memory ref = bytes.concat(id);
        bytes memory outside =
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_OutputRefused.selector, id, place, output);
        _refusedOf(outside, ref, signedId, OutputPredicate.atLeast(place, output + 1));
        _refusedOf(outside, ref, signedId, OutputPredicate.atMost(place, output - 1));
        registry.requireInference(ref, signedId, OutputPredicate.atLeast(place, output), 0);
    }

    function test_RevertWhen_ASlotIsNotThere() external {
        bytes memory ref = bytes.concat(_record(_single(1, 50)));
        _refused(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_SlotInvalid.selector, 1, 1),
            ref,
            OutputPredicate.atLeast(1, 0)
        );
    }

    function test_RevertWhen_OthersUseAnInference() external {
        IInferenceRegistry.Batch memory batch = _single(1, 50);
        batch.requests[0] = Inferences.request(address(this), PERSON);
        bytes32 id = _record(batch);
        // The requester named another consumer and is not one itself.
        _refused(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_NotConsumer.selector, id, address(this)),
            bytes.concat(id),
            _any()
        );
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_NotConsumer.selector, id, STRANGER));
        vm.prank(STRANGER);
        registry.requireInference(bytes.concat(id), modelId, _any(), 60);
        vm.prank(PERSON);
        registry.requireInference(bytes.concat(id), modelId, _any(), 60);
    }

    function test_RevertWhen_AnotherModelWasAskedFor() external {
        bytes32 id = _record(_single(1, 50));
        _refusedOf(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_WrongModel.selector, id, modelId),
            bytes.concat(id),
            signedId,
            _any()
        );
    }

    function test_RevertWhen_AnotherVersionWasAskedFor() external {
        bytes32 id = _record(_single(1, 50));
        registry.addVersion(modelId, Inferences.weights(bytes32(uint256(0xC1))));
        _refused(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_WrongVersion.selector, id, 1),
            bytes.concat(id),
            _any().ofVersion(2)
        );
        registry.requireInference(bytes.concat(id), modelId, _any().ofVersion(1), 60);
    }

    function test_RevertWhen_NothingIsThere() external {
        bytes32 nothing = keccak256("nothing");
        _refused(
            _error(IInferenceRegistry.InferenceRegistry_InferenceUnknown.selector, nothing),
            bytes.concat(nothing),
            _any()
        );
        vm.expectRevert();
        registry.requireInference("", modelId, _any(), 60);
    }

    function testFuzz_RevertWhen_TooOld(uint32 age) external {
        bytes32 id = _record(_single(1, 50));
        vm.warp(block.timestamp + bound(age, 61, type(uint32).max));
        bytes memory tooOld = abi.encodeWithSelector(
            IInferenceRegistry.InferenceRegistry_TooOld.selector, id, block.timestamp - 1_800_000_000, 60
        );
        _refused(tooOld, bytes.concat(id), _any());
    }

    function test_RevertWhen_TheModelTheVersionOrTheVerifierWasStoppedSince() external {
        bytes32 id = _record(_single(1, 50));
        bytes memory ref = bytes.concat(id);
        vm.prank(ADMIN);
        registry.takeDown(modelId, "stolen");
        _refused(_error(IModelRegistry.ModelRegistry_ModelTakenDown.selector, modelId), ref, _any());
        vm.startPrank(ADMIN);
        registry.lift(modelId, "not stolen");
        registry.listVerifier(verifier, IModelRegistry.VerifierKind.Plain, "audited");
        vm.stopPrank();
        registry.checkInference(address(this), ref, modelId, _any(), 60);

        registry.retireVersion(modelId, 1);
        _refused(abi.encodeWithSelector(IModelRegistry.ModelRegistry_VersionRetired.selector, modelId, 1), ref, _any());
        vm.prank(ADMIN);
        registry.withdrawVerifier(verifier, "broken");
        _refused(
            abi.encodeWithSelector(IModelRegistry.ModelRegistry_VerifierWithdrawn.selector, address(verifier)),
            ref,
            _any()
        );
    }

    function testFuzz_AnAgentsRuleAsksForTheFirstOutput(uint256 minOutput, uint16 shown) external {
        shown = uint16(bound(shown, 0, 4095));
        bytes32 id = _record(_single(1, shown));
        if (minOutput > shown) {
            vm.expectRevert(_tooLow(id, int16(shown)));
            registry.consume(id, modelId, minOutput, 60);
        }
        registry.consume(id, modelId, bound(minOutput, 0, shown), 60);
        vm.assertEq(registry.inference(id).consumedAt, block.timestamp, "used");
        vm.expectRevert(_error(IInferenceRegistry.InferenceRegistry_AlreadyConsumed.selector, id));
        registry.consume(id, modelId, 0, 60);
    }

    function testFuzz_AHostileConsumerActsOnceForEachInference(uint8 depth, bool isBatched) external {
        HostileConsumer hostile = new HostileConsumer(registry, modelId);
        IInferenceRegistry.Batch memory batch = _single(1, 50);
        batch.requests[0] = Inferences.request(address(this), address(hostile));
        bytes memory ref;
        if (isBatched) {
            _recordBatch(batch);
            ref = Inferences.ref(batch, 0);
        } else {
            ref = bytes.concat(_record(batch));
        }
        hostile.act(ref, bound(depth, 1, 8));
        vm.assertEq(hostile.actions(), 1, "it acted once, however often it came back");
        hostile.act(ref, 1);
        vm.assertEq(hostile.actions(), 1, "and never again");
    }
}
