// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IVault} from "../interfaces/IVault.sol";
import {Operated} from "./Operated.sol";

/// @title VaultLimits
/// @notice The limits on a vault's operator: tightened at once, loosened only after a timelock, so that a stolen owner's
/// key cannot empty the vault before somebody stops it.
abstract contract VaultLimits is IVault, Operated {
    /// @dev Longer periods would only ever be a mistake, or a way to make a promise that is never kept.
    uint32 internal constant PERIOD_MAX = 90 days;

    /// @inheritdoc IVault
    uint32 public immutable limitsTimelock;
    Limits private _limits;
    Limits private _scheduled;
    uint64 private _effectiveAt;

    modifier onlyGuardianOrOwner() {
        if (msg.sender != guardian && msg.sender != owner()) revert Operated_NotGuardian(msg.sender);
        _;
    }

    constructor(Limits memory limits_, uint32 limitsTimelock_) {
        _checkPeriod(limitsTimelock_);
        _checkPeriod(limits_.withdrawalDelay);
        limitsTimelock = limitsTimelock_;
        _setLimits(limits_);
    }

    /// @inheritdoc IVault
    function setLimits(Limits calldata limits_) external onlyOwner {
        _checkPeriod(limits_.withdrawalDelay);
        Limits memory current = _limits;
        bool isLooser = limits_.withdrawalCap > current.withdrawalCap
            || limits_.delayThreshold > current.delayThreshold || limits_.withdrawalDelay < current.withdrawalDelay;
        if (!isLooser) return _setLimits(limits_);

        uint64 effectiveAt = uint64(block.timestamp) + limitsTimelock;
        _scheduled = limits_;
        _effectiveAt = effectiveAt;
        emit LimitsScheduled(limits_, effectiveAt);
    }

    /// @inheritdoc IVault
    function applyLimits() external onlyOwner {
        uint64 effectiveAt = _effectiveAt;
        if (effectiveAt == 0) revert Vault_LimitsNotScheduled();
        if (block.timestamp < effectiveAt) revert Vault_LimitsNotEffective(effectiveAt);
        _setLimits(_scheduled);
    }

    /// @inheritdoc IVault
    function cancelLimits() external onlyGuardianOrOwner {
        if (_effectiveAt == 0) revert Vault_LimitsNotScheduled();
        _forgetScheduled();
        emit LimitsScheduleCancelled();
    }

    /// @inheritdoc IVault
    function limits() public view returns (Limits memory) {
        return _limits;
    }

    /// @inheritdoc IVault
    function scheduledLimits() external view returns (Limits memory limits_, uint64 effectiveAt) {
        return (_scheduled, _effectiveAt);
    }

    function _checkPeriod(uint32 period) internal pure {
        if (period == 0 || period > PERIOD_MAX) revert Vault_PeriodInvalid(period, PERIOD_MAX);
    }

    function _setLimits(Limits memory limits_) private {
        _limits = limits_;
        if (_effectiveAt != 0) _forgetScheduled();
        emit LimitsChanged(limits_);
    }

    function _forgetScheduled() private {
        delete _scheduled;
        delete _effectiveAt;
    }
}
