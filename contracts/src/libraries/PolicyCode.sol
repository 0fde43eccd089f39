// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAgentAccount} from "../interfaces/IAgentAccount.sol";

/// @title PolicyCode
/// @notice Reads policies that {PolicyStore} wrote, as the code of contracts of their own.
/// @dev Reading code costs a fraction of reading the same bytes from storage. `core/policy/judge-calls.ts` decides the same
/// from the same calls.
///
/// Layout, all numbers big-endian: a zero byte (STOP), window seconds (4), gas in a window (16), number of caps (1) and of
/// rules (1), the times from when (6) and until when (6) it is valid, guards (32); per cap: token (20), per transaction (16), per window (16); per rule: its length after this field (2), flags
/// (1), target (20), selector (4), most value (16), number of conditions (1), with flag 2 a proof's model (32), least output
/// (32) and age (4), then the conditions; per condition: reading (1), word (2), element (2), comparison (1), number of
/// operands (1), operands (32 each).
library PolicyCode {
    uint256 internal constant RULES_MAX = 32;
    uint256 internal constant CAPS_MAX = 8;
    uint256 internal constant CONDITIONS_MAX = 16;
    uint256 internal constant OPERANDS_MAX = 32;
    uint256 private constant HEAD = 67;
    uint256 private constant CAP = 52;
    uint256 internal constant RULE_HEAD = 44;
    uint256 internal constant CONDITION_HEAD = 7;

    function windowSeconds(bytes memory code) internal pure returns (uint32) {
        return uint32(read(code, 1, 4));
    }

    function gasPerWindow(bytes memory code) internal pure returns (uint128) {
        return uint128(read(code, 5, 16));
    }

    function capCount(bytes memory code) internal pure returns (uint256) {
        return read(code, 21, 1);
    }

    function ruleCount(bytes memory code) internal pure returns (uint256) {
        return read(code, 22, 1);
    }

    function validAfter(bytes memory code) internal pure returns (uint48) {
        return uint48(read(code, 23, 6));
    }

    function validUntil(bytes memory code) internal pure returns (uint48) {
        return uint48(read(code, 29, 6));
    }

    function guards(bytes memory code) internal pure returns (bytes32) {
        return bytes32(read(code, 35, 32));
    }

    function capToken(bytes memory code, uint256 index) internal pure returns (address) {
        return address(uint160(read(code, HEAD + CAP * index, 20)));
    }

    function capPerTransaction(bytes memory code, uint256 index) internal pure returns (uint128) {
        return uint128(read(code, HEAD + CAP * index + 20, 16));
    }

    function capPerWindow(bytes memory code, uint256 index) internal pure returns (uint128) {
        return uint128(read(code, HEAD + CAP * index + 36, 16));
    }

    /// @notice Where the first rule begins, and from a rule where the next one does.
    function firstRule(bytes memory code) internal pure returns (uint256) {
        return HEAD + CAP * capCount(code);
    }

    function nextRule(bytes memory code, uint256 rule) internal pure returns (uint256) {
        return rule + 2 + read(code, rule, 2);
    }

    /// @notice Whether a rule is about this function of this contract: all that most rules need to be asked.
    function isAbout(bytes memory code, uint256 rule, address target, bytes4 selector) internal pure returns (bool) {
        return read(code, rule + 3, 24) == (uint256(uint160(target)) << 32) | uint32(selector);
    }

    function denies(bytes memory code, uint256 rule) internal pure returns (bool) {
        return read(code, rule + 2, 1) & 1 != 0;
    }

    function valueMax(bytes memory code, uint256 rule) internal pure returns (uint128) {
        return uint128(read(code, rule + 27, 16));
    }

    /// @notice The proof a rule wants; zero and zero when it wants none.
    function proof(bytes memory code, uint256 rule)
        internal
        pure
        returns (bytes32 modelId, uint256 minOutput, uint32 maxAge)
    {
        if (read(code, rule + 2, 1) & 2 == 0) return (0, 0, 0);
        uint256 position = rule + RULE_HEAD;
        return (bytes32(read(code, position, 32)), read(code, position + 32, 32), uint32(read(code, position + 64, 4)));
    }

    /// @notice Whether all conditions of a rule hold for the call data. A condition that cannot be read does not hold for a
    /// rule that allows and holds for one that denies: what is malformed never gets anybody more.
    function holds(bytes memory code, uint256 rule, bytes calldata data) internal pure returns (bool) {
        uint256 flags = read(code, rule + 2, 1);
        uint256 position = rule + RULE_HEAD + (flags & 2 == 0 ? 0 : 68);
        for (uint256 left = read(code, rule + 43, 1); left > 0; --left) {
            // Reading (1), word (2), element (2), comparison (1), number of operands (1).
            uint256 head = read(code, position, CONDITION_HEAD);
            (bool isReadable, uint256 value) =
                _argument(data, head >> 48, (head >> 32) & 0xffff, (head >> 16) & 0xffff);
            uint256 operands = head & 0xff;
            bool isMet = isReadable
                ? _compare(code, value, (head >> 8) & 0xff, position + CONDITION_HEAD, operands)
                : flags & 1 != 0;
            if (!isMet) return false;
            position += CONDITION_HEAD + 32 * operands;
        }
        return true;
    }

    /// @dev `size` bytes from `offset`, as a number.
    function read(bytes memory code, uint256 offset, uint256 size) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, size)), mload(add(add(code, 32), offset)))
        }
    }

    /// @dev What a condition looks at in the call data, and whether it is there.
    function _argument(bytes calldata data, uint256 reading, uint256 word, uint256 element)
        private
        pure
        returns (bool isReadable, uint256 value)
    {
        (isReadable, value) = _wordAt(data, 4 + 32 * word);
        if (!isReadable || reading == uint256(IAgentAccount.Reading.Word)) return (isReadable, value);

        // The word is where a dynamic argument begins, counted from the first one. No call data is this long.
        if (value > type(uint32).max) return (false, 0);
        uint256 start = 4 + value;
        if (reading == uint256(IAgentAccount.Reading.Field)) return _wordAt(data, start + 32 * element);
        uint256 length;
        (isReadable, length) = _wordAt(data, start);
        if (!isReadable || reading == uint256(IAgentAccount.Reading.Length)) return (isReadable, length);
        if (length > type(uint32).max) return (false, 0);
        if (reading == uint256(IAgentAccount.Reading.Hash)) {
            if (data.length < start + 32 + length) return (false, 0);
            return (true, uint256(keccak256(data[start + 32:start + 32 + length])));
        }
        uint256 place = reading == uint256(IAgentAccount.Reading.Last) ? length - (length == 0 ? 0 : 1) : element;
        if (place >= length) return (false, 0);
        return _wordAt(data, start + 32 + 32 * place);
    }

    function _wordAt(bytes calldata data, uint256 offset) private pure returns (bool isThere, uint256 value) {
        if (data.length < offset + 32) return (false, 0);
        assembly ("memory-safe") {
            value := calldataload(add(data.offset, offset))
        }
        return (true, value);
    }

    function _compare(bytes memory code, uint256 value, uint256 comparison, uint256 position, uint256 operands)
        private
        pure
        returns (bool)
    {
        uint256 first = read(code, position, 32);
        if (comparison == uint256(IAgentAccount.Comparison.Equal)) return value == first;
        if (comparison == uint256(IAgentAccount.Comparison.AtMost)) return value <= first;
        if (comparison == uint256(IAgentAccount.Comparison.AtLeast)) return value >= first;
        if (comparison == uint256(IAgentAccount.Comparison.Masked)) {
            return value & first == read(code, position + 32, 32);
        }
        bool isIn = false;
        for (uint256 i = 0; i < operands && !isIn; ++i) {
            isIn = value == read(code, position + 32 * i, 32);
        }
        return isIn == (comparison == uint256(IAgentAccount.Comparison.OneOf));
    }
}
