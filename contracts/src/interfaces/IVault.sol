// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IVault
/// @notice Holds the deposits behind the platform's ledger and publishes what the ledger owes.
/// @dev Assumes of the token: `balanceOf` is truthful, transfers do not re-enter as the operator, and balances only
/// change by transfers (no rebasing). Fee-on-transfer tokens are credited by what arrived.
interface IVault {
    /// @notice A published commitment to every ledger balance.
    struct Anchor {
        uint64 anchoredAt;
        bytes32 root;
        uint256 liabilities;
    }

    event Deposited(bytes32 indexed account, address indexed from, uint256 amount);
    event Withdrawn(bytes32 indexed withdrawalId, address indexed to, uint256 amount);
    event RootAnchored(uint64 indexed epoch, bytes32 indexed root, uint256 liabilities, uint256 reserves);
    event WithdrawalCapChanged(uint128 cap);

    error Vault_AccountInvalid();
    error Vault_AmountZero();
    error Vault_RecipientInvalid(address to);
    error Vault_NothingReceived();
    error Vault_WithdrawalAlreadyPaid(bytes32 withdrawalId);
    error Vault_OverDailyCap(uint256 withdrawn, uint256 cap);
    error Vault_EpochNotIncreasing(uint64 epoch, uint64 latestEpoch);
    error Vault_RootInvalid();
    error Vault_Underfunded(uint256 liabilities, uint256 reserves);

    /// @notice Pulls tokens from the caller and credits what arrived to a ledger account.
    /// @param account The ledger account's 32-byte reference, chosen off-chain; never zero.
    /// @return received The amount the ledger will credit.
    function deposit(bytes32 account, uint256 amount) external returns (uint256 received);

    /// @notice `deposit` with an ERC-2612 permit, so that one transaction is enough.
    /// @dev A permit that somebody already submitted is not an error as long as the allowance is there.
    function depositWithPermit(bytes32 account, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 received);

    /// @notice Pays a withdrawal that the ledger has already debited. Operator only, each id once.
    /// @dev The sum over any trailing 24 hours never exceeds `withdrawalCap`.
    function withdraw(bytes32 withdrawalId, address to, uint256 amount) external;

    /// @notice Publishes the Merkle-sum root of all balances. Operator only.
    /// @dev Reverts when the vault holds less than the root says it owes.
    function anchorRoot(uint64 epoch, bytes32 root, uint256 liabilities) external;

    /// @notice Changes the rolling 24-hour withdrawal cap. Owner only; what was already withdrawn still counts.
    function setWithdrawalCap(uint128 cap) external;

    /// @notice The token this vault holds.
    function token() external view returns (address);

    /// @notice The tokens held now.
    function reserves() external view returns (uint256);

    /// @notice The most that may leave in any trailing 24 hours.
    function withdrawalCap() external view returns (uint128);

    /// @notice What counts against the cap now; an amount may count up to one hour longer than 24 hours, never shorter.
    function withdrawnInWindow() external view returns (uint256);

    /// @notice Whether a withdrawal was paid.
    function isPaid(bytes32 withdrawalId) external view returns (bool);

    /// @notice The newest anchored epoch, zero before the first.
    function latestEpoch() external view returns (uint64);

    /// @notice The anchor of an epoch.
    function anchorOf(uint64 epoch) external view returns (Anchor memory);
}
