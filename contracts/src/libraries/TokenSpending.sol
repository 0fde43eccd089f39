// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title TokenSpending
/// @notice Reads from call data which token a call gives away or allows others to take, and how much of it.
/// @dev `core/policy/token-spending.ts` reads the same.
library TokenSpending {
    /// @notice Uniswap's Permit2, at its one address on every chain.
    address internal constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;

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
    bytes4 private constant PERMIT = 0xd505accf;
    bytes4 private constant PERMIT_BYTES = 0x9fd5a6cf;
    bytes4 private constant PERMIT_ALL = 0x8fcbaf0c;
    bytes4 private constant TRANSFER_WITH_AUTHORIZATION = 0xe3ee160e;
    bytes4 private constant TRANSFER_WITH_AUTHORIZATION_BYTES = 0xcf092995;
    bytes4 private constant PERMIT2_APPROVE = 0x87517c45;
    bytes4 private constant PERMIT2_TRANSFER_FROM = 0x36c78516;

    /// @param isSpending Whether the call gives tokens away, or lets somebody take them.
    /// @param isReadable Whether token and amount are in the call data. What cannot be read is not to be allowed.
    struct Spending {
        bool isSpending;
        bool isReadable;
        address token;
        uint256 amount;
        address spender;
    }

    /// @notice What a call to `target` spends. `spender` is whom it gives an allowance of the token's own, or zero.
    function read(address target, bytes calldata data) internal pure returns (Spending memory spending) {
        bytes4 selector = bytes4(data);
        if (target == PERMIT2) return _readPermit2(selector, data);
        uint256 word = _amountWord(selector);
        if (word == 0) return spending;
        spending.isSpending = true;
        spending.token = target;
        (spending.isReadable, spending.amount) = _word(data, word);
        if (selector == PERMIT_ALL) spending.amount = type(uint256).max;
        if (selector == TRANSFER || !spending.isReadable) return spending;
        uint256 position = _spenderWord(selector);
        if (position == 0) return spending;
        (, uint256 spender) = _word(data, position - 1);
        spending.spender = address(uint160(spender));
    }

    /// @dev Its other functions move or allow several tokens at once, or by signature; they count as spending that cannot
    /// be read. `allowance`, `nonceBitmap` and their like give nothing away, and there is no reason to call them.
    function _readPermit2(bytes4 selector, bytes calldata data) private pure returns (Spending memory spending) {
        spending.isSpending = true;
        if (selector != PERMIT2_APPROVE && selector != PERMIT2_TRANSFER_FROM) return spending;
        (bool hasToken, uint256 token) = _word(data, selector == PERMIT2_APPROVE ? 0 : 3);
        (bool hasAmount, uint256 amount) = _word(data, 2);
        spending.isReadable = hasToken && hasAmount;
        spending.token = address(uint160(token));
        spending.amount = amount;
    }

    /// @dev Where the amount is, counted from the first argument at 0; zero when the function spends nothing.
    function _amountWord(bytes4 selector) private pure returns (uint256) {
        if (
            selector == TRANSFER || selector == APPROVE || selector == INCREASE_ALLOWANCE
                || selector == TRANSFER_AND_CALL || selector == TRANSFER_AND_CALL_DATA || selector == APPROVE_AND_CALL
                || selector == APPROVE_AND_CALL_DATA
        ) return 1;
        if (
            selector == TRANSFER_FROM || selector == TRANSFER_FROM_AND_CALL || selector == TRANSFER_FROM_AND_CALL_DATA
                || selector == PERMIT || selector == PERMIT_BYTES || selector == TRANSFER_WITH_AUTHORIZATION
                || selector == TRANSFER_WITH_AUTHORIZATION_BYTES
        ) return 2;
        if (selector == PERMIT_ALL) return 4;
        return 0;
    }

    /// @dev Where the spender of an allowance is, counted from 1; zero when the function gives none.
    function _spenderWord(bytes4 selector) private pure returns (uint256) {
        if (
            selector == APPROVE || selector == INCREASE_ALLOWANCE || selector == APPROVE_AND_CALL
                || selector == APPROVE_AND_CALL_DATA
        ) return 1;
        if (selector == PERMIT || selector == PERMIT_BYTES || selector == PERMIT_ALL) return 2;
        return 0;
    }

    function _word(bytes calldata data, uint256 index) private pure returns (bool isThere, uint256 value) {
        uint256 offset = 4 + 32 * index;
        if (data.length < offset + 32) return (false, 0);
        assembly ("memory-safe") {
            value := calldataload(add(data.offset, offset))
        }
        return (true, value);
    }
}
