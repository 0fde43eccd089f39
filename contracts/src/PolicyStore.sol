// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAgentAccount} from "./interfaces/IAgentAccount.sol";
import {PolicyChecks} from "./libraries/PolicyChecks.sol";
import {PolicyCode} from "./libraries/PolicyCode.sol";

/// @title PolicyStore
/// @notice Writes agents' policies as the code of contracts, whose addresses follow from the policies: one policy, one
/// address, whoever uses it. {PolicyCode} has the layout.
/// @dev Anybody may write any policy that is well formed; it gives nobody a right.
contract PolicyStore {
    using PolicyCode for bytes;

    uint256 private constant CODE_MAX = 24_576;
    /// @dev PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN.
    bytes1 private constant PUSH2 = 0x61;
    bytes7 private constant COPY_AND_RETURN = 0x80600a3d393df3;

    error PolicyStore_TooLarge(uint256 size);

    /// @notice Checks a policy for the account that calls, writes it unless it is there, and returns where.
    /// @param entryPoint The account's entry point, which no rule may name.
    function store(IAgentAccount.AgentPolicy calldata policy, address entryPoint) external returns (address policy_) {
        PolicyChecks.check(policy, msg.sender, entryPoint);
        bytes memory code = _pack(policy);
        if (code.length > CODE_MAX) revert PolicyStore_TooLarge(code.length);
        bytes memory initCode = abi.encodePacked(PUSH2, uint16(code.length), COPY_AND_RETURN, code);
        policy_ = address(
            uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), bytes32(0), keccak256(initCode)))))
        );
        if (policy_.code.length != 0) return policy_;
        address made;
        assembly ("memory-safe") {
            made := create2(0, add(initCode, 32), mload(initCode), 0)
        }
        assert(made == policy_);
    }

    /// @notice A policy as it was given.
    function load(address policy) external view returns (IAgentAccount.AgentPolicy memory) {
        return _unpack(policy.code);
    }

    function _unpack(bytes memory code) private pure returns (IAgentAccount.AgentPolicy memory policy) {
        policy.validAfter = code.validAfter();
        policy.validUntil = code.validUntil();
        policy.windowSeconds = code.windowSeconds();
        policy.gasPerWindow = code.gasPerWindow();
        policy.guards = code.guards();
        policy.caps = new IAgentAccount.Cap[](code.capCount());
        for (uint256 i = 0; i < policy.caps.length; ++i) {
            policy.caps[i] = IAgentAccount.Cap(code.capToken(i), code.capPerTransaction(i), code.capPerWindow(i));
        }
        policy.rules = new IAgentAccount.Rule[](code.ruleCount());
        uint256 position = code.firstRule();
        for (uint256 i = 0; i < policy.rules.length; ++i) {
            policy.rules[i] = _unpackRule(code, position);
            position = code.nextRule(position);
        }
    }

    function _unpackRule(bytes memory code, uint256 rule) private pure returns (IAgentAccount.Rule memory unpacked) {
        unpacked.denies = code.denies(rule);
        unpacked.target = address(uint160(code.read(rule + 3, 20)));
        unpacked.selector = bytes4(uint32(code.read(rule + 23, 4)));
        unpacked.valueMax = code.valueMax(rule);
        (unpacked.proofModelId, unpacked.proofMinOutput, unpacked.proofMaxAge) = code.proof(rule);
        unpacked.conditions = new IAgentAccount.Condition[](code.read(rule + 43, 1));
        uint256 position = rule + PolicyCode.RULE_HEAD + (unpacked.proofMaxAge == 0 ? 0 : 68);
        for (uint256 i = 0; i < unpacked.conditions.length; ++i) {
            IAgentAccount.Condition memory condition = unpacked.conditions[i];
            condition.reading = IAgentAccount.Reading(code.read(position, 1));
            condition.word = uint16(code.read(position + 1, 2));
            condition.element = uint16(code.read(position + 3, 2));
            condition.comparison = IAgentAccount.Comparison(code.read(position + 5, 1));
            condition.operands = new bytes32[](code.read(position + 6, 1));
            position += PolicyCode.CONDITION_HEAD;
            for (uint256 j = 0; j < condition.operands.length; ++j) {
                condition.operands[j] = bytes32(code.read(position, 32));
                position += 32;
            }
        }
    }

    function _pack(IAgentAccount.AgentPolicy calldata policy) private pure returns (bytes memory code) {
        code = abi.encodePacked(
            bytes1(0),
            policy.windowSeconds,
            policy.gasPerWindow,
            uint8(policy.caps.length),
            uint8(policy.rules.length),
            policy.validAfter,
            policy.validUntil,
            policy.guards
        );
        for (uint256 i = 0; i < policy.caps.length; ++i) {
            IAgentAccount.Cap calldata cap = policy.caps[i];
            code = abi.encodePacked(code, cap.token, cap.perTransaction, cap.perWindow);
        }
        for (uint256 i = 0; i < policy.rules.length; ++i) {
            bytes memory rule = _packRule(policy.rules[i]);
            if (rule.length > type(uint16).max) revert PolicyStore_TooLarge(rule.length);
            code = abi.encodePacked(code, uint16(rule.length), rule);
        }
    }

    function _packRule(IAgentAccount.Rule calldata rule) private pure returns (bytes memory packed) {
        bool hasProof = rule.proofMaxAge != 0;
        packed = abi.encodePacked(
            (rule.denies ? uint8(1) : 0) | (hasProof ? 2 : 0),
            rule.target,
            rule.selector,
            rule.valueMax,
            uint8(rule.conditions.length)
        );
        if (hasProof) packed = abi.encodePacked(packed, rule.proofModelId, rule.proofMinOutput, rule.proofMaxAge);
        for (uint256 i = 0; i < rule.conditions.length; ++i) {
            IAgentAccount.Condition calldata condition = rule.conditions[i];
            packed = abi.encodePacked(
                packed,
                condition.reading,
                condition.word,
                condition.element,
                condition.comparison,
                uint8(condition.operands.length),
                condition.operands
            );
        }
    }
}
