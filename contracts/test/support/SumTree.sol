// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MerkleSum} from "../../src/libraries/MerkleSum.sol";

/// @dev Builds Merkle-sum trees, written apart from the library that checks them.
library SumTree {
    function root(MerkleSum.Leaf[] memory leaves) internal pure returns (bytes32 root_, uint128 total) {
        MerkleSum.Sibling[] memory level = _leaves(leaves);
        while (level.length > 1) level = _up(level);
        return (_root(uint64(leaves.length), level[0].hash, level[0].sum), level[0].sum);
    }

    function proof(MerkleSum.Leaf[] memory leaves, uint64 index) internal pure returns (MerkleSum.Proof memory made) {
        made.index = index;
        made.leafCount = uint64(leaves.length);
        MerkleSum.Sibling[] memory level = _leaves(leaves);
        uint256 position = index;
        while (level.length > 1) {
            MerkleSum.Sibling[] memory longer = new MerkleSum.Sibling[](made.siblings.length + 1);
            for (uint256 i = 0; i < made.siblings.length; ++i) {
                longer[i] = made.siblings[i];
            }
            if (position ^ 1 < level.length) longer[made.siblings.length] = level[position ^ 1];
            made.siblings = longer;
            level = _up(level);
            position /= 2;
        }
    }

    function _leaves(MerkleSum.Leaf[] memory leaves) private pure returns (MerkleSum.Sibling[] memory level) {
        level = new MerkleSum.Sibling[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            level[i].hash = keccak256(abi.encode(keccak256("converge.solvency.leaf.v1"), leaves[i]));
            level[i].sum = leaves[i].balance;
        }
    }

    function _up(MerkleSum.Sibling[] memory level) private pure returns (MerkleSum.Sibling[] memory parents) {
        parents = new MerkleSum.Sibling[]((level.length + 1) / 2);
        for (uint256 i = 0; i < parents.length; ++i) {
            MerkleSum.Sibling memory right;
            if (2 * i + 1 < level.length) right = level[2 * i + 1];
            parents[i].hash = keccak256(abi.encode(keccak256("converge.solvency.node.v1"), level[2 * i], right));
            parents[i].sum = level[2 * i].sum + right.sum;
        }
    }

    function _root(uint64 leafCount, bytes32 top, uint128 sum) private pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("converge.solvency.root.v1"), leafCount, top, sum));
    }
}
