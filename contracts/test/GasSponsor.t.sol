// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Paymaster} from "@openzeppelin/contracts/account/paymaster/Paymaster.sol";
import {IEntryPoint, IPaymaster, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7821} from "@openzeppelin/contracts/interfaces/draft-IERC7821.sol";
import {AgentAccount} from "../src/AgentAccount.sol";
import {IGasSponsor} from "../src/interfaces/IGasSponsor.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract GasSponsorTest is BaseTest {
    function _payData() private view returns (bytes memory) {
        return abi.encodeCall(IERC7821.execute, (bytes32(uint256(1) << 248), abi.encode(_transfer(shop, 1e6))));
    }

    function _limit(uint128 accountBudget, uint128 totalBudget) private {
        vm.prank(admin);
        sponsor.setLimits(IGasSponsor.Limits(accountBudget, totalBudget, 10 gwei));
    }

    function _expectRefused(PackedUserOperation memory op, bytes memory inner) private {
        PackedUserOperation[] memory ops = _batch(op);
        vm.expectRevert(abi.encodeWithSelector(IEntryPoint.FailedOpWithRevert.selector, 0, "AA33 reverted", inner));
        vm.prank(bundler, bundler);
        ENTRY_POINT.handleOps(ops, payable(bundler));
    }

    /// @dev Where the budget is what the operation may cost.
    function _overAccountBudget(PackedUserOperation memory op) private view returns (bytes memory) {
        uint256 spent = sponsor.spentBy(address(account)) + _maxCost(op);
        return abi.encodeWithSelector(
            IGasSponsor.GasSponsor_OverAccountBudget.selector, address(account), spent, _maxCost(op)
        );
    }

    function _maxCost(PackedUserOperation memory op) private pure returns (uint256) {
        return (400_000 + 500_000 + 300_000 + 80_000 + op.preVerificationGas) * 1 gwei;
    }

    function test_SponsorsOurAccountsAndCountsAtLeastWhatItPaid() external {
        PackedUserOperation memory op = _ownerOperation(_payData());
        uint256 before = ENTRY_POINT.balanceOf(address(sponsor));
        _expectExecuted(op);
        uint256 paid = before - ENTRY_POINT.balanceOf(address(sponsor));
        vm.assertGe(sponsor.spentBy(address(account)), paid, "counted for the account");
        vm.assertLe(sponsor.spentBy(address(account)), paid + 40_000 gwei, "and not much more");
        vm.assertEq(sponsor.spentInTotal(), sponsor.spentBy(address(account)), "counted in total");
    }

    function test_BudgetsHoldForAllOperationsOfOneBundle() external {
        PackedUserOperation memory first = _ownerOperation(_payData());
        _limit(uint128(2 * _maxCost(first) - 1), 1000 ether);
        PackedUserOperation memory second = _operation(_payData(), account.getNonce(1));
        second.signature = abi.encodePacked(bytes1(0x00), _sign(ownerPrivateKey, _hash(second)));
        PackedUserOperation[] memory ops = new PackedUserOperation[](2);
        (ops[0], ops[1]) = (first, second);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEntryPoint.FailedOpWithRevert.selector,
                1,
                "AA33 reverted",
                abi.encodeWithSelector(
                    IGasSponsor.GasSponsor_OverAccountBudget.selector,
                    address(account),
                    2 * _maxCost(first),
                    2 * _maxCost(first) - 1
                )
            )
        );
        vm.prank(bundler, bundler);
        ENTRY_POINT.handleOps(ops, payable(bundler));
        _expectExecuted(first);
        _expectExecuted(second);
    }

    function test_RevertWhen_TotalBudgetIsUsedUp() external {
        PackedUserOperation memory op = _ownerOperation(_payData());
        _limit(100 ether, uint128(_maxCost(op) - 1));
        _expectRefused(
            op, abi.encodeWithSelector(IGasSponsor.GasSponsor_OverTotalBudget.selector, _maxCost(op), _maxCost(op) - 1)
        );
    }

    function test_BudgetComesBackAfterThreeDaysAndNotAfterOne() external {
        PackedUserOperation memory op = _ownerOperation(_payData());
        _limit(uint128(_maxCost(op)), 1000 ether);
        _expectExecuted(op);
        op = _ownerOperation(_payData());
        _expectRefused(op, _overAccountBudget(op));
        vm.warp(block.timestamp + 25 hours);
        _expectRefused(op, _overAccountBudget(op));
        vm.warp(block.timestamp + 50 hours);
        _expectExecuted(_ownerOperation(_payData()));
    }

    function test_AnOperationIsGoodForTwoDaysFromTheTimeItCountsAsOf() external {
        PackedUserOperation memory op = _countedAt(uint48(block.timestamp));
        _expectNotDue(op);
        vm.warp(block.timestamp + 2 days);
        _expectExecuted(op);
        _expectNotDue(_countedAt(uint48(block.timestamp - 2 days - 1)));
    }

    function test_BudgetHoldsForOperationsOfOneBundleThatCountAsOfDifferentTimes() external {
        PackedUserOperation[] memory ops = new PackedUserOperation[](2);
        ops[0] = _countedAt(uint48(block.timestamp - 2 days));
        _limit(uint128(2 * _maxCost(ops[0]) - 1), 1000 ether);
        ops[1] = _operation(_payData(), account.getNonce(1));
        ops[1].signature = abi.encodePacked(bytes1(0x00), _sign(ownerPrivateKey, _hash(ops[1])));
        vm.expectRevert();
        vm.prank(bundler, bundler);
        ENTRY_POINT.handleOps(ops, payable(bundler));
        _limit(uint128(2 * _maxCost(ops[0])), 1000 ether);
        vm.prank(bundler, bundler);
        ENTRY_POINT.handleOps(ops, payable(bundler));
        vm.assertEq(sponsor.spentInTotal(), sponsor.spentBy(address(account)), "both gave back what they did not use");
        vm.assertLe(sponsor.spentInTotal(), _maxCost(ops[0]), "and only that much counts");
    }

    function test_RevertWhen_TheTimeItCountsAsOfIsMissing() external {
        PackedUserOperation memory op = _operation(_payData(), account.getNonce());
        op.paymasterAndData = abi.encodePacked(address(sponsor), uint128(300_000), uint128(80_000));
        op.signature = abi.encodePacked(bytes1(0x00), _sign(ownerPrivateKey, _hash(op)));
        _expectRefused(op, abi.encodeWithSelector(IGasSponsor.GasSponsor_DataInvalid.selector, ""));
    }

    function _countedAt(uint48 time) private view returns (PackedUserOperation memory op) {
        op = _operation(_payData(), account.getNonce());
        op.paymasterAndData = _sponsored(time);
        op.signature = abi.encodePacked(bytes1(0x00), _sign(ownerPrivateKey, _hash(op)));
    }

    function _expectNotDue(PackedUserOperation memory op) private {
        PackedUserOperation[] memory ops = _batch(op);
        vm.expectRevert(abi.encodeWithSelector(IEntryPoint.FailedOp.selector, 0, "AA32 paymaster expired or not due"));
        vm.prank(bundler, bundler);
        ENTRY_POINT.handleOps(ops, payable(bundler));
    }

    function test_RevertWhen_FeeIsTooHighOrTheAccountIsNotOurs() external {
        PackedUserOperation memory op = _ownerOperation(_payData());
        op.gasFees = bytes32((uint256(1 gwei) << 128) | 11 gwei);
        op.signature = abi.encodePacked(bytes1(0x00), _sign(ownerPrivateKey, _hash(op)));
        _expectRefused(op, abi.encodeWithSelector(IGasSponsor.GasSponsor_FeeTooHigh.selector, 11 gwei, 10 gwei));

        // An account of the same code whose owner made it themselves.
        AgentAccount implementation = AgentAccount(payable(factory.implementation()));
        bytes memory owner = abi.encodePacked(_ownerBytes(), bytes32(0));
        address stranger;
        bytes memory code = abi.encodePacked(
            hex"61",
            uint16(owner.length + 0x2d),
            hex"3d81600a3d39f3363d3d373d3d3d363d73",
            implementation,
            hex"5af43d82803e903d91602b57fd5bf3",
            owner
        );
        assembly {
            stranger := create(0, add(code, 32), mload(code))
        }
        account = AgentAccount(payable(stranger));
        _expectRefused(
            _ownerOperation(_payData()), abi.encodeWithSelector(IGasSponsor.GasSponsor_NotOurAccount.selector, stranger)
        );
    }

    function test_OnlyTheEntryPointAndTheOwnerReachTheirFunctions() external {
        PackedUserOperation memory op = _ownerOperation(_payData());
        bytes memory error_ = abi.encodeWithSelector(Paymaster.PaymasterUnauthorized.selector, address(this));
        vm.expectRevert(error_);
        sponsor.validatePaymasterUserOp(op, bytes32(0), 1);
        vm.expectRevert(error_);
        sponsor.postOp(IPaymaster.PostOpMode.opSucceeded, "", 0, 0);
        error_ = abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", address(this));
        vm.expectRevert(error_);
        sponsor.withdraw(payable(address(this)), 1);
        vm.expectRevert(error_);
        sponsor.setLimits(IGasSponsor.Limits(0, 0, 0));
        vm.prank(admin);
        sponsor.withdraw(payable(shop), 1 ether);
        vm.assertEq(shop.balance, 1 ether, "withdrawn");
    }

    function test_StakeIsLockedAndComesBack() external {
        vm.deal(admin, 1 ether);
        vm.startPrank(admin);
        sponsor.addStake{value: 1 ether}(60);
        sponsor.unlockStake();
        vm.warp(block.timestamp + 61);
        sponsor.withdrawStake(payable(admin));
        vm.stopPrank();
        vm.assertEq(admin.balance, 1 ether, "all of it");
    }
}
