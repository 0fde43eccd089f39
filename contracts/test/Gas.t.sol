// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC7821} from "@openzeppelin/contracts/interfaces/draft-IERC7821.sol";
import {RewardsDistributor} from "../src/RewardsDistributor.sol";
import {Vault} from "../src/Vault.sol";
import {Merkle} from "./support/Merkle.sol";
import {BaseTest} from "./support/BaseTest.sol";

/// @dev Prints what the main calls cost once all parties have done them before: `forge test --mc GasTest -vv`.
contract GasTest is BaseTest {
    function test_UserOperationsThatTransferAToken() external {
        _grant(_policy());
        bytes memory owned =
            abi.encodeCall(IERC7821.execute, (bytes32(uint256(1) << 248), abi.encode(_transfer(shop, 1e6))));
        bytes memory delegated = _agentData(_transfer(shop, 1e6));
        _expectExecuted(_ownerOperation(owned));
        _expectExecuted(_agentOperation(delegated));
        emit log_named_uint("owner's transfer", _expectExecuted(_ownerOperation(owned)));
        emit log_named_uint("agent's transfer", _expectExecuted(_agentOperation(delegated)));
        vm.warp(block.timestamp + 3 hours);
        emit log_named_uint("agent's transfer three hours later", _expectExecuted(_agentOperation(delegated)));
    }

    function test_VaultAndRewards() external {
        Vault vault = new Vault(usd, admin, operator, guardian, 1000e6);
        RewardsDistributor rewards = new RewardsDistributor(usd, admin, operator, guardian, 1000e6);
        vm.startPrank(admin);
        usd.mint(address(rewards), 100e6);
        usd.mint(admin, 100e6);
        usd.approve(address(vault), 100e6);
        vault.deposit(keccak256("user"), 10e6);
        uint256 gas = gasleft();
        vault.deposit(keccak256("user"), 10e6);
        emit log_named_uint("vault deposit", gas - gasleft());
        vm.stopPrank();

        vm.startPrank(operator);
        vault.withdraw(bytes32(uint256(1)), shop, 1e6);
        gas = gasleft();
        vault.withdraw(bytes32(uint256(2)), shop, 1e6);
        emit log_named_uint("vault withdrawal", gas - gasleft());
        gas = gasleft();
        vault.anchorRoot(1, keccak256("root"), 1e6);
        emit log_named_uint("vault anchor", gas - gasleft());

        bytes32[] memory leaves = new bytes32[](1024);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = Merkle.leaf(address(uint160(i + 1)), 1e4);
        }
        rewards.publishRoot(1, Merkle.root(leaves), 100e6);
        vm.stopPrank();
        bytes32[] memory proof = Merkle.proof(leaves, 77);
        gas = gasleft();
        rewards.claim(address(78), 1e4, proof);
        emit log_named_uint("first claim out of 1,024", gas - gasleft());
    }
}
