// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {OutputPredicate} from "../src/libraries/OutputPredicate.sol";
import {Inferences} from "./support/Inferences.sol";
import {Merkle} from "./support/Merkle.sol";
import {RegistryTest} from "./support/RegistryTest.sol";

/// @dev Recording many inferences by one proof, and using them out of their batch; every call a transaction of its own.
/// forge-config: default.isolate = true
contract InferenceBatchTest is RegistryTest {
    function _expect(bytes memory error_, IInferenceRegistry.Batch memory batch, bytes memory proof) private {
        vm.expectRevert(error_);
        registry.recordBatch(batch, proof);
    }

    function _unknown(bytes memory ref, bytes32 id) private {
        vm.expectRevert(_error(IInferenceRegistry.InferenceRegistry_InferenceUnknown.selector, id));
        registry.requireInference(ref, signedId, _any(), 60);
    }

    function testFuzz_ABatchOfNYieldsExactlyNEachWithItsOwnOutputs(uint8 size, uint256 seed, uint8 slot) external {
        uint256 count = bound(size, 1, 40);
        uint16 place = uint16(bound(slot, 0, SIGNED_COUNT - 1));
        IInferenceRegistry.Batch memory batch = _batch(count, bound(seed, 0, type(uint128).max));
        bytes32 batchId = _recordBatch(batch);
        vm.assertEq(batchId, Inferences.batchIdOf(batch), "the id");
        vm.assertEq(registry.batchRecordedAt(batchId), block.timestamp, "recorded");
        seed = batch.nonce;
        for (uint256 i = 0; i < count; ++i) {
            bytes memory ref = Inferences.ref(batch, i);
            int16 expected = int16(int256(_shown(seed, i, place)) - 2048);
            IInferenceRegistry.Predicate memory equal = OutputPredicate.equal(place, expected);
            vm.assertTrue(registry.checkInference(address(this), ref, signedId, equal, 0) == expected, "can be used");
            vm.assertTrue(registry.requireInference(ref, signedId, equal, 0) == expected, "its own output");
            bytes32 id = Inferences.idOf(batch, i);
            vm.expectRevert(_error(IInferenceRegistry.InferenceRegistry_AlreadyConsumed.selector, id));
            registry.requireInference(ref, signedId, equal, 0);
        }
    }

    function test_RevertWhen_ABatchIsRecordedTwice() external {
        IInferenceRegistry.Batch memory batch = _batch(3, 1);
        bytes32 batchId = _recordBatch(batch);
        _expect(
            _error(IInferenceRegistry.InferenceRegistry_BatchExists.selector, batchId),
            batch,
            Inferences.prove(registry, batch)
        );
    }

    function test_RevertWhen_OneOfABatchIsChangedSwappedMissingOrAdded() external {
        IInferenceRegistry.Batch memory batch = _batch(3, 1);
        bytes memory proof = Inferences.prove(registry, batch);
        bytes memory invalid = abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_ProofInvalid.selector);
        (batch.requests[0], batch.requests[1]) = (batch.requests[1], batch.requests[0]);
        _expect(invalid, batch, proof);
        batch = _batch(3, 1);
        batch.outputs[0] ^= 1 << 130;
        _expect(invalid, batch, proof);
        batch = _batch(3, 1);
        batch.requests[2].consumer = STRANGER;
        _expect(invalid, batch, proof);

        // Four inferences of ten outputs fill two words as three do: the number of requests is what is bound.
        IInferenceRegistry.Batch memory longer = _batch(4, 1);
        longer.outputs = _batch(3, 1).outputs;
        _expect(invalid, longer, proof);
    }

    function testFuzz_RevertWhen_ABatchHasBitsBeyondItsOutputs(uint8 bit) external {
        IInferenceRegistry.Batch memory batch = _batch(3, 1);
        batch.outputs[1] |= uint256(1) << bound(bit, 120, 255);
        _expect(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_OutputsMalformed.selector, 1),
            batch,
            Inferences.prove(registry, batch)
        );
        batch = _batch(3, 1);
        batch.outputs[0] |= uint256(1) << bound(bit, 240, 255);
        _expect(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_OutputsMalformed.selector, 0),
            batch,
            Inferences.prove(registry, batch)
        );
    }

    function test_OneRequesterMayHaveAllOfABatch() external {
        IInferenceRegistry.Batch memory batch = _batch(3, type(uint256).max - 1);
        batch.requests[1] = batch.requests[0];
        batch.requests[2] = batch.requests[0];
        _recordBatch(batch);
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory ref = Inferences.ref(batch, i);
            int16 output = registry.requireInference(ref, signedId, _any(), 0);
            vm.assertTrue(output == int16(int256(_shown(batch.nonce, i, 0)) - 2048), "one for each nonce");
        }
    }

    function testFuzz_RevertWhen_ARequestNamesWhatIsNoAddress(uint256 requester, uint256 consumer, uint8 place)
        external
    {
        uint256[2][] memory words = new uint256[2][](5);
        IInferenceRegistry.Request[] memory requests = _batch(5, 1).requests;
        for (uint256 i = 0; i < words.length; ++i) {
            words[i] = [uint256(uint160(requests[i].requester)), uint256(uint160(requests[i].consumer))];
        }
        uint256 index = bound(place, 0, 4);
        words[index] = [requester, consumer];
        bool isFine = requester != 0 && requester <= type(uint160).max && consumer <= type(uint160).max;
        // Two words a request, whatever is in them: the encoding is that of requests.
        (bool success, bytes memory answer) =
            address(registry).call(bytes.concat(registry.requestsRootOf.selector, abi.encode(words)));
        vm.assertTrue(success == isFine, "addresses and nothing else");
        bytes memory refused =
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_RequestInvalid.selector, index);
        if (!isFine) vm.assertEq(answer, refused, "and it says which");
    }

    function test_RevertWhen_ABatchIsEmptyOrTooLarge() external {
        IInferenceRegistry.Batch memory batch = _batch(1, 1);
        batch.requests = new IInferenceRegistry.Request[](0);
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_CountInvalid.selector, 0), batch, "");
        batch.requests = new IInferenceRegistry.Request[](257);
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_CountInvalid.selector, 257), batch, "");
    }

    function testFuzz_RevertWhen_WhatIsShownOfABatchIsNotInIt(uint8 field, uint256 change) external {
        IInferenceRegistry.Batch memory batch = _batch(5, 1);
        _recordBatch(batch);
        IInferenceRegistry.BatchedInference memory shown = Inferences.shown(batch, 2);
        change = bound(change, 1, 1000);
        if (field % 8 == 0) shown.outputs[change % 3] ^= change;
        else if (field % 8 == 1) shown.nonce += change;
        else if (field % 8 == 2) shown.consumer = address(uint160(change));
        else if (field % 8 == 3) shown.requester = address(uint160(change));
        else if (field % 8 == 4) shown.version += uint16(change);
        else if (field % 8 == 5) shown.index += uint16(change);
        else if (field % 8 == 6) shown.siblings[change % shown.siblings.length] ^= bytes32(change);
        else shown.siblings = new bytes32[](change % 3);
        _unknown(abi.encode(shown), Inferences.idOf(shown));
    }

    function test_RevertWhen_AnotherPlaceInTheBatchIsClaimed() external {
        IInferenceRegistry.Batch memory batch = _batch(4, 1);
        _recordBatch(batch);
        IInferenceRegistry.BatchedInference memory shown = Inferences.shown(batch, 0);
        shown.index = 1;
        _unknown(abi.encode(shown), Inferences.idOf(shown));
    }

    function test_ANonceThatIsProvedInTwoBatchesIsUsedOnce() external {
        IInferenceRegistry.Batch memory first = _batch(2, 1);
        IInferenceRegistry.Batch memory second = _batch(2, 1);
        second.outputs[0] ^= 1;
        _recordBatch(first);
        _recordBatch(second);
        registry.requireInference(Inferences.ref(second, 0), signedId, _any(), 0);
        bytes32 id = Inferences.idOf(first, 0);
        vm.expectRevert(_error(IInferenceRegistry.InferenceRegistry_AlreadyConsumed.selector, id));
        registry.requireInference(Inferences.ref(first, 0), signedId, _any(), 0);
        registry.requireInference(Inferences.ref(first, 1), signedId, _any(), 0);
    }

    function test_AnUnpackedInferenceIsKnownByItsIdAndUsedOnceEitherWay() external {
        IInferenceRegistry.Batch memory batch = _batch(3, 1);
        _recordBatch(batch);
        uint256 recordedAt = block.timestamp;
        bytes memory ref = Inferences.ref(batch, 1);
        vm.warp(block.timestamp + 30);
        vm.prank(STRANGER);
        bytes32 id = registry.unpackInference(ref);
        IInferenceRegistry.Inference memory found = registry.inference(id);
        vm.assertEq(found.recordedAt, recordedAt, "as old as its batch");
        vm.assertEq(found.outputs.length, 1, "its outputs");
        vm.assertEq(found.outputs[0] >> 108, _shown(1, 1, 9), "to the last");
        vm.expectRevert(_error(IInferenceRegistry.InferenceRegistry_NonceUsed.selector, id));
        registry.unpackInference(ref);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_TooOld.selector, id, 30, 29));
        registry.requireInference(bytes.concat(id), signedId, _any(), 29);
        registry.requireInference(bytes.concat(id), signedId, _any(), 30);
        vm.expectRevert(_error(IInferenceRegistry.InferenceRegistry_AlreadyConsumed.selector, id));
        registry.requireInference(ref, signedId, _any(), 60);
    }

    function test_WhatWasRecordedAloneStaysAsItWasWhenItsNonceIsUsedOutOfABatch() external {
        IInferenceRegistry.Batch memory alone = _batch(1, 1);
        bytes32 id = _record(alone);
        vm.prank(PERSON);
        registry.addVersion(signedId, Inferences.weights(Inferences.COMMITMENT));
        IInferenceRegistry.Batch memory later = _batch(1, 1);
        later.version = 2;
        later.outputs[0] ^= 1;
        vm.warp(block.timestamp + 30);
        _recordBatch(later);
        registry.requireInference(Inferences.ref(later, 0), signedId, _any(), 0);
        IInferenceRegistry.Inference memory found = registry.inference(id);
        vm.assertEq(found.version, 1, "its version");
        vm.assertEq(found.outputs[0], alone.outputs[0], "its outputs");
        vm.assertEq(found.recordedAt, block.timestamp - 30, "its time");
        vm.assertEq(found.consumedAt, block.timestamp, "and it is used up");
    }

    function test_TheContextIsWhatTheInterfaceSays() external view {
        IInferenceRegistry.Batch memory batch = _batch(3, 1);
        bytes32 root = Merkle.root(Inferences.leaves(batch));
        vm.assertEq(registry.requestsRootOf(batch.requests), root, "the root over the requests");
        bytes32 digest = keccak256(
            abi.encode(
                block.chainid,
                address(registry),
                batch.modelId,
                uint16(1),
                batch.nonce,
                batch.deadline,
                uint256(3),
                root
            )
        );
        vm.assertEq(registry.contextOf(batch), bytes32(uint256(digest) % FIELD), "and all that the proof is bound to");
    }

    function test_RevertWhen_AUsedInferenceIsUnpackedOrRecordedAlone() external {
        IInferenceRegistry.Batch memory batch = _batch(1, 1);
        _recordBatch(batch);
        bytes memory ref = Inferences.ref(batch, 0);
        registry.requireInference(ref, signedId, _any(), 0);
        bytes memory used = _error(IInferenceRegistry.InferenceRegistry_NonceUsed.selector, Inferences.idOf(batch, 0));
        vm.expectRevert(used);
        registry.unpackInference(ref);
        bytes memory proof = Inferences.prove(registry, batch);
        vm.expectRevert(used);
        registry.recordInference(batch, proof);
    }
}
