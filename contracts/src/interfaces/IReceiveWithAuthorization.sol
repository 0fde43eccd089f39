// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IReceiveWithAuthorization
/// @notice EIP-3009's transfer to the caller with a signature in bytes, as USDC 2.2 and TestUSD have it.
interface IReceiveWithAuthorization {
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
