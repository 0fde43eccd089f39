// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MerkleSum} from "../src/libraries/MerkleSum.sol";
import {SumTree} from "./support/SumTree.sol";
import {Test} from "./support/Test.sol";

/// @dev Gives the library calldata.
contract MerkleSumHarness {
    function verify(bytes32 root, uint128 total, MerkleSum.Leaf calldata leaf, MerkleSum.Proof calldata proof)
        external
        pure
        returns (bool)
    {
        return MerkleSum.verify(root, total, leaf, proof);
    }
}

contract MerkleSumTest is Test {
    struct Vector {
        bytes32 root;
        uint128 total;
        MerkleSum.Leaf leaf;
        MerkleSum.Proof proof;
        bool isValid;
    }

    MerkleSumHarness private harness = new MerkleSumHarness();

    /// @dev Made by core/merkle-sum.ts, whose own test keeps the file up to date.
    function test_JudgesTheSharedVectorsAsTheServerAndTheBrowserDo() external view {
        string memory file = vm.readFile("contracts/test/vectors/merkle-sum.json");
        Vector[] memory vectors = abi.decode(vm.parseJsonBytes(file, ".vectors"), (Vector[]));
        vm.assertGe(vectors.length, 300, "all vectors were read");
        for (uint256 i = 0; i < vectors.length; ++i) {
            Vector memory vector = vectors[i];
            bool isValid = harness.verify(vector.root, vector.total, vector.leaf, vector.proof);
            vm.assertTrue(isValid == vector.isValid, "the same judgement");
        }
    }

    function testFuzz_ProvesEveryLeafOfATree(uint256 seed, uint256 count) external view {
        MerkleSum.Leaf[] memory leaves = _random(seed, bound(count, 1, 24));
        (bytes32 root, uint128 total) = SumTree.root(leaves);
        for (uint64 i = 0; i < leaves.length; ++i) {
            vm.assertTrue(harness.verify(root, total, leaves[i], SumTree.proof(leaves, i)), "proved");
        }
    }

    function testFuzz_RefusesAnyChange(uint256 seed, uint256 count, uint256 place, uint256 kind) external view {
        count = bound(count, 2, 24);
        MerkleSum.Leaf[] memory leaves = _random(seed, count);
        (bytes32 root, uint128 total) = SumTree.root(leaves);
        uint64 index = uint64(bound(place, 0, count - 1));
        MerkleSum.Leaf memory leaf = leaves[index];
        MerkleSum.Proof memory proof = SumTree.proof(leaves, index);
        uint256 level = uint256(keccak256(abi.encode(seed))) % proof.siblings.length;
        kind = bound(kind, 0, 9);
        if (kind == 0) leaf.balance += 1;
        else if (kind == 1) leaf.exitTo = address(uint160(leaf.exitTo) ^ 1);
        else if (kind == 2) leaf.account = keccak256(abi.encode(leaf.account));
        else if (kind == 3) proof.index = uint64((index + 1) % count);
        else if (kind == 4) proof.index = index + uint64(2 ** proof.siblings.length);
        else if (kind == 5) proof.leafCount += 1;
        else if (kind == 6) proof.siblings[level].sum ^= 1;
        else if (kind == 7) proof.siblings[level].hash ^= bytes32(uint256(1));
        else if (kind == 8) proof.siblings = _resized(proof.siblings, proof.siblings.length - 1);
        else proof.siblings = _resized(proof.siblings, proof.siblings.length + 1);
        vm.assertTrue(!harness.verify(root, total, leaf, proof), "refused");
    }

    /// @dev The sum of the two is 99 in 128 bits: exactly what hides that the vault owes 100 and an endless amount.
    function test_RefusesALeafThatWrapsTheSumAround() external view {
        MerkleSum.Leaf memory honest = MerkleSum.Leaf(keccak256("honest"), address(1), 100);
        MerkleSum.Leaf memory huge = MerkleSum.Leaf(keccak256("huge"), address(2), type(uint128).max);
        bytes32 domain = keccak256("converge.solvency.leaf.v1");
        MerkleSum.Sibling memory left = MerkleSum.Sibling(keccak256(abi.encode(domain, honest)), honest.balance);
        MerkleSum.Sibling memory right = MerkleSum.Sibling(keccak256(abi.encode(domain, huge)), huge.balance);
        bytes32 top = keccak256(abi.encode(keccak256("converge.solvency.node.v1"), left, right));
        bytes32 root = keccak256(abi.encode(keccak256("converge.solvency.root.v1"), uint64(2), top, uint128(99)));
        MerkleSum.Proof memory proof = MerkleSum.Proof(0, 2, new MerkleSum.Sibling[](1));
        proof.siblings[0] = right;
        vm.assertTrue(!harness.verify(root, 99, honest, proof), "the honest leaf");
        proof.index = 1;
        proof.siblings[0] = left;
        vm.assertTrue(!harness.verify(root, 99, huge, proof), "the huge leaf");
    }

    function test_RefusesAnInnerNodeAsALeafAndAnEmptyNodeInALeafsPlace() external view {
        MerkleSum.Leaf[] memory leaves = _random(1, 4);
        (bytes32 root, uint128 total) = SumTree.root(leaves);
        MerkleSum.Proof memory proof = SumTree.proof(leaves, 0);
        MerkleSum.Sibling[] memory upper = new MerkleSum.Sibling[](1);
        upper[0] = proof.siblings[1];
        vm.assertTrue(!harness.verify(root, total, leaves[0], MerkleSum.Proof(0, 2, upper)), "an inner node");

        bytes32 leafHash = keccak256(abi.encode(keccak256("converge.solvency.leaf.v1"), leaves[0]));
        MerkleSum.Proof memory alone = MerkleSum.Proof(0, 2, new MerkleSum.Sibling[](1));
        bytes32 top = keccak256(
            abi.encode(
                keccak256("converge.solvency.node.v1"), leafHash, leaves[0].balance, alone.siblings[0]
            )
        );
        root = keccak256(abi.encode(keccak256("converge.solvency.root.v1"), uint64(2), top, leaves[0].balance));
        vm.assertTrue(!harness.verify(root, leaves[0].balance, leaves[0], alone), "an empty place");
    }

    function _random(uint256 seed, uint256 count) private pure returns (MerkleSum.Leaf[] memory leaves) {
        leaves = new MerkleSum.Leaf[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 value = uint256(keccak256(abi.encode(seed, i)));
            leaves[i] = MerkleSum.Leaf(bytes32(value), address(uint160(value)), uint128(value >> 200));
        }
    }

    function _resized(MerkleSum.Sibling[] memory siblings, uint256 length)
        private
        pure
        returns (MerkleSum.Sibling[] memory resized)
    {
        resized = new MerkleSum.Sibling[](length);
        for (uint256 i = 0; i < length && i < siblings.length; ++i) {
            resized[i] = siblings[i];
        }
    }
}
