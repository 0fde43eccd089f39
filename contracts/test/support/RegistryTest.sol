// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {InferenceRegistry} from "../../src/InferenceRegistry.sol";
import {IInferenceRegistry} from "../../src/interfaces/IInferenceRegistry.sol";
import {OutputPredicate} from "../../src/libraries/OutputPredicate.sol";
import {Inferences} from "./Inferences.sol";
import {ScriptedVerifier} from "./ScriptedVerifier.sol";
import {Test} from "./Test.sol";

/// @dev A registry with two models of one verifier: one output without a sign, and ten with one.
abstract contract RegistryTest is Test {
    uint256 internal constant FIELD = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    uint16 internal constant SIGNED_COUNT = 10;
    address internal constant ADMIN = address(0xAD);
    address internal constant GUARDIAN = address(0x6A);
    address internal constant PERSON = address(0xA11CE);
    address internal constant STRANGER = address(0xBAD);

    InferenceRegistry internal registry;
    ScriptedVerifier internal verifier;
    bytes32 internal modelId;
    bytes32 internal signedId;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        registry = new InferenceRegistry(ADMIN, GUARDIAN);
        verifier = new ScriptedVerifier();
        modelId =
            registry.registerModel(Inferences.terms(verifier, 1, false), Inferences.weights(Inferences.COMMITMENT));
        vm.prank(PERSON);
        signedId = registry.registerModel(
            Inferences.terms(verifier, SIGNED_COUNT, true), Inferences.weights(Inferences.COMMITMENT)
        );
    }

    function _single(uint256 nonce, uint256 shown) internal view returns (IInferenceRegistry.Batch memory) {
        return Inferences.single(modelId, Inferences.request(address(this), address(0)), nonce, shown);
    }

    /// @dev A batch of the model with ten signed outputs; each is known from the inference, the slot and the seed.
    function _batch(uint256 count, uint256 seed) internal view returns (IInferenceRegistry.Batch memory batch) {
        batch.modelId = signedId;
        batch.version = 1;
        batch.nonce = seed;
        batch.deadline = block.timestamp + 1 hours;
        batch.requests = new IInferenceRegistry.Request[](count);
        uint256[] memory shown = new uint256[](count * SIGNED_COUNT);
        for (uint256 i = 0; i < count; ++i) {
            batch.requests[i] = Inferences.request(address(uint160(0x1000 + i)), address(this));
            for (uint256 slot = 0; slot < SIGNED_COUNT; ++slot) {
                shown[i * SIGNED_COUNT + slot] = _shown(seed, i, slot);
            }
        }
        batch.inputHash = bytes32(uint256(7));
        batch.outputs = Inferences.pack(shown);
    }

    function _shown(uint256 seed, uint256 index, uint256 slot) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, index, slot))) % 4096;
    }

    function _record(IInferenceRegistry.Batch memory batch) internal returns (bytes32) {
        return registry.recordInference(batch, Inferences.prove(registry, batch));
    }

    function _recordBatch(IInferenceRegistry.Batch memory batch) internal returns (bytes32) {
        return registry.recordBatch(batch, Inferences.prove(registry, batch));
    }

    function _any() internal pure returns (IInferenceRegistry.Predicate memory) {
        return OutputPredicate.within(0, type(int16).min, type(int16).max);
    }

    function _error(bytes4 selector, bytes32 id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, id);
    }
}
