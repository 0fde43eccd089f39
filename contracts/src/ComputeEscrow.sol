// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Operated} from "./base/Operated.sol";
import {IComputeEscrow} from "./interfaces/IComputeEscrow.sol";

/// @title ComputeEscrow
/// @notice See {IComputeEscrow}.
contract ComputeEscrow is IComputeEscrow, Operated, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev The times of one installation.
    struct Periods {
        uint32 closeDelay;
        uint32 unbonding;
        uint32 response;
        uint32 decision;
    }

    bytes32 private constant VOUCHER_TYPE_HASH =
        keccak256("Voucher(bytes32 leaseId,uint128 cumulative,bytes32 receiptsRoot)");
    uint32 private constant PERIOD_MAX = 90 days;

    IERC20 private immutable _token;
    /// @inheritdoc IComputeEscrow
    uint32 public immutable closeDelay;
    /// @inheritdoc IComputeEscrow
    uint32 public immutable unbondingPeriod;
    /// @inheritdoc IComputeEscrow
    uint32 public immutable responsePeriod;
    /// @inheritdoc IComputeEscrow
    uint32 public immutable decisionPeriod;

    mapping(bytes32 leaseId => Lease) private _leases;
    mapping(address provider => Stake) private _stakes;
    mapping(bytes32 disputeId => Dispute) private _disputes;

    constructor(IERC20 token_, address owner_, address operator_, address guardian_, Periods memory periods)
        Operated(owner_, operator_, guardian_)
        EIP712("ComputeEscrow", "1")
    {
        _checkPeriod(periods.closeDelay);
        _checkPeriod(periods.unbonding);
        _checkPeriod(periods.response);
        _checkPeriod(periods.decision);
        // Stake that is on its way out when a dispute could still be opened over yesterday's work must be within reach.
        if (periods.unbonding <= periods.response) revert ComputeEscrow_PeriodInvalid();
        _token = token_;
        closeDelay = periods.closeDelay;
        unbondingPeriod = periods.unbonding;
        responsePeriod = periods.response;
        decisionPeriod = periods.decision;
    }

    /// @inheritdoc IComputeEscrow
    function openLease(address provider, address signer, bytes32 salt, uint128 amount)
        external
        whenNotPaused
        nonReentrant
        returns (bytes32 leaseId)
    {
        // Check: the id is the payer's own, so nobody can take it first.
        if (provider == address(0) || signer == address(0)) revert ComputeEscrow_AddressInvalid();
        if (amount == 0) revert ComputeEscrow_AmountInvalid(amount);
        leaseId = leaseIdOf(msg.sender, provider, salt);
        Lease storage lease = _leases[leaseId];
        if (lease.payer != address(0)) revert ComputeEscrow_LeaseExists(leaseId);

        // Effect
        lease.payer = msg.sender;
        lease.signer = signer;
        lease.provider = provider;
        lease.deposited = amount;
        emit LeaseOpened(leaseId, msg.sender, provider, signer, amount);

        // Interaction
        _token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IComputeEscrow
    function topUp(bytes32 leaseId, uint128 amount) external whenNotPaused nonReentrant {
        if (amount == 0) revert ComputeEscrow_AmountInvalid(amount);
        Lease storage lease = _openLease(leaseId);
        lease.deposited += amount;
        emit LeaseToppedUp(leaseId, msg.sender, amount);
        _token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IComputeEscrow
    function settle(Voucher[] calldata vouchers) external nonReentrant returns (uint256 amount) {
        for (uint256 i = 0; i < vouchers.length; ++i) {
            amount += _settle(vouchers[i]);
        }
    }

    /// @inheritdoc IComputeEscrow
    function requestClose(bytes32 leaseId) external {
        Lease storage lease = _openLease(leaseId);
        if (msg.sender != lease.payer) revert ComputeEscrow_NotPayer(msg.sender);
        // Asked for again, the time goes on from the first: the payer cannot be kept waiting by itself.
        if (lease.closableAt != 0) return;
        lease.closableAt = uint64(block.timestamp) + closeDelay;
        emit LeaseClosing(leaseId, lease.closableAt);
    }

    /// @inheritdoc IComputeEscrow
    function close(bytes32 leaseId) external nonReentrant {
        Lease storage lease = _openLease(leaseId);
        if (lease.closableAt == 0 || block.timestamp < lease.closableAt) {
            revert ComputeEscrow_LeaseNotClosable(leaseId, lease.closableAt);
        }
        uint256 refund = lease.deposited - lease.paid;
        lease.isClosed = true;
        emit LeaseClosed(leaseId, refund);
        _token.safeTransfer(lease.payer, refund);
    }

    /// @inheritdoc IComputeEscrow
    function stake(address provider, uint128 amount) external whenNotPaused nonReentrant {
        if (provider == address(0)) revert ComputeEscrow_AddressInvalid();
        if (amount == 0) revert ComputeEscrow_AmountInvalid(amount);
        _stakes[provider].total += amount;
        emit Staked(provider, msg.sender, amount);
        _token.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IComputeEscrow
    function requestUnstake(uint128 amount) external {
        Stake storage held = _stakes[msg.sender];
        if (amount == 0) revert ComputeEscrow_AmountInvalid(amount);
        if (amount > held.total) revert ComputeEscrow_StakeTooLow(amount, held.total);
        held.leaving = amount;
        held.withdrawableAt = uint64(block.timestamp) + unbondingPeriod;
        emit StakeLeaving(msg.sender, amount, held.withdrawableAt);
    }

    /// @inheritdoc IComputeEscrow
    function withdrawStake() external nonReentrant returns (uint256 amount) {
        Stake storage held = _stakes[msg.sender];
        if (held.leaving == 0 || block.timestamp < held.withdrawableAt) {
            revert ComputeEscrow_StakeNotWithdrawable(held.withdrawableAt);
        }
        uint128 free = held.total - held.locked;
        uint128 leaving = held.leaving < free ? held.leaving : free;
        if (leaving == 0) revert ComputeEscrow_StakeTooLow(held.leaving, free);
        // What a dispute holds back may be taken out, without another wait, once the dispute is over.
        held.leaving -= leaving;
        held.total -= leaving;
        emit StakeWithdrawn(msg.sender, leaving);
        _token.safeTransfer(msg.sender, leaving);
        return leaving;
    }

    /// @inheritdoc IComputeEscrow
    function openDispute(bytes32 disputeId, address provider, address beneficiary, uint128 amount, bytes32 evidence)
        external
        onlyOperator
        whenNotPaused
    {
        if (beneficiary == address(0)) revert ComputeEscrow_AddressInvalid();
        if (amount == 0) revert ComputeEscrow_AmountInvalid(amount);
        Dispute storage dispute = _disputes[disputeId];
        if (dispute.status != DisputeStatus.None) revert ComputeEscrow_DisputeExists(disputeId);
        Stake storage held = _stakes[provider];
        uint128 free = held.total - held.locked;
        if (amount > free) revert ComputeEscrow_StakeTooLow(amount, free);

        held.locked += amount;
        dispute.provider = provider;
        dispute.beneficiary = beneficiary;
        dispute.amount = amount;
        dispute.evidence = evidence;
        dispute.status = DisputeStatus.Open;
        dispute.respondBy = uint64(block.timestamp) + responsePeriod;
        emit DisputeOpened(disputeId, provider, beneficiary, amount, evidence, dispute.respondBy);
    }

    /// @inheritdoc IComputeEscrow
    function contestDispute(bytes32 disputeId, bytes32 response) external {
        Dispute storage dispute = _disputes[disputeId];
        if (dispute.status != DisputeStatus.Open) revert ComputeEscrow_DisputeNotOpen(disputeId);
        if (msg.sender != dispute.provider) revert ComputeEscrow_NotProvider(msg.sender);
        if (block.timestamp >= dispute.respondBy) revert ComputeEscrow_TooLate(dispute.respondBy);
        dispute.status = DisputeStatus.Contested;
        dispute.decideBy = uint64(block.timestamp) + decisionPeriod;
        emit DisputeContested(disputeId, response, dispute.decideBy);
    }

    /// @inheritdoc IComputeEscrow
    function decideDispute(bytes32 disputeId, uint128 amount) external onlyOwner nonReentrant {
        Dispute storage dispute = _disputes[disputeId];
        if (dispute.status != DisputeStatus.Contested) revert ComputeEscrow_DisputeNotOpen(disputeId);
        if (block.timestamp >= dispute.decideBy) revert ComputeEscrow_TooLate(dispute.decideBy);
        if (amount > dispute.amount) revert ComputeEscrow_AmountInvalid(amount);
        if (amount == 0) _dismiss(disputeId, dispute);
        else _uphold(disputeId, dispute, amount);
    }

    /// @inheritdoc IComputeEscrow
    function dismissDispute(bytes32 disputeId) external {
        if (msg.sender != operator && msg.sender != owner()) revert Operated_NotOperator(msg.sender);
        Dispute storage dispute = _disputes[disputeId];
        if (dispute.status != DisputeStatus.Open && dispute.status != DisputeStatus.Contested) {
            revert ComputeEscrow_DisputeNotOpen(disputeId);
        }
        _dismiss(disputeId, dispute);
    }

    /// @inheritdoc IComputeEscrow
    function settleDispute(bytes32 disputeId) external nonReentrant {
        Dispute storage dispute = _disputes[disputeId];
        if (dispute.status == DisputeStatus.Open) {
            // A guardian who stops a thief with the operator's key stops what he claimed, too.
            _requireNotPaused();
            if (block.timestamp < dispute.respondBy) revert ComputeEscrow_TooEarly(dispute.respondBy);
            _uphold(disputeId, dispute, dispute.amount);
        } else if (dispute.status == DisputeStatus.Contested) {
            if (block.timestamp < dispute.decideBy) revert ComputeEscrow_TooEarly(dispute.decideBy);
            _dismiss(disputeId, dispute);
        } else {
            revert ComputeEscrow_DisputeNotOpen(disputeId);
        }
    }

    /// @inheritdoc IComputeEscrow
    function leaseOf(bytes32 leaseId) external view returns (Lease memory) {
        return _leases[leaseId];
    }

    /// @inheritdoc IComputeEscrow
    function stakeOf(address provider) external view returns (Stake memory) {
        return _stakes[provider];
    }

    /// @inheritdoc IComputeEscrow
    function activeStakeOf(address provider) external view returns (uint256) {
        Stake storage held = _stakes[provider];
        uint256 bound = uint256(held.locked) + held.leaving;
        return bound < held.total ? held.total - bound : 0;
    }

    /// @inheritdoc IComputeEscrow
    function disputeOf(bytes32 disputeId) external view returns (Dispute memory) {
        return _disputes[disputeId];
    }

    /// @inheritdoc IComputeEscrow
    function token() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc IComputeEscrow
    function leaseIdOf(address payer, address provider, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(payer, provider, salt));
    }

    /// @inheritdoc IComputeEscrow
    function voucherDigest(bytes32 leaseId, uint128 cumulative, bytes32 receiptsRoot) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPE_HASH, leaseId, cumulative, receiptsRoot)));
    }

    function _settle(Voucher calldata voucher) private returns (uint256 amount) {
        Lease storage lease = _leases[voucher.leaseId];
        uint128 due = voucher.cumulative < lease.deposited ? voucher.cumulative : lease.deposited;
        // A batch is not held up by a voucher that was settled, or whose lease was closed, a moment before.
        if (lease.isClosed || due <= lease.paid) return 0;
        bytes32 digest = voucherDigest(voucher.leaseId, voucher.cumulative, voucher.receiptsRoot);
        if (!SignatureChecker.isValidSignatureNowCalldata(lease.signer, digest, voucher.signature)) {
            revert ComputeEscrow_VoucherInvalid(voucher.leaseId);
        }
        amount = due - lease.paid;
        lease.paid = due;
        emit VoucherSettled(voucher.leaseId, amount, due, voucher.receiptsRoot);
        _token.safeTransfer(lease.provider, amount);
    }

    function _uphold(bytes32 disputeId, Dispute storage dispute, uint128 amount) private {
        Stake storage held = _stakes[dispute.provider];
        held.locked -= dispute.amount;
        held.total -= amount;
        if (held.leaving > held.total) held.leaving = held.total;
        dispute.status = DisputeStatus.Upheld;
        emit DisputeUpheld(disputeId, dispute.provider, amount);
        _token.safeTransfer(dispute.beneficiary, amount);
    }

    function _dismiss(bytes32 disputeId, Dispute storage dispute) private {
        _stakes[dispute.provider].locked -= dispute.amount;
        dispute.status = DisputeStatus.Dismissed;
        emit DisputeDismissed(disputeId);
    }

    function _openLease(bytes32 leaseId) private view returns (Lease storage lease) {
        lease = _leases[leaseId];
        if (lease.payer == address(0) || lease.isClosed) revert ComputeEscrow_LeaseNotOpen(leaseId);
    }

    function _checkPeriod(uint32 period) private pure {
        if (period == 0 || period > PERIOD_MAX) revert ComputeEscrow_PeriodInvalid();
    }
}
