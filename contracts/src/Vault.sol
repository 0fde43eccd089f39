// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Operated} from "./base/Operated.sol";
import {IVault} from "./interfaces/IVault.sol";
import {RollingWindow} from "./libraries/RollingWindow.sol";

/// @title Vault
/// @notice See {IVault}.
contract Vault is IVault, Operated, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using RollingWindow for RollingWindow.Window;

    IERC20 private immutable _token;

    /// @inheritdoc IVault
    uint128 public withdrawalCap;
    /// @inheritdoc IVault
    uint64 public latestEpoch;
    /// @inheritdoc IVault
    mapping(bytes32 withdrawalId => bool) public isPaid;
    mapping(uint64 epoch => Anchor) private _anchors;
    RollingWindow.Window private _withdrawals;

    constructor(IERC20 token_, address owner_, address operator_, address guardian_, uint128 withdrawalCap_)
        Operated(owner_, operator_, guardian_)
    {
        _token = token_;
        _withdrawals.resize(1 days);
        withdrawalCap = withdrawalCap_;
        emit WithdrawalCapChanged(withdrawalCap_);
    }

    /// @inheritdoc IVault
    function deposit(bytes32 account, uint256 amount) external returns (uint256 received) {
        return _deposit(account, amount);
    }

    /// @inheritdoc IVault
    function depositWithPermit(bytes32 account, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 received)
    {
        // Anybody may have submitted the permit first; then the allowance is there and only the call fails.
        try IERC20Permit(address(_token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _deposit(account, amount);
    }

    /// @inheritdoc IVault
    function withdraw(bytes32 withdrawalId, address to, uint256 amount)
        external
        onlyOperator
        whenNotPaused
        nonReentrant
    {
        // Check: the payment makes sense and this withdrawal was not paid before.
        if (amount == 0) revert Vault_AmountZero();
        if (to == address(0) || to == address(this)) revert Vault_RecipientInvalid(to);
        if (isPaid[withdrawalId]) revert Vault_WithdrawalAlreadyPaid(withdrawalId);
        // Check: the trailing day stays under its cap, whatever the operator signs.
        uint256 withdrawn = uint256(_withdrawals.sum());
        if (amount > withdrawalCap || withdrawn + amount > withdrawalCap) {
            revert Vault_OverDailyCap(amount > withdrawalCap ? amount : withdrawn + amount, withdrawalCap);
        }

        // Effect: the id and the cap are used up before any token moves. The amount is below a 128-bit cap.
        isPaid[withdrawalId] = true;
        _withdrawals.add(uint128(amount));
        emit Withdrawn(withdrawalId, to, amount);

        // Interaction: pay.
        _token.safeTransfer(to, amount);
    }

    /// @inheritdoc IVault
    function anchorRoot(uint64 epoch, bytes32 root, uint256 liabilities) external onlyOperator {
        if (epoch <= latestEpoch) revert Vault_EpochNotIncreasing(epoch, latestEpoch);
        if (root == bytes32(0)) revert Vault_RootInvalid();
        uint256 held = reserves();
        if (liabilities > held) revert Vault_Underfunded(liabilities, held);

        latestEpoch = epoch;
        _anchors[epoch] = Anchor({anchoredAt: uint64(block.timestamp), root: root, liabilities: liabilities});
        emit RootAnchored(epoch, root, liabilities, held);
    }

    /// @inheritdoc IVault
    function setWithdrawalCap(uint128 cap) external onlyOwner {
        withdrawalCap = cap;
        emit WithdrawalCapChanged(cap);
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
        return _withdrawals.sum();
    }

    /// @inheritdoc IVault
    function anchorOf(uint64 epoch) external view returns (Anchor memory) {
        return _anchors[epoch];
    }

    function _deposit(bytes32 account, uint256 amount) private whenNotPaused nonReentrant returns (uint256 received) {
        if (account == bytes32(0)) revert Vault_AccountInvalid();
        if (amount == 0) revert Vault_AmountZero();

        // Interaction first: only the measured difference may be credited, and re-entering is refused.
        uint256 before = reserves();
        _token.safeTransferFrom(msg.sender, address(this), amount);
        received = reserves() - before;
        if (received == 0) revert Vault_NothingReceived();

        emit Deposited(account, msg.sender, received);
    }
}
