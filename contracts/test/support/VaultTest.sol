// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TestUSD} from "../../src/TestUSD.sol";
import {Vault} from "../../src/Vault.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {MerkleSum} from "../../src/libraries/MerkleSum.sol";
import {SumTree} from "./SumTree.sol";
import {Test} from "./Test.sol";

/// @dev A vault with two people, and the words to speak of it.
abstract contract VaultTest is Test {
    uint128 internal constant CAP = 1000e6;
    uint128 internal constant THRESHOLD = 600e6;
    uint32 internal constant DELAY = 6 hours;
    uint32 internal constant TIMELOCK = 2 days;
    uint32 internal constant EXIT_PERIOD = 7 days;
    bytes32 internal constant ALICE_ACCOUNT = keccak256("user:alice");
    bytes32 internal constant BOB_ACCOUNT = keccak256("user:bob");
    bytes32 internal constant HEAD = keccak256("audit head");

    address internal admin = address(0xAD);
    address internal operator = address(0x09);
    address internal guardian = address(0x6A);
    uint256 internal aliceKey = 0xA11CE;
    address internal alice = vm.addr(aliceKey);
    address internal bob = address(0xB0B);
    TestUSD internal usd;
    Vault internal vault;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        usd = new TestUSD(admin);
        vault = new Vault(usd, admin, operator, guardian, _limits(), TIMELOCK, EXIT_PERIOD);
        vm.startPrank(admin);
        usd.mint(alice, 10_000e6);
        usd.mint(bob, 10_000e6);
        vm.stopPrank();
        vm.prank(alice);
        usd.approve(address(vault), type(uint256).max);
        vm.prank(bob);
        usd.approve(address(vault), type(uint256).max);
    }

    function _limits() internal pure returns (IVault.Limits memory) {
        return IVault.Limits({withdrawalCap: CAP, delayThreshold: THRESHOLD, withdrawalDelay: DELAY});
    }

    function _deposit(uint256 amount) internal {
        vm.prank(alice);
        vault.deposit(ALICE_ACCOUNT, amount);
    }

    function _depositAsBob(uint256 amount) internal {
        vm.prank(bob);
        vault.deposit(BOB_ACCOUNT, amount);
    }

    function _id(uint256 id) internal pure returns (bytes32) {
        return bytes32(id);
    }

    function _withdraw(uint256 id, bytes32 account, address to, uint256 amount) internal {
        vm.prank(operator);
        vault.withdraw(_id(id), account, to, amount);
    }

    function _leaves(uint128 aliceBalance, uint128 bobBalance) internal view returns (MerkleSum.Leaf[] memory leaves) {
        leaves = new MerkleSum.Leaf[](3);
        leaves[0] = MerkleSum.Leaf(ALICE_ACCOUNT, alice, aliceBalance);
        leaves[1] = MerkleSum.Leaf(BOB_ACCOUNT, bob, bobBalance);
        leaves[2] = MerkleSum.Leaf(keccak256("platform:revenue"), admin, 0);
    }

    function _anchor(MerkleSum.Leaf[] memory leaves) internal {
        (bytes32 root, uint128 total) = SumTree.root(leaves);
        uint64 epoch = vault.latestEpoch() + 1;
        uint64 counted = vault.depositCount();
        vm.prank(operator);
        vault.anchorRoot(epoch, root, total, counted, HEAD);
    }

    function _fallSilent() internal {
        vm.warp(vault.exitOpensAt());
    }
}
