// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC7821} from "@openzeppelin/contracts/interfaces/draft-IERC7821.sol";
import {RewardsDistributor} from "../src/RewardsDistributor.sol";
import {Vault} from "../src/Vault.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {MerkleSum} from "../src/libraries/MerkleSum.sol";
import {OutputPredicate} from "../src/libraries/OutputPredicate.sol";
import {BaseTest} from "./support/BaseTest.sol";
import {Inferences} from "./support/Inferences.sol";
import {Merkle} from "./support/Merkle.sol";
import {SumTree} from "./support/SumTree.sol";

/// @dev What the main calls cost once all parties have done them before, every call a transaction of its own: printed by
/// `npm run contracts:test -- --mc GasTest -vv`, and held against contracts/snapshots/GasTest.json.
/// forge-config: default.isolate = true
contract GasTest is BaseTest {
    uint256 private constant BATCH = 16;

    function _figure(string memory name, uint256 gas) private {
        emit log_named_uint(name, gas);
        vm.snapshotValue(name, gas);
    }

    function test_UserOperationsThatTransferAToken() external {
        _grant(_policy());
        bytes memory owned =
            abi.encodeCall(IERC7821.execute, (bytes32(uint256(1) << 248), abi.encode(_transfer(shop, 1e6))));
        bytes memory delegated = _agentData(_transfer(shop, 1e6));
        _expectExecuted(_ownerOperation(owned));
        _expectExecuted(_agentOperation(delegated));
        uint256 owner = _expectExecuted(_ownerOperation(owned));
        uint256 byAgent = _expectExecuted(_agentOperation(delegated));
        _figure("owner's transfer", owner);
        _figure("agent's transfer", byAgent);
        vm.assertLe(byAgent - owner, 32_000, "what the policy adds");
        vm.warp(block.timestamp + 3 hours);
        _figure("agent's transfer three hours later", _expectExecuted(_agentOperation(delegated)));
    }

    function test_Rewards() external {
        RewardsDistributor rewards = new RewardsDistributor(usd, admin, operator, guardian, 1000e6);
        vm.prank(admin);
        usd.mint(address(rewards), 100e6);

        vm.startPrank(operator);
        bytes32[] memory leaves = new bytes32[](1024);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = Merkle.leaf(address(uint160(i + 1)), 1e4);
        }
        rewards.publishRoot(1, Merkle.root(leaves), 100e6);
        vm.stopPrank();
        bytes32[] memory proof = Merkle.proof(leaves, 77);
        uint256 gas = gasleft();
        rewards.claim(address(78), 1e4, proof);
        _figure("first claim out of 1,024", gas - gasleft());
    }

    /// @dev Without what a verifier costs: {ScriptedVerifier} hashes, and its proof is one word.
    function test_Inferences() external {
        IInferenceRegistry.Batch memory batch =
            Inferences.single(modelId, Inferences.request(address(account), address(0)), 1, 50);
        bytes memory proof = Inferences.prove(registry, batch);
        _measure("inference recorded alone", abi.encodeCall(IInferenceRegistry.recordInference, (batch, proof)), 1);
        bytes memory ref = bytes.concat(Inferences.idOf(modelId, address(account), address(account), 1));
        IInferenceRegistry.Predicate memory wanted = OutputPredicate.atLeast(0, 50);
        vm.prank(address(account));
        _measure(
            "inference required", abi.encodeCall(IInferenceRegistry.requireInference, (ref, modelId, wanted, 60)), 1
        );

        batch = _signedBatch();
        proof = Inferences.prove(registry, batch);
        _measure(
            "inference recorded in a batch of 16", abi.encodeCall(IInferenceRegistry.recordBatch, (batch, proof)), BATCH
        );
        ref = Inferences.ref(batch, 5);
        wanted = OutputPredicate.atLeast(9, 952);
        vm.prank(address(account));
        _measure(
            "inference required out of a batch of 16",
            abi.encodeCall(IInferenceRegistry.requireInference, (ref, batch.modelId, wanted, 60)),
            1
        );
        ref = Inferences.ref(batch, 6);
        _measure("inference unpacked from a batch of 16", abi.encodeCall(IInferenceRegistry.unpackInference, (ref)), 1);
    }

    /// @dev The registry's part alone: what a caller pays to encode its arguments is not in it.
    function _measure(string memory name, bytes memory data, uint256 inferences) private {
        uint256 gas = gasleft();
        (bool success,) = address(registry).call(data);
        gas -= gasleft();
        vm.assertTrue(success, name);
        _figure(name, gas / inferences);
    }

    /// @dev Sixteen inferences of ten signed outputs, with addresses and a nonce that cost what random ones do.
    function _signedBatch() private returns (IInferenceRegistry.Batch memory batch) {
        IModelRegistry.ModelTerms memory terms = Inferences.terms(verifier, 10, true);
        terms.name = "signal";
        batch.modelId = registry.registerModel(terms, Inferences.weights(Inferences.COMMITMENT));
        batch.version = 1;
        batch.nonce = uint256(keccak256("nonce"));
        batch.deadline = block.timestamp + 1 hours;
        batch.requests = new IInferenceRegistry.Request[](BATCH);
        uint256[] memory shown = new uint256[](10 * BATCH);
        for (uint256 i = 0; i < shown.length; ++i) {
            address person = address(bytes20(keccak256(abi.encode(i / 10))));
            batch.requests[i / 10] = Inferences.request(person, address(account));
            shown[i] = 3000;
        }
        batch.outputs = Inferences.pack(shown);
    }

    function test_Vault() external {
        IVault.Limits memory limits =
            IVault.Limits({withdrawalCap: 100e6, delayThreshold: 5e6, withdrawalDelay: 1 hours});
        Vault vault = new Vault(usd, admin, operator, guardian, limits, 1 days, 1 days);
        MerkleSum.Leaf[] memory leaves = new MerkleSum.Leaf[](1024);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = MerkleSum.Leaf(bytes32(i + 1), address(uint160(i + 1)), 1e4);
        }
        (bytes32 root, uint128 total) = SumTree.root(leaves);
        vm.startPrank(admin);
        usd.mint(admin, 100e6);
        usd.approve(address(vault), 100e6);
        vault.deposit(bytes32(uint256(1)), 20e6);
        uint256 gas = gasleft();
        vault.deposit(bytes32(uint256(1)), 10e6);
        _figure("vault deposit", gas - gasleft());
        vm.stopPrank();

        vm.startPrank(operator);
        vault.anchorRoot(1, root, total, 1, keccak256("head"));
        vault.withdraw(_id(1), bytes32(uint256(1)), shop, 1e6);
        gas = gasleft();
        vault.withdraw(_id(2), bytes32(uint256(2)), shop, 1e6);
        _figure("vault withdrawal, first of the account since the root", gas - gasleft());
        gas = gasleft();
        vault.withdraw(_id(3), bytes32(uint256(2)), shop, 1e3);
        _figure("vault withdrawal", gas - gasleft());
        gas = gasleft();
        vault.queueWithdrawal(_id(4), bytes32(uint256(1)), shop, 6e6);
        _figure("vault queue a withdrawal", gas - gasleft());
        vm.warp(block.timestamp + 1 hours);
        gas = gasleft();
        vault.withdraw(_id(4), bytes32(uint256(1)), shop, 6e6);
        _figure("vault queued withdrawal", gas - gasleft());
        gas = gasleft();
        vault.anchorRoot(2, root, total, 1, keccak256("head"));
        _figure("vault anchor", gas - gasleft());
        vm.stopPrank();
        _leaveVault(vault, leaves);
    }

    function _leaveVault(Vault vault, MerkleSum.Leaf[] memory leaves) private {
        MerkleSum.Proof memory first = SumTree.proof(leaves, 77);
        MerkleSum.Proof memory second = SumTree.proof(leaves, 78);
        vm.warp(vault.exitOpensAt());
        uint256 gas = gasleft();
        vault.declareExit();
        _figure("vault declare the exit", gas - gasleft());
        gas = gasleft();
        vault.exit(leaves[77], first);
        _figure("vault exit out of 1,024, first of 256", gas - gasleft());
        gas = gasleft();
        vault.exit(leaves[78], second);
        _figure("vault exit out of 1,024", gas - gasleft());
        gas = gasleft();
        vault.refundDeposit(2);
        _figure("vault refund", gas - gasleft());
    }

    function _id(uint256 id) private pure returns (bytes32) {
        return bytes32(id);
    }
}
