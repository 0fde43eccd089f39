// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title MerkleSum
/// @notice Checks that a leaf is in a Merkle-sum tree: a tree whose every node also says what lies below it.
/// @dev `core/merkle-sum.ts` builds the trees and checks them in the same way; shared vectors keep the two together.
///
/// - leaf: `keccak256(abi.encode(LEAF_DOMAIN, account, exitTo, balance))`, its sum is the balance
/// - node: `keccak256(abi.encode(NODE_DOMAIN, leftHash, leftSum, rightHash, rightSum))`, its sum is the two sums'
/// - root: `keccak256(abi.encode(ROOT_DOMAIN, leafCount, topHash, topSum))`
///
/// A level with an odd number of nodes is paired up by the empty node, hash 0 and sum 0. The bits of a leaf's index say,
/// from the lowest, whether it is the right one of each pair. The count of leaves is in the root, so it fixes how long
/// every proof is and which siblings are empty: one index is one place in the tree, and one place has one index.
///
/// Each sum is of 128 bits without a sign and is added with a check, so no leaf can be negative or wrap a sum around and
/// thereby hide what others are owed: above such a leaf no proof holds.
library MerkleSum {
    bytes32 internal constant LEAF_DOMAIN = keccak256("converge.solvency.leaf.v1");
    bytes32 internal constant NODE_DOMAIN = keccak256("converge.solvency.node.v1");
    bytes32 internal constant ROOT_DOMAIN = keccak256("converge.solvency.root.v1");

    /// @notice What an account is owed, and the address that may take it out.
    struct Leaf {
        bytes32 account;
        address exitTo;
        uint128 balance;
    }

    struct Sibling {
        bytes32 hash;
        uint128 sum;
    }

    /// @notice Where a leaf is, and the other node of each pair from the leaf up.
    struct Proof {
        uint64 index;
        uint64 leafCount;
        Sibling[] siblings;
    }

    /// @notice Whether the tree with this root and this total holds the leaf at the proof's index.
    function verify(bytes32 root, uint128 total, Leaf calldata leaf, Proof calldata proof)
        internal
        pure
        returns (bool)
    {
        uint64 position = proof.index;
        uint64 count = proof.leafCount;
        if (position >= count) return false;

        bytes32 hash = keccak256(abi.encode(LEAF_DOMAIN, leaf.account, leaf.exitTo, leaf.balance));
        uint128 sum = leaf.balance;
        for (uint256 level = 0; level < proof.siblings.length; ++level) {
            Sibling calldata sibling = proof.siblings[level];
            // The top was reached before the proof ended.
            if (count == 1) return false;
            // Exactly the siblings beyond the last node are empty.
            bool isEmpty = position ^ 1 >= count;
            if (isEmpty != (sibling.hash == 0) || (isEmpty && sibling.sum != 0)) return false;
            if (sibling.sum > type(uint128).max - sum) return false;

            hash = position & 1 == 0
                ? keccak256(abi.encode(NODE_DOMAIN, hash, sum, sibling.hash, sibling.sum))
                : keccak256(abi.encode(NODE_DOMAIN, sibling.hash, sibling.sum, hash, sum));
            sum += sibling.sum;
            position >>= 1;
            count = (count >> 1) + (count & 1);
        }
        return count == 1 && sum == total && root == keccak256(abi.encode(ROOT_DOMAIN, proof.leafCount, hash, sum));
    }
}
