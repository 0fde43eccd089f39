// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IComputeEscrow
/// @notice Money between those who use compute and those who provide it: leases that pay by cumulative vouchers, and
/// stakes that are lost to disputes.
/// @dev Assumes of the token: standard ERC-20, no fee on transfer, no rebasing. A voucher is EIP-712 typed data of the
/// lease's signer and states everything the lease owes up to it, so the newest alone has to be shown: one transaction
/// pays any number of requests. Exits (settling, closing, taking out stake) cannot be paused.
interface IComputeEscrow {
    /// @param closableAt 0 while nobody asked to close it.
    struct Lease {
        address payer;
        address signer;
        address provider;
        uint64 closableAt;
        bool isClosed;
        uint128 deposited;
        uint128 paid;
    }

    /// @param cumulative Everything the lease owes since it was opened.
    /// @param receiptsRoot Commits to the receipts behind the amount; not judged here, part of what is signed.
    struct Voucher {
        bytes32 leaseId;
        uint128 cumulative;
        bytes32 receiptsRoot;
        bytes signature;
    }

    /// @param total All of it, also what waits to be taken out and what is locked by disputes.
    struct Stake {
        uint128 total;
        uint128 locked;
        uint128 leaving;
        uint64 withdrawableAt;
    }

    enum DisputeStatus {
        None,
        Open,
        Contested,
        Upheld,
        Dismissed
    }

    struct Dispute {
        address provider;
        uint64 respondBy;
        DisputeStatus status;
        address beneficiary;
        uint64 decideBy;
        uint128 amount;
        bytes32 evidence;
    }

    event LeaseOpened(
        bytes32 indexed leaseId, address indexed payer, address indexed provider, address signer, uint256 amount
    );
    event LeaseToppedUp(bytes32 indexed leaseId, address indexed from, uint256 amount);
    event VoucherSettled(bytes32 indexed leaseId, uint256 amount, uint256 cumulative, bytes32 receiptsRoot);
    event LeaseClosing(bytes32 indexed leaseId, uint64 closableAt);
    event LeaseClosed(bytes32 indexed leaseId, uint256 refunded);
    event Staked(address indexed provider, address indexed from, uint256 amount);
    event StakeLeaving(address indexed provider, uint256 amount, uint64 withdrawableAt);
    event StakeWithdrawn(address indexed provider, uint256 amount);
    event DisputeOpened(
        bytes32 indexed disputeId,
        address indexed provider,
        address indexed beneficiary,
        uint256 amount,
        bytes32 evidence,
        uint64 respondBy
    );
    event DisputeContested(bytes32 indexed disputeId, bytes32 response, uint64 decideBy);
    event DisputeUpheld(bytes32 indexed disputeId, address indexed provider, uint256 slashed);
    event DisputeDismissed(bytes32 indexed disputeId);

    error ComputeEscrow_AmountInvalid(uint256 amount);
    error ComputeEscrow_AddressInvalid();
    error ComputeEscrow_PeriodInvalid();
    error ComputeEscrow_LeaseExists(bytes32 leaseId);
    error ComputeEscrow_LeaseNotOpen(bytes32 leaseId);
    error ComputeEscrow_NotPayer(address caller);
    error ComputeEscrow_LeaseNotClosable(bytes32 leaseId, uint64 closableAt);
    error ComputeEscrow_VoucherInvalid(bytes32 leaseId);
    error ComputeEscrow_StakeTooLow(uint256 amount, uint256 available);
    error ComputeEscrow_StakeNotWithdrawable(uint64 withdrawableAt);
    error ComputeEscrow_DisputeExists(bytes32 disputeId);
    error ComputeEscrow_DisputeNotOpen(bytes32 disputeId);
    error ComputeEscrow_NotProvider(address caller);
    error ComputeEscrow_TooLate(uint64 deadline);
    error ComputeEscrow_TooEarly(uint64 from);

    /// @notice Opens a lease and deposits for it. Whoever calls is the payer.
    /// @param signer Whose vouchers it honours: an account, or a contract by ERC-1271.
    /// @param salt Makes the id the caller's own; see `leaseIdOf`.
    function openLease(address provider, address signer, bytes32 salt, uint128 amount)
        external
        returns (bytes32 leaseId);

    /// @notice Adds to a lease. Anybody may, and it goes back to the payer when the lease is closed.
    function topUp(bytes32 leaseId, uint128 amount) external;

    /// @notice Pays each voucher's lease what it owes beyond what was paid, as far as the deposit reaches; a voucher
    /// that brings nothing is passed over, one whose signature is wrong reverts. Anybody may call: the provider is paid.
    /// @return amount What was paid in all.
    function settle(Voucher[] calldata vouchers) external returns (uint256 amount);

    /// @notice Announces that the payer wants the rest back. The provider has `closeDelay` to show its newest voucher.
    function requestClose(bytes32 leaseId) external;

    /// @notice Gives the payer what is left, once the delay is over. Anybody may call.
    function close(bytes32 leaseId) external;

    /// @notice Adds to a provider's stake. It is the provider's from then on.
    function stake(address provider, uint128 amount) external;

    /// @notice Announces that the caller takes out this much in all; asking again replaces the amount and begins anew.
    function requestUnstake(uint128 amount) external;

    /// @notice Pays the caller what it asked for, as far as disputes leave it, once the unbonding period is over.
    function withdrawStake() external returns (uint256 amount);

    /// @notice Claims a part of a provider's stake for whom it harmed. Operator only. The part is locked meanwhile.
    function openDispute(bytes32 disputeId, address provider, address beneficiary, uint128 amount, bytes32 evidence)
        external;

    /// @notice Objects, within the response period; then only the owner can uphold the dispute. Provider only.
    function contestDispute(bytes32 disputeId, bytes32 response) external;

    /// @notice Upholds a contested dispute for this much of it, or for nothing. Owner only, within the decision period.
    function decideDispute(bytes32 disputeId, uint128 amount) external;

    /// @notice Takes a dispute back. Operator or owner.
    function dismissDispute(bytes32 disputeId) external;

    /// @notice Ends a dispute whose time is over: not objected to, it is upheld; objected to and undecided, dismissed.
    function settleDispute(bytes32 disputeId) external;

    function leaseIdOf(address payer, address provider, bytes32 salt) external view returns (bytes32);

    function leaseOf(bytes32 leaseId) external view returns (Lease memory);

    function stakeOf(address provider) external view returns (Stake memory);

    /// @notice What stands behind a provider's work: neither locked by a dispute nor on its way out. Only this is to be
    /// relied on, since stake whose unbonding period is over may be gone with the next transaction.
    function activeStakeOf(address provider) external view returns (uint256);

    function disputeOf(bytes32 disputeId) external view returns (Dispute memory);

    /// @notice What the signer of a lease signs.
    function voucherDigest(bytes32 leaseId, uint128 cumulative, bytes32 receiptsRoot) external view returns (bytes32);

    function token() external view returns (address);

    function closeDelay() external view returns (uint32);

    function unbondingPeriod() external view returns (uint32);

    function responsePeriod() external view returns (uint32);

    function decisionPeriod() external view returns (uint32);
}
