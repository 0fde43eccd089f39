// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Vault} from "../src/Vault.sol";
import {Operated} from "../src/base/Operated.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// @dev Keeps a hundredth of every transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) ? 0 : amount / 100;
        if (fee > 0) super._update(from, address(0xFEE), fee);
        super._update(from, to, amount - fee);
    }
}

/// @dev Says that transfers went well and moves nothing when it is told to.
contract EmptyToken is ERC20("Empty", "NIL") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

contract VaultDepositTest is VaultTest {
    function testFuzz_DepositPullsCountsAndTells(uint256 first, uint256 second) external {
        first = bound(first, 1, 5000e6);
        second = bound(second, 1, 5000e6);
        vm.expectEmit();
        emit IVault.Deposited(1, ALICE_ACCOUNT, alice, first);
        _deposit(first);
        vm.expectEmit();
        emit IVault.Deposited(2, BOB_ACCOUNT, bob, second);
        _depositAsBob(second);
        vm.assertEq(vault.reserves(), first + second, "reserves");
        vm.assertEq(vault.depositCount(), 2, "two deposits");
        (bytes32 account, address from, uint256 amount, bool isRefunded) = vault.depositOf(2);
        vm.assertEq(account, BOB_ACCOUNT, "account");
        vm.assertEq(from, bob, "depositor");
        vm.assertEq(amount, second, "amount");
        vm.assertTrue(!isRefunded, "not refunded");
        (, from, amount,) = vault.depositOf(3);
        vm.assertEq(from, address(0), "no third");
        vm.assertEq(amount, 0, "of nothing");
    }

    function test_DepositCreditsWhatArrived() external {
        FeeToken token = new FeeToken();
        Vault feeVault = new Vault(token, admin, operator, guardian, _limits(), TIMELOCK, EXIT_PERIOD);
        token.mint(alice, 100e6);
        vm.startPrank(alice);
        token.approve(address(feeVault), 100e6);
        vm.assertEq(feeVault.deposit(ALICE_ACCOUNT, 100e6), 99e6, "less the fee");
        vm.stopPrank();
        (,, uint256 amount,) = feeVault.depositOf(1);
        vm.assertEq(amount, 99e6, "recorded less the fee");
    }

    function test_DepositWithPermitWorksOnceAndWhenThePermitWasFrontRun() external {
        vm.prank(alice);
        usd.approve(address(vault), 0);
        bytes32 permit =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        (uint8 v, bytes32 r, bytes32 s) =
            _sign(keccak256(abi.encode(permit, alice, address(vault), 50e6, 0, block.timestamp)));
        usd.permit(alice, address(vault), 50e6, block.timestamp, v, r, s);
        vm.prank(alice);
        vm.assertEq(vault.depositWithPermit(ALICE_ACCOUNT, 50e6, block.timestamp, v, r, s), 50e6, "deposited");
        vm.expectRevert();
        vm.prank(alice);
        vault.depositWithPermit(ALICE_ACCOUNT, 50e6, block.timestamp, v, r, s);
    }

    function test_DepositWithAuthorizationIsForTheSignedAccountOnly() external {
        vm.prank(alice);
        usd.approve(address(vault), 0);
        bytes32 salt = keccak256("salt");
        bytes32 nonce = keccak256(abi.encode(ALICE_ACCOUNT, salt));
        bytes32 receiveHash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        uint256 before = block.timestamp + 1;
        (uint8 v, bytes32 r, bytes32 s) =
            _sign(keccak256(abi.encode(receiveHash, alice, address(vault), 70e6, 0, before, nonce)));
        bytes memory signature = abi.encodePacked(r, s, v);
        // Bob saw it waiting and would have it for himself.
        vm.expectRevert(abi.encodeWithSignature("ERC3009InvalidSignature()"));
        vm.prank(bob);
        vault.depositWithAuthorization(BOB_ACCOUNT, alice, 70e6, 0, before, salt, signature);
        vm.expectEmit();
        emit IVault.Deposited(1, ALICE_ACCOUNT, alice, 70e6);
        vm.prank(bob);
        vault.depositWithAuthorization(ALICE_ACCOUNT, alice, 70e6, 0, before, salt, signature);
        vm.expectRevert();
        vault.depositWithAuthorization(ALICE_ACCOUNT, alice, 70e6, 0, before, salt, signature);
        vm.assertEq(vault.reserves(), 70e6, "once");
    }

    function test_RevertWhen_DepositIsMalformed() external {
        vm.expectRevert(IVault.Vault_AccountInvalid.selector);
        vault.deposit(bytes32(0), 1);
        vm.expectRevert(IVault.Vault_AmountZero.selector);
        vault.deposit(ALICE_ACCOUNT, 0);
    }

    function test_RevertWhen_NothingArrivesOrMoreThanCanBeCounted() external {
        EmptyToken token = new EmptyToken();
        Vault other = new Vault(token, admin, operator, guardian, _limits(), TIMELOCK, EXIT_PERIOD);
        vm.expectRevert(IVault.Vault_NothingReceived.selector);
        other.deposit(ALICE_ACCOUNT, 1);

        uint256 most = type(uint96).max;
        vm.prank(admin);
        usd.mint(alice, most);
        _deposit(most);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_DepositsTooLarge.selector, most + 1, most));
        _deposit(1);
    }

    function _sign(bytes32 structHash) private view returns (uint8 v, bytes32 r, bytes32 s) {
        return vm.sign(aliceKey, keccak256(abi.encodePacked(hex"1901", usd.DOMAIN_SEPARATOR(), structHash)));
    }
}

contract VaultWithdrawalTest is VaultTest {
    function setUp() public override {
        super.setUp();
        _deposit(5000e6);
    }

    function test_WithdrawPaysEachIdOnce() external {
        vm.expectEmit();
        emit IVault.Withdrawn(_id(1), ALICE_ACCOUNT, alice, 200e6);
        _withdraw(1, ALICE_ACCOUNT, alice, 200e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_WithdrawalAlreadyPaid.selector, _id(1)));
        _withdraw(1, ALICE_ACCOUNT, alice, 200e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_WithdrawalAlreadyPaid.selector, _id(1)));
        vm.prank(operator);
        vault.queueWithdrawal(_id(1), ALICE_ACCOUNT, alice, 200e6);
        vm.assertEq(usd.balanceOf(alice), 5200e6, "paid once");
        vm.assertTrue(vault.isPaid(_id(1)), "known as paid");
        vm.assertEq(vault.withdrawnSinceRoot(ALICE_ACCOUNT), 200e6, "counted for the account");
    }

    function test_RevertWhen_WithdrawalIsNotTheOperatorsOrMalformed() external {
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotOperator.selector, address(this)));
        vault.withdraw(_id(0), ALICE_ACCOUNT, alice, 1);
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotOperator.selector, address(this)));
        vault.queueWithdrawal(_id(0), ALICE_ACCOUNT, alice, 1);
        vm.expectRevert(IVault.Vault_AccountInvalid.selector);
        _withdraw(0, bytes32(0), alice, 1);
        vm.expectRevert(IVault.Vault_AmountZero.selector);
        _withdraw(0, ALICE_ACCOUNT, alice, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_RecipientInvalid.selector, address(0)));
        _withdraw(0, ALICE_ACCOUNT, address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_RecipientInvalid.selector, address(vault)));
        _withdraw(0, ALICE_ACCOUNT, address(vault), 1);
    }

    function test_DailyCapRolls() external {
        _withdraw(1, ALICE_ACCOUNT, alice, 600e6);
        vm.warp(block.timestamp + 12 hours);
        _withdraw(2, ALICE_ACCOUNT, alice, 400e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_OverDailyCap.selector, 1000e6 + 1, CAP));
        _withdraw(3, ALICE_ACCOUNT, alice, 1);
        vm.warp(block.timestamp + 13 hours);
        _withdraw(3, ALICE_ACCOUNT, alice, 600e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_OverDailyCap.selector, type(uint256).max, CAP));
        _withdraw(4, ALICE_ACCOUNT, alice, type(uint256).max);
        vm.assertEq(vault.withdrawnInWindow(), 1000e6, "400 and 600");
    }

    function testFuzz_LargeWithdrawalWaitsInTheQueue(uint256 amount, uint256 wait) external {
        amount = bound(amount, THRESHOLD + 1, CAP);
        wait = bound(wait, 0, DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_WithdrawalMustBeQueued.selector, amount, THRESHOLD));
        _withdraw(1, ALICE_ACCOUNT, alice, amount);

        uint64 executableAt = uint64(block.timestamp) + DELAY;
        vm.expectEmit();
        emit IVault.WithdrawalQueued(_id(1), ALICE_ACCOUNT, alice, amount, executableAt);
        _queue(1, amount);
        (IVault.WithdrawalStatus status, uint64 since) = vault.withdrawalOf(_id(1));
        vm.assertTrue(status == IVault.WithdrawalStatus.Queued && since == executableAt, "queued");
        vm.warp(block.timestamp + wait);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.Vault_WithdrawalNotExecutable.selector, _id(1), executableAt)
        );
        _withdraw(1, ALICE_ACCOUNT, alice, amount);
        vm.warp(executableAt);
        _withdraw(1, ALICE_ACCOUNT, alice, amount);
        vm.assertEq(usd.balanceOf(alice), 5000e6 + amount, "paid");
    }

    function test_QueuedIdIsBoundToItsOrder() external {
        _queue(1, 700e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_WithdrawalAlreadyQueued.selector, _id(1)));
        _queue(1, 800e6);
        vm.warp(block.timestamp + DELAY);
        bytes memory differs = abi.encodeWithSelector(IVault.Vault_WithdrawalDiffers.selector, _id(1));
        vm.expectRevert(differs);
        _withdraw(1, ALICE_ACCOUNT, bob, 700e6);
        vm.expectRevert(differs);
        _withdraw(1, BOB_ACCOUNT, alice, 700e6);
        // Not even for a small amount that would need no queue.
        vm.expectRevert(differs);
        _withdraw(1, ALICE_ACCOUNT, alice, 1);
        _withdraw(1, ALICE_ACCOUNT, alice, 700e6);
    }

    function test_QueueingTakesNothingOffTheCap() external {
        _queue(1, 700e6);
        _withdraw(2, ALICE_ACCOUNT, alice, 600e6);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_OverDailyCap.selector, 1300e6, CAP));
        _withdraw(1, ALICE_ACCOUNT, alice, 700e6);
        vm.warp(block.timestamp + 1 days);
        _withdraw(1, ALICE_ACCOUNT, alice, 700e6);
    }

    function test_GuardianOrOwnerCancelsForEver() external {
        _queue(1, 700e6);
        _queue(2, 700e6);
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotGuardian.selector, operator));
        vm.prank(operator);
        vault.cancelWithdrawal(_id(1));
        vm.expectEmit();
        emit IVault.WithdrawalCancelled(_id(1));
        vm.prank(guardian);
        vault.cancelWithdrawal(_id(1));
        vm.prank(admin);
        vault.cancelWithdrawal(_id(2));
        vm.warp(block.timestamp + DELAY);
        bytes memory cancelled = abi.encodeWithSelector(IVault.Vault_WithdrawalCancelled.selector, _id(1));
        vm.expectRevert(cancelled);
        _withdraw(1, ALICE_ACCOUNT, alice, 700e6);
        vm.expectRevert(cancelled);
        _withdraw(1, ALICE_ACCOUNT, alice, 1);
        vm.expectRevert(cancelled);
        _queue(1, 700e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_WithdrawalNotQueued.selector, _id(1)));
        vm.prank(guardian);
        vault.cancelWithdrawal(_id(1));
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_WithdrawalNotQueued.selector, _id(3)));
        vm.prank(guardian);
        vault.cancelWithdrawal(_id(3));
    }

    function test_GuardianStopsAndOnlyTheOwnerResumes() external {
        _queue(1, 700e6);
        vm.prank(guardian);
        vault.pause();
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _deposit(1);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _withdraw(1, ALICE_ACCOUNT, alice, 700e6);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _queue(2, 700e6);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(operator);
        vault.anchorRoot(1, keccak256("root"), 1, 1, HEAD);
        vm.expectRevert(abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", guardian));
        vm.prank(guardian);
        vault.unpause();
        vm.prank(admin);
        vault.unpause();
        _deposit(1);
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotGuardian.selector, address(this)));
        vault.pause();
    }

    function test_RolesChangeOnlyByTheOwner() external {
        vm.expectRevert(abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", address(this)));
        vault.setOperator(address(this));
        vm.startPrank(admin);
        vault.setOperator(address(this));
        vm.expectRevert(Operated.Operated_RoleInvalid.selector);
        vault.setGuardian(address(0));
        vm.expectRevert(Operated.Operated_OwnerRequired.selector);
        vault.renounceOwnership();
        vm.stopPrank();
        vm.assertEq(vault.operator(), address(this), "changed");
        vm.assertEq(vault.token(), address(usd), "the token");
    }

    function _queue(uint256 id, uint256 amount) private {
        vm.prank(operator);
        vault.queueWithdrawal(_id(id), ALICE_ACCOUNT, alice, amount);
    }
}
