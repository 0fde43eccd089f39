// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {MerkleSum} from "../libraries/MerkleSum.sol";

/// @title IVault
/// @notice Holds the deposits behind the platform's ledger, publishes what the ledger owes, and gives everybody their
/// money by themselves when the platform falls silent.
/// @dev Assumes of the token: `balanceOf` is truthful, transfers do not re-enter as the operator, balances only change by
/// transfers (no rebasing), and all that was ever deposited stays below 2^96 base units. Fee-on-transfer tokens are
/// credited by what arrived.
///
/// What a dishonest operator can take is the daily cap, for as long as nobody pauses or replaces him. The contract cannot
/// know whether a root says the truth, only that it is covered: a false root has to be found by those it leaves out
/// (`/verify/balance`) and replaced within the exit period, before anybody can exit on it. Anchoring stops with a pause,
/// so the guardian can keep an honest root the last one, and no pause holds the money for longer than the exit period.
interface IVault {
    /// @notice What holds the operator back. Stricter values hold at once, looser ones only after the timelock.
    struct Limits {
        /// The most that the operator may pay out in any trailing 24 hours.
        uint128 withdrawalCap;
        /// A withdrawal above this must be queued first.
        uint128 delayThreshold;
        /// How long a queued withdrawal waits, during which it can be cancelled.
        uint32 withdrawalDelay;
    }

    /// @notice A published commitment to every ledger balance.
    struct Anchor {
        uint64 anchoredAt;
        /// Deposits with an index up to this one are in the balances.
        uint64 depositsCounted;
        uint128 liabilities;
        bytes32 root;
        /// The ledger's audit chain where the balances were read.
        bytes32 auditHead;
    }

    /// @notice Where a withdrawal is. `Paid` and `Cancelled` are final: such an id is never paid (again).
    enum WithdrawalStatus {
        None,
        Queued,
        Paid,
        Cancelled
    }

    event Deposited(uint64 indexed index, bytes32 indexed account, address indexed from, uint256 amount);
    event WithdrawalQueued(
        bytes32 indexed withdrawalId, bytes32 indexed account, address indexed to, uint256 amount, uint64 executableAt
    );
    event WithdrawalCancelled(bytes32 indexed withdrawalId);
    event Withdrawn(bytes32 indexed withdrawalId, bytes32 indexed account, address indexed to, uint256 amount);
    event RootAnchored(
        uint64 indexed epoch,
        bytes32 indexed root,
        uint128 liabilities,
        uint256 reserves,
        uint64 depositsCounted,
        bytes32 auditHead
    );
    event LimitsScheduled(Limits limits, uint64 effectiveAt);
    event LimitsScheduleCancelled();
    event LimitsChanged(Limits limits);
    event ExitDeclared(uint64 indexed epoch, bytes32 indexed root, uint256 reserves);
    /// @notice `paid` is less than `owed` only when the reserves ran out.
    event Exited(uint64 indexed index, bytes32 indexed account, address indexed to, uint256 owed, uint256 paid);
    event DepositRefunded(uint64 indexed index, bytes32 indexed account, address indexed to, uint256 owed, uint256 paid);

    error Vault_AccountInvalid();
    error Vault_AmountZero();
    error Vault_RecipientInvalid(address to);
    error Vault_NothingReceived();
    error Vault_DepositsTooLarge(uint256 deposited, uint256 most);
    error Vault_WithdrawalAlreadyPaid(bytes32 withdrawalId);
    error Vault_WithdrawalCancelled(bytes32 withdrawalId);
    error Vault_WithdrawalAlreadyQueued(bytes32 withdrawalId);
    error Vault_WithdrawalNotQueued(bytes32 withdrawalId);
    error Vault_WithdrawalMustBeQueued(uint256 amount, uint256 delayThreshold);
    error Vault_WithdrawalNotExecutable(bytes32 withdrawalId, uint64 executableAt);
    error Vault_WithdrawalDiffers(bytes32 withdrawalId);
    error Vault_OverDailyCap(uint256 withdrawn, uint256 cap);
    error Vault_EpochNotIncreasing(uint64 epoch, uint64 latestEpoch);
    error Vault_RootInvalid();
    error Vault_DepositsCountedFell(uint64 depositsCounted, uint64 previous);
    error Vault_DepositsNotMade(uint64 depositsCounted, uint64 made);
    error Vault_Underfunded(uint256 owed, uint256 reserves);
    error Vault_PeriodInvalid(uint256 period, uint256 longest);
    error Vault_LimitsNotScheduled();
    error Vault_LimitsNotEffective(uint64 effectiveAt);
    error Vault_ExitNotOpen(uint64 opensAt);
    error Vault_ExitDeclared(uint64 declaredAt);
    error Vault_ProofInvalid(bytes32 account, uint64 index);
    error Vault_LeafSpent(uint64 index);
    error Vault_DepositUnknown(uint64 index, uint64 made);
    error Vault_DepositCounted(uint64 index, uint64 depositsCounted);
    error Vault_DepositAlreadyRefunded(uint64 index);
    error Vault_ReservesEmpty(uint256 owed);

    /// @notice Pulls tokens from the caller and credits what arrived to a ledger account.
    /// @param account The ledger account's 32-byte reference, chosen off-chain; never zero.
    /// @return received The amount the ledger will credit.
    function deposit(bytes32 account, uint256 amount) external returns (uint256 received);

    /// @notice `deposit` with an ERC-2612 permit, so that one transaction is enough.
    /// @dev A permit that somebody already submitted is not an error as long as the allowance is there.
    function depositWithPermit(bytes32 account, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 received);

    /// @notice Deposits by an EIP-3009 `receiveWithAuthorization`, so that anybody may pay for the transaction.
    /// @dev The authorization's nonce is `keccak256(abi.encode(account, salt))`: who submits it cannot choose an account.
    /// @param signature The payer's signature, as the token takes it in bytes.
    function depositWithAuthorization(
        bytes32 account,
        address from,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external returns (uint256 received);

    /// @notice Announces a withdrawal that may be paid after the delay. Operator only.
    function queueWithdrawal(bytes32 withdrawalId, bytes32 account, address to, uint256 amount) external;

    /// @notice Cancels a queued withdrawal for ever. Guardian or owner.
    function cancelWithdrawal(bytes32 withdrawalId) external;

    /// @notice Pays a withdrawal that the ledger has already debited. Operator only, each id once.
    /// @dev The sum over any trailing 24 hours never exceeds the cap. Above the delay threshold the same withdrawal must
    /// have waited in the queue; what was queued is paid as it was queued or not at all.
    /// @param account The ledger account that was debited; its forced exit is less by this amount until the next root.
    function withdraw(bytes32 withdrawalId, bytes32 account, address to, uint256 amount) external;

    /// @notice Publishes the Merkle-sum root of all balances. Operator only.
    /// @dev Reverts when the vault holds less than the root says it owes and the deposits that it does not count.
    /// Withdrawals paid before this call must be gone from the balances, and none that is paid after it: sending both from
    /// one account in the order of the ledger sees to that.
    /// @param liabilities The sum of all leaves: a root whose tree has another sum can never be exited on.
    /// @param depositsCounted The last deposit that is in the balances; it never falls.
    function anchorRoot(uint64 epoch, bytes32 root, uint128 liabilities, uint64 depositsCounted, bytes32 auditHead)
        external;

    /// @notice Changes the limits. Owner only; what was already withdrawn still counts.
    /// @dev Holds at once when no value is looser than now; otherwise all of it is scheduled for after the timelock. Either
    /// way what was scheduled before is gone.
    function setLimits(Limits calldata limits_) external;

    /// @notice Puts scheduled limits into force after the timelock. Owner only.
    function applyLimits() external;

    /// @notice Forgets scheduled limits. Guardian or owner.
    function cancelLimits() external;

    /// @notice Opens the forced exit for ever, once no root was anchored for the exit period. Anybody.
    /// @dev From then on there are no deposits, withdrawals or roots. No pause prevents it.
    function declareExit() external;

    /// @notice Pays a leaf of the last root to the leaf's own address, once, less what was withdrawn for its account since
    /// that root. Anybody, for anybody; declares the exit when nobody has.
    /// @dev First come, first served: the reserves can only run out when, within the cap, more was withdrawn for an account
    /// than its leaf and its uncounted deposits. Then a leaf is paid what is left, and nothing is used up for nothing.
    function exit(MerkleSum.Leaf calldata leaf, MerkleSum.Proof calldata proof) external returns (uint256 paid);

    /// @notice Gives a deposit that the last root does not count back to who made it, once, less what was withdrawn for its
    /// account since that root and not yet taken off another payment. Anybody; declares the exit when nobody has.
    function refundDeposit(uint64 index) external returns (uint256 paid);

    /// @notice The token this vault holds.
    function token() external view returns (address);

    /// @notice The tokens held now.
    function reserves() external view returns (uint256);

    /// @notice The limits in force.
    function limits() external view returns (Limits memory);

    /// @notice The scheduled limits and when they may be applied; zero when none are scheduled.
    function scheduledLimits() external view returns (Limits memory limits_, uint64 effectiveAt);

    /// @notice How long looser limits wait, in seconds.
    function limitsTimelock() external view returns (uint32);

    /// @notice What counts against the cap now; an amount may count up to one hour longer than 24 hours, never shorter.
    function withdrawnInWindow() external view returns (uint256);

    /// @notice Where a withdrawal is, and from when on it may be paid when it is queued.
    function withdrawalOf(bytes32 withdrawalId) external view returns (WithdrawalStatus status, uint64 executableAt);

    /// @notice Whether a withdrawal was paid.
    function isPaid(bytes32 withdrawalId) external view returns (bool);

    /// @notice What was withdrawn for an account since the last root; a forced exit takes off from it what it deducted.
    function withdrawnSinceRoot(bytes32 account) external view returns (uint256);

    /// @notice The number of deposits made. The first has index 1.
    function depositCount() external view returns (uint64);

    /// @notice A deposit, by index.
    function depositOf(uint64 index)
        external
        view
        returns (bytes32 account, address from, uint256 amount, bool isRefunded);

    /// @notice The newest anchored epoch, zero before the first.
    function latestEpoch() external view returns (uint64);

    /// @notice The anchor of an epoch.
    function anchorOf(uint64 epoch) external view returns (Anchor memory);

    /// @notice How long no root may be anchored before everybody may exit, in seconds.
    function exitPeriod() external view returns (uint32);

    /// @notice When the exit opens if no root is anchored before.
    function exitOpensAt() external view returns (uint64);

    /// @notice When the exit was declared, zero before.
    function exitDeclaredAt() external view returns (uint64);

    /// @notice Whether the leaf at an index of the last root was paid.
    function isLeafSpent(uint64 index) external view returns (bool);
}
