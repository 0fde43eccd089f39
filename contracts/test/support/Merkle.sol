// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @dev Merkle trees of OpenZeppelin's kind: sorted pairs, leaves hashed twice.
library Merkle {
    function leaf(address account, uint256 amount) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(account, amount))));
    }

    /// @dev Any binary tree over the leaves will do for a proof; an odd node moves up unchanged.
    function root(bytes32[] memory nodes) internal pure returns (bytes32) {
        while (nodes.length > 1) nodes = _up(nodes);
        return nodes[0];
    }

    function proof(bytes32[] memory nodes, uint256 index) internal pure returns (bytes32[] memory path) {
        while (nodes.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < nodes.length) {
                bytes32[] memory longer = new bytes32[](path.length + 1);
                for (uint256 i = 0; i < path.length; ++i) {
                    longer[i] = path[i];
                }
                longer[path.length] = nodes[sibling];
                path = longer;
            }
            nodes = _up(nodes);
            index /= 2;
        }
    }

    function _up(bytes32[] memory nodes) private pure returns (bytes32[] memory parents) {
        parents = new bytes32[]((nodes.length + 1) / 2);
        for (uint256 i = 0; i < parents.length; ++i) {
            parents[i] = 2 * i + 1 == nodes.length ? nodes[2 * i] : _hash(nodes[2 * i], nodes[2 * i + 1]);
        }
    }

    function _hash(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return left < right ? keccak256(abi.encode(left, right)) : keccak256(abi.encode(right, left));
    }
}
