// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {TestUSD} from "../src/TestUSD.sol";
import {Test} from "./support/Test.sol";

contract TestUSDTest is Test {
    bytes32 private constant TRANSFER_TYPE = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE_TYPE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    uint256 private payerKey = 0xA11CE;
    address private payer = vm.addr(payerKey);
    TestUSD private usd;

    function setUp() external {
        vm.warp(1_800_000_000);
        usd = new TestUSD(address(this));
        usd.mint(payer, 100e6);
    }

    function _signature(bytes32 kind, address to, bytes32 nonce) private view returns (bytes memory) {
        bytes32 structHash = keccak256(abi.encode(kind, payer, to, 10e6, 0, block.timestamp + 60, nonce));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(payerKey, keccak256(abi.encodePacked(hex"1901", usd.DOMAIN_SEPARATOR(), structHash)));
        return abi.encodePacked(r, s, v);
    }

    function testFuzz_AuthorizedTransferWorksOnceWithAnyNonce(bytes32 nonce) external {
        bytes memory signature = _signature(TRANSFER_TYPE, address(7), nonce);
        usd.transferWithAuthorization(payer, address(7), 10e6, 0, block.timestamp + 60, nonce, signature);
        vm.assertEq(usd.balanceOf(address(7)), 10e6, "paid");
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, payer, nonce));
        usd.transferWithAuthorization(payer, address(7), 10e6, 0, block.timestamp + 60, nonce, signature);
    }

    function test_RevertWhen_AuthorizationIsForAnotherTransferOrLate() external {
        bytes memory signature = _signature(TRANSFER_TYPE, address(7), bytes32(0));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        usd.transferWithAuthorization(payer, address(8), 10e6, 0, block.timestamp + 60, bytes32(0), signature);
        uint256 validBefore = block.timestamp + 60;
        vm.warp(validBefore);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, 0, validBefore));
        usd.transferWithAuthorization(payer, address(7), 10e6, 0, validBefore, bytes32(0), signature);
    }

    function test_ReceiveWithAuthorizationIsForTheRecipientOnly() external {
        bytes memory signature = _signature(RECEIVE_TYPE, address(7), bytes32(0));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(7)));
        usd.receiveWithAuthorization(payer, address(7), 10e6, 0, block.timestamp + 60, bytes32(0), signature);
        vm.prank(address(7));
        usd.receiveWithAuthorization(payer, address(7), 10e6, 0, block.timestamp + 60, bytes32(0), signature);
        vm.assertEq(usd.balanceOf(address(7)), 10e6, "paid");
    }

    function test_OnlyTheOwnerMintsAndOnlyOnTheDevelopmentChain() external {
        vm.expectRevert(abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", payer));
        vm.prank(payer);
        usd.mint(payer, 1);
        vm.assertEq(usd.decimals(), 6, "decimals");
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_DevelopmentChainOnly.selector, 1));
        new TestUSD(address(this));
    }
}
