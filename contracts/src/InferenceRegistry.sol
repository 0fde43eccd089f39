// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IInferenceRegistry} from "./interfaces/IInferenceRegistry.sol";
import {IProofVerifier} from "./interfaces/IProofVerifier.sol";

/// @title InferenceRegistry
/// @notice See {IInferenceRegistry}.
contract InferenceRegistry is IInferenceRegistry {
    /// @dev The order of the BN254 curve. Verifiers reduce larger inputs, so v and v + p would be one proof: refused.
    uint256 private constant FIELD =
        21_888_242_871_839_275_222_246_405_745_257_275_088_548_364_400_416_034_343_698_204_186_575_808_495_617;

    mapping(bytes32 modelId => Model) private _models;
    mapping(bytes32 inferenceId => Inference) private _inferences;

    /// @inheritdoc IInferenceRegistry
    function registerModel(bytes32 commitment, IProofVerifier verifier, string calldata name)
        external
        returns (bytes32 modelId)
    {
        if (address(verifier).code.length == 0) revert InferenceRegistry_VerifierInvalid(address(verifier));
        _checkInField(uint256(commitment));
        modelId = modelIdOf(msg.sender, commitment, verifier);
        if (_models[modelId].owner != address(0)) revert InferenceRegistry_ModelExists(modelId);

        _models[modelId] = Model({owner: msg.sender, verifier: verifier, commitment: commitment, name: name});
        emit ModelRegistered(modelId, msg.sender, address(verifier), commitment, name);
    }

    /// @inheritdoc IInferenceRegistry
    function recordInference(InferenceRequest calldata request, bytes calldata proof)
        external
        returns (bytes32 inferenceId)
    {
        // Check: the request is complete, in time and new.
        Model storage model_ = _models[request.modelId];
        if (model_.owner == address(0)) revert InferenceRegistry_ModelUnknown(request.modelId);
        if (request.requester == address(0)) revert InferenceRegistry_RequesterInvalid();
        if (block.timestamp > request.deadline) revert InferenceRegistry_DeadlinePassed(request.deadline);
        inferenceId = keccak256(abi.encode(request.modelId, request.requester, request.nonce));
        if (_inferences[inferenceId].recordedAt != 0) revert InferenceRegistry_NonceUsed(inferenceId);
        _checkInField(uint256(request.inputHash));
        _checkInField(request.output);

        // Check: the proof is for exactly this request. The verifier is called statically and so cannot re-enter.
        bytes32[] memory publicInputs = new bytes32[](4);
        publicInputs[0] = contextOf(request.modelId, request.requester, request.nonce, request.deadline);
        publicInputs[1] = model_.commitment;
        publicInputs[2] = request.inputHash;
        publicInputs[3] = bytes32(request.output);
        if (!model_.verifier.verify(proof, publicInputs)) revert InferenceRegistry_ProofInvalid();

        // Effect: record it, unused.
        _inferences[inferenceId] = Inference({
            modelId: request.modelId,
            requester: request.requester,
            recordedAt: uint48(block.timestamp),
            consumedAt: 0,
            output: request.output,
            inputHash: request.inputHash
        });
        emit InferenceRecorded(
            inferenceId, request.modelId, request.requester, request.nonce, request.inputHash, request.output
        );
    }

    /// @inheritdoc IInferenceRegistry
    function consume(bytes32 inferenceId, bytes32 modelId, uint256 minOutput, uint32 maxAge) external {
        Inference storage inference_ = _inferences[inferenceId];
        uint256 recordedAt = inference_.recordedAt;
        if (recordedAt == 0) revert InferenceRegistry_InferenceUnknown(inferenceId);
        if (inference_.requester != msg.sender) revert InferenceRegistry_NotRequester(inferenceId, msg.sender);
        if (inference_.consumedAt != 0) revert InferenceRegistry_AlreadyConsumed(inferenceId);
        if (inference_.modelId != modelId) revert InferenceRegistry_WrongModel(inferenceId, inference_.modelId);
        if (inference_.output < minOutput) {
            revert InferenceRegistry_OutputTooLow(inferenceId, inference_.output, minOutput);
        }
        uint256 age = block.timestamp - recordedAt;
        if (age > maxAge) revert InferenceRegistry_TooOld(inferenceId, age, maxAge);

        inference_.consumedAt = uint48(block.timestamp);
        emit InferenceConsumed(inferenceId, modelId, msg.sender);
    }

    /// @inheritdoc IInferenceRegistry
    function contextOf(bytes32 modelId, address requester, uint256 nonce, uint256 deadline)
        public
        view
        returns (bytes32)
    {
        bytes32 digest = keccak256(abi.encode(block.chainid, address(this), modelId, requester, nonce, deadline));
        return bytes32(uint256(digest) % FIELD);
    }

    /// @inheritdoc IInferenceRegistry
    function modelIdOf(address owner, bytes32 commitment, IProofVerifier verifier) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), owner, commitment, verifier));
    }

    /// @inheritdoc IInferenceRegistry
    function model(bytes32 modelId) external view returns (Model memory) {
        return _models[modelId];
    }

    /// @inheritdoc IInferenceRegistry
    function inference(bytes32 inferenceId) external view returns (Inference memory) {
        return _inferences[inferenceId];
    }

    function _checkInField(uint256 value) private pure {
        if (value >= FIELD) revert InferenceRegistry_NotInField(value);
    }
}
