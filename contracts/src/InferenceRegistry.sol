// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ModelRegistry} from "./base/ModelRegistry.sol";
import {IInferenceRegistry} from "./interfaces/IInferenceRegistry.sol";
import {OutputPacking} from "./libraries/OutputPacking.sol";
import {RequestTree} from "./libraries/RequestTree.sol";

/// @title InferenceRegistry
/// @notice See {IInferenceRegistry}.
contract InferenceRegistry is IInferenceRegistry, ModelRegistry {
    using OutputPacking for uint256[];
    using RequestTree for Request[];
    using RequestTree for Request;

    uint256 private constant OUTPUT_UNREACHABLE = 4096;

    /// @dev One slot for whose it is and whether it is used, so that using it up writes one word.
    struct Record {
        address consumer;
        uint40 recordedAt;
        uint40 consumedAt;
        uint16 version;
        bytes32 modelId;
        mapping(uint256 index => uint256 word) outputs;
    }

    mapping(bytes32 inferenceId => Record) private _records;
    /// @inheritdoc IInferenceRegistry
    mapping(bytes32 batchId => uint256) public batchRecordedAt;

    constructor(address owner_, address guardian_) ModelRegistry(owner_, guardian_) {}

    /// @inheritdoc IInferenceRegistry
    function recordInference(Batch calldata batch, bytes calldata proof) external returns (bytes32 inferenceId) {
        if (batch.requests.length != 1) revert InferenceRegistry_CountInvalid(batch.requests.length);
        Request calldata request = batch.requests[0];
        inferenceId = _idOf(batch.modelId, request.requester, request.consumerOf(), batch.nonce);
        if (_records[inferenceId].recordedAt != 0) revert InferenceRegistry_NonceUsed(inferenceId);
        _verify(batch, batch.requests.rootOf(), proof);

        Inference memory found = Inference({
            modelId: batch.modelId,
            version: batch.version,
            consumer: request.consumerOf(),
            recordedAt: uint40(block.timestamp),
            consumedAt: 0,
            outputs: batch.outputs
        });
        _write(_records[inferenceId], found);
        emit InferenceRecorded(
            inferenceId,
            batch.modelId,
            request.requester,
            found.consumer,
            batch.version,
            batch.nonce,
            batch.inputHash,
            batch.outputs
        );
    }

    /// @inheritdoc IInferenceRegistry
    function recordBatch(Batch calldata batch, bytes calldata proof) external returns (bytes32 batchId) {
        bytes32 requestsRoot = batch.requests.rootOf();
        batchId = keccak256(abi.encode(batch.modelId, batch.version, batch.nonce, requestsRoot, batch.outputs));
        if (batchRecordedAt[batchId] != 0) revert InferenceRegistry_BatchExists(batchId);
        _verify(batch, requestsRoot, proof);
        batchRecordedAt[batchId] = block.timestamp;
        emit BatchRecorded(batchId, batch.modelId, batch.version, batch.inputHash, batch.requests.length);
    }

    /// @inheritdoc IInferenceRegistry
    function unpackInference(bytes calldata ref) external returns (bytes32 inferenceId) {
        Inference memory found;
        bytes32 batchId;
        (inferenceId, batchId, found) = _findBatched(ref);
        if (_records[inferenceId].recordedAt != 0) revert InferenceRegistry_NonceUsed(inferenceId);
        _write(_records[inferenceId], found);
        emit InferenceUnpacked(inferenceId, batchId);
    }

    /// @inheritdoc IInferenceRegistry
    function requireInference(bytes calldata ref, bytes32 modelId, Predicate calldata predicate, uint32 maxAge)
        external
        returns (int16 output)
    {
        (bytes32 inferenceId, Inference memory found) = _find(ref);
        output = _check(msg.sender, inferenceId, found, modelId, predicate, maxAge);
        _use(inferenceId, found);
    }

    /// @inheritdoc IInferenceRegistry
    function consume(bytes32 inferenceId, bytes32 modelId, uint256 minOutput, uint32 maxAge) external {
        Inference memory found = inference(inferenceId);
        int16 low = int16(uint16(minOutput < OUTPUT_UNREACHABLE ? minOutput : OUTPUT_UNREACHABLE));
        Predicate memory predicate = Predicate({version: 0, slot: 0, low: low, high: type(int16).max});
        _check(msg.sender, inferenceId, found, modelId, predicate, maxAge);
        _use(inferenceId, found);
    }

    /// @inheritdoc IInferenceRegistry
    function checkInference(
        address consumer,
        bytes calldata ref,
        bytes32 modelId,
        Predicate calldata predicate,
        uint32 maxAge
    ) external view returns (int16 output) {
        (bytes32 inferenceId, Inference memory found) = _find(ref);
        return _check(consumer, inferenceId, found, modelId, predicate, maxAge);
    }

    /// @inheritdoc IInferenceRegistry
    function contextOf(Batch calldata batch) external view returns (bytes32) {
        return _contextOf(batch, batch.requests.rootOf());
    }

    /// @inheritdoc IInferenceRegistry
    function requestsRootOf(Request[] calldata requests) external pure returns (bytes32) {
        return requests.rootOf();
    }

    /// @inheritdoc IInferenceRegistry
    function inference(bytes32 inferenceId) public view returns (Inference memory found) {
        Record storage record = _records[inferenceId];
        found.modelId = record.modelId;
        found.version = record.version;
        found.consumer = record.consumer;
        found.recordedAt = record.recordedAt;
        found.consumedAt = record.consumedAt;
        if (found.modelId == bytes32(0)) return found;
        found.outputs = new uint256[](OutputPacking.wordsFor(_outputCountOf(found.modelId)));
        for (uint256 i = 0; i < found.outputs.length; ++i) {
            found.outputs[i] = record.outputs[i];
        }
    }

    /// @dev That the batch is in time and complete, and that the proof is for exactly this batch. The verifier is called
    /// statically and so cannot re-enter; nothing is written before it agreed, so nothing unverified can be read.
    function _verify(Batch calldata batch, bytes32 requestsRoot, bytes calldata proof) private view {
        Model storage model_ = _usableModel(batch.modelId);
        Version storage version_ = _usableVersion(batch.modelId, batch.version);
        if (block.timestamp > batch.deadline) revert InferenceRegistry_DeadlinePassed(batch.deadline);
        _checkInField(uint256(batch.inputHash));
        uint256[] calldata outputs = batch.outputs;
        outputs.check(batch.requests.length * model_.outputCount);

        bytes memory publicInputs =
            abi.encodePacked(_contextOf(batch, requestsRoot), version_.commitment, batch.inputHash, outputs);
        if (!model_.verifier.verify(proof, _asWords(publicInputs))) revert InferenceRegistry_ProofInvalid();
    }

    /// @dev The same memory, its length counted in words.
    function _asWords(bytes memory packed) private pure returns (bytes32[] memory words) {
        assembly ("memory-safe") {
            mstore(packed, shr(5, mload(packed)))
            words := packed
        }
    }

    function _contextOf(Batch calldata batch, bytes32 requestsRoot) private view returns (bytes32) {
        uint256 count = batch.requests.length;
        bytes32 digest = keccak256(
            abi.encode(
                block.chainid,
                address(this),
                batch.modelId,
                batch.version,
                batch.nonce,
                batch.deadline,
                count,
                requestsRoot
            )
        );
        return bytes32(uint256(digest) % FIELD);
    }

    function _write(Record storage record, Inference memory found) private {
        record.consumer = found.consumer;
        record.recordedAt = found.recordedAt;
        record.version = found.version;
        record.modelId = found.modelId;
        for (uint256 i = 0; i < found.outputs.length; ++i) {
            record.outputs[i] = found.outputs[i];
        }
    }

    /// @dev Marks an inference as used. Of one out of a batch nothing was written down; now it is whose it was and when.
    function _use(bytes32 inferenceId, Inference memory found) private {
        Record storage record = _records[inferenceId];
        if (record.recordedAt == 0) {
            record.consumer = found.consumer;
            record.recordedAt = found.recordedAt;
            record.version = found.version;
        }
        record.consumedAt = uint40(block.timestamp);
        emit InferenceConsumed(inferenceId, found.modelId, found.consumer);
    }

    function _find(bytes calldata ref) private view returns (bytes32 inferenceId, Inference memory found) {
        if (ref.length == 32) return (bytes32(ref), inference(bytes32(ref)));
        (inferenceId,, found) = _findBatched(ref);
    }

    function _findBatched(bytes calldata ref)
        private
        view
        returns (bytes32 inferenceId, bytes32 batchId, Inference memory found)
    {
        BatchedInference memory shown = abi.decode(ref, (BatchedInference));
        uint256 nonce;
        unchecked {
            nonce = shown.nonce + shown.index;
        }
        inferenceId = _idOf(shown.modelId, shown.requester, shown.consumer, nonce);
        bytes32 leaf = RequestTree.leafOf(shown.index, shown.requester, shown.consumer);
        bytes32 requestsRoot = MerkleProof.processProof(shown.siblings, leaf);
        batchId = keccak256(abi.encode(shown.modelId, shown.version, shown.nonce, requestsRoot, shown.outputs));
        uint256 recordedAt = batchRecordedAt[batchId];
        if (recordedAt == 0) revert InferenceRegistry_InferenceUnknown(inferenceId);
        uint256 outputCount = _outputCountOf(shown.modelId);
        found = Inference({
            modelId: shown.modelId,
            version: shown.version,
            consumer: shown.consumer,
            recordedAt: uint40(recordedAt),
            consumedAt: _records[inferenceId].consumedAt,
            outputs: shown.outputs.slice(shown.index * outputCount, outputCount)
        });
    }

    function _check(
        address consumer,
        bytes32 inferenceId,
        Inference memory found,
        bytes32 modelId,
        Predicate memory predicate,
        uint32 maxAge
    ) private view returns (int16 output) {
        if (found.recordedAt == 0) revert InferenceRegistry_InferenceUnknown(inferenceId);
        if (found.consumer != consumer) revert InferenceRegistry_NotConsumer(inferenceId, consumer);
        if (found.consumedAt != 0) revert InferenceRegistry_AlreadyConsumed(inferenceId);
        if (found.modelId != modelId) revert InferenceRegistry_WrongModel(inferenceId, found.modelId);
        if (predicate.version != 0 && predicate.version != found.version) {
            revert InferenceRegistry_WrongVersion(inferenceId, found.version);
        }
        Model storage model_ = _usableModel(modelId);
        _usableVersion(modelId, found.version);
        uint256 age = block.timestamp - found.recordedAt;
        if (age > maxAge) revert InferenceRegistry_TooOld(inferenceId, age, maxAge);

        uint16 outputCount = model_.outputCount;
        if (predicate.slot >= outputCount) revert InferenceRegistry_SlotInvalid(predicate.slot, outputCount);
        output = found.outputs.read(predicate.slot, model_.isSigned);
        if (output < predicate.low || output > predicate.high) {
            revert InferenceRegistry_OutputRefused(inferenceId, predicate.slot, output);
        }
    }

    function _idOf(bytes32 modelId, address requester, address consumer, uint256 nonce) private pure returns (bytes32) {
        return keccak256(abi.encode(modelId, requester, consumer, nonce));
    }
}
