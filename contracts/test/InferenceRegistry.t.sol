// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {InferenceRegistry} from "../src/InferenceRegistry.sol";
import {Inferences} from "./support/Inferences.sol";
import {RegistryTest} from "./support/RegistryTest.sol";

/// @dev Recording one inference. Each test that begins with RevertWhen plays one class of mistakes seen in the wild.
contract InferenceRegistryTest is RegistryTest {
    function _expect(bytes memory error_, IInferenceRegistry.Batch memory batch, bytes memory proof) private {
        vm.expectRevert(error_);
        registry.recordInference(batch, proof);
    }

    function _refused(IInferenceRegistry.Batch memory batch, bytes memory proof) private {
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_ProofInvalid.selector), batch, proof);
    }

    function testFuzz_RecordsWhatWasProvedOnce(uint256 nonce, uint256 shown) external {
        IInferenceRegistry.Batch memory batch = _single(nonce, bound(shown, 0, 4095));
        bytes memory proof = Inferences.prove(registry, batch);
        bytes32 id = Inferences.idOf(modelId, address(this), address(this), nonce);
        vm.expectEmit();
        emit IInferenceRegistry.InferenceRecorded(
            id, modelId, address(this), address(this), 1, nonce, batch.inputHash, batch.outputs
        );
        registry.recordInference(batch, proof);
        IInferenceRegistry.Inference memory found = registry.inference(id);
        vm.assertEq(found.modelId, modelId, "the model");
        vm.assertEq(found.version, 1, "the version");
        vm.assertEq(found.consumer, address(this), "who may use it");
        vm.assertEq(found.recordedAt, block.timestamp, "when");
        vm.assertEq(found.consumedAt, 0, "unused");
        vm.assertEq(found.outputs[0], batch.outputs[0], "the output");
        _expect(_error(IInferenceRegistry.InferenceRegistry_NonceUsed.selector, id), batch, proof);
    }

    function testFuzz_RevertWhen_AnythingOfTheRequestChanges(uint8 field, uint256 change) external {
        IInferenceRegistry.Batch memory batch = _single(1, 50);
        bytes memory proof = Inferences.prove(registry, batch);
        change = bound(change, 1, FIELD - 100);
        IInferenceRegistry.Request memory request = batch.requests[0];
        if (field % 6 == 0) request.requester = address(uint160(request.requester) ^ uint160(bound(change, 1, 1000)));
        else if (field % 6 == 1) request.consumer = address(uint160(bound(change, 1, type(uint160).max)));
        else if (field % 6 == 2) batch.nonce += change;
        else if (field % 6 == 3) batch.deadline += bound(change, 1, 1000);
        else if (field % 6 == 4) batch.inputHash = bytes32((uint256(batch.inputHash) + change) % FIELD);
        else batch.outputs[0] = (50 + bound(change, 1, 4095)) % 4096;
        _refused(batch, proof);
    }

    function test_RevertWhen_ReplayedForAnotherModel() external {
        IModelRegistry.ModelTerms memory terms = Inferences.terms(verifier, 1, false);
        terms.name = "twin";
        bytes32 twin = registry.registerModel(terms, Inferences.weights(Inferences.COMMITMENT));
        IInferenceRegistry.Batch memory batch = _single(1, 50);
        bytes memory proof = Inferences.prove(registry, batch);
        batch.modelId = twin;
        _refused(batch, proof);
    }

    function test_RevertWhen_ReplayedForAnotherVersionOfTheWeights() external {
        registry.addVersion(modelId, Inferences.weights(Inferences.COMMITMENT));
        IInferenceRegistry.Batch memory batch = _single(1, 50);
        bytes memory proof = Inferences.prove(registry, batch);
        batch.version = 2;
        _refused(batch, proof);
    }

    function test_RevertWhen_ReplayedOnAnotherChain() external {
        IInferenceRegistry.Batch memory batch = _single(1, 50);
        bytes memory proof = Inferences.prove(registry, batch);
        vm.chainId(1);
        _refused(batch, proof);
    }

    function test_RevertWhen_ReplayedInAnotherRegistry() external {
        IInferenceRegistry.Batch memory batch = _single(1, 50);
        bytes memory proof = Inferences.prove(registry, batch);
        InferenceRegistry other = new InferenceRegistry(ADMIN, GUARDIAN);
        batch.modelId =
            other.registerModel(Inferences.terms(verifier, 1, false), Inferences.weights(Inferences.COMMITMENT));
        vm.expectRevert(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_ProofInvalid.selector));
        other.recordInference(batch, proof);
    }

    function test_RevertWhen_OtherWeightsWereProved() external {
        IInferenceRegistry.Batch memory batch = _single(1, 50);
        _refused(batch, Inferences.prove(registry, batch, bytes32(uint256(0xC1))));
    }

    function test_RevertWhen_ARefusedNonceComesBackUnderAnotherDeadline() external {
        IInferenceRegistry.Batch memory batch = _single(1, 50);
        bytes32 id = _record(batch);
        batch.deadline += 1;
        _expect(
            _error(IInferenceRegistry.InferenceRegistry_NonceUsed.selector, id),
            batch,
            Inferences.prove(registry, batch)
        );
        // Nothing else than the requester is the consumer either, so this is the same nonce again.
        batch.requests[0].consumer = address(this);
        _expect(
            _error(IInferenceRegistry.InferenceRegistry_NonceUsed.selector, id),
            batch,
            Inferences.prove(registry, batch)
        );
    }

    function test_RevertWhen_TheDeadlinePassed() external {
        IInferenceRegistry.Batch memory batch = _single(1, 50);
        uint256 deadline = batch.deadline;
        bytes memory proof = Inferences.prove(registry, batch);
        vm.warp(deadline + 1);
        _expect(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_DeadlinePassed.selector, deadline), batch, proof
        );
        vm.warp(deadline);
        registry.recordInference(batch, proof);
    }

    function test_RevertWhen_PublicInputsAreNotCanonical() external {
        IInferenceRegistry.Batch memory batch = _single(1, 1);
        batch.inputHash = bytes32(uint256(batch.inputHash) + FIELD);
        bytes memory proof = Inferences.prove(registry, batch);
        _expect(
            abi.encodeWithSelector(IModelRegistry.ModelRegistry_NotInField.selector, uint256(batch.inputHash)),
            batch,
            proof
        );
        batch = _single(1, 1);
        batch.outputs[0] += FIELD;
        proof = Inferences.prove(registry, batch);
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_OutputsMalformed.selector, 0), batch, proof);
    }

    function testFuzz_RevertWhen_ThereAreBitsWhereNoOutputIs(uint8 bit) external {
        IInferenceRegistry.Batch memory batch = _single(1, 1 | (uint256(1) << bound(bit, 12, 255)));
        _expect(
            abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_OutputsMalformed.selector, 0),
            batch,
            Inferences.prove(registry, batch)
        );
    }

    function test_RevertWhen_WordsAreMissingOrTooMany() external {
        IInferenceRegistry.Batch memory batch = _single(1, 1);
        for (uint256 words = 0; words < 3; words += 2) {
            batch.outputs = new uint256[](words);
            _expect(
                abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_OutputWordsInvalid.selector, words, 1),
                batch,
                Inferences.prove(registry, batch)
            );
        }
    }

    function test_RevertWhen_RequestIsMalformed() external {
        IInferenceRegistry.Batch memory batch = _single(1, 1);
        batch.requests[0].requester = address(0);
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_RequestInvalid.selector, 0), batch, "");
        batch.requests = new IInferenceRegistry.Request[](2);
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_CountInvalid.selector, 2), batch, "");
        batch.requests = new IInferenceRegistry.Request[](0);
        _expect(abi.encodeWithSelector(IInferenceRegistry.InferenceRegistry_CountInvalid.selector, 0), batch, "");

        batch = _single(1, 1);
        batch.version = 2;
        _expect(abi.encodeWithSelector(IModelRegistry.ModelRegistry_VersionUnknown.selector, modelId, 2), batch, "");
        batch.modelId = bytes32(0);
        _expect(_error(IModelRegistry.ModelRegistry_ModelUnknown.selector, bytes32(0)), batch, "");
    }

    function test_RevertWhen_TheModelTheVersionOrTheVerifierWasStopped() external {
        IInferenceRegistry.Batch memory batch = _single(1, 1);
        bytes memory proof = Inferences.prove(registry, batch);
        vm.prank(GUARDIAN);
        registry.takeDown(modelId, "stolen");
        _expect(_error(IModelRegistry.ModelRegistry_ModelTakenDown.selector, modelId), batch, proof);
        vm.prank(ADMIN);
        registry.lift(modelId, "not stolen");

        registry.addVersion(modelId, Inferences.weights(Inferences.COMMITMENT));
        registry.retireVersion(modelId, 1);
        _expect(abi.encodeWithSelector(IModelRegistry.ModelRegistry_VersionRetired.selector, modelId, 1), batch, proof);

        batch.version = 2;
        proof = Inferences.prove(registry, batch);
        vm.startPrank(ADMIN);
        registry.listVerifier(verifier, IModelRegistry.VerifierKind.Optimized, "no audit");
        registry.withdrawVerifier(verifier, "broken");
        vm.stopPrank();
        _expect(
            abi.encodeWithSelector(IModelRegistry.ModelRegistry_VerifierWithdrawn.selector, address(verifier)),
            batch,
            proof
        );
    }
}
