// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {TestUSD} from "../src/TestUSD.sol";
import {ISwapRouter, SignalTreasury} from "../src/examples/SignalTreasury.sol";
import {IInferenceRegistry} from "../src/interfaces/IInferenceRegistry.sol";
import {Inferences} from "./support/Inferences.sol";
import {RegistryTest} from "./support/RegistryTest.sol";

/// @dev Gives one unit for one; told to, it first comes back to whoever swaps.
contract Exchange is ISwapRouter {
    bytes private _callback;

    function comeBackWith(bytes calldata callback) external {
        _callback = callback;
    }

    function swapExactTokensForTokens(uint256 amountIn, uint256, address[] calldata path, address to, uint256)
        external
        returns (uint256[] memory amounts)
    {
        if (_callback.length != 0) {
            (bool success, bytes memory reason) = msg.sender.call(_callback);
            if (!success) {
                assembly ("memory-safe") {
                    revert(add(reason, 32), mload(reason))
                }
            }
        }
        IERC20(path[0]).transferFrom(msg.sender, address(this), amountIn);
        IERC20(path[1]).transfer(to, amountIn);
        amounts = new uint256[](2);
        (amounts[0], amounts[1]) = (amountIn, amountIn);
    }
}

contract SignalTreasuryTest is RegistryTest {
    int16 private constant THRESHOLD = 300;

    TestUSD private usd;
    TestUSD private btc;
    Exchange private exchange;
    SignalTreasury private treasury;

    function setUp() public override {
        super.setUp();
        usd = new TestUSD(address(this));
        btc = new TestUSD(address(this));
        exchange = new Exchange();
        treasury = _treasury(address(this));
        usd.mint(address(treasury), 1000);
        btc.mint(address(treasury), 500);
        usd.mint(address(exchange), 1000);
        btc.mint(address(exchange), 1000);
    }

    function _treasury(address agent) private returns (SignalTreasury) {
        return new SignalTreasury(registry, exchange, signedId, 1, THRESHOLD, usd, btc, agent);
    }

    /// @dev A recorded signal of the model with ten outputs, the first of them as wanted.
    function _signal(uint256 nonce, int16 signal) private returns (bytes memory) {
        IInferenceRegistry.Batch memory batch = _batch(1, nonce);
        batch.requests[0] = Inferences.request(address(this), address(treasury));
        batch.outputs[0] = (batch.outputs[0] >> 12 << 12) | uint256(int256(signal) + 2048);
        return bytes.concat(_record(batch));
    }

    function _expectRefused(bytes4 error_, bytes memory signal) private {
        (bool success, bytes memory reason) = address(treasury).call(abi.encodeCall(SignalTreasury.buy, (signal, 0)));
        vm.assertTrue(!success && bytes4(reason) == error_, "refused for this reason");
        vm.assertEq(usd.balanceOf(address(treasury)), 1000, "nothing moved");
    }

    function test_BuysOnASignalAndSellsOnItsOpposite() external {
        treasury.buy(_signal(1, THRESHOLD), 0);
        vm.assertEq(usd.balanceOf(address(treasury)), 900, "a tenth of the reserve");
        vm.assertEq(btc.balanceOf(address(treasury)), 600, "went into the asset");
        treasury.sell(_signal(2, -THRESHOLD), 0);
        vm.assertEq(usd.balanceOf(address(treasury)), 960, "a tenth of the asset");
        vm.assertEq(btc.balanceOf(address(treasury)), 540, "went back");
    }

    function testFuzz_RevertWhen_TheSignalIsWeakerThanTheThreshold(int16 signal) external {
        signal = int16(int256(bound(uint16(signal), 0, uint256(int256(THRESHOLD + 2047)))) - 2048);
        _expectRefused(IInferenceRegistry.InferenceRegistry_OutputRefused.selector, _signal(1, signal));
    }

    function test_RevertWhen_TheSignalIsStale() external {
        bytes memory signal = _signal(1, 2047);
        vm.warp(block.timestamp + 10 minutes + 1);
        _expectRefused(IInferenceRegistry.InferenceRegistry_TooOld.selector, signal);
    }

    function test_RevertWhen_TheModelsOwnerSwapsTheWeights() external {
        vm.prank(PERSON);
        registry.addVersion(signedId, Inferences.weights(Inferences.COMMITMENT));
        IInferenceRegistry.Batch memory batch = _batch(1, 1);
        batch.version = 2;
        batch.requests[0] = Inferences.request(address(this), address(treasury));
        bytes memory signal = bytes.concat(_record(batch));
        _expectRefused(IInferenceRegistry.InferenceRegistry_WrongVersion.selector, signal);
    }

    function test_RevertWhen_TheSignalIsForAnotherContract() external {
        bytes memory signal = _signal(1, 2047);
        treasury = _treasury(address(this));
        usd.mint(address(treasury), 1000);
        _expectRefused(IInferenceRegistry.InferenceRegistry_NotConsumer.selector, signal);
    }

    function test_RevertWhen_SomebodyElseActs() external {
        bytes memory signal = _signal(1, 2047);
        vm.expectRevert(abi.encodeWithSelector(SignalTreasury.SignalTreasury_NotAgent.selector, STRANGER));
        vm.prank(STRANGER);
        treasury.buy(signal, 0);
    }

    function test_RevertWhen_TheExchangeComesBackWithTheSameSignal() external {
        treasury = _treasury(address(exchange));
        usd.mint(address(treasury), 1000);
        bytes memory signal = _signal(1, 2047);
        exchange.comeBackWith(abi.encodeCall(SignalTreasury.buy, (signal, 0)));
        vm.expectRevert(_error(IInferenceRegistry.InferenceRegistry_AlreadyConsumed.selector, bytes32(signal)));
        vm.prank(address(exchange));
        treasury.buy(signal, 0);
    }
}
