// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Paymaster} from "@openzeppelin/contracts/account/paymaster/Paymaster.sol";
import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IAgentAccountFactory} from "./interfaces/IAgentAccountFactory.sol";
import {IGasSponsor} from "./interfaces/IGasSponsor.sol";
import {RollingWindow} from "./libraries/RollingWindow.sol";

/// @title GasSponsor
/// @notice See {IGasSponsor}.
contract GasSponsor is IGasSponsor, Paymaster, Ownable2Step {
    using RollingWindow for RollingWindow.Window;
    using ERC4337Utils for PackedUserOperation;

    /// @dev An operation may count as of a time up to `COUNTED_LATE_MAX` ago, so that what is counted in the window for
    /// itself and one bucket more (75 hours) still counts 24 hours after it was spent.
    uint32 private constant WINDOW_SECONDS = 3 days;
    uint48 private constant COUNTED_LATE_MAX = 2 days;
    /// @dev The entry point tells the cost before `postOp` itself, which uses at most this much gas.
    uint256 private constant POST_OP_GAS = 40_000;

    IAgentAccountFactory public immutable factory;

    Limits private _limits;
    RollingWindow.Window private _total;
    mapping(address account => RollingWindow.Window) private _byAccount;

    constructor(IAgentAccountFactory factory_, address owner_, Limits memory limits_) Ownable(owner_) {
        factory = factory_;
        _total.resize(WINDOW_SECONDS);
        _setLimits(limits_);
    }

    /// @inheritdoc IGasSponsor
    function deposit() external payable {
        _deposit(msg.value);
    }

    /// @inheritdoc IGasSponsor
    function withdraw(address payable to, uint256 amount) external onlyOwner {
        _withdraw(to, amount);
    }

    /// @inheritdoc IGasSponsor
    function addStake(uint32 unstakeDelaySeconds) external payable onlyOwner {
        _addStake(msg.value, unstakeDelaySeconds);
    }

    /// @inheritdoc IGasSponsor
    function unlockStake() external onlyOwner {
        _unlockStake();
    }

    /// @inheritdoc IGasSponsor
    function withdrawStake(address payable to) external onlyOwner {
        _withdrawStake(to);
    }

    /// @inheritdoc IGasSponsor
    function setLimits(Limits calldata limits_) external onlyOwner {
        _setLimits(limits_);
    }

    /// @inheritdoc IGasSponsor
    function limits() external view returns (Limits memory) {
        return _limits;
    }

    /// @inheritdoc IGasSponsor
    function spentBy(address account) external view returns (uint256) {
        return _byAccount[account].sum();
    }

    /// @inheritdoc IGasSponsor
    function spentInTotal() external view returns (uint256) {
        return _total.sum();
    }

    /// @notice The entry point this paymaster works for: v0.8.
    function entryPoint() public pure override returns (IEntryPoint) {
        return ERC4337Utils.ENTRYPOINT_V08;
    }

    /// @dev Reserves the worst case at once: all operations of a bundle are validated before the first one runs. Takes the
    /// time from the operation and has the entry point check it, because bundlers forbid to look (ERC-7562, OP-011).
    function _validatePaymasterUserOp(PackedUserOperation calldata userOp, bytes32, uint256 maxCost)
        internal
        override
        returns (bytes memory context, uint256 validationData)
    {
        address account = userOp.sender;
        Limits memory limits_ = _limits;
        if (!factory.isAccount(account)) revert GasSponsor_NotOurAccount(account);
        uint256 maxFeePerGas = uint128(uint256(userOp.gasFees));
        if (maxFeePerGas > limits_.maxFeePerGas) revert GasSponsor_FeeTooHigh(maxFeePerGas, limits_.maxFeePerGas);
        bytes calldata data = userOp.paymasterData();
        if (data.length != 6) revert GasSponsor_DataInvalid(data);
        uint48 countedAt = uint48(bytes6(data));

        RollingWindow.Window storage window = _byAccount[account];
        uint256 spent = window.sumAt(countedAt) + maxCost;
        if (spent > limits_.accountBudget) revert GasSponsor_OverAccountBudget(account, spent, limits_.accountBudget);
        spent = _total.sumAt(countedAt) + maxCost;
        if (spent > limits_.totalBudget) revert GasSponsor_OverTotalBudget(spent, limits_.totalBudget);

        window.resizeAt(WINDOW_SECONDS, countedAt);
        (, uint64 bucket) = window.addAt(uint128(maxCost), countedAt);
        (, uint64 totalBucket) = _total.addAt(uint128(maxCost), countedAt);
        return (
            abi.encode(account, maxCost, bucket, totalBucket),
            ERC4337Utils.packValidationData(true, countedAt, countedAt + COUNTED_LATE_MAX)
        );
    }

    /// @dev Gives back what was reserved and not used.
    function _postOp(PostOpMode, bytes calldata context, uint256 actualGasCost, uint256 feePerGas) internal override {
        (address account, uint256 reserved, uint64 bucket, uint64 totalBucket) =
            abi.decode(context, (address, uint256, uint64, uint64));
        uint256 cost = actualGasCost + POST_OP_GAS * feePerGas;
        if (cost > reserved) cost = reserved;
        uint128 unused = uint128(reserved - cost);
        _byAccount[account].subtract(unused, bucket);
        _total.subtract(unused, totalBucket);
        emit Sponsored(account, cost);
    }

    function _setLimits(Limits memory limits_) private {
        _limits = limits_;
        emit LimitsChanged(limits_.accountBudget, limits_.totalBudget, limits_.maxFeePerGas);
    }
}
