// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {RollingWindow} from "../src/libraries/RollingWindow.sol";
import {Test} from "./support/Test.sol";

contract RollingWindowTest is Test {
    using RollingWindow for RollingWindow.Window;

    struct Entry {
        uint256 time;
        uint256 amount;
    }

    RollingWindow.Window private window;
    Entry[] private entries;

    function testFuzz_CoversTheTrailingWindowAndForgetsOneBucketLater(
        uint32 windowSeconds,
        uint32[24] calldata gaps,
        uint64[24] calldata amounts
    ) external {
        uint256 length = bound(windowSeconds, 1, type(uint32).max);
        uint256 bucket = (length + 23) / 24;
        vm.warp(bound(gaps[0], 0, 2_000_000_000));
        window.resize(uint32(length));
        for (uint256 i = 0; i < 24; ++i) {
            // Gaps from nothing to a little over the window, most of them within it.
            vm.warp(block.timestamp + bound(gaps[i], 0, i % 8 == 7 ? length + 2 * bucket : length / 4));
            vm.assertEq(window.add(amounts[i]), window.sum(), "add answers what sum answers");
            entries.push(Entry(block.timestamp, amounts[i]));
            _assertBetween(length, bucket);
        }
        vm.warp(block.timestamp + 25 * bucket);
        vm.assertEq(window.sum(), 0, "all is forgotten a bucket after the window");
    }

    function testFuzz_ResizeNeverForgets(uint32 first, uint32 second, uint32 gap, uint64 amount) external {
        vm.warp(1_800_000_000);
        uint256 before = bound(first, 1, type(uint32).max);
        window.resize(uint32(before));
        window.add(amount);
        vm.warp(block.timestamp + bound(gap, 0, type(uint32).max));
        uint256 counted = window.sum();
        uint256 length = bound(second, 1, type(uint32).max);
        window.resize(uint32(length));
        vm.assertEq(window.sum(), counted, "what counted goes on counting");
        // With buckets of the old size the amounts keep their own times; else they count as if added now.
        bool isMoved = (length + 23) / 24 != (before + 23) / 24;
        vm.warp(block.timestamp + length);
        if (isMoved) vm.assertEq(window.sum(), counted, "for a whole new window");
        vm.warp(block.timestamp + 25 * ((length + 23) / 24));
        vm.assertEq(window.sum(), 0, "and is then forgotten");
    }

    /// @dev As the sponsor counts: in a window of three days, as of a time that lies up to two days back.
    function testFuzz_ADayIsCoveredWhateverTimeIsClaimed(
        uint32[24] calldata gaps,
        uint32[24] calldata ages,
        uint64[24] calldata amounts
    ) external {
        vm.warp(1_800_000_000);
        for (uint256 i = 0; i < 24; ++i) {
            vm.warp(block.timestamp + bound(gaps[i], 0, i % 8 == 7 ? 4 days : 8 hours));
            uint256 claimed = block.timestamp - bound(ages[i], 0, 2 days);
            window.resizeAt(3 days, claimed);
            uint256 counted = window.sumAt(claimed);
            uint256 least = 0;
            for (uint256 j = 0; j < entries.length; ++j) {
                if (entries[j].time > block.timestamp - 1 days) least += entries[j].amount;
            }
            vm.assertGe(counted, least, "what a day has seen counts");
            (uint128 total,) = window.addAt(amounts[i], claimed);
            vm.assertEq(total, counted + amounts[i], "and this on top of it");
            entries.push(Entry(block.timestamp, amounts[i]));
        }
        vm.warp(block.timestamp + 75 hours);
        vm.assertEq(window.sum(), 0, "and is forgotten in time");
    }

    function test_SubtractGivesBackInTheSameBlock() external {
        vm.warp(1_800_000_000);
        window.resize(1 days);
        (, uint64 bucket) = window.addAt(10, block.timestamp);
        window.subtract(4, bucket);
        vm.assertEq(window.sum(), 6, "the rest");
        vm.warp(block.timestamp + 25 hours);
        vm.assertEq(window.sum(), 0, "forgotten in step");
    }

    /// @dev The sum lies between the true trailing sum and that of a window one bucket longer.
    function _assertBetween(uint256 length, uint256 bucket) private view {
        uint256 least = 0;
        uint256 most = 0;
        for (uint256 i = 0; i < entries.length; ++i) {
            if (entries[i].time + length >= block.timestamp) least += entries[i].amount;
            if (entries[i].time + 25 * bucket > block.timestamp) most += entries[i].amount;
        }
        vm.assertGe(window.sum(), least, "never forgets early");
        vm.assertLe(window.sum(), most, "forgets at most a bucket late");
    }
}
