// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ComputeEscrow} from "../src/ComputeEscrow.sol";
import {TestUSD} from "../src/TestUSD.sol";
import {Operated} from "../src/base/Operated.sol";
import {IComputeEscrow} from "../src/interfaces/IComputeEscrow.sol";
import {Test} from "./support/Test.sol";

contract ComputeEscrowTest is Test {
    uint32 private constant CLOSE_DELAY = 1 days;
    uint32 private constant UNBONDING = 7 days;
    uint32 private constant RESPONSE = 3 days;
    uint32 private constant DECISION = 14 days;
    uint256 private constant SIGNER_KEY = 0x516;
    bytes32 private constant DISPUTE = keccak256("dispute");
    bytes32 private constant EVIDENCE = keccak256("evidence");
    bytes32 private constant RECEIPTS = keccak256("receipts");

    address private operator = address(0x09);
    address private guardian = address(0x6A);
    address private payer = address(0xBEEF);
    address private provider = address(0xCAFE);
    address private harmed = address(0xDEAD);
    address private anybody = address(0xABCD);
    address private signer;
    TestUSD private usd;
    ComputeEscrow private escrow;
    bytes32 private lease;

    function setUp() external {
        vm.warp(1_800_000_000);
        signer = vm.addr(SIGNER_KEY);
        usd = new TestUSD(address(this));
        escrow = new ComputeEscrow(
            usd,
            address(this),
            operator,
            guardian,
            ComputeEscrow.Periods({
                closeDelay: CLOSE_DELAY, unbonding: UNBONDING, response: RESPONSE, decision: DECISION
            })
        );
        usd.mint(payer, 1000e6);
        usd.mint(provider, 500e6);
        vm.prank(payer);
        usd.approve(address(escrow), type(uint256).max);
        vm.prank(provider);
        usd.approve(address(escrow), type(uint256).max);
        vm.prank(payer);
        lease = escrow.openLease(provider, signer, bytes32(0), 100e6);
        vm.prank(provider);
        escrow.stake(provider, 50e6);
    }

    function _voucher(bytes32 leaseId, uint128 cumulative) private view returns (IComputeEscrow.Voucher memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SIGNER_KEY, escrow.voucherDigest(leaseId, cumulative, RECEIPTS));
        return IComputeEscrow.Voucher(leaseId, cumulative, RECEIPTS, abi.encodePacked(r, s, v));
    }

    function _settle(uint128 cumulative) private returns (uint256) {
        IComputeEscrow.Voucher[] memory vouchers = new IComputeEscrow.Voucher[](1);
        vouchers[0] = _voucher(lease, cumulative);
        vm.prank(anybody);
        return escrow.settle(vouchers);
    }

    function _openDispute(uint128 amount) private {
        vm.prank(operator);
        escrow.openDispute(DISPUTE, provider, harmed, amount, EVIDENCE);
    }

    // Vouchers

    function testFuzz_TheNewestVoucherPaysForAllBeforeIt(uint128 first, uint128 second) external {
        first = uint128(bound(first, 1, 100e6));
        second = uint128(bound(second, 1, 200e6));
        uint256 before = usd.balanceOf(provider);
        vm.assertEq(_settle(first), first, "the first pays all of it");
        uint256 reach = second < 100e6 ? second : 100e6;
        vm.assertEq(_settle(second), reach > first ? reach - first : 0, "the second pays the difference that is there");
        vm.assertEq(usd.balanceOf(provider) - before, reach > first ? reach : first, "the provider has it");
        vm.assertEq(_settle(second), 0, "shown again, it pays nothing");
    }

    function test_WhatADepositDoesNotReachIsPaidAfterATopUp() external {
        vm.assertEq(_settle(130e6), 100e6, "what is there");
        vm.prank(payer);
        escrow.topUp(lease, 50e6);
        vm.assertEq(_settle(130e6), 30e6, "the rest");
    }

    function test_ABatchSettlesManyLeasesInOneTransactionAndPassesOverTheSettled() external {
        IComputeEscrow.Voucher[] memory vouchers = new IComputeEscrow.Voucher[](3);
        vm.prank(payer);
        bytes32 other = escrow.openLease(harmed, signer, bytes32(uint256(1)), 40e6);
        vouchers[0] = _voucher(lease, 10e6);
        vouchers[1] = _voucher(other, 4e6);
        vouchers[2] = _voucher(lease, 10e6);
        vm.assertEq(escrow.settle(vouchers), 14e6, "both, once");
        vm.assertEq(usd.balanceOf(harmed), 4e6, "to its own provider");
    }

    function testFuzz_AVoucherOfAnotherKeyLeaseAmountOrRootIsRefused(uint256 key, uint8 what) external {
        key = bound(key, 1, type(uint128).max);
        vm.assume(key != SIGNER_KEY);
        IComputeEscrow.Voucher memory voucher = _voucher(lease, 10e6);
        if (what % 4 == 0) {
            voucher.cumulative += 1;
        } else if (what % 4 == 1) {
            voucher.receiptsRoot = EVIDENCE;
        } else if (what % 4 == 2) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, escrow.voucherDigest(lease, 10e6, RECEIPTS));
            voucher.signature = abi.encodePacked(r, s, v);
        } else {
            vm.prank(payer);
            voucher.leaseId = escrow.openLease(harmed, signer, bytes32(uint256(2)), 40e6);
        }
        IComputeEscrow.Voucher[] memory vouchers = new IComputeEscrow.Voucher[](1);
        vouchers[0] = voucher;
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_VoucherInvalid.selector, voucher.leaseId));
        escrow.settle(vouchers);
    }

    function test_AVoucherOfAnotherContractIsRefused() external {
        bytes32 here = escrow.voucherDigest(lease, 1, RECEIPTS);
        ComputeEscrow other = new ComputeEscrow(
            usd, address(this), operator, guardian, ComputeEscrow.Periods(CLOSE_DELAY, UNBONDING, RESPONSE, DECISION)
        );
        vm.assertTrue(other.voucherDigest(lease, 1, RECEIPTS) != here, "bound to the contract");
        vm.chainId(1);
        vm.assertTrue(escrow.voucherDigest(lease, 1, RECEIPTS) != here, "bound to the chain");
    }

    // Closing

    function test_TheProviderHasTheDelayToShowItsVoucherBeforeTheRestGoesBack() external {
        vm.prank(payer);
        escrow.requestClose(lease);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeEscrow.ComputeEscrow_LeaseNotClosable.selector, lease, uint64(block.timestamp) + CLOSE_DELAY
            )
        );
        escrow.close(lease);
        vm.assertEq(_settle(30e6), 30e6, "still paid");
        vm.warp(block.timestamp + CLOSE_DELAY);
        escrow.close(lease);
        vm.assertEq(usd.balanceOf(payer), 1000e6 - 30e6, "the rest is back");
        vm.assertEq(_settle(40e6), 0, "a closed lease pays nothing");
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_LeaseNotOpen.selector, lease));
        escrow.close(lease);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_LeaseExists.selector, lease));
        escrow.openLease(provider, signer, bytes32(0), 1e6);
    }

    function test_OnlyThePayerAsksToCloseAndAskingAgainDoesNotMoveTheTime() external {
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_NotPayer.selector, provider));
        escrow.requestClose(lease);
        vm.prank(payer);
        escrow.requestClose(lease);
        uint64 closableAt = escrow.leaseOf(lease).closableAt;
        vm.warp(block.timestamp + 1 hours);
        vm.prank(payer);
        escrow.requestClose(lease);
        vm.assertEq(escrow.leaseOf(lease).closableAt, closableAt, "as announced");
    }

    function test_ExitsWorkWhilePausedAndNothingNewBegins() external {
        vm.prank(guardian);
        escrow.pause();
        vm.assertEq(_settle(10e6), 10e6, "settling");
        vm.prank(payer);
        escrow.requestClose(lease);
        vm.warp(block.timestamp + CLOSE_DELAY);
        escrow.close(lease);
        vm.prank(provider);
        escrow.requestUnstake(50e6);
        vm.warp(block.timestamp + UNBONDING);
        vm.prank(provider);
        vm.assertEq(escrow.withdrawStake(), 50e6, "stake");
        vm.prank(payer);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        escrow.openLease(provider, signer, bytes32(uint256(1)), 1e6);
        vm.prank(provider);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        escrow.stake(provider, 1e6);
        vm.prank(operator);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        escrow.openDispute(DISPUTE, provider, harmed, 1e6, EVIDENCE);
    }

    // Stake

    function test_StakeLeavesAfterThePeriodAndDoesNotCountMeanwhile() external {
        vm.prank(provider);
        escrow.requestUnstake(20e6);
        vm.assertEq(escrow.activeStakeOf(provider), 30e6, "what leaves does not count");
        vm.warp(block.timestamp + UNBONDING - 1);
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeEscrow.ComputeEscrow_StakeNotWithdrawable.selector, uint64(block.timestamp) + 1
            )
        );
        escrow.withdrawStake();
        vm.warp(block.timestamp + 1);
        vm.prank(provider);
        vm.assertEq(escrow.withdrawStake(), 20e6, "paid");
        vm.assertEq(escrow.stakeOf(provider).total, 30e6, "the rest stays");
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_StakeTooLow.selector, 31e6, 30e6));
        escrow.requestUnstake(31e6);
    }

    function test_StakeThatLeavesIsStillWithinReachOfADispute() external {
        vm.prank(provider);
        escrow.requestUnstake(50e6);
        vm.warp(block.timestamp + UNBONDING - 1);
        _openDispute(40e6);
        vm.warp(block.timestamp + 1);
        vm.prank(provider);
        vm.assertEq(escrow.withdrawStake(), 10e6, "only what no dispute holds");
        vm.warp(block.timestamp + RESPONSE);
        vm.prank(anybody);
        escrow.settleDispute(DISPUTE);
        vm.assertEq(usd.balanceOf(harmed), 40e6, "to whom was harmed");
        vm.assertEq(escrow.stakeOf(provider).leaving, 0, "nothing is left to leave");
    }

    // Disputes

    function test_ADisputeThatIsNotObjectedToIsUpheldAfterTheResponsePeriod() external {
        _openDispute(15e6);
        vm.assertEq(escrow.activeStakeOf(provider), 35e6, "locked");
        vm.expectRevert(
            abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_TooEarly.selector, uint64(block.timestamp) + RESPONSE)
        );
        escrow.settleDispute(DISPUTE);
        vm.warp(block.timestamp + RESPONSE);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_TooLate.selector, uint64(block.timestamp)));
        escrow.contestDispute(DISPUTE, EVIDENCE);
        escrow.settleDispute(DISPUTE);
        vm.assertEq(usd.balanceOf(harmed), 15e6, "slashed");
        vm.assertEq(escrow.activeStakeOf(provider), 35e6, "the rest counts");
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_DisputeNotOpen.selector, DISPUTE));
        escrow.settleDispute(DISPUTE);
    }

    function testFuzz_AContestedDisputeIsTheOwnersToDecide(uint128 decided) external {
        decided = uint128(bound(decided, 0, 15e6));
        _openDispute(15e6);
        vm.prank(provider);
        escrow.contestDispute(DISPUTE, EVIDENCE);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, operator));
        escrow.decideDispute(DISPUTE, decided);
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_AmountInvalid.selector, 15e6 + 1));
        escrow.decideDispute(DISPUTE, 15e6 + 1);
        escrow.decideDispute(DISPUTE, decided);
        vm.assertEq(usd.balanceOf(harmed), decided, "what was decided");
        vm.assertEq(escrow.activeStakeOf(provider), 50e6 - decided, "and no more");
    }

    function test_AContestedDisputeThatNobodyDecidesIsDismissed() external {
        _openDispute(15e6);
        vm.prank(provider);
        escrow.contestDispute(DISPUTE, EVIDENCE);
        vm.warp(block.timestamp + DECISION);
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_TooLate.selector, uint64(block.timestamp)));
        escrow.decideDispute(DISPUTE, 15e6);
        vm.prank(anybody);
        escrow.settleDispute(DISPUTE);
        vm.assertEq(escrow.activeStakeOf(provider), 50e6, "whole again");
        vm.assertEq(usd.balanceOf(harmed), 0, "nothing was paid");
    }

    function test_AGuardianStopsAThiefWithTheOperatorsKey() external {
        _openDispute(50e6);
        vm.prank(guardian);
        escrow.pause();
        vm.warp(block.timestamp + RESPONSE);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        escrow.settleDispute(DISPUTE);
        escrow.dismissDispute(DISPUTE);
        vm.assertEq(escrow.activeStakeOf(provider), 50e6, "the owner took it back");
    }

    function test_OnlyWhoMayOpensContestsAndDismisses() external {
        vm.prank(anybody);
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotOperator.selector, anybody));
        escrow.openDispute(DISPUTE, provider, harmed, 1e6, EVIDENCE);
        _openDispute(1e6);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_DisputeExists.selector, DISPUTE));
        escrow.openDispute(DISPUTE, provider, harmed, 1e6, EVIDENCE);
        vm.prank(anybody);
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_NotProvider.selector, anybody));
        escrow.contestDispute(DISPUTE, EVIDENCE);
        vm.prank(anybody);
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotOperator.selector, anybody));
        escrow.dismissDispute(DISPUTE);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IComputeEscrow.ComputeEscrow_StakeTooLow.selector, 50e6, 49e6));
        escrow.openDispute(bytes32(uint256(2)), provider, harmed, 50e6, EVIDENCE);
    }

    function test_PeriodsThatLetStakeEscapeAreRefused() external {
        vm.expectRevert(IComputeEscrow.ComputeEscrow_PeriodInvalid.selector);
        new ComputeEscrow(
            usd, address(this), operator, guardian, ComputeEscrow.Periods(CLOSE_DELAY, RESPONSE, RESPONSE, DECISION)
        );
        vm.expectRevert(IComputeEscrow.ComputeEscrow_PeriodInvalid.selector);
        new ComputeEscrow(
            usd, address(this), operator, guardian, ComputeEscrow.Periods(0, UNBONDING, RESPONSE, DECISION)
        );
    }

    function test_GasOfSettlingAHundredLeases() external {
        IComputeEscrow.Voucher[] memory vouchers = new IComputeEscrow.Voucher[](100);
        vm.startPrank(payer);
        for (uint256 i = 0; i < 100; ++i) {
            bytes32 id = escrow.openLease(address(uint160(0x9000 + i)), signer, bytes32(i + 10), 1e6);
            vouchers[i] = _voucher(id, 1e6);
        }
        vm.stopPrank();
        uint256 before = gasleft();
        escrow.settle(vouchers);
        emit log_named_uint("gas a lease", (before - gasleft()) / 100);
        vm.assertEq(usd.balanceOf(address(0x9000 + 99)), 1e6, "all are paid");
    }
}
