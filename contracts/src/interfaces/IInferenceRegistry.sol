// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IModelRegistry} from "./IModelRegistry.sol";

/// @title IInferenceRegistry
/// @notice Records model outputs that were proved in zero knowledge, each usable once by the contract it was proved for.
/// @dev What it shows of a proof are the public inputs [context, commitment, input hash, outputs...]. The context binds the
/// proof to this chain, this registry, the model, the version of its weights, the deadline and every request, so nobody
/// else can use it for anything else. Outputs are 12 bits each, the first lowest, 20 in a word; those of the inferences of
/// a batch follow one another without a gap. See {OutputPacking}.
///
/// A reference names an inference: either its id, 32 bytes, when it was recorded alone or unpacked; or
/// `abi.encode(BatchedInference)`, what is to be known of its batch.
interface IInferenceRegistry is IModelRegistry {
    /// @param requester Whom the inference is for.
    /// @param consumer The contract that may use it; the requester itself when zero.
    struct Request {
        address requester;
        address consumer;
    }

    /// @notice What one proof shows: the outputs of one version of a model for each of the requests, in their order.
    /// @param nonce Of the first request; those of the others follow it one by one. Of a model, a requester, a consumer and
    /// a nonce, one inference can be used.
    /// @param deadline The last second at which it may be recorded.
    struct Batch {
        bytes32 modelId;
        uint16 version;
        uint256 nonce;
        uint256 deadline;
        Request[] requests;
        bytes32 inputHash;
        uint256[] outputs;
    }

    /// @notice One inference of a recorded batch.
    /// @param nonce Of the batch.
    /// @param index Its place in the batch.
    /// @param consumer As in the request, but never zero.
    /// @param outputs Of the whole batch.
    /// @param siblings The Merkle proof that the request is at its place; see `requestsRootOf`.
    struct BatchedInference {
        bytes32 modelId;
        uint16 version;
        uint256 nonce;
        uint16 index;
        address requester;
        address consumer;
        uint256[] outputs;
        bytes32[] siblings;
    }

    /// @dev Of an inference that was used out of a batch, model and outputs stay in the batch and are empty here.
    struct Inference {
        bytes32 modelId;
        uint16 version;
        address consumer;
        uint40 recordedAt;
        uint40 consumedAt;
        uint256[] outputs;
    }

    /// @notice What an output must be: from `low` to `high`, both included.
    /// @param version The only version of the weights that will do; zero for any that is not retired.
    /// @param slot Which of the outputs, counted from zero.
    struct Predicate {
        uint16 version;
        uint16 slot;
        int16 low;
        int16 high;
    }

    event InferenceRecorded(
        bytes32 indexed inferenceId,
        bytes32 indexed modelId,
        address indexed requester,
        address consumer,
        uint16 version,
        uint256 nonce,
        bytes32 inputHash,
        uint256[] outputs
    );
    event BatchRecorded(
        bytes32 indexed batchId, bytes32 indexed modelId, uint16 version, bytes32 inputHash, uint256 count
    );
    event InferenceUnpacked(bytes32 indexed inferenceId, bytes32 indexed batchId);
    event InferenceConsumed(bytes32 indexed inferenceId, bytes32 indexed modelId, address indexed consumer);

    error InferenceRegistry_RequestInvalid(uint256 index);
    error InferenceRegistry_DeadlinePassed(uint256 deadline);
    error InferenceRegistry_CountInvalid(uint256 count);
    error InferenceRegistry_OutputWordsInvalid(uint256 words, uint256 wanted);
    error InferenceRegistry_OutputsMalformed(uint256 word);
    error InferenceRegistry_NonceUsed(bytes32 inferenceId);
    error InferenceRegistry_BatchExists(bytes32 batchId);
    error InferenceRegistry_ProofInvalid();
    error InferenceRegistry_InferenceUnknown(bytes32 inferenceId);
    error InferenceRegistry_NotConsumer(bytes32 inferenceId, address caller);
    error InferenceRegistry_AlreadyConsumed(bytes32 inferenceId);
    error InferenceRegistry_WrongModel(bytes32 inferenceId, bytes32 modelId);
    error InferenceRegistry_WrongVersion(bytes32 inferenceId, uint16 version);
    error InferenceRegistry_SlotInvalid(uint16 slot, uint16 outputCount);
    error InferenceRegistry_OutputRefused(bytes32 inferenceId, uint16 slot, int16 output);
    error InferenceRegistry_TooOld(bytes32 inferenceId, uint256 age, uint256 maxAge);

    /// @notice Verifies the proof of a single inference and writes it down. Anybody may submit it.
    /// @param batch With exactly one request.
    /// @return inferenceId keccak256(abi.encode(modelId, requester, consumer, nonce)), the consumer never zero and the nonce
    /// that of the request.
    function recordInference(Batch calldata batch, bytes calldata proof) external returns (bytes32 inferenceId);

    /// @notice Verifies one proof of many inferences and writes down one word for all of them. Anybody may submit it.
    /// @dev Who wants to use an inference shows what the batch says of it. A nonce that is proved in two batches is used
    /// once: the use is what is kept under an inference's id.
    /// @return batchId keccak256(abi.encode(modelId, version, nonce, requestsRoot, outputs)).
    function recordBatch(Batch calldata batch, bytes calldata proof) external returns (bytes32 batchId);

    /// @notice Writes an inference of a batch down under its id, as if it had been recorded alone, for consumers that know
    /// inferences by their ids. Anybody may; its age is the batch's.
    function unpackInference(bytes calldata ref) external returns (bytes32 inferenceId);

    /// @notice Uses an inference up, or reverts with what is wrong with it. To be called by the inference's consumer.
    /// @dev It is marked as used before this returns, and this calls nobody: a consumer that calls it first and acts then
    /// cannot be re-entered with the same inference.
    /// @param maxAge How many seconds ago it may have been recorded at most.
    /// @return output The output that the predicate is about.
    function requireInference(bytes calldata ref, bytes32 modelId, Predicate calldata predicate, uint32 maxAge)
        external
        returns (int16 output);

    /// @notice Whether `requireInference` would let a consumer use an inference now: the same answer, or the same error.
    function checkInference(
        address consumer,
        bytes calldata ref,
        bytes32 modelId,
        Predicate calldata predicate,
        uint32 maxAge
    ) external view returns (int16 output);

    /// @notice `requireInference` for an agent account's rule: the first output is at least `minOutput`.
    function consume(bytes32 inferenceId, bytes32 modelId, uint256 minOutput, uint32 maxAge) external;

    /// @notice The first public input a proof for a batch must show.
    /// @return keccak256(abi.encode(chainid, registry, modelId, version, nonce, deadline, count, requestsRoot)) modulo the
    /// field.
    function contextOf(Batch calldata batch) external view returns (bytes32);

    /// @notice The root of the Merkle tree over requests; see {RequestTree}.
    function requestsRootOf(Request[] calldata requests) external pure returns (bytes32);

    /// @notice An inference that was recorded alone, unpacked or used; one without `recordedAt` does not exist.
    function inference(bytes32 inferenceId) external view returns (Inference memory);

    /// @notice When a batch was recorded; zero when it was not.
    function batchRecordedAt(bytes32 batchId) external view returns (uint256);
}
