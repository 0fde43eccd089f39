// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";

/// @title RequestTree
/// @notice The Merkle tree over the requests of a batch. A leaf is keccak256(abi.encode(index, requester, consumer)), the
/// consumer never zero; an inner node keccak256 of the sorted pair below it; a node without a partner moves up. A leaf has
/// three words and a pair two, so that no node can pass for a request.
/// @dev In assembly because a batch is recorded at a few thousand gas for each inference, of which this would be a third;
/// the tests hold it against the tree as one would write it down.
library RequestTree {
    uint256 private constant REQUESTS_MAX = 256;

    /// @notice Refuses a batch without requests, with too many, or with one that is nobody's or names what is no address.
    function rootOf(IInferenceRegistry.Request[] calldata requests) internal pure returns (bytes32 root) {
        uint256 count = requests.length;
        if (count == 0 || count > REQUESTS_MAX) revert IInferenceRegistry.InferenceRegistry_CountInvalid(count);
        uint256 refused = count;
        assembly ("memory-safe") {
            // Beyond the free pointer, and left to others afterwards: three words to hash in, then the nodes.
            let scratch := mload(0x40)
            let nodes := add(scratch, 0x60)
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                let request := add(requests.offset, shl(6, i))
                let requester := calldataload(request)
                let consumer := calldataload(add(request, 0x20))
                if or(iszero(requester), shr(160, or(requester, consumer))) {
                    refused := i
                    break
                }
                if iszero(consumer) { consumer := requester }
                mstore(scratch, i)
                mstore(add(scratch, 0x20), requester)
                mstore(add(scratch, 0x40), consumer)
                mstore(add(nodes, shl(5, i)), keccak256(scratch, 0x60))
            }
            for { let width := count } gt(width, 1) { width := shr(1, add(width, 1)) } {
                for { let i := 0 } lt(i, width) { i := add(i, 2) } {
                    let node := mload(add(nodes, shl(5, i)))
                    if lt(add(i, 1), width) {
                        let other := mload(add(nodes, shl(5, add(i, 1))))
                        let isOtherFirst := lt(other, node)
                        mstore(add(scratch, shl(5, isOtherFirst)), node)
                        mstore(add(scratch, shl(5, iszero(isOtherFirst))), other)
                        node := keccak256(scratch, 0x40)
                    }
                    mstore(add(nodes, shl(4, i)), node)
                }
            }
            root := mload(nodes)
        }
        if (refused != count) revert IInferenceRegistry.InferenceRegistry_RequestInvalid(refused);
    }

    function leafOf(uint256 index, address requester, address consumer) internal pure returns (bytes32) {
        return keccak256(abi.encode(index, requester, consumer));
    }

    function consumerOf(IInferenceRegistry.Request calldata request) internal pure returns (address) {
        return request.consumer == address(0) ? request.requester : request.consumer;
    }
}
