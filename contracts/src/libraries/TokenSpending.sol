// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title TokenSpending
/// @notice Reads from call data how much of a token a call gives away or allows others to take.
library TokenSpending {
    bytes4 private constant TRANSFER = 0xa9059cbb;
    bytes4 private constant APPROVE = 0x095ea7b3;
    bytes4 private constant INCREASE_ALLOWANCE = 0x39509351;
    bytes4 private constant TRANSFER_AND_CALL = 0x1296ee62;
    bytes4 private constant TRANSFER_AND_CALL_DATA = 0x4000aea0;
    bytes4 private constant APPROVE_AND_CALL = 0x3177029f;
    bytes4 private constant APPROVE_AND_CALL_DATA = 0xcae9ca51;
    bytes4 private constant TRANSFER_FROM = 0x23b872dd;
    bytes4 private constant TRANSFER_FROM_AND_CALL = 0xd8fbe994;
    bytes4 private constant TRANSFER_FROM_AND_CALL_DATA = 0xc1d34b89;

    /// @notice Where the amount of a spending call lies.
    /// @return offset The amount's offset in the call data, zero when the selector is not a spending one.
    function amountOffset(bytes4 selector) internal pure returns (uint256 offset) {
        if (
            selector == TRANSFER || selector == APPROVE || selector == INCREASE_ALLOWANCE
                || selector == TRANSFER_AND_CALL || selector == TRANSFER_AND_CALL_DATA || selector == APPROVE_AND_CALL
                || selector == APPROVE_AND_CALL_DATA
        ) return 36;
        if (selector == TRANSFER_FROM || selector == TRANSFER_FROM_AND_CALL || selector == TRANSFER_FROM_AND_CALL_DATA) return 68;
    }

    /// @notice Whether a call lets its first argument take tokens later.
    function isApproval(bytes4 selector) internal pure returns (bool) {
        return selector == APPROVE || selector == INCREASE_ALLOWANCE || selector == APPROVE_AND_CALL
            || selector == APPROVE_AND_CALL_DATA;
    }
}
