// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {InferenceRegistry} from "../../src/InferenceRegistry.sol";
import {IInferenceRegistry} from "../../src/interfaces/IInferenceRegistry.sol";
import {OutputPredicate} from "../../src/libraries/OutputPredicate.sol";
import {Inferences} from "../support/Inferences.sol";
import {ScriptedVerifier} from "../support/ScriptedVerifier.sol";
import {Test} from "../support/Test.sol";

/// @dev Honest and dishonest provers, alone and in batches, whose nonces collide, and a consumer that tries everything.
contract InferenceHandler is Test {
    uint256 private constant NONCES = 24;
    uint16 private constant OUTPUTS = 3;

    InferenceRegistry public immutable registry;
    bytes32 public immutable modelId;
    bytes32[] public ids;
    bytes[] private _refs;
    /// @dev Of every reference that was ever handed out, what was proved; more than one proof may share an id.
    uint256[] private _proved;
    mapping(bytes32 id => uint256) public uses;
    mapping(bytes32 id => mapping(uint256 outputs => bool)) public isProved;
    uint256 public batched;
    uint256 public promised;
    bool public hasUsedWhatWasNotProved;

    constructor() {
        registry = new InferenceRegistry(address(this), address(this));
        modelId = registry.registerModel(
            Inferences.terms(new ScriptedVerifier(), OUTPUTS, true), Inferences.weights(Inferences.COMMITMENT)
        );
        for (uint256 nonce = 0; nonce < NONCES; ++nonce) {
            ids.push(Inferences.idOf(modelId, address(this), address(this), nonce));
        }
    }

    function record(uint256 nonce, uint256 seed, bool isHonest) external {
        IInferenceRegistry.Batch memory batch = _batch(bound(nonce, 0, NONCES - 1), 1, seed);
        bytes memory proof = Inferences.prove(registry, batch);
        if (!isHonest) batch.outputs[0] ^= 1;
        try registry.recordInference(batch, proof) returns (bytes32 id) {
            _hand(id, bytes.concat(id), batch.outputs[0]);
            if (!isHonest) hasUsedWhatWasNotProved = true;
        } catch {}
    }

    function recordBatch(uint256 nonce, uint256 size, uint256 seed, bool isHonest) external {
        nonce = bound(nonce, 0, NONCES - 1);
        size = bound(size, 1, NONCES - nonce);
        IInferenceRegistry.Batch memory batch = _batch(nonce, size, seed);
        bytes memory proof = Inferences.prove(registry, batch);
        if (!isHonest) batch.outputs[0] ^= 1;
        try registry.recordBatch(batch, proof) {
            if (!isHonest) hasUsedWhatWasNotProved = true;
            batched += size;
            for (uint256 i = 0; i < size; ++i) {
                bytes memory ref = Inferences.ref(batch, i);
                if (_isThere(ref)) ++promised;
                _hand(Inferences.idOf(batch, i), ref, _outputsOf(seed, i));
            }
        } catch {}
    }

    function unpack(uint256 index) external {
        if (_refs.length == 0) return;
        try registry.unpackInference(_refs[index % _refs.length]) {} catch {}
    }

    function use(uint256 index, uint256 flip, uint8 slot) external {
        if (_refs.length == 0) return;
        index %= _refs.length;
        bytes memory ref = _refs[index];
        if (flip % 4 == 0) ref[flip % ref.length] ^= bytes1(uint8(1 + flip % 255));
        uint16 place = uint16(slot % OUTPUTS);
        try registry.requireInference(ref, modelId, OutputPredicate.within(place, -2048, 2047), 1 days) returns (
            int16 output
        ) {
            bytes32 id = _idOf(ref);
            ++uses[id];
            uint256 shown = (_proved[index] >> (12 * place)) & 0xfff;
            if (!_isSame(ref, _refs[index]) || output != int16(int256(shown) - 2048)) hasUsedWhatWasNotProved = true;
        } catch {}
    }

    function idCount() external pure returns (uint256) {
        return NONCES;
    }

    function _batch(uint256 nonce, uint256 size, uint256 seed)
        private
        view
        returns (IInferenceRegistry.Batch memory batch)
    {
        batch.modelId = modelId;
        batch.version = 1;
        batch.nonce = nonce;
        batch.requests = new IInferenceRegistry.Request[](size);
        uint256[] memory shown = new uint256[](size * OUTPUTS);
        for (uint256 i = 0; i < shown.length; ++i) {
            batch.requests[i / OUTPUTS] = Inferences.request(address(this), address(0));
            shown[i] = _output(seed, i);
        }
        batch.outputs = Inferences.pack(shown);
        batch.deadline = block.timestamp;
    }

    function _output(uint256 seed, uint256 slot) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, slot))) % 4096;
    }

    /// @dev The outputs of one inference of a batch.
    function _outputsOf(uint256 seed, uint256 index) private pure returns (uint256 outputs) {
        for (uint256 i = 0; i < OUTPUTS; ++i) {
            outputs |= _output(seed, index * OUTPUTS + i) << (12 * i);
        }
    }

    function _hand(bytes32 id, bytes memory ref, uint256 outputs) private {
        _refs.push(ref);
        _proved.push(outputs);
        isProved[id][outputs] = true;
    }

    /// @dev Whether the registry finds the inference, used already or not.
    function _isThere(bytes memory ref) private view returns (bool) {
        try registry.checkInference(address(this), ref, modelId, OutputPredicate.within(0, -2048, 2047), 1 days) {
            return true;
        } catch (bytes memory reason) {
            return bytes4(reason) == IInferenceRegistry.InferenceRegistry_AlreadyConsumed.selector;
        }
    }

    function _idOf(bytes memory ref) private pure returns (bytes32) {
        if (ref.length == 32) return bytes32(ref);
        return Inferences.idOf(abi.decode(ref, (IInferenceRegistry.BatchedInference)));
    }

    function _isSame(bytes memory left, bytes memory right) private pure returns (bool) {
        return keccak256(left) == keccak256(right);
    }
}

contract InferenceInvariantTest is Test {
    InferenceHandler private handler;

    function setUp() external {
        vm.warp(1_800_000_000);
        handler = new InferenceHandler();
        bytes4[] memory selectors = new bytes4[](4);
        selectors[0] = InferenceHandler.record.selector;
        selectors[1] = InferenceHandler.recordBatch.selector;
        selectors[2] = InferenceHandler.unpack.selector;
        selectors[3] = InferenceHandler.use.selector;
        targetFunctions(address(handler), selectors);
    }

    function invariant_AnInferenceIsUsedAtMostOnceAndOnlyWhatWasProvedIsReadable() external view {
        vm.assertTrue(!handler.hasUsedWhatWasNotProved(), "nothing counts that was not proved");
        vm.assertEq(handler.promised(), handler.batched(), "a batch of N yields N");
        for (uint256 i = 0; i < handler.idCount(); ++i) {
            bytes32 id = handler.ids(i);
            IInferenceRegistry.Inference memory found = handler.registry().inference(id);
            vm.assertLe(handler.uses(id), 1, "used at most once");
            vm.assertTrue((found.consumedAt != 0) == (handler.uses(id) == 1), "a use is kept, and nothing else is");
            if (found.outputs.length == 0) continue;
            vm.assertTrue(handler.isProved(id, found.outputs[0]), "only proved outputs are readable");
        }
    }
}
