// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Operated} from "./base/Operated.sol";
import {VaultLimits} from "./base/VaultLimits.sol";
import {IReceiveWithAuthorization} from "./interfaces/IReceiveWithAuthorization.sol";
import {IVault} from "./interfaces/IVault.sol";
import {MerkleSum} from "./libraries/MerkleSum.sol";
import {RollingWindow} from "./libraries/RollingWindow.sol";

/// @title Vault
/// @notice See {IVault}.
contract Vault is VaultLimits, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using RollingWindow for RollingWindow.Window;
    using BitMaps for BitMaps.BitMap;

    /// @dev `total` is of this deposit and all before it, so one slot tells each amount and the sum of any range.
    struct Deposit {
        address from;
        uint96 total;
        bytes32 account;
    }

    /// @dev `order` binds what was queued: the hash of account, recipient and amount.
    struct Withdrawal {
        WithdrawalStatus status;
        uint64 executableAt;
        bytes32 order;
    }

    IERC20 private immutable _token;
    /// @inheritdoc IVault
    uint32 public immutable exitPeriod;

    /// @inheritdoc IVault
    uint64 public latestEpoch;
    /// @inheritdoc IVault
    uint64 public depositCount;
    /// @inheritdoc IVault
    uint64 public exitDeclaredAt;
    /// @dev The deployment counts as an anchor.
    uint64 private _lastAnchoredAt;
    mapping(uint64 index => Deposit) private _deposits;
    mapping(bytes32 withdrawalId => Withdrawal) private _withdrawals;
    mapping(uint64 epoch => Anchor) private _anchors;
    mapping(uint64 epoch => mapping(bytes32 account => uint256)) private _withdrawnSince;
    RollingWindow.Window private _window;
    /// @dev Only ever of the last root: the exit is for ever, so no other comes after it.
    BitMaps.BitMap private _spentLeaves;
    BitMaps.BitMap private _refundedDeposits;

    modifier whenNotExiting() {
        if (exitDeclaredAt != 0) revert Vault_ExitDeclared(exitDeclaredAt);
        _;
    }

    constructor(
        IERC20 token_,
        address owner_,
        address operator_,
        address guardian_,
        Limits memory limits_,
        uint32 limitsTimelock_,
        uint32 exitPeriod_
    ) Operated(owner_, operator_, guardian_) VaultLimits(limits_, limitsTimelock_) {
        _checkPeriod(exitPeriod_);
        _token = token_;
        exitPeriod = exitPeriod_;
        _lastAnchoredAt = uint64(block.timestamp);
        _window.resize(1 days);
    }

    /// @inheritdoc IVault
    function deposit(bytes32 account, uint256 amount) external nonReentrant returns (uint256 received) {
        _checkDeposit(account, amount);
        uint256 before = reserves();
        _token.safeTransferFrom(msg.sender, address(this), amount);
        return _recordDeposit(account, msg.sender, before);
    }

    /// @inheritdoc IVault
    function depositWithPermit(bytes32 account, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
        returns (uint256 received)
    {
        _checkDeposit(account, amount);
        // Anybody may have submitted the permit first; then the allowance is there and only the call fails.
        try IERC20Permit(address(_token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        uint256 before = reserves();
        _token.safeTransferFrom(msg.sender, address(this), amount);
        return _recordDeposit(account, msg.sender, before);
    }

    /// @inheritdoc IVault
    function depositWithAuthorization(
        bytes32 account,
        address from,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external nonReentrant returns (uint256 received) {
        _checkDeposit(account, amount);
        bytes32 nonce = keccak256(abi.encode(account, salt));
        uint256 before = reserves();
        IReceiveWithAuthorization(address(_token)).receiveWithAuthorization(
            from, address(this), amount, validAfter, validBefore, nonce, signature
        );
        return _recordDeposit(account, from, before);
    }

    /// @inheritdoc IVault
    function queueWithdrawal(bytes32 withdrawalId, bytes32 account, address to, uint256 amount)
        external
        onlyOperator
        whenNotPaused
        whenNotExiting
    {
        _checkPayment(account, to, amount);
        Withdrawal storage withdrawal = _withdrawals[withdrawalId];
        _checkNotSettled(withdrawal, withdrawalId);
        if (withdrawal.status == WithdrawalStatus.Queued) revert Vault_WithdrawalAlreadyQueued(withdrawalId);

        uint64 executableAt = uint64(block.timestamp) + limits().withdrawalDelay;
        withdrawal.status = WithdrawalStatus.Queued;
        withdrawal.executableAt = executableAt;
        withdrawal.order = keccak256(abi.encode(account, to, amount));
        emit WithdrawalQueued(withdrawalId, account, to, amount, executableAt);
    }

    /// @inheritdoc IVault
    function cancelWithdrawal(bytes32 withdrawalId) external onlyGuardianOrOwner {
        Withdrawal storage withdrawal = _withdrawals[withdrawalId];
        if (withdrawal.status != WithdrawalStatus.Queued) revert Vault_WithdrawalNotQueued(withdrawalId);
        withdrawal.status = WithdrawalStatus.Cancelled;
        emit WithdrawalCancelled(withdrawalId);
    }

    /// @inheritdoc IVault
    function withdraw(bytes32 withdrawalId, bytes32 account, address to, uint256 amount)
        external
        onlyOperator
        whenNotPaused
        whenNotExiting
        nonReentrant
    {
        // Check: the payment makes sense and this withdrawal was not paid or cancelled before.
        _checkPayment(account, to, amount);
        Withdrawal storage withdrawal = _withdrawals[withdrawalId];
        _checkNotSettled(withdrawal, withdrawalId);
        // Check: the trailing day stays under its cap, whatever the operator signs.
        Limits memory limits_ = limits();
        uint256 withdrawn = uint256(_window.sum());
        if (amount > limits_.withdrawalCap || withdrawn + amount > limits_.withdrawalCap) {
            revert Vault_OverDailyCap(
                amount > limits_.withdrawalCap ? amount : withdrawn + amount, limits_.withdrawalCap
            );
        }
        // Check: a large one has waited, and a queued one is what was queued.
        if (withdrawal.status == WithdrawalStatus.Queued) {
            if (withdrawal.order != keccak256(abi.encode(account, to, amount))) {
                revert Vault_WithdrawalDiffers(withdrawalId);
            }
            if (block.timestamp < withdrawal.executableAt) {
                revert Vault_WithdrawalNotExecutable(withdrawalId, withdrawal.executableAt);
            }
        } else if (amount > limits_.delayThreshold) {
            revert Vault_WithdrawalMustBeQueued(amount, limits_.delayThreshold);
        }

        // Effect: the id and the cap are used up before any token moves. The amount is below a 128-bit cap.
        withdrawal.status = WithdrawalStatus.Paid;
        _window.add(uint128(amount));
        _withdrawnSince[latestEpoch][account] += amount;
        emit Withdrawn(withdrawalId, account, to, amount);

        // Interaction: pay.
        _token.safeTransfer(to, amount);
    }

    /// @inheritdoc IVault
    function anchorRoot(uint64 epoch, bytes32 root, uint128 liabilities, uint64 depositsCounted, bytes32 auditHead)
        external
        onlyOperator
        whenNotPaused
        whenNotExiting
        nonReentrant
    {
        if (epoch <= latestEpoch) revert Vault_EpochNotIncreasing(epoch, latestEpoch);
        if (root == bytes32(0)) revert Vault_RootInvalid();
        uint64 countedBefore = _anchors[latestEpoch].depositsCounted;
        if (depositsCounted < countedBefore) revert Vault_DepositsCountedFell(depositsCounted, countedBefore);
        if (depositsCounted > depositCount) revert Vault_DepositsNotMade(depositsCounted, depositCount);
        // Check: the reserves cover the balances and, beside them, every deposit that could be asked back.
        uint256 owed = uint256(liabilities) + (_deposits[depositCount].total - _deposits[depositsCounted].total);
        uint256 held = reserves();
        if (owed > held) revert Vault_Underfunded(owed, held);

        latestEpoch = epoch;
        _lastAnchoredAt = uint64(block.timestamp);
        _anchors[epoch] = Anchor({
            anchoredAt: uint64(block.timestamp),
            depositsCounted: depositsCounted,
            liabilities: liabilities,
            root: root,
            auditHead: auditHead
        });
        emit RootAnchored(epoch, root, liabilities, held, depositsCounted, auditHead);
    }

    /// @inheritdoc IVault
    function declareExit() external whenNotExiting {
        _openExit();
    }

    /// @inheritdoc IVault
    function exit(MerkleSum.Leaf calldata leaf, MerkleSum.Proof calldata proof)
        external
        nonReentrant
        returns (uint256 paid)
    {
        _openExit();
        // Check: the last root holds this leaf, with this address to pay, and it was not paid before.
        Anchor storage anchor = _anchors[latestEpoch];
        if (!MerkleSum.verify(anchor.root, anchor.liabilities, leaf, proof)) {
            revert Vault_ProofInvalid(leaf.account, proof.index);
        }
        _checkRecipient(leaf.exitTo);
        if (_spentLeaves.get(proof.index)) revert Vault_LeafSpent(proof.index);

        // Effect: the leaf is used up before any token moves.
        _spentLeaves.set(proof.index);
        uint256 owed = _lessWithdrawn(leaf.account, leaf.balance);
        paid = _payable(owed);
        emit Exited(proof.index, leaf.account, leaf.exitTo, owed, paid);

        // Interaction: pay the leaf's address, whoever called.
        if (paid > 0) _token.safeTransfer(leaf.exitTo, paid);
    }

    /// @inheritdoc IVault
    function refundDeposit(uint64 index) external nonReentrant returns (uint256 paid) {
        _openExit();
        // Check: it is a deposit that the last root does not count, and it was not given back before.
        if (index == 0 || index > depositCount) revert Vault_DepositUnknown(index, depositCount);
        uint64 counted = _anchors[latestEpoch].depositsCounted;
        if (index <= counted) revert Vault_DepositCounted(index, counted);
        if (_refundedDeposits.get(index)) revert Vault_DepositAlreadyRefunded(index);

        // Effect: the deposit is used up before any token moves.
        _refundedDeposits.set(index);
        (bytes32 account, address from, uint256 amount,) = depositOf(index);
        uint256 owed = _lessWithdrawn(account, amount);
        paid = _payable(owed);
        emit DepositRefunded(index, account, from, owed, paid);

        // Interaction: pay the depositor, whoever called.
        if (paid > 0) _token.safeTransfer(from, paid);
    }

    /// @inheritdoc IVault
    function token() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc IVault
    function reserves() public view returns (uint256) {
        return _token.balanceOf(address(this));
    }

    /// @inheritdoc IVault
    function withdrawnInWindow() external view returns (uint256) {
        return _window.sum();
    }

    /// @inheritdoc IVault
    function withdrawalOf(bytes32 withdrawalId) external view returns (WithdrawalStatus status, uint64 executableAt) {
        return (_withdrawals[withdrawalId].status, _withdrawals[withdrawalId].executableAt);
    }

    /// @inheritdoc IVault
    function isPaid(bytes32 withdrawalId) external view returns (bool) {
        return _withdrawals[withdrawalId].status == WithdrawalStatus.Paid;
    }

    /// @inheritdoc IVault
    function withdrawnSinceRoot(bytes32 account) external view returns (uint256) {
        return _withdrawnSince[latestEpoch][account];
    }

    /// @inheritdoc IVault
    function depositOf(uint64 index)
        public
        view
        returns (bytes32 account, address from, uint256 amount, bool isRefunded)
    {
        Deposit storage made = _deposits[index];
        if (made.from != address(0)) amount = made.total - _deposits[index - 1].total;
        return (made.account, made.from, amount, _refundedDeposits.get(index));
    }

    /// @inheritdoc IVault
    function anchorOf(uint64 epoch) external view returns (Anchor memory) {
        return _anchors[epoch];
    }

    /// @inheritdoc IVault
    function exitOpensAt() public view returns (uint64) {
        return _lastAnchoredAt + exitPeriod;
    }

    /// @inheritdoc IVault
    function isLeafSpent(uint64 index) external view returns (bool) {
        return _spentLeaves.get(index);
    }

    function _checkDeposit(bytes32 account, uint256 amount) private view whenNotPaused whenNotExiting {
        if (account == bytes32(0)) revert Vault_AccountInvalid();
        if (amount == 0) revert Vault_AmountZero();
    }

    /// @dev After the transfer: only the measured difference may be credited, and re-entering was refused meanwhile.
    function _recordDeposit(bytes32 account, address from, uint256 before) private returns (uint256 received) {
        received = reserves() - before;
        if (received == 0) revert Vault_NothingReceived();
        uint64 last = depositCount;
        uint256 total = _deposits[last].total + received;
        if (total > type(uint96).max) revert Vault_DepositsTooLarge(total, type(uint96).max);

        depositCount = last + 1;
        _deposits[last + 1] = Deposit({from: from, total: uint96(total), account: account});
        emit Deposited(last + 1, account, from, received);
    }

    function _checkPayment(bytes32 account, address to, uint256 amount) private view {
        if (account == bytes32(0)) revert Vault_AccountInvalid();
        if (amount == 0) revert Vault_AmountZero();
        _checkRecipient(to);
    }

    function _checkRecipient(address to) private view {
        if (to == address(0) || to == address(this)) revert Vault_RecipientInvalid(to);
    }

    function _checkNotSettled(Withdrawal storage withdrawal, bytes32 withdrawalId) private view {
        if (withdrawal.status == WithdrawalStatus.Paid) revert Vault_WithdrawalAlreadyPaid(withdrawalId);
        if (withdrawal.status == WithdrawalStatus.Cancelled) revert Vault_WithdrawalCancelled(withdrawalId);
    }

    /// @dev Latches: nothing ever takes `exitDeclaredAt` back.
    function _openExit() private {
        if (exitDeclaredAt != 0) return;
        uint64 opensAt = exitOpensAt();
        if (block.timestamp < opensAt) revert Vault_ExitNotOpen(opensAt);
        exitDeclaredAt = uint64(block.timestamp);
        emit ExitDeclared(latestEpoch, _anchors[latestEpoch].root, reserves());
    }

    /// @dev Takes off what was withdrawn since the root, once over all payments of an account. So the order in which its
    /// leaf and its deposits are paid changes nothing of what they come to together.
    function _lessWithdrawn(bytes32 account, uint256 amount) private returns (uint256) {
        uint256 withdrawn = _withdrawnSince[latestEpoch][account];
        uint256 deducted = Math.min(amount, withdrawn);
        if (deducted > 0) _withdrawnSince[latestEpoch][account] = withdrawn - deducted;
        return amount - deducted;
    }

    /// @dev What the reserves allow; nothing is used up for nothing.
    function _payable(uint256 owed) private view returns (uint256) {
        uint256 held = reserves();
        if (owed > 0 && held == 0) revert Vault_ReservesEmpty(owed);
        return Math.min(owed, held);
    }
}
