// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IAgentAccount} from "../interfaces/IAgentAccount.sol";
import {PolicyCode} from "./PolicyCode.sol";

/// @title PolicyChecks
/// @notice Refuses policies that are malformed, or look like a safeguard and are none.
library PolicyChecks {
    /// @param account The account that grants the policy; no rule may name it, nor its entry point.
    function check(IAgentAccount.AgentPolicy calldata policy, address account, address entryPoint) internal view {
        if (policy.windowSeconds == 0) revert IAgentAccount.AgentAccount_WindowInvalid();
        if (policy.caps.length > PolicyCode.CAPS_MAX) {
            revert IAgentAccount.AgentAccount_TooManyCaps(policy.caps.length, PolicyCode.CAPS_MAX);
        }
        for (uint256 i = 0; i < policy.caps.length; ++i) {
            if (!_isCap(policy.caps, i)) revert IAgentAccount.AgentAccount_CapInvalid(i);
        }
        if (policy.rules.length > PolicyCode.RULES_MAX) {
            revert IAgentAccount.AgentAccount_TooManyRules(policy.rules.length, PolicyCode.RULES_MAX);
        }
        bool mayDeny = true;
        for (uint256 i = 0; i < policy.rules.length; ++i) {
            IAgentAccount.Rule calldata rule = policy.rules[i];
            bool isForbidden = rule.target == account || rule.target == entryPoint;
            if (isForbidden || (rule.denies && !mayDeny) || !_isRule(rule)) {
                revert IAgentAccount.AgentAccount_RuleInvalid(i);
            }
            mayDeny = rule.denies;
        }
    }

    function _isCap(IAgentAccount.Cap[] calldata caps, uint256 index) private view returns (bool) {
        address token = caps[index].token;
        if (token != address(0) && token.code.length == 0) return false;
        for (uint256 i = 0; i < index; ++i) {
            if (caps[i].token == token) return false;
        }
        return true;
    }

    function _isRule(IAgentAccount.Rule calldata rule) private pure returns (bool) {
        if (rule.target == address(0) || _isWrapper(rule.selector)) return false;
        // A proof condition without a model would look like a safeguard and be none; a denial needs no proof.
        bool hasProof = rule.proofModelId != bytes32(0);
        bool isProofComplete = hasProof ? rule.proofMaxAge != 0 : rule.proofMinOutput == 0 && rule.proofMaxAge == 0;
        if (!isProofComplete || (rule.denies && (hasProof || rule.valueMax != 0))) return false;
        if (rule.conditions.length > PolicyCode.CONDITIONS_MAX) return false;
        for (uint256 i = 0; i < rule.conditions.length; ++i) {
            if (!_isCondition(rule.conditions[i])) return false;
        }
        return true;
    }

    function _isCondition(IAgentAccount.Condition calldata condition) private pure returns (bool) {
        IAgentAccount.Comparison comparison = condition.comparison;
        IAgentAccount.Reading reading = condition.reading;
        bool usesElement = reading == IAgentAccount.Reading.Element || reading == IAgentAccount.Reading.Field;
        if (!usesElement && condition.element != 0) return false;
        uint256 count = condition.operands.length;
        if (comparison == IAgentAccount.Comparison.OneOf || comparison == IAgentAccount.Comparison.NoneOf) {
            return count > 0 && count <= PolicyCode.OPERANDS_MAX;
        }
        return count == (comparison == IAgentAccount.Comparison.Masked ? 2 : 1);
    }

    /// @dev Functions that make other calls: a rule for one would allow whatever is packed into it. Their calls are made
    /// one by one instead, in a batch of the account's own.
    function _isWrapper(bytes4 selector) private pure returns (bool) {
        return selector == 0xac9650d8 // multicall(bytes[])
            || selector == 0x5ae401dc // multicall(uint256,bytes[])
            || selector == 0x1f0464d1 // multicall(bytes32,bytes[])
            || selector == 0x252dba42 // aggregate((address,bytes)[])
            || selector == 0xc3077fa9 // blockAndAggregate((address,bytes)[])
            || selector == 0xbce38bd7 // tryAggregate(bool,(address,bytes)[])
            || selector == 0x399542e9 // tryBlockAndAggregate(bool,(address,bytes)[])
            || selector == 0x82ad56cb // aggregate3((address,bool,bytes)[])
            || selector == 0x174dea71 // aggregate3Value((address,bool,uint256,bytes)[])
            || selector == 0x8d80ff0a // multiSend(bytes)
            || selector == 0x24856bc3 // execute(bytes,bytes[])
            || selector == 0x3593564c // execute(bytes,bytes[],uint256)
            || selector == 0xe9ae5c53 // execute(bytes32,bytes)
            || selector == 0xb61d27f6 // execute(address,uint256,bytes)
            || selector == 0x34fcd5be // executeBatch((address,uint256,bytes)[])
            || selector == 0x6a761202 // execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)
            || selector == 0x468721a7 // execTransactionFromModule(address,uint256,bytes,uint8)
            || selector == 0x5229073f // execTransactionFromModuleReturnData(address,uint256,bytes,uint8)
            || selector == 0x765e827f; // handleOps(...) of an entry point
    }
}
