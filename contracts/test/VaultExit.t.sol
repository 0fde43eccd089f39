// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Operated} from "../src/base/Operated.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {MerkleSum} from "../src/libraries/MerkleSum.sol";
import {SumTree} from "./support/SumTree.sol";
import {VaultTest} from "./support/VaultTest.sol";

contract VaultAnchorTest is VaultTest {
    function _anchorAs(uint64 epoch, uint128 liabilities, uint64 counted) private {
        vm.prank(operator);
        vault.anchorRoot(epoch, keccak256("root"), liabilities, counted, HEAD);
    }

    function test_StoresAndTells() external {
        _deposit(100e6);
        vm.expectEmit();
        emit IVault.RootAnchored(3, keccak256("root"), 90e6, 100e6, 1, HEAD);
        _anchorAs(3, 90e6, 1);
        IVault.Anchor memory anchor = vault.anchorOf(3);
        vm.assertEq(anchor.liabilities, 90e6, "liabilities");
        vm.assertEq(anchor.anchoredAt, block.timestamp, "time");
        vm.assertEq(anchor.depositsCounted, 1, "deposits");
        vm.assertEq(anchor.auditHead, HEAD, "audit head");
        vm.assertEq(vault.exitOpensAt(), block.timestamp + EXIT_PERIOD, "the exit is put off");
    }

    function test_RevertWhen_NotTheOperatorsOrNotCovered() external {
        _deposit(100e6);
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotOperator.selector, address(this)));
        vault.anchorRoot(4, keccak256("root"), 1, 1, HEAD);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_EpochNotIncreasing.selector, 0, 0));
        _anchorAs(0, 1, 1);
        _anchorAs(3, 100e6, 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_EpochNotIncreasing.selector, 3, 3));
        _anchorAs(3, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_Underfunded.selector, 100e6 + 1, 100e6));
        _anchorAs(4, 100e6 + 1, 1);
        vm.expectRevert(IVault.Vault_RootInvalid.selector);
        vm.prank(operator);
        vault.anchorRoot(4, bytes32(0), 1, 1, HEAD);
    }

    function test_DepositsCountedNeverFallsAndNeverRunsAhead() external {
        _deposit(100e6);
        _deposit(50e6);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_DepositsNotMade.selector, 3, 2));
        _anchorAs(1, 100e6, 3);
        _anchorAs(1, 100e6, 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_DepositsCountedFell.selector, 0, 1));
        _anchorAs(2, 100e6, 0);
        // What is not counted is covered beside the balances, so that it can be given back.
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_Underfunded.selector, 150e6 + 1, 150e6));
        _anchorAs(2, 100e6 + 1, 1);
        _anchorAs(2, 150e6, 2);
    }
}

contract VaultExitTest is VaultTest {
    function setUp() public override {
        super.setUp();
        _deposit(700e6);
        _depositAsBob(300e6);
    }

    function _exit(MerkleSum.Leaf[] memory leaves, uint64 index) private returns (uint256) {
        return vault.exit(leaves[index], SumTree.proof(leaves, index));
    }

    function test_ExitOpensOnlyAfterSilenceAndForEver() external {
        MerkleSum.Leaf[] memory leaves = _leaves(700e6, 300e6);
        vm.warp(block.timestamp + EXIT_PERIOD - 1);
        _anchor(leaves);
        uint64 opensAt = uint64(block.timestamp) + EXIT_PERIOD;
        vm.warp(opensAt - 1);
        bytes memory notOpen = abi.encodeWithSelector(IVault.Vault_ExitNotOpen.selector, opensAt);
        vm.expectRevert(notOpen);
        vault.declareExit();
        MerkleSum.Proof memory proof = SumTree.proof(leaves, 0);
        vm.expectRevert(notOpen);
        vault.exit(leaves[0], proof);
        vm.expectRevert(notOpen);
        vault.refundDeposit(1);

        vm.warp(opensAt);
        vm.expectEmit();
        emit IVault.ExitDeclared(1, vault.anchorOf(1).root, 1000e6);
        vault.declareExit();
        bytes memory declared = abi.encodeWithSelector(IVault.Vault_ExitDeclared.selector, opensAt);
        vm.expectRevert(declared);
        vault.declareExit();
        vm.expectRevert(declared);
        _withdraw(1, ALICE_ACCOUNT, alice, 1);
        vm.expectRevert(declared);
        vm.prank(operator);
        vault.queueWithdrawal(_id(1), ALICE_ACCOUNT, alice, 1);
        vm.expectRevert(declared);
        vm.prank(operator);
        vault.anchorRoot(2, keccak256("root"), 1, 2, HEAD);
        vm.expectRevert(declared);
        _deposit(1);
    }

    function testFuzz_EveryLeafIsPaidOnceToItsOwnAddress(uint128 aliceBalance, address caller) external {
        vm.assume(caller != address(0));
        aliceBalance = uint128(bound(aliceBalance, 0, 1000e6));
        MerkleSum.Leaf[] memory leaves = _leaves(aliceBalance, 1000e6 - aliceBalance);
        _anchor(leaves);
        _fallSilent();
        MerkleSum.Proof memory proof = SumTree.proof(leaves, 0);
        vm.prank(caller);
        vm.assertEq(vault.exit(leaves[0], proof), aliceBalance, "Alice's");
        vm.assertTrue(vault.exitDeclaredAt() == block.timestamp, "the first exit declares it");
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_LeafSpent.selector, 0));
        vault.exit(leaves[0], proof);
        _exit(leaves, 1);
        _exit(leaves, 2);
        vm.assertTrue(vault.isLeafSpent(0) && vault.isLeafSpent(1), "spent");
        vm.assertEq(usd.balanceOf(alice), 9300e6 + aliceBalance, "Alice has hers");
        vm.assertEq(usd.balanceOf(bob), 9700e6 + 1000e6 - aliceBalance, "Bob has his");
        vm.assertEq(vault.reserves(), 0, "nothing is left");
    }

    function test_RevertWhen_TheProofOrTheAddressIsNotGood() external {
        MerkleSum.Leaf[] memory leaves = _leaves(700e6, 200e6);
        leaves[2] = MerkleSum.Leaf(keccak256("nowhere"), address(0), 100e6);
        _anchor(leaves);
        _fallSilent();
        MerkleSum.Leaf memory greedy = MerkleSum.Leaf(ALICE_ACCOUNT, alice, 900e6);
        MerkleSum.Proof memory proof = SumTree.proof(leaves, 0);
        bytes memory invalid = abi.encodeWithSelector(IVault.Vault_ProofInvalid.selector, ALICE_ACCOUNT, 0);
        vm.expectRevert(invalid);
        vault.exit(greedy, proof);
        MerkleSum.Leaf memory stolen = MerkleSum.Leaf(ALICE_ACCOUNT, bob, 700e6);
        vm.expectRevert(invalid);
        vault.exit(stolen, proof);
        proof = SumTree.proof(leaves, 2);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_RecipientInvalid.selector, address(0)));
        vault.exit(leaves[2], proof);
    }

    function test_OnlyTheLastRootCounts() external {
        MerkleSum.Leaf[] memory before = _leaves(700e6, 300e6);
        _anchor(before);
        _anchor(_leaves(100e6, 900e6));
        _fallSilent();
        MerkleSum.Proof memory proof = SumTree.proof(before, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_ProofInvalid.selector, ALICE_ACCOUNT, 0));
        vault.exit(before[0], proof);
    }

    function test_RootWithAnotherSumThanItsLiabilitiesPaysNobody() external {
        MerkleSum.Leaf[] memory leaves = _leaves(700e6, 300e6);
        (bytes32 root,) = SumTree.root(leaves);
        vm.prank(operator);
        vault.anchorRoot(1, root, 500e6, 2, HEAD);
        _fallSilent();
        MerkleSum.Proof memory proof = SumTree.proof(leaves, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_ProofInvalid.selector, ALICE_ACCOUNT, 0));
        vault.exit(leaves[0], proof);
    }

    function testFuzz_WhatWasWithdrawnSinceTheRootIsTakenOff(uint256 amount) external {
        amount = bound(amount, 1, 600e6);
        _withdraw(1, ALICE_ACCOUNT, alice, 50e6);
        MerkleSum.Leaf[] memory leaves = _leaves(650e6, 300e6);
        _anchor(leaves);
        vm.assertEq(vault.withdrawnSinceRoot(ALICE_ACCOUNT), 0, "the root starts anew");
        vm.warp(block.timestamp + 2 days);
        _withdraw(2, ALICE_ACCOUNT, alice, amount);
        _fallSilent();
        vm.assertEq(_exit(leaves, 0), 650e6 - amount, "the rest");
        vm.assertEq(_exit(leaves, 1), 300e6, "Bob's is whole");
        vm.assertEq(usd.balanceOf(alice), 10_000e6, "Alice has all of hers");
    }

    function test_DepositsWithoutARootAreRefunded() external {
        _fallSilent();
        vm.expectEmit();
        emit IVault.DepositRefunded(1, ALICE_ACCOUNT, alice, 700e6, 700e6);
        vm.assertEq(vault.refundDeposit(1), 700e6, "Alice's");
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_DepositAlreadyRefunded.selector, 1));
        vault.refundDeposit(1);
        vault.refundDeposit(2);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_DepositUnknown.selector, 3, 2));
        vault.refundDeposit(3);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_DepositUnknown.selector, 0, 2));
        vault.refundDeposit(0);
        (,,, bool isRefunded) = vault.depositOf(1);
        vm.assertTrue(isRefunded, "known as refunded");
        vm.assertEq(usd.balanceOf(alice), 10_000e6, "Alice has hers");
        vm.assertEq(usd.balanceOf(bob), 10_000e6, "Bob has his");
        MerkleSum.Leaf[] memory leaves = _leaves(700e6, 300e6);
        MerkleSum.Proof memory proof = SumTree.proof(leaves, 0);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_ProofInvalid.selector, ALICE_ACCOUNT, 0));
        vault.exit(leaves[0], proof);
    }

    function test_DepositIsEitherCountedOrRefunded() external {
        MerkleSum.Leaf[] memory leaves = _leaves(700e6, 300e6);
        _anchor(leaves);
        _deposit(40e6);
        _fallSilent();
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_DepositCounted.selector, 2, 2));
        vault.refundDeposit(2);
        vm.assertEq(vault.refundDeposit(3), 40e6, "the later one");
        vm.assertEq(_exit(leaves, 0), 700e6, "Alice's leaf");
        vm.assertEq(_exit(leaves, 1), 300e6, "Bob's leaf");
        vm.assertEq(vault.reserves(), 0, "nothing is left");
    }

    /// @dev Alice puts in 40 after the root and takes out 720: in whatever order, she is due 20 and Bob loses nothing.
    function testFuzz_WithdrawnDepositIsNotAlsoRefundedInAnyOrder(bool isLeafFirst) external {
        MerkleSum.Leaf[] memory leaves = _leaves(700e6, 300e6);
        _anchor(leaves);
        _deposit(40e6);
        _withdraw(1, ALICE_ACCOUNT, alice, 360e6);
        vm.warp(block.timestamp + 2 days);
        _withdraw(2, ALICE_ACCOUNT, alice, 360e6);
        _fallSilent();
        if (isLeafFirst) _exit(leaves, 0);
        vault.refundDeposit(3);
        if (!isLeafFirst) _exit(leaves, 0);
        vm.assertEq(usd.balanceOf(alice), 10_000e6, "Alice has what she had");
        vm.assertEq(_exit(leaves, 1), 300e6, "Bob too");
        vm.assertEq(vault.reserves(), 0, "nothing is left");
    }

    function test_PauseDoesNotHoldTheExit() external {
        MerkleSum.Leaf[] memory leaves = _leaves(700e6, 300e6);
        _anchor(leaves);
        _deposit(40e6);
        vm.prank(guardian);
        vault.pause();
        _fallSilent();
        vault.declareExit();
        vm.assertEq(_exit(leaves, 0), 700e6, "the leaf");
        vm.assertEq(vault.refundDeposit(3), 40e6, "the deposit");
    }

    /// @dev The operator takes more for an account than it has, within the cap: who comes last is paid what is left.
    function test_ShortReservesPayFirstComeAndKeepTheRestClaimable() external {
        MerkleSum.Leaf[] memory leaves = _leaves(700e6, 300e6);
        _anchor(leaves);
        _withdraw(1, keccak256("nobody"), operator, 400e6);
        _fallSilent();
        vm.assertEq(_exit(leaves, 0), 600e6, "all that is left");
        MerkleSum.Proof memory proof = SumTree.proof(leaves, 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.Vault_ReservesEmpty.selector, 300e6));
        vault.exit(leaves[1], proof);
        vm.prank(bob);
        usd.transfer(address(vault), 5e6);
        vm.assertEq(vault.exit(leaves[1], proof), 5e6, "what came later");
    }
}
