// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {ERC7821} from "@openzeppelin/contracts/account/extensions/draft-ERC7821.sol";
import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ERC7739} from "@openzeppelin/contracts/utils/cryptography/signers/draft-ERC7739.sol";
import {IAgentAccount} from "./interfaces/IAgentAccount.sol";
import {IInferenceRegistry} from "./interfaces/IInferenceRegistry.sol";
import {RollingWindow} from "./libraries/RollingWindow.sol";
import {TokenSpending} from "./libraries/TokenSpending.sol";

/// @title AgentAccount
/// @notice See {IAgentAccount}.
contract AgentAccount is IAgentAccount, Account, ERC7821, ERC7739, ERC721Holder, ERC1155Holder {
    using RollingWindow for RollingWindow.Window;

    uint256 private constant RULE_COUNT_MAX = 32;
    bytes1 private constant OWNER_SIGNATURE = 0x00;
    bytes1 private constant AGENT_SIGNATURE = 0x01;
    uint256 private constant AGENT_SIGNATURE_LENGTH = 1 + 20 + 65;

    /// @dev A {Rule} in the order that packs best.
    struct StoredRule {
        address target;
        bytes4 selector;
        address counterparty;
        uint32 proofMaxAge;
        bytes32 proofModelId;
        uint256 proofMinOutput;
    }

    /// @dev A key is known while `validUntil` is set; the window outlives it so that a new grant starts with what was spent.
    struct AgentKey {
        uint48 validAfter;
        uint48 validUntil;
        address token;
        uint128 perTransactionCap;
        uint128 windowCap;
        uint32 windowSeconds;
        StoredRule[] rules;
        RollingWindow.Window window;
    }

    /// @dev What the account had before a batch, of the policy token, and what those it approves could already take.
    struct Holdings {
        uint256 balance;
        address[] spenders;
        uint256[] allowances;
    }

    address private immutable _implementation = address(this);
    /// @inheritdoc IAgentAccount
    address public immutable guardian;
    IInferenceRegistry private immutable _registry;

    /// @inheritdoc IAgentAccount
    bool public paused;
    mapping(address key => AgentKey) private _agentKeys;

    constructor(address guardian_, IInferenceRegistry registry) EIP712("AgentAccount", "1") {
        guardian = guardian_;
        _registry = registry;
    }

    /// @inheritdoc IAgentAccount
    function grantAgentKey(address key, AgentPolicy calldata policy) external onlyEntryPointOrSelf {
        _checkPolicy(key, policy);

        AgentKey storage agent = _agentKeys[key];
        agent.validAfter = policy.validAfter;
        agent.validUntil = policy.validUntil;
        agent.token = policy.token;
        agent.perTransactionCap = policy.perTransactionCap;
        agent.windowCap = policy.windowCap;
        agent.windowSeconds = policy.windowSeconds;
        agent.window.resize(policy.windowSeconds);
        delete agent.rules;
        for (uint256 i = 0; i < policy.rules.length; ++i) {
            Rule calldata rule = policy.rules[i];
            agent.rules
                .push(
                    StoredRule({
                        target: rule.target,
                        selector: rule.selector,
                        counterparty: rule.counterparty,
                        proofMaxAge: rule.proofMaxAge,
                        proofModelId: rule.proofModelId,
                        proofMinOutput: rule.proofMinOutput
                    })
                );
        }
        emit AgentKeyGranted(key, policy);
    }

    /// @inheritdoc IAgentAccount
    function revokeAgentKey(address key) external onlyEntryPointOrSelf {
        AgentKey storage agent = _agentKeys[key];
        if (agent.validUntil == 0) revert AgentAccount_KeyUnknown(key);
        agent.validAfter = 0;
        agent.validUntil = 0;
        delete agent.rules;
        emit AgentKeyRevoked(key);
    }

    /// @inheritdoc IAgentAccount
    function pause() external {
        if (msg.sender != guardian && msg.sender != address(this) && msg.sender != address(entryPoint())) {
            revert AgentAccount_NotGuardian(msg.sender);
        }
        paused = true;
        emit Paused(msg.sender);
    }

    /// @inheritdoc IAgentAccount
    function unpause() external onlyEntryPointOrSelf {
        paused = false;
        emit Unpaused();
    }

    /// @inheritdoc IAgentAccount
    function executeAsAgent(address key, Call[] calldata calls, bytes32[] calldata inferenceIds)
        external
        onlyEntryPoint
    {
        // Check: an earlier operation of the same bundle may have paused the account or revoked the key.
        AgentKey storage agent = _agentKeys[key];
        _checkUsable(key, agent);
        if (calls.length == 0) revert AgentAccount_BatchEmpty();
        if (inferenceIds.length != 0 && inferenceIds.length != calls.length) {
            revert AgentAccount_InferencesMismatch(calls.length, inferenceIds.length);
        }

        // Check and effect: every call has its rule, its proof is used up, and what the calls name fits the caps.
        IERC20 token = IERC20(agent.token);
        uint256 named = 0;
        for (uint256 i = 0; i < calls.length; ++i) {
            named += _authorize(agent, i, calls[i], inferenceIds.length == 0 ? bytes32(0) : inferenceIds[i]);
        }
        _spend(agent, 0, named);

        // Interaction: the calls, which cannot come back here because the entry point does not re-enter.
        Holdings memory holdings = _holdings(token, calls);
        for (uint256 i = 0; i < calls.length; ++i) {
            Address.functionCall(calls[i].target, calls[i].data);
        }

        // Check and effect: what was lost beyond what the calls named counts too, or everything is undone.
        uint256 spent = _lossSince(token, holdings);
        if (spent > named) _spend(agent, named, spent);
        else spent = named;
        emit AgentExecuted(key, keccak256(msg.data), spent, agent.window.sum());
    }

    /// @inheritdoc IAgentAccount
    function owner() public view returns (bytes memory) {
        // The shared implementation is nobody's account; an empty signer verifies no signature.
        return address(this) == _implementation ? bytes("") : Clones.fetchCloneArgs(address(this));
    }

    /// @inheritdoc IAgentAccount
    function inferenceRegistry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc IAgentAccount
    function agentPolicy(address key) external view returns (AgentPolicy memory policy) {
        AgentKey storage agent = _agentKeys[key];
        if (agent.validUntil == 0) return policy;
        policy.validAfter = agent.validAfter;
        policy.validUntil = agent.validUntil;
        policy.token = agent.token;
        policy.perTransactionCap = agent.perTransactionCap;
        policy.windowCap = agent.windowCap;
        policy.windowSeconds = agent.windowSeconds;
        policy.rules = new Rule[](agent.rules.length);
        for (uint256 i = 0; i < policy.rules.length; ++i) {
            StoredRule storage rule = agent.rules[i];
            policy.rules[i] = Rule({
                target: rule.target,
                selector: rule.selector,
                counterparty: rule.counterparty,
                proofModelId: rule.proofModelId,
                proofMinOutput: rule.proofMinOutput,
                proofMaxAge: rule.proofMaxAge
            });
        }
    }

    /// @inheritdoc IAgentAccount
    function spentInWindow(address key) external view returns (uint256) {
        return _agentKeys[key].window.sum();
    }

    /// @inheritdoc IAgentAccount
    function agentNonce(address key, uint32 lane) external view returns (uint256) {
        return getNonce((uint192(lane) << 160) | uint160(key));
    }

    /// @notice The entry point this account works with: v0.8, whose operation hash is EIP-712 typed data.
    function entryPoint() public pure override returns (IEntryPoint) {
        return ERC4337Utils.ENTRYPOINT_V08;
    }

    /// @dev Invalid signatures are answered and not reverted, as gas estimation with a dummy signature needs.
    function _validateUserOp(PackedUserOperation calldata userOp, bytes32 userOpHash, bytes calldata signature)
        internal
        view
        override
        returns (uint256 validationData)
    {
        if (signature.length == 0) return ERC4337Utils.SIG_VALIDATION_FAILED;
        bool isAgentCall = bytes4(userOp.callData) == IAgentAccount.executeAsAgent.selector;

        if (signature[0] == OWNER_SIGNATURE) {
            // The owner needs no agent's rights; refusing keeps AgentExecuted a statement about the key.
            if (isAgentCall) return ERC4337Utils.SIG_VALIDATION_FAILED;
            return _rawSignatureValidation(userOpHash, signature[1:])
                ? ERC4337Utils.SIG_VALIDATION_SUCCESS
                : ERC4337Utils.SIG_VALIDATION_FAILED;
        }
        if (signature[0] != AGENT_SIGNATURE || !isAgentCall) return ERC4337Utils.SIG_VALIDATION_FAILED;
        return _validateAgentOp(userOp, userOpHash, signature);
    }

    function _validateAgentOp(PackedUserOperation calldata userOp, bytes32 userOpHash, bytes calldata signature)
        private
        view
        returns (uint256 validationData)
    {
        if (signature.length != AGENT_SIGNATURE_LENGTH || userOp.callData.length < 36) {
            return ERC4337Utils.SIG_VALIDATION_FAILED;
        }
        address key = address(bytes20(signature[1:21]));
        // The call must name the signing key, the nonce must be of the key's own lanes, and somebody else must pay.
        bool isBound = uint256(bytes32(userOp.callData[4:36])) == uint160(key)
            && uint160(userOp.nonce >> 64) == uint160(key) && userOp.paymasterAndData.length >= 20;
        AgentKey storage agent = _agentKeys[key];
        if (!isBound || paused || agent.validUntil == 0) return ERC4337Utils.SIG_VALIDATION_FAILED;

        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(userOpHash, signature[21:]);
        if (failure != ECDSA.RecoverError.NoError || signer != key) return ERC4337Utils.SIG_VALIDATION_FAILED;
        return (uint256(agent.validUntil) << 160) | (uint256(agent.validAfter) << 208);
    }

    /// @dev The owner's signature; used for operations and, wrapped by ERC-7739, for ERC-1271.
    function _rawSignatureValidation(bytes32 hash, bytes calldata signature) internal view override returns (bool) {
        return SignatureChecker.isValidSignatureNow(owner(), hash, signature);
    }

    /// @dev The entry point may execute batches: it does so only for operations the owner signed.
    function _erc7821AuthorizedExecutor(address caller, bytes32 mode, bytes calldata executionData)
        internal
        view
        override
        returns (bool)
    {
        return caller == address(entryPoint()) || super._erc7821AuthorizedExecutor(caller, mode, executionData);
    }

    function _checkPolicy(address key, AgentPolicy calldata policy) private view {
        if (key == address(0) || key == address(this)) revert AgentAccount_KeyInvalid(key);
        if (policy.validUntil <= policy.validAfter || policy.validUntil <= block.timestamp) {
            revert AgentAccount_ValidityInvalid(policy.validAfter, policy.validUntil);
        }
        if (policy.token.code.length == 0) revert AgentAccount_TokenInvalid(policy.token);
        if (policy.windowSeconds == 0) revert AgentAccount_WindowInvalid();
        if (policy.rules.length > RULE_COUNT_MAX) {
            revert AgentAccount_TooManyRules(policy.rules.length, RULE_COUNT_MAX);
        }
        for (uint256 i = 0; i < policy.rules.length; ++i) {
            Rule calldata rule = policy.rules[i];
            // A proof condition without a model would look like a safeguard and be none.
            bool isProofComplete = rule.proofModelId == bytes32(0)
                ? rule.proofMinOutput == 0 && rule.proofMaxAge == 0
                : rule.proofMaxAge != 0;
            if (rule.target == address(0) || _isForbidden(rule.target) || !isProofComplete) {
                revert AgentAccount_RuleInvalid(i);
            }
        }
    }

    function _checkUsable(address key, AgentKey storage agent) private view {
        if (paused) revert AgentAccount_Paused();
        (uint48 validAfter, uint48 validUntil) = (agent.validAfter, agent.validUntil);
        if (validUntil == 0) revert AgentAccount_KeyUnknown(key);
        if (block.timestamp <= validAfter || block.timestamp > validUntil) {
            revert AgentAccount_KeyNotValidNow(key, validAfter, validUntil);
        }
    }

    /// @dev Finds the rule for a call, uses up the inference it wants, and returns the amount the call names.
    function _authorize(AgentKey storage agent, uint256 index, Call calldata call, bytes32 inferenceId)
        private
        returns (uint256 named)
    {
        if (call.value != 0) revert AgentAccount_ValueNotAllowed(index, call.value);
        bytes4 selector = bytes4(call.data);
        StoredRule storage rule = _findRule(agent, index, call, selector);

        uint256 offset = TokenSpending.amountOffset(selector);
        if (offset != 0) {
            if (call.target != agent.token) revert AgentAccount_TokenNotMetered(index, call.target);
            if (call.data.length < offset + 32) revert AgentAccount_CallNotAllowed(index, call.target, selector);
            named = uint256(bytes32(call.data[offset:offset + 32]));
            // Checked here so that a sum of huge amounts cannot overflow into a misleading error.
            if (named > agent.perTransactionCap) {
                revert AgentAccount_OverTransactionCap(named, agent.perTransactionCap);
            }
        }

        // A rule with a model always has an age, and the age is in a word that was read already.
        uint32 proofMaxAge = rule.proofMaxAge;
        if (proofMaxAge != 0) {
            bytes32 modelId = rule.proofModelId;
            if (inferenceId == bytes32(0)) revert AgentAccount_ProofRequired(index, modelId);
            _registry.consume(inferenceId, modelId, rule.proofMinOutput, proofMaxAge);
        }
    }

    function _findRule(AgentKey storage agent, uint256 index, Call calldata call, bytes4 selector)
        private
        view
        returns (StoredRule storage rule)
    {
        uint256 count = call.data.length < 4 || _isForbidden(call.target) ? 0 : agent.rules.length;
        for (uint256 i = 0; i < count; ++i) {
            rule = agent.rules[i];
            if (rule.target != call.target || rule.selector != selector) continue;
            address counterparty = rule.counterparty;
            if (counterparty == address(0)) return rule;
            if (call.data.length >= 36 && uint256(bytes32(call.data[4:36])) == uint160(counterparty)) return rule;
        }
        revert AgentAccount_CallNotAllowed(index, call.target, selector);
    }

    function _holdings(IERC20 token, Call[] calldata calls) private view returns (Holdings memory holdings) {
        holdings.balance = token.balanceOf(address(this));
        holdings.spenders = new address[](calls.length);
        holdings.allowances = new uint256[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            if (calls[i].target != address(token) || !TokenSpending.isApproval(bytes4(calls[i].data))) continue;
            address spender = address(uint160(uint256(bytes32(calls[i].data[4:36]))));
            bool isNew = true;
            for (uint256 j = 0; j < i && isNew; ++j) {
                isNew = holdings.spenders[j] != spender;
            }
            if (!isNew) continue;
            holdings.spenders[i] = spender;
            holdings.allowances[i] = token.allowance(address(this), spender);
        }
    }

    /// @dev The fall in balance plus the rise of each allowance; money that comes in does not offset an allowance.
    function _lossSince(IERC20 token, Holdings memory holdings) private view returns (uint256 loss) {
        uint256 balance = token.balanceOf(address(this));
        if (balance < holdings.balance) loss = holdings.balance - balance;
        for (uint256 i = 0; i < holdings.spenders.length; ++i) {
            if (holdings.spenders[i] == address(0)) continue;
            uint256 allowance = token.allowance(address(this), holdings.spenders[i]);
            if (allowance > holdings.allowances[i]) loss += allowance - holdings.allowances[i];
        }
    }

    /// @dev Raises what this transaction spent from `counted` to `spent`, under both caps.
    function _spend(AgentKey storage agent, uint256 counted, uint256 spent) private {
        if (spent > agent.perTransactionCap) revert AgentAccount_OverTransactionCap(spent, agent.perTransactionCap);
        uint256 inWindow = agent.window.sum() + (spent - counted);
        if (inWindow > agent.windowCap) revert AgentAccount_OverWindowCap(inWindow, agent.windowCap);
        if (spent > counted) agent.window.add(uint128(spent - counted));
    }

    function _isForbidden(address target) private view returns (bool) {
        return target == address(this) || target == address(entryPoint());
    }
}
