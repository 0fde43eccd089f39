// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {PriceFeed} from "../src/PriceFeed.sol";
import {BaseTest} from "./support/BaseTest.sol";

contract PriceFeedTest is BaseTest {
    address private immutable UPDATER = address(0xFEED);
    PriceFeed private _feed;

    function setUp() public override {
        super.setUp();
        _feed = new PriceFeed(UPDATER, "ETH / USD");
    }

    function test_TellsTheNewestPriceAndItsTime() external {
        vm.warp(1_000_000);
        vm.startPrank(UPDATER);
        _feed.update(3_000e8);
        vm.warp(1_000_060);
        _feed.update(3_010e8);
        vm.stopPrank();

        (uint80 round, int256 answer,, uint256 updatedAt, uint80 answeredIn) = _feed.latestRoundData();
        vm.assertEq(round, 2, "round");
        vm.assertEq(answeredIn, 2, "answered in");
        vm.assertEq(uint256(answer), 3_010e8, "answer");
        vm.assertEq(updatedAt, 1_000_060, "time");
    }

    function test_RevertWhen_AStrangerSaysAPrice() external {
        vm.expectRevert(abi.encodeWithSelector(PriceFeed.PriceFeed_NotUpdater.selector, address(this)));
        _feed.update(1);
    }

    function testFuzz_RevertWhen_ThePriceIsNone(int256 answer) external {
        answer = answer > 0 ? -answer : answer;
        vm.prank(UPDATER);
        vm.expectRevert(abi.encodeWithSelector(PriceFeed.PriceFeed_AnswerInvalid.selector, answer));
        _feed.update(answer);
    }

    function test_RevertWhen_OnAnotherChain() external {
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(PriceFeed.PriceFeed_DevelopmentChainOnly.selector, 1));
        new PriceFeed(UPDATER, "ETH / USD");
    }
}
