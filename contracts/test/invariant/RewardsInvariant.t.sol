// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {RewardsDistributor} from "../../src/RewardsDistributor.sol";
import {TestUSD} from "../../src/TestUSD.sol";
import {Merkle} from "../support/Merkle.sol";
import {Test} from "../support/Test.sol";

/// @dev An operator whose totals may understate the leaves, and accounts that claim from old and new roots.
contract RewardsHandler is Test {
    uint256 private constant ACCOUNTS = 5;
    RewardsDistributor public immutable rewards;
    TestUSD public immutable usd;
    uint256 public funded;
    uint256[] private _earned = new uint256[](ACCOUNTS);
    bytes32[] private _leaves = new bytes32[](ACCOUNTS);
    bool public hasTotalFallen;

    constructor() {
        usd = new TestUSD(address(this));
        rewards = new RewardsDistributor(usd, address(this), address(this), address(this), 500e6);
    }

    function fund(uint256 amount) external {
        amount = bound(amount, 1, 1000e6);
        usd.mint(address(rewards), amount);
        funded += amount;
    }

    function publish(uint256[5] calldata increases, uint256 understatement, uint256 skip) external {
        uint256 before = rewards.cumulativeTotal();
        uint256 total = 0;
        uint256[] memory earned = new uint256[](ACCOUNTS);
        bytes32[] memory leaves = new bytes32[](ACCOUNTS);
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            earned[i] = _earned[i] + bound(increases[i], 0, 60e6);
            leaves[i] = Merkle.leaf(_account(i), earned[i]);
            total += earned[i];
        }
        if (understatement % 4 == 0) total -= understatement % (total + 1);
        try rewards.publishRoot(rewards.epoch() + (skip % 8 == 0 ? 2 : 1), Merkle.root(leaves), total) {
            _earned = earned;
            _leaves = leaves;
        } catch {}
        if (rewards.cumulativeTotal() < before) hasTotalFallen = true;
    }

    function claim(uint256 index, uint256 amount, bool isHonest) external {
        index %= ACCOUNTS;
        if (isHonest) amount = _earned[index];
        try rewards.claim(_account(index), amount, Merkle.proof(_leaves, index)) {} catch {}
    }

    function paid() external view returns (uint256 total) {
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            total += usd.balanceOf(_account(i));
        }
    }

    function isNobodyOverpaid() external view returns (bool) {
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            if (usd.balanceOf(_account(i)) > _earned[i]) return false;
        }
        return true;
    }

    function _account(uint256 index) private pure returns (address) {
        return address(uint160(0x1000 + index));
    }
}

contract RewardsInvariantTest is Test {
    RewardsHandler private handler;

    function setUp() external {
        handler = new RewardsHandler();
        bytes4[] memory selectors = new bytes4[](3);
        selectors[0] = RewardsHandler.fund.selector;
        selectors[1] = RewardsHandler.publish.selector;
        selectors[2] = RewardsHandler.claim.selector;
        targetFunctions(address(handler), selectors);
    }

    function invariant_ClaimedIsAtMostTheTotalWhichIsAtMostTheFunds() external view {
        RewardsDistributor rewards = handler.rewards();
        vm.assertEq(handler.paid(), rewards.totalClaimed(), "what is counted was paid");
        vm.assertLe(rewards.totalClaimed(), rewards.cumulativeTotal(), "claimed <= total");
        vm.assertLe(rewards.cumulativeTotal(), handler.funded(), "total <= funded");
        vm.assertEq(handler.usd().balanceOf(address(rewards)), handler.funded() - rewards.totalClaimed(), "balance");
        vm.assertTrue(handler.isNobodyOverpaid(), "nobody is paid more than earned");
        vm.assertTrue(!handler.hasTotalFallen(), "totals never fall");
    }
}
