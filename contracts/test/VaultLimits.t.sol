// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Vault} from "../src/Vault.sol";
import {Operated} from "../src/base/Operated.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {VaultTest} from "./support/VaultTest.sol";

contract VaultLimitsTest is VaultTest {
    function _with(uint128 cap, uint128 threshold, uint32 delay) private pure returns (IVault.Limits memory) {
        return IVault.Limits({withdrawalCap: cap, delayThreshold: threshold, withdrawalDelay: delay});
    }

    function _set(IVault.Limits memory limits) private {
        vm.prank(admin);
        vault.setLimits(limits);
    }

    function test_TighterHoldsAtOnceAndKeepsWhatWasWithdrawn() external {
        _deposit(5000e6);
        _withdraw(1, ALICE_ACCOUNT, alice, 300e6);
        vm.expectEmit();
        emit IVault.LimitsChanged(_with(400e6, 100e6, 1 days));
        _set(_with(400e6, 100e6, 1 days));
        vm.assertEq(vault.limits().withdrawalCap, 400e6, "at once");
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_OverDailyCap.selector, 401e6, 400e6));
        _withdraw(2, ALICE_ACCOUNT, alice, 101e6);
        _withdraw(2, ALICE_ACCOUNT, alice, 100e6);
    }

    function testFuzz_AnythingLooserWaitsForTheTimelock(uint128 cap, uint128 threshold, uint32 delay, uint256 wait)
        external
    {
        delay = uint32(bound(delay, 1, 90 days));
        wait = bound(wait, 0, TIMELOCK - 1);
        vm.assume(cap > CAP || threshold > THRESHOLD || delay < DELAY);
        IVault.Limits memory looser = _with(cap, threshold, delay);
        uint64 effectiveAt = uint64(block.timestamp) + TIMELOCK;
        vm.expectEmit();
        emit IVault.LimitsScheduled(looser, effectiveAt);
        _set(looser);
        vm.warp(block.timestamp + wait);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_LimitsNotEffective.selector, effectiveAt));
        vm.prank(admin);
        vault.applyLimits();
        vm.assertEq(keccak256(abi.encode(vault.limits())), keccak256(abi.encode(_limits())), "as before");

        vm.warp(effectiveAt);
        vm.prank(admin);
        vault.applyLimits();
        vm.assertEq(keccak256(abi.encode(vault.limits())), keccak256(abi.encode(looser)), "applied");
        vm.expectRevert(IVault.Vault_LimitsNotScheduled.selector);
        vm.prank(admin);
        vault.applyLimits();
    }

    function test_GuardianOrATighterLimitForgetsWhatWasScheduled() external {
        _set(_with(2 * CAP, THRESHOLD, DELAY));
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotGuardian.selector, operator));
        vm.prank(operator);
        vault.cancelLimits();
        vm.expectEmit();
        emit IVault.LimitsScheduleCancelled();
        vm.prank(guardian);
        vault.cancelLimits();
        vm.expectRevert(IVault.Vault_LimitsNotScheduled.selector);
        vm.prank(guardian);
        vault.cancelLimits();

        _set(_with(2 * CAP, THRESHOLD, DELAY));
        _set(_with(CAP, THRESHOLD, DELAY));
        (, uint64 effectiveAt) = vault.scheduledLimits();
        vm.assertEq(effectiveAt, 0, "forgotten");
    }

    function test_SchedulingAgainStartsTheTimelockAgain() external {
        _set(_with(2 * CAP, THRESHOLD, DELAY));
        vm.warp(block.timestamp + TIMELOCK - 1);
        _set(_with(3 * CAP, THRESHOLD, DELAY));
        vm.warp(block.timestamp + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.Vault_LimitsNotEffective.selector, block.timestamp + TIMELOCK - 1)
        );
        vm.prank(admin);
        vault.applyLimits();
    }

    function test_RevertWhen_LimitsAreNotTheOwnersOrAPeriodIsNone() external {
        bytes memory notOwner = abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", address(this));
        vm.expectRevert(notOwner);
        vault.setLimits(_limits());
        vm.expectRevert(notOwner);
        vault.applyLimits();
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_PeriodInvalid.selector, 0, 90 days));
        _set(_with(CAP, THRESHOLD, 0));
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_PeriodInvalid.selector, 90 days + 1, 90 days));
        _set(_with(CAP, THRESHOLD, 90 days + 1));
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_PeriodInvalid.selector, 0, 90 days));
        new Vault(usd, admin, operator, guardian, _limits(), 0, EXIT_PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_PeriodInvalid.selector, 91 days, 90 days));
        new Vault(usd, admin, operator, guardian, _limits(), TIMELOCK, 91 days);
    }
}
