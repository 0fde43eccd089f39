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
/// Assumes of tokens with a cap: `balanceOf` is truthful. Warning: a rule for a contract that the owner gave an allowance
/// lets the agent use that allowance; it is metered, as far as the balance falls, for tokens that have a cap. A rule for a
/// contract that makes calls on others' behalf allows whatever that contract can be told to do.
interface IAgentAccount {
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    /// @notice Where a condition looks in the call data. `word` counts the 32-byte words of the arguments' head.
    /// Word: that word. Element, Last: the element at `element`, or the last one, of the array of one-word elements that
    /// the word points at. Length: how many elements, or bytes, it has. Hash: keccak256 of the bytes or string it points
    /// at. Field: the word at `element` of the tuple it points at.
    enum Reading {
        Word,
        Element,
        Last,
        Length,
        Hash,
        Field
    }

    /// @notice How a condition compares what it reads, as a number without a sign. Masked: the bits of the first operand
    /// are those of the second.
    enum Comparison {
        Equal,
        AtMost,
        AtLeast,
        OneOf,
        NoneOf,
        Masked
    }

    struct Condition {
        Reading reading;
        uint16 word;
        uint16 element;
        Comparison comparison;
        bytes32[] operands;
    }

    /// @notice One kind of call that an agent key may make, or may not.
    /// @param denies Whether matching calls are denied. Such rules come before all others.
    /// @param valueMax The most ether that goes with one call. It is metered by the cap of the zero address.
    /// @param conditions All must hold for the rule to match. A condition that cannot be read, because the call data is too
    /// short or points beyond its end, holds for a rule that denies and for no other.
    /// @param proofModelId When not zero, the call uses up an inference of this model, made for this account, with an
    /// output of at least `proofMinOutput` and at most `proofMaxAge` seconds old.
    struct Rule {
        bool denies;
        address target;
        bytes4 selector;
        uint128 valueMax;
        Condition[] conditions;
        bytes32 proofModelId;
        uint256 proofMinOutput;
        uint32 proofMaxAge;
    }

    /// @notice What may be spent of a token, or of ether when it is the zero address.
    /// @param perWindow The most in any trailing `windowSeconds`.
    struct Cap {
        address token;
        uint128 perTransaction;
        uint128 perWindow;
    }

    /// @notice What an agent key may do. What no rule allows is denied; the first rule that matches a call decides.
    /// @param validAfter The key works strictly after this time.
    /// @param validUntil The last time the key works.
    /// @param gasPerWindow The most that may be spent on gas in any trailing window, in wei, whoever pays for it; zero for
    /// no limit. The operation that reaches it is the last; what an operation costs is taken to be its execution and
    /// 150,000 gas around it.
    /// @param guards Names further limits that whoever holds the key keeps: such as a value in dollars, or people's
    /// approval. The account only remembers which ones its owner signed; zero for none.
    struct AgentPolicy {
        uint48 validAfter;
        uint48 validUntil;
        uint32 windowSeconds;
        uint128 gasPerWindow;
        bytes32 guards;
        Cap[] caps;
        Rule[] rules;
    }

    event AgentKeyGranted(address indexed key, address indexed policy, uint48 validAfter, uint48 validUntil);
    event AgentKeyRevoked(address indexed key);
    event AgentSpent(address indexed key, address indexed token, uint256 amount, uint256 spentInWindow);
    event Paused(address indexed by);
    event Unpaused();

    error AgentAccount_NotGuardian(address caller);
    error AgentAccount_Paused();
    error AgentAccount_KeyInvalid(address key);
    error AgentAccount_KeyUnknown(address key);
    error AgentAccount_KeyNotValidNow(address key, uint48 validAfter, uint48 validUntil);
    error AgentAccount_ValidityInvalid(uint48 validAfter, uint48 validUntil);
    error AgentAccount_CapInvalid(uint256 index);
    error AgentAccount_TooManyCaps(uint256 count, uint256 max);
    error AgentAccount_WindowInvalid();
    error AgentAccount_TooManyRules(uint256 count, uint256 max);
    error AgentAccount_RuleInvalid(uint256 index);
    error AgentAccount_BatchEmpty();
    error AgentAccount_InferencesMismatch(uint256 calls, uint256 inferences);
    error AgentAccount_ValueNotAllowed(uint256 index, uint256 value);
    error AgentAccount_CallNotAllowed(uint256 index, address target, bytes4 selector);
    error AgentAccount_CallDenied(uint256 index, uint256 rule);
    error AgentAccount_TokenNotMetered(uint256 index, address token);
    error AgentAccount_ProofRequired(uint256 index, bytes32 modelId);
    error AgentAccount_OverTransactionCap(address token, uint256 spent, uint256 cap);
    error AgentAccount_OverWindowCap(address token, uint256 spentInWindow, uint256 cap);
    error AgentAccount_OverGasBudget(uint256 spentInWindow, uint256 budget);

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
    /// @dev All or nothing. Denies an empty batch and calls to this account or the entry point. What is spent of a token is
    /// the larger of what the calls name (transfers and approvals, Permit2's and signed permits among them) and what they
    /// do: the fall in balance plus the rise of the allowances they gave. Taking only the fall in balance would let one
    /// batch lose a transfer's worth through an older allowance on top of the approval it names. Calls that spend a token
    /// without a cap are denied.
    /// @param inferenceIds Empty, or one for each call: the inference to use up where the rule wants one, else zero.
    function executeAsAgent(address key, Call[] calldata calls, bytes32[] calldata inferenceIds) external;

    /// @notice The owner as an ERC-7913 signer.
    function owner() external view returns (bytes memory);

    function guardian() external view returns (address);

    function inferenceRegistry() external view returns (address);

    function paused() external view returns (bool);

    /// @notice What counts against a key's window cap of a token now (the zero address for ether). An amount may count up to a
    /// 24th of the window and 24 seconds longer than the window, never shorter.
    function spentInWindow(address key, address token) external view returns (uint256);

    /// @notice What counts against a key's gas budget now, in wei.
    function gasSpentInWindow(address key) external view returns (uint256);

    /// @notice The {PolicyStore} that writes policies and reads them back.
    function policyStore() external view returns (address);

    /// @notice Where a key's policy is kept; one policy has one address. Zero when the key has none.
    function policyOf(address key) external view returns (address);

    /// @notice The next nonce for an agent key's operations in a lane; lanes are independent of each other.
    function agentNonce(address key, uint32 lane) external view returns (uint256);
}
