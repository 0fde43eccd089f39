// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IInferenceRegistry} from "../interfaces/IInferenceRegistry.sol";
import {OutputPredicate} from "../libraries/OutputPredicate.sol";

/// @dev The one function of a Uniswap v2 router that the treasury needs.
interface ISwapRouter {
    function swapExactTokensForTokens(
        uint256 amountIn,
        uint256 amountOutMin,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external returns (uint256[] memory amounts);
}

/// @title SignalTreasury
/// @notice An example of a contract that acts on what a model said: its agent may move a tenth of the reserve into the
/// asset, or of the asset back, once for each fresh proven signal that says so, and can do nothing else with it.
/// @dev Proofs for it name it as the consumer. Zero is "buy nothing, sell nothing"; the model's outputs are signed.
contract SignalTreasury {
    using OutputPredicate for IInferenceRegistry.Predicate;
    using SafeERC20 for IERC20;

    uint16 private constant SIGNAL = 0;
    uint256 private constant PART = 10;
    uint32 private constant SIGNAL_MAX_AGE = 10 minutes;

    IInferenceRegistry private immutable _registry;
    ISwapRouter private immutable _router;
    bytes32 public immutable modelId;
    uint16 public immutable version;
    int16 public immutable threshold;
    IERC20 public immutable reserve;
    IERC20 public immutable asset;
    address public immutable agent;

    event Rebalanced(int16 signal, address indexed sold, uint256 amountSold, uint256 amountBought);

    error SignalTreasury_NotAgent(address caller);

    /// @param version_ The weights that the treasury trusts, whatever versions the model's owner adds.
    /// @param threshold_ How far from zero a signal must be.
    constructor(
        IInferenceRegistry registry,
        ISwapRouter router,
        bytes32 modelId_,
        uint16 version_,
        int16 threshold_,
        IERC20 reserve_,
        IERC20 asset_,
        address agent_
    ) {
        _registry = registry;
        _router = router;
        modelId = modelId_;
        version = version_;
        threshold = threshold_;
        reserve = reserve_;
        asset = asset_;
        agent = agent_;
    }

    /// @notice Buys on a signal of at least the threshold.
    function buy(bytes calldata signal, uint256 amountBoughtMin) external {
        _rebalance(signal, OutputPredicate.atLeast(SIGNAL, threshold), reserve, asset, amountBoughtMin);
    }

    /// @notice Sells on a signal of at most minus the threshold.
    function sell(bytes calldata signal, uint256 amountBoughtMin) external {
        _rebalance(signal, OutputPredicate.atMost(SIGNAL, -threshold), asset, reserve, amountBoughtMin);
    }

    function _rebalance(
        bytes calldata signal,
        IInferenceRegistry.Predicate memory wanted,
        IERC20 sold,
        IERC20 bought,
        uint256 amountBoughtMin
    ) private {
        if (msg.sender != agent) revert SignalTreasury_NotAgent(msg.sender);
        // The signal is used up before anybody is called: a router that calls back finds it gone.
        int16 output = _registry.requireInference(signal, modelId, wanted.ofVersion(version), SIGNAL_MAX_AGE);

        uint256 amount = sold.balanceOf(address(this)) / PART;
        address[] memory path = new address[](2);
        (path[0], path[1]) = (address(sold), address(bought));
        sold.forceApprove(address(_router), amount);
        uint256[] memory amounts =
            _router.swapExactTokensForTokens(amount, amountBoughtMin, path, address(this), block.timestamp);
        emit Rebalanced(output, address(sold), amount, amounts[1]);
    }
}
