// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IProofVerifier} from "./IProofVerifier.sol";

/// @title IInferenceRegistry
/// @notice Records model outputs that were proved in zero knowledge, each usable once by the account that asked.
/// @dev Assumes of a verifier: it accepts only proofs of the circuit whose weights commit to `commitment`. Anybody may
/// register any verifier, so a model id is only worth what the reader knows about its verifier and commitment.
interface IInferenceRegistry {
    struct Model {
        address owner;
        IProofVerifier verifier;
        bytes32 commitment;
        string name;
    }

    struct InferenceRequest {
        bytes32 modelId;
        address requester;
        uint256 nonce;
        uint256 deadline;
        bytes32 inputHash;
        uint256 output;
    }

    struct Inference {
        bytes32 modelId;
        address requester;
        uint48 recordedAt;
        uint48 consumedAt;
        uint256 output;
        bytes32 inputHash;
    }

    event ModelRegistered(
        bytes32 indexed modelId, address indexed owner, address verifier, bytes32 commitment, string name
    );
    event InferenceRecorded(
        bytes32 indexed inferenceId,
        bytes32 indexed modelId,
        address indexed requester,
        uint256 nonce,
        bytes32 inputHash,
        uint256 output
    );
    event InferenceConsumed(bytes32 indexed inferenceId, bytes32 indexed modelId, address indexed requester);

    error InferenceRegistry_VerifierInvalid(address verifier);
    error InferenceRegistry_ModelExists(bytes32 modelId);
    error InferenceRegistry_ModelUnknown(bytes32 modelId);
    error InferenceRegistry_RequesterInvalid();
    error InferenceRegistry_NotInField(uint256 value);
    error InferenceRegistry_DeadlinePassed(uint256 deadline);
    error InferenceRegistry_NonceUsed(bytes32 inferenceId);
    error InferenceRegistry_ProofInvalid();
    error InferenceRegistry_InferenceUnknown(bytes32 inferenceId);
    error InferenceRegistry_NotRequester(bytes32 inferenceId, address caller);
    error InferenceRegistry_AlreadyConsumed(bytes32 inferenceId);
    error InferenceRegistry_WrongModel(bytes32 inferenceId, bytes32 modelId);
    error InferenceRegistry_OutputTooLow(bytes32 inferenceId, uint256 output, uint256 minOutput);
    error InferenceRegistry_TooOld(bytes32 inferenceId, uint256 age, uint256 maxAge);

    /// @notice Registers a model for the caller.
    /// @param commitment The circuit's commitment to the salted weights; a BN254 scalar.
    /// @return modelId keccak256(abi.encode(chainid, registry, owner, commitment, verifier)).
    function registerModel(bytes32 commitment, IProofVerifier verifier, string calldata name)
        external
        returns (bytes32 modelId);

    /// @notice Verifies a proof and records its output for the requester. Anybody may submit it.
    /// @dev Public inputs are [context, commitment, inputHash, output]; the context binds the proof to this chain, this
    /// registry, the model, the requester, the nonce and the deadline, so no other party can use it.
    /// @return inferenceId keccak256(abi.encode(modelId, requester, nonce)).
    function recordInference(InferenceRequest calldata request, bytes calldata proof)
        external
        returns (bytes32 inferenceId);

    /// @notice Uses up an inference. Only its requester may, once.
    function consume(bytes32 inferenceId, bytes32 modelId, uint256 minOutput, uint32 maxAge) external;

    /// @notice The first public input a proof for this request must carry.
    function contextOf(bytes32 modelId, address requester, uint256 nonce, uint256 deadline)
        external
        view
        returns (bytes32);

    /// @notice The id an owner's registration has.
    function modelIdOf(address owner, bytes32 commitment, IProofVerifier verifier) external view returns (bytes32);

    function model(bytes32 modelId) external view returns (Model memory);

    function inference(bytes32 inferenceId) external view returns (Inference memory);
}
