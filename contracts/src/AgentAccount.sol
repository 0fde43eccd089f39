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
import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ERC7739} from "@openzeppelin/contracts/utils/cryptography/signers/draft-ERC7739.sol";
import {PolicyStore} from "./PolicyStore.sol";
import {IAgentAccount} from "./interfaces/IAgentAccount.sol";
import {IInferenceRegistry} from "./interfaces/IInferenceRegistry.sol";
import {PolicyCode} from "./libraries/PolicyCode.sol";
import {RollingWindow} from "./libraries/RollingWindow.sol";
import {TokenSpending} from "./libraries/TokenSpending.sol";

/// @title AgentAccount
/// @notice See {IAgentAccount}.
contract AgentAccount is IAgentAccount, Account, ERC7821, ERC7739, ERC721Holder, ERC1155Holder {
    using RollingWindow for RollingWindow.Window;
    using PolicyCode for bytes;
    using Bytes for bytes;

    bytes1 private constant OWNER_SIGNATURE = 0x00;
    bytes1 private constant AGENT_SIGNATURE = 0x01;
    uint256 private constant AGENT_SIGNATURE_LENGTH = 1 + 20 + 65;
    /// @dev Stands for ether where a token is named.
    address private constant ETHER = address(0);
    /// @dev What an operation costs outside of its execution: validation, the sponsor, call data, the entry point.
    uint256 private constant GAS_AROUND = 150_000;

    /// @dev A key is known while `policy` is set; what it spent outlives it, so that a new grant starts with that.
    struct AgentKey {
        address policy;
        uint48 validAfter;
        uint48 validUntil;
        mapping(address token => RollingWindow.Window) spent;
        RollingWindow.Window gas;
    }

    /// @dev What a batch spends of one token with a cap.
    struct Meter {
        address token;
        uint256 named;
        uint256 inWindow;
        uint256 balance;
    }

    /// @dev What somebody could take of a token before a batch that lets them take it.
    struct Allowance {
        address token;
        address spender;
        uint256 amount;
    }

    address private immutable _implementation = address(this);
    /// @inheritdoc IAgentAccount
    address public immutable guardian;
    IInferenceRegistry private immutable _registry;
    PolicyStore private immutable _policies = new PolicyStore();

    /// @inheritdoc IAgentAccount
    bool public paused;
    mapping(address key => AgentKey) private _agentKeys;

    constructor(address guardian_, IInferenceRegistry registry) EIP712("AgentAccount", "1") {
        guardian = guardian_;
        _registry = registry;
    }

    /// @inheritdoc IAgentAccount
    function grantAgentKey(address key, AgentPolicy calldata policy) external onlyEntryPointOrSelf {
        if (key == address(0) || key == address(this)) revert AgentAccount_KeyInvalid(key);
        if (policy.validUntil <= policy.validAfter || policy.validUntil <= block.timestamp) {
            revert AgentAccount_ValidityInvalid(policy.validAfter, policy.validUntil);
        }
        AgentKey storage agent = _agentKeys[key];
        agent.policy = _policies.store(policy, address(entryPoint()));
        agent.validAfter = policy.validAfter;
        agent.validUntil = policy.validUntil;
        for (uint256 i = 0; i < policy.caps.length; ++i) {
            agent.spent[policy.caps[i].token].resize(policy.windowSeconds);
        }
        if (policy.gasPerWindow != 0) agent.gas.resize(policy.windowSeconds);
        emit AgentKeyGranted(key, agent.policy, policy.validAfter, policy.validUntil);
    }

    /// @inheritdoc IAgentAccount
    function revokeAgentKey(address key) external onlyEntryPointOrSelf {
        AgentKey storage agent = _agentKeys[key];
        if (agent.policy == address(0)) revert AgentAccount_KeyUnknown(key);
        agent.policy = address(0);
        agent.validAfter = 0;
        agent.validUntil = 0;
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
        uint256 gasAtStart = gasleft();
        // Check: an earlier operation of the same bundle may have paused the account or revoked the key.
        AgentKey storage agent = _agentKeys[key];
        bytes memory policy = _usablePolicy(key, agent);
        if (calls.length == 0) revert AgentAccount_BatchEmpty();
        if (inferenceIds.length != 0 && inferenceIds.length != calls.length) {
            revert AgentAccount_InferencesMismatch(calls.length, inferenceIds.length);
        }

        // Check and effect: every call has its rule, its proof is used up, and what the calls name fits the caps.
        Meter[] memory meters = _meters(policy);
        Allowance[] memory allowances = new Allowance[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            _authorize(policy, i, calls[i], inferenceIds.length == 0 ? bytes32(0) : inferenceIds[i]);
            _name(policy, meters, allowances, i, calls[i]);
        }
        for (uint256 i = 0; i < meters.length; ++i) {
            meters[i].inWindow = _spend(agent, policy, i, 0, meters[i].named);
            meters[i].balance = _balanceOf(meters[i].token);
        }

        // Interaction: the calls, which cannot come back here because the entry point does not re-enter.
        for (uint256 i = 0; i < calls.length; ++i) {
            if (calls[i].data.length == 0) Address.sendValue(payable(calls[i].target), calls[i].value);
            else Address.functionCallWithValue(calls[i].target, calls[i].data, calls[i].value);
        }

        // Check and effect: what was lost beyond what the calls named counts too, or everything is undone.
        for (uint256 i = 0; i < meters.length; ++i) {
            _settle(key, agent, policy, i, meters[i], allowances);
        }
        _payGas(agent, policy, gasAtStart);
    }

    /// @inheritdoc IAgentAccount
    function owner() public view returns (bytes memory) {
        // The shared implementation is nobody's account; an empty signer verifies no signature.
        if (address(this) == _implementation) return bytes("");
        bytes memory args = Clones.fetchCloneArgs(address(this));
        // The last word is the salt, for the factory to know its accounts by.
        return args.splice(0, args.length - 32);
    }

    /// @inheritdoc IAgentAccount
    function inferenceRegistry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc IAgentAccount
    function policyStore() external view returns (address) {
        return address(_policies);
    }

    /// @inheritdoc IAgentAccount
    function policyOf(address key) external view returns (address) {
        return _agentKeys[key].policy;
    }

    /// @inheritdoc IAgentAccount
    function spentInWindow(address key, address token) external view returns (uint256) {
        return _agentKeys[key].spent[token].sum();
    }

    /// @inheritdoc IAgentAccount
    function gasSpentInWindow(address key) external view returns (uint256) {
        return _agentKeys[key].gas.sum();
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
            // The owner needs no agent's rights; refusing keeps what is counted for a key that key's own.
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
        if (!isBound || paused || agent.policy == address(0)) return ERC4337Utils.SIG_VALIDATION_FAILED;

        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(userOpHash, signature[21:]);
        if (failure != ECDSA.RecoverError.NoError || signer != key) return ERC4337Utils.SIG_VALIDATION_FAILED;
        return (uint256(agent.validUntil) << 160) | (uint256(agent.validAfter) << 208);
    }

    /// @dev The owner's signature; used for operations and, wrapped by ERC-7739, for ERC-1271.
    function _rawSignatureValidation(bytes32 hash, bytes calldata signature) internal view override returns (bool) {
        bytes memory owner_ = owner();
        // A wallet's key comes before the question whether the wallet is a contract: bundlers forbid to look at an address
        // without code (ERC-7562, OP-041).
        if (owner_.length == 20) {
            (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(hash, signature);
            if (failure == ECDSA.RecoverError.NoError && signer == address(bytes20(owner_))) return true;
        }
        return SignatureChecker.isValidSignatureNow(owner_, hash, signature);
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

    function _usablePolicy(address key, AgentKey storage agent) private view returns (bytes memory) {
        if (paused) revert AgentAccount_Paused();
        (address policy, uint48 validAfter, uint48 validUntil) = (agent.policy, agent.validAfter, agent.validUntil);
        if (policy == address(0)) revert AgentAccount_KeyUnknown(key);
        if (block.timestamp <= validAfter || block.timestamp > validUntil) {
            revert AgentAccount_KeyNotValidNow(key, validAfter, validUntil);
        }
        return policy.code;
    }

    /// @dev Finds the rule for a call and uses up the inference it wants.
    function _authorize(bytes memory policy, uint256 index, Call calldata call, bytes32 inferenceId) private {
        uint256 rule = _findRule(policy, index, call);
        if (call.value > policy.valueMax(rule)) revert AgentAccount_ValueNotAllowed(index, call.value);
        (bytes32 modelId, uint256 minOutput, uint32 maxAge) = policy.proof(rule);
        if (maxAge == 0) return;
        if (inferenceId == bytes32(0)) revert AgentAccount_ProofRequired(index, modelId);
        _registry.consume(inferenceId, modelId, minOutput, maxAge);
    }

    /// @dev The first rule that matches decides; those that deny come first.
    function _findRule(bytes memory policy, uint256 index, Call calldata call) private view returns (uint256 rule) {
        bytes4 selector = bytes4(call.data);
        // A payment of ether has no data at all and no selector; anything else has one that is not zero.
        bool isCallable = call.data.length == 0 || (call.data.length >= 4 && selector != bytes4(0));
        bool isForbidden = call.target == address(this) || call.target == address(entryPoint());
        uint256 count = !isCallable || isForbidden ? 0 : policy.ruleCount();
        rule = policy.firstRule();
        for (uint256 i = 0; i < count; ++i) {
            if (policy.isAbout(rule, call.target, selector) && policy.holds(rule, call.data)) {
                if (policy.denies(rule)) revert AgentAccount_CallDenied(index, i);
                return rule;
            }
            rule = policy.nextRule(rule);
        }
        revert AgentAccount_CallNotAllowed(index, call.target, selector);
    }

    function _meters(bytes memory policy) private pure returns (Meter[] memory meters) {
        meters = new Meter[](policy.capCount());
        for (uint256 i = 0; i < meters.length; ++i) {
            meters[i].token = policy.capToken(i);
        }
    }

    /// @dev Adds what a call names to its token's meter, and notes whom it gives an allowance.
    function _name(
        bytes memory policy,
        Meter[] memory meters,
        Allowance[] memory allowances,
        uint256 index,
        Call calldata call
    ) private view {
        if (call.value != 0) _addTo(policy, meters, index, ETHER, call.value);
        TokenSpending.Spending memory spending = TokenSpending.read(call.target, call.data);
        if (!spending.isSpending) return;
        if (!spending.isReadable) revert AgentAccount_CallNotAllowed(index, call.target, bytes4(call.data));
        _addTo(policy, meters, index, spending.token, spending.amount);
        if (spending.spender == address(0)) return;
        for (uint256 i = 0; i < index; ++i) {
            if (allowances[i].spender == spending.spender && allowances[i].token == spending.token) return;
        }
        uint256 amount = IERC20(spending.token).allowance(address(this), spending.spender);
        allowances[index] = Allowance(spending.token, spending.spender, amount);
    }

    function _addTo(bytes memory policy, Meter[] memory meters, uint256 index, address token, uint256 amount)
        private
        pure
    {
        for (uint256 i = 0; i < meters.length; ++i) {
            if (meters[i].token != token) continue;
            // Checked here so that a sum of huge amounts cannot overflow into a misleading error.
            uint256 cap = policy.capPerTransaction(i);
            if (amount > cap) revert AgentAccount_OverTransactionCap(token, amount, cap);
            meters[i].named += amount;
            return;
        }
        revert AgentAccount_TokenNotMetered(index, token);
    }

    /// @dev The fall in balance plus the rise of each allowance; money that comes in does not offset an allowance.
    function _lossSince(Meter memory meter, Allowance[] memory allowances) private view returns (uint256 loss) {
        uint256 balance = _balanceOf(meter.token);
        if (balance < meter.balance) loss = meter.balance - balance;
        for (uint256 i = 0; i < allowances.length; ++i) {
            Allowance memory before = allowances[i];
            if (before.spender == address(0) || before.token != meter.token) continue;
            uint256 allowance = IERC20(meter.token).allowance(address(this), before.spender);
            if (allowance > before.amount) loss += allowance - before.amount;
        }
    }

    function _settle(
        address key,
        AgentKey storage agent,
        bytes memory policy,
        uint256 index,
        Meter memory meter,
        Allowance[] memory allowances
    ) private {
        uint256 spent = _lossSince(meter, allowances);
        if (spent > meter.named) meter.inWindow = _spend(agent, policy, index, meter.named, spent);
        else spent = meter.named;
        if (spent != 0) emit AgentSpent(key, meter.token, spent, meter.inWindow);
    }

    /// @dev Raises what this batch spent of a token from `counted` to `spent`, under both caps, and returns what then counts.
    function _spend(AgentKey storage agent, bytes memory policy, uint256 index, uint256 counted, uint256 spent)
        private
        returns (uint256 inWindow)
    {
        if (spent == counted) return 0;
        address token = policy.capToken(index);
        uint256 cap = policy.capPerTransaction(index);
        if (spent > cap) revert AgentAccount_OverTransactionCap(token, spent, cap);
        inWindow = agent.spent[token].add(uint128(spent - counted));
        cap = policy.capPerWindow(index);
        if (inWindow > cap) revert AgentAccount_OverWindowCap(token, inWindow, cap);
    }

    /// @dev Whoever pays for the gas: an agent that may not spend more of it may not act.
    function _payGas(AgentKey storage agent, bytes memory policy, uint256 gasAtStart) private {
        uint256 budget = policy.gasPerWindow();
        if (budget == 0) return;
        uint256 before = agent.gas.sum();
        if (before >= budget) revert AgentAccount_OverGasBudget(before, budget);
        agent.gas.add(uint128((gasAtStart - gasleft() + GAS_AROUND) * tx.gasprice));
    }

    function _balanceOf(address token) private view returns (uint256) {
        return token == ETHER ? address(this).balance : IERC20(token).balanceOf(address(this));
    }
}
