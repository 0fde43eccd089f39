// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {TestUSD} from "../src/TestUSD.sol";
import {Vault} from "../src/Vault.sol";
import {Operated} from "../src/base/Operated.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {Test} from "./support/Test.sol";

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

contract VaultTest is Test {
    uint128 private constant CAP = 1000e6;
    bytes32 private constant ACCOUNT = keccak256("user:1");

    address private admin = address(0xAD);
    address private operator = address(0x09);
    address private guardian = address(0x6A);
    uint256 private userKey = 0xA11CE;
    address private user = vm.addr(userKey);
    TestUSD private usd;
    Vault private vault;

    function setUp() external {
        vm.warp(1_800_000_000);
        usd = new TestUSD(admin);
        vault = new Vault(usd, admin, operator, guardian, CAP);
        vm.prank(admin);
        usd.mint(user, 10_000e6);
        vm.prank(user);
        usd.approve(address(vault), type(uint256).max);
    }

    function _deposit(uint256 amount) private {
        vm.prank(user);
        vault.deposit(ACCOUNT, amount);
    }

    function testFuzz_DepositPullsAndTells(uint256 amount) external {
        amount = bound(amount, 1, 10_000e6);
        vm.expectEmit();
        emit IVault.Deposited(ACCOUNT, user, amount);
        _deposit(amount);
        vm.assertEq(vault.reserves(), amount, "reserves");
    }

    function test_DepositCreditsWhatArrived() external {
        FeeToken token = new FeeToken();
        Vault feeVault = new Vault(token, admin, operator, guardian, CAP);
        token.mint(user, 100e6);
        vm.startPrank(user);
        token.approve(address(feeVault), 100e6);
        vm.assertEq(feeVault.deposit(ACCOUNT, 100e6), 99e6, "less the fee");
        vm.stopPrank();
    }

    function test_DepositWithPermitWorksOnceAndWhenThePermitWasFrontRun() external {
        vm.prank(user);
        usd.approve(address(vault), 0);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                usd.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                        user,
                        address(vault),
                        50e6,
                        0,
                        block.timestamp
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(userKey, digest);
        usd.permit(user, address(vault), 50e6, block.timestamp, v, r, s);
        vm.prank(user);
        vm.assertEq(vault.depositWithPermit(ACCOUNT, 50e6, block.timestamp, v, r, s), 50e6, "deposited");
    }

    function test_RevertWhen_DepositIsMalformed() external {
        vm.expectRevert(IVault.Vault_AccountInvalid.selector);
        vault.deposit(bytes32(0), 1);
        vm.expectRevert(IVault.Vault_AmountZero.selector);
        vault.deposit(ACCOUNT, 0);
    }

    function test_WithdrawPaysEachIdOnce() external {
        _deposit(500e6);
        vm.startPrank(operator);
        vm.expectEmit();
        emit IVault.Withdrawn(bytes32(uint256(1)), user, 200e6);
        vault.withdraw(bytes32(uint256(1)), user, 200e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_WithdrawalAlreadyPaid.selector, bytes32(uint256(1))));
        vault.withdraw(bytes32(uint256(1)), user, 200e6);
        vm.stopPrank();
        vm.assertEq(usd.balanceOf(user), 9700e6, "paid once");
    }

    function test_RevertWhen_WithdrawalIsNotTheOperatorsOrMalformed() external {
        _deposit(500e6);
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotOperator.selector, address(this)));
        vault.withdraw(bytes32(0), user, 1);
        vm.startPrank(operator);
        vm.expectRevert(IVault.Vault_AmountZero.selector);
        vault.withdraw(bytes32(0), user, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_RecipientInvalid.selector, address(0)));
        vault.withdraw(bytes32(0), address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_RecipientInvalid.selector, address(vault)));
        vault.withdraw(bytes32(0), address(vault), 1);
        vm.stopPrank();
    }

    function test_DailyCapRolls() external {
        _deposit(5000e6);
        vm.startPrank(operator);
        vault.withdraw(bytes32(uint256(1)), user, 600e6);
        vm.warp(block.timestamp + 12 hours);
        vault.withdraw(bytes32(uint256(2)), user, 400e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_OverDailyCap.selector, 1000e6 + 1, CAP));
        vault.withdraw(bytes32(uint256(3)), user, 1);
        vm.warp(block.timestamp + 13 hours);
        vault.withdraw(bytes32(uint256(3)), user, 600e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_OverDailyCap.selector, type(uint256).max, CAP));
        vault.withdraw(bytes32(uint256(4)), user, type(uint256).max);
        vm.stopPrank();
        vm.assertEq(vault.withdrawnInWindow(), 1000e6, "400 and 600");
    }

    function test_LoweringTheCapKeepsWhatWasWithdrawn() external {
        _deposit(5000e6);
        vm.prank(operator);
        vault.withdraw(bytes32(uint256(1)), user, 300e6);
        vm.prank(admin);
        vault.setWithdrawalCap(400e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_OverDailyCap.selector, 401e6, 400e6));
        vm.prank(operator);
        vault.withdraw(bytes32(uint256(2)), user, 101e6);
    }

    function test_AnchorsOnlyWhatIsCovered() external {
        _deposit(100e6);
        vm.startPrank(operator);
        vm.expectEmit();
        emit IVault.RootAnchored(3, keccak256("root"), 100e6, 100e6);
        vault.anchorRoot(3, keccak256("root"), 100e6);
        vm.assertEq(vault.anchorOf(3).liabilities, 100e6, "stored");
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_EpochNotIncreasing.selector, 3, 3));
        vault.anchorRoot(3, keccak256("root"), 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_Underfunded.selector, 100e6 + 1, 100e6));
        vault.anchorRoot(4, keccak256("root"), 100e6 + 1);
        vm.expectRevert(IVault.Vault_RootInvalid.selector);
        vault.anchorRoot(4, bytes32(0), 1);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotOperator.selector, address(this)));
        vault.anchorRoot(4, keccak256("root"), 1);
    }

    function test_GuardianStopsAndOnlyTheOwnerResumes() external {
        _deposit(100e6);
        vm.prank(guardian);
        vault.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(user);
        vault.deposit(ACCOUNT, 1);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(operator);
        vault.withdraw(bytes32(0), user, 1);
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
}
