// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IAgentAccount
/// @notice An ERC-4337 account with one owner and any number of agent keys, each confined to a policy.
/// @dev A user operation's signature starts with one byte: 0x00, then the owner's ERC-7913 signature over the user
/// operation hash; or 0x01, then the agent key's address (20 bytes) and its 65-byte ECDSA signature over that hash.
///
/// An agent's operation is valid only when its call data is `executeAsAgent` for the signing key, a paymaster pays for
/// it (or a hostile key could burn the account's ether as fees), and the lower 160 bits of its nonce key are the agent
/// key (or a hostile key could use up the nonces of the owner's operations). See `agentNonce`.
///
/// Assumes of the policy token: `balanceOf` is truthful. Warning: a rule for a contract that the owner gave a token
/// allowance lets the agent use that allowance; it is metered, as far as the balance falls.
interface IAgentAccount {
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    /// @notice One kind of call an agent key may make.
    /// @param counterparty When not zero, the call's first ABI argument must be this address.
    /// @param proofModelId When not zero, the call uses up an inference of this model, made for this account, with an
    /// output of at least `proofMinOutput` and at most `proofMaxAge` seconds old.
    struct Rule {
        address target;
        bytes4 selector;
        address counterparty;
        bytes32 proofModelId;
        uint256 proofMinOutput;
        uint32 proofMaxAge;
    }

    /// @notice What an agent key may do. What no rule allows is denied; the first rule that matches a call decides.
    /// @param validAfter The key works strictly after this time.
    /// @param validUntil The last time the key works.
    /// @param windowCap The most that may be spent in any trailing `windowSeconds`.
    struct AgentPolicy {
        uint48 validAfter;
        uint48 validUntil;
        address token;
        uint128 perTransactionCap;
        uint128 windowCap;
        uint32 windowSeconds;
        Rule[] rules;
    }

    event AgentKeyGranted(address indexed key, AgentPolicy policy);
    event AgentKeyRevoked(address indexed key);
    /// @param callHash keccak256 of the operation's call data.
    event AgentExecuted(address indexed key, bytes32 indexed callHash, uint256 spent, uint256 spentInWindow);
    event Paused(address indexed by);
    event Unpaused();

    error AgentAccount_NotGuardian(address caller);
    error AgentAccount_Paused();
    error AgentAccount_KeyInvalid(address key);
    error AgentAccount_KeyUnknown(address key);
    error AgentAccount_KeyNotValidNow(address key, uint48 validAfter, uint48 validUntil);
    error AgentAccount_ValidityInvalid(uint48 validAfter, uint48 validUntil);
    error AgentAccount_TokenInvalid(address token);
    error AgentAccount_WindowInvalid();
    error AgentAccount_TooManyRules(uint256 count, uint256 max);
    error AgentAccount_RuleInvalid(uint256 index);
    error AgentAccount_BatchEmpty();
    error AgentAccount_InferencesMismatch(uint256 calls, uint256 inferences);
    error AgentAccount_ValueNotAllowed(uint256 index, uint256 value);
    error AgentAccount_CallNotAllowed(uint256 index, address target, bytes4 selector);
    error AgentAccount_TokenNotMetered(uint256 index, address target);
    error AgentAccount_ProofRequired(uint256 index, bytes32 modelId);
    error AgentAccount_OverTransactionCap(uint256 spent, uint256 cap);
    error AgentAccount_OverWindowCap(uint256 spentInWindow, uint256 cap);

    /// @notice Gives a key a policy, or replaces the one it has. Owner only.
    /// @dev What the key spent still counts under the new policy.
    function grantAgentKey(address key, AgentPolicy calldata policy) external;

    /// @notice Takes a key's rights away. Owner only. What it spent still counts should it be granted again.
    function revokeAgentKey(address key) external;

    /// @notice Stops all agent keys. Owner or guardian.
    function pause() external;

    /// @notice Lets agent keys work again. Owner only.
    function unpause() external;

    /// @notice Makes calls on behalf of an agent key. Entry point only, for an operation that key signed.
    /// @dev All or nothing. Denies an empty batch, ether, and calls to this account or the entry point. What is spent is
    /// the larger of what the calls name (transfers and approvals of the policy token) and what they do: the fall in
    /// balance plus the rise of the allowances they gave. Taking only the fall in balance would let one batch lose a
    /// transfer's worth through an older allowance on top of the approval it names.
    /// @param inferenceIds Empty, or one for each call: the inference to use up where the rule wants one, else zero.
    function executeAsAgent(address key, Call[] calldata calls, bytes32[] calldata inferenceIds) external;

    /// @notice The owner as an ERC-7913 signer.
    function owner() external view returns (bytes memory);

    function guardian() external view returns (address);

    function inferenceRegistry() external view returns (address);

    function paused() external view returns (bool);

    /// @notice The policy of a key; all zero when it has none.
    function agentPolicy(address key) external view returns (AgentPolicy memory);

    /// @notice What counts against a key's window cap now. An amount may count up to a 24th of the window and 24 seconds
    /// longer than the window, never shorter.
    function spentInWindow(address key) external view returns (uint256);

    /// @notice The next nonce for an agent key's operations in a lane; lanes are independent of each other.
    function agentNonce(address key, uint32 lane) external view returns (uint256);
}
