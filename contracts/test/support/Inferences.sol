// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IInferenceRegistry} from "../../src/interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IProofVerifier} from "../../src/interfaces/IProofVerifier.sol";
import {Merkle} from "./Merkle.sol";

/// @dev What provers and submitters do around the registry, written without any of its code.
library Inferences {
    bytes32 internal constant ARCHITECTURE = keccak256("architecture");
    bytes32 internal constant COMMITMENT = bytes32(uint256(0xC0));

    function terms(IProofVerifier verifier, uint16 outputCount, bool isSigned)
        internal
        pure
        returns (IModelRegistry.ModelTerms memory)
    {
        return IModelRegistry.ModelTerms({
            verifier: verifier,
            architectureHash: ARCHITECTURE,
            outputCount: outputCount,
            isSigned: isSigned,
            name: "score"
        });
    }

    function weights(bytes32 commitment) internal pure returns (IModelRegistry.Weights memory) {
        return IModelRegistry.Weights({commitment: commitment, accuracyFloat: 9912, accuracyInteger: 9907});
    }

    function request(address requester, address consumer) internal pure returns (IInferenceRegistry.Request memory) {
        return IInferenceRegistry.Request({requester: requester, consumer: consumer});
    }

    /// @dev A batch of one with a single output, as the circuit shows it.
    function single(bytes32 modelId, IInferenceRegistry.Request memory request_, uint256 nonce, uint256 output)
        internal
        view
        returns (IInferenceRegistry.Batch memory batch)
    {
        batch.modelId = modelId;
        batch.version = 1;
        batch.nonce = nonce;
        batch.deadline = block.timestamp + 1 hours;
        batch.requests = new IInferenceRegistry.Request[](1);
        batch.requests[0] = request_;
        batch.inputHash = bytes32(uint256(7));
        batch.outputs = new uint256[](1);
        batch.outputs[0] = output;
    }

    /// @dev Outputs as circuits show them: 12 bits each, the first lowest, 20 in a word.
    function pack(uint256[] memory outputs) internal pure returns (uint256[] memory words) {
        words = new uint256[]((outputs.length + 19) / 20);
        for (uint256 i = 0; i < outputs.length; ++i) {
            words[i / 20] |= outputs[i] << (12 * (i % 20));
        }
    }

    /// @dev The proof that a {ScriptedVerifier} accepts for the batch under a commitment.
    function prove(IInferenceRegistry registry, IInferenceRegistry.Batch memory batch, bytes32 commitment)
        internal
        view
        returns (bytes memory)
    {
        bytes32[] memory inputs = new bytes32[](3 + batch.outputs.length);
        inputs[0] = registry.contextOf(batch);
        inputs[1] = commitment;
        inputs[2] = batch.inputHash;
        for (uint256 i = 0; i < batch.outputs.length; ++i) {
            inputs[3 + i] = bytes32(batch.outputs[i]);
        }
        return abi.encode(keccak256(abi.encode(inputs)));
    }

    function prove(IInferenceRegistry registry, IInferenceRegistry.Batch memory batch)
        internal
        view
        returns (bytes memory)
    {
        return prove(registry, batch, COMMITMENT);
    }

    /// @dev One inference of a batch as the registry is to be shown it.
    function shown(IInferenceRegistry.Batch memory batch, uint256 index)
        internal
        pure
        returns (IInferenceRegistry.BatchedInference memory)
    {
        IInferenceRegistry.Request memory asked = batch.requests[index];
        return IInferenceRegistry.BatchedInference({
            modelId: batch.modelId,
            version: batch.version,
            nonce: batch.nonce,
            index: uint16(index),
            requester: asked.requester,
            consumer: _consumerOf(asked),
            outputs: batch.outputs,
            siblings: Merkle.proof(leaves(batch), index)
        });
    }

    function leaves(IInferenceRegistry.Batch memory batch) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](batch.requests.length);
        for (uint256 i = 0; i < hashes.length; ++i) {
            IInferenceRegistry.Request memory asked = batch.requests[i];
            hashes[i] = keccak256(abi.encode(i, asked.requester, _consumerOf(asked)));
        }
    }

    function batchIdOf(IInferenceRegistry.Batch memory batch) internal pure returns (bytes32) {
        bytes32 root = Merkle.root(leaves(batch));
        return keccak256(abi.encode(batch.modelId, batch.version, batch.nonce, root, batch.outputs));
    }

    /// @dev What names one inference of a recorded batch.
    function ref(IInferenceRegistry.Batch memory batch, uint256 index) internal pure returns (bytes memory) {
        return abi.encode(shown(batch, index));
    }

    function idOf(bytes32 modelId, address requester, address consumer, uint256 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encode(modelId, requester, consumer, nonce));
    }

    function idOf(IInferenceRegistry.BatchedInference memory inference) internal pure returns (bytes32) {
        uint256 nonce = _plus(inference.nonce, inference.index);
        return idOf(inference.modelId, inference.requester, inference.consumer, nonce);
    }

    function idOf(IInferenceRegistry.Batch memory batch, uint256 index) internal pure returns (bytes32) {
        IInferenceRegistry.Request memory asked = batch.requests[index];
        return idOf(batch.modelId, asked.requester, _consumerOf(asked), _plus(batch.nonce, index));
    }

    function _plus(uint256 nonce, uint256 index) private pure returns (uint256) {
        unchecked {
            return nonce + index;
        }
    }

    function _consumerOf(IInferenceRegistry.Request memory asked) private pure returns (address) {
        return asked.consumer == address(0) ? asked.requester : asked.consumer;
    }
}
