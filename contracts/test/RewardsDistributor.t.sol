// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {RewardsDistributor} from "../src/RewardsDistributor.sol";
import {TestUSD} from "../src/TestUSD.sol";
import {Operated} from "../src/base/Operated.sol";
import {IRewardsDistributor} from "../src/interfaces/IRewardsDistributor.sol";
import {Merkle} from "./support/Merkle.sol";
import {Test} from "./support/Test.sol";

contract RewardsDistributorTest is Test {
    uint256 private constant EPOCH_CAP = 1000e6;
    address private operator = address(0x09);
    address private guardian = address(0x6A);
    TestUSD private usd;
    RewardsDistributor private rewards;

    function setUp() external {
        usd = new TestUSD(address(this));
        rewards = new RewardsDistributor(usd, address(this), operator, guardian, EPOCH_CAP);
        usd.mint(address(rewards), 5000e6);
    }

    function _leaves(uint256[] memory amounts) private pure returns (bytes32[] memory leaves, uint256 total) {
        leaves = new bytes32[](amounts.length);
        for (uint256 i = 0; i < amounts.length; ++i) {
            leaves[i] = Merkle.leaf(address(uint160(100 + i)), amounts[i]);
            total += amounts[i];
        }
    }

    function _publish(uint64 epoch, uint256[] memory amounts) private returns (bytes32[] memory leaves) {
        uint256 total;
        (leaves, total) = _leaves(amounts);
        vm.prank(operator);
        rewards.publishRoot(epoch, Merkle.root(leaves), total);
    }

    function testFuzz_EveryLeafIsClaimedOnceByAnybody(uint32[7] calldata seeds) external {
        uint256[] memory amounts = new uint256[](seeds.length);
        for (uint256 i = 0; i < seeds.length; ++i) {
            amounts[i] = bound(seeds[i], 1, 100e6);
        }
        bytes32[] memory leaves = _publish(1, amounts);
        for (uint256 i = 0; i < seeds.length; ++i) {
            address account = address(uint160(100 + i));
            bytes32[] memory proof = Merkle.proof(leaves, i);
            vm.expectEmit();
            emit IRewardsDistributor.Claimed(account, amounts[i], amounts[i]);
            rewards.claim(account, amounts[i], proof);
            vm.assertEq(usd.balanceOf(account), amounts[i], "paid to the account");
            vm.expectRevert(
                abi.encodeWithSelector(IRewardsDistributor.RewardsDistributor_NothingToClaim.selector, account)
            );
            rewards.claim(account, amounts[i], proof);
        }
        vm.assertEq(rewards.totalClaimed(), rewards.cumulativeTotal(), "all of it");
    }

    function test_ALaterRootPaysOnlyTheDifference() external {
        uint256[] memory amounts = new uint256[](2);
        (amounts[0], amounts[1]) = (10e6, 20e6);
        bytes32[] memory leaves = _publish(1, amounts);
        rewards.claim(address(100), 10e6, Merkle.proof(leaves, 0));
        amounts[0] = 25e6;
        leaves = _publish(2, amounts);
        vm.assertEq(rewards.claim(address(100), 25e6, Merkle.proof(leaves, 0)), 15e6, "the difference");
        vm.assertEq(rewards.claim(address(101), 20e6, Merkle.proof(leaves, 1)), 20e6, "nothing lapses");
    }

    function test_AcceptsTheTreesTheServerBuilds() external {
        // Made by @openzeppelin/merkle-tree 1.0.8 from [[0x11…, 5000000], [0x22…, 2500000], [0x33…, 1]].
        vm.prank(operator);
        rewards.publishRoot(1, 0x1473ea4680e66c2ea2f72892c53b1cd2f20cbf350483e306183bfce0b01f94ad, 7_500_001);
        bytes32[] memory proof = new bytes32[](2);
        proof[0] = 0xc3d2e29c8ded2ca4aa700f83273d097a3fb1683f4b5f291a8ee7d74ff26fc6b3;
        proof[1] = 0xfcc31e7265f1287e5549ed818544c17b47bca8d8c2ff8a5314d7c330c17d9eb8;
        vm.assertEq(rewards.claim(0x1111111111111111111111111111111111111111, 5e6, proof), 5e6, "paid");
    }

    function testFuzz_RevertWhen_ProofIsForSomethingElse(address account, uint256 amount) external {
        uint256[] memory amounts = new uint256[](2);
        (amounts[0], amounts[1]) = (10e6, 20e6);
        bytes32[] memory proof = Merkle.proof(_publish(1, amounts), 0);
        vm.assume(account != address(100) || amount != 10e6);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardsDistributor.RewardsDistributor_ProofInvalid.selector, account, amount)
        );
        rewards.claim(account, amount, proof);
    }

    function test_RevertWhen_RootIsOutOfOrderUncoveredOrTooLarge() external {
        vm.expectRevert(abi.encodeWithSelector(Operated.Operated_NotOperator.selector, address(this)));
        rewards.publishRoot(1, bytes32(uint256(1)), 1);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IRewardsDistributor.RewardsDistributor_EpochNotNext.selector, 2, 1));
        rewards.publishRoot(2, bytes32(uint256(1)), 1);
        vm.expectRevert(IRewardsDistributor.RewardsDistributor_RootInvalid.selector);
        rewards.publishRoot(1, bytes32(0), 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRewardsDistributor.RewardsDistributor_OverEpochCap.selector, EPOCH_CAP + 1, EPOCH_CAP
            )
        );
        rewards.publishRoot(1, bytes32(uint256(1)), EPOCH_CAP + 1);
        for (uint64 epoch = 1; epoch <= 5; ++epoch) {
            rewards.publishRoot(epoch, bytes32(uint256(1)), epoch * EPOCH_CAP);
        }
        vm.expectRevert(
            abi.encodeWithSelector(IRewardsDistributor.RewardsDistributor_Underfunded.selector, 5000e6 + 1, 5000e6)
        );
        rewards.publishRoot(6, bytes32(uint256(1)), 5000e6 + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardsDistributor.RewardsDistributor_TotalFell.selector, 4999e6, 5000e6)
        );
        rewards.publishRoot(6, bytes32(uint256(1)), 4999e6);
        vm.stopPrank();
    }

    function test_RevertWhen_LeavesAddUpToMoreThanTheTotal() external {
        uint256[] memory amounts = new uint256[](2);
        (amounts[0], amounts[1]) = (10e6, 20e6);
        (bytes32[] memory leaves,) = _leaves(amounts);
        vm.prank(operator);
        rewards.publishRoot(1, Merkle.root(leaves), 15e6);
        rewards.claim(address(100), 10e6, Merkle.proof(leaves, 0));
        bytes32[] memory proof = Merkle.proof(leaves, 1);
        vm.expectRevert(abi.encodeWithSelector(IRewardsDistributor.RewardsDistributor_OverTotal.selector, 30e6, 15e6));
        rewards.claim(address(101), 20e6, proof);
    }

    function test_GuardianStopsClaimsAndRoots() external {
        vm.prank(guardian);
        rewards.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        rewards.claim(address(100), 1, new bytes32[](0));
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(operator);
        rewards.publishRoot(1, bytes32(uint256(1)), 1);
    }
}
