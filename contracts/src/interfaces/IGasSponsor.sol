// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IGasSponsor
/// @notice An ERC-4337 paymaster (EntryPoint v0.8) for accounts of one factory, with budgets in wei that hold in any
/// trailing day.
/// @dev Validation reserves an operation's worst case and `postOp` returns the rest, so budgets hold for any number of
/// operations in one bundle. An operation's paymaster data is the time it counts as of (`uint48`, seconds): from then on,
/// and for two days, it is good. What was spent counts for one day at least and for 75 hours at most. With a stake any
/// bundler takes its operations (ERC-7562).
interface IGasSponsor {
    struct Limits {
        uint128 accountBudget;
        uint128 totalBudget;
        uint128 maxFeePerGas;
    }

    event Sponsored(address indexed account, uint256 cost);
    event LimitsChanged(uint128 accountBudget, uint128 totalBudget, uint128 maxFeePerGas);

    error GasSponsor_NotOurAccount(address account);
    error GasSponsor_DataInvalid(bytes paymasterData);
    error GasSponsor_FeeTooHigh(uint256 maxFeePerGas, uint256 limit);
    error GasSponsor_OverAccountBudget(address account, uint256 spent, uint256 budget);
    error GasSponsor_OverTotalBudget(uint256 spent, uint256 budget);

    /// @notice Adds to the balance that pays for operations. Anybody may.
    function deposit() external payable;

    /// @notice Takes from the balance that pays for operations. Owner only.
    function withdraw(address payable to, uint256 amount) external;

    /// @notice Locks ether as the paymaster's stake. Owner only.
    function addStake(uint32 unstakeDelaySeconds) external payable;

    /// @notice Starts the delay after which the stake can be withdrawn. Owner only.
    function unlockStake() external;

    /// @notice Withdraws the unlocked stake. Owner only.
    function withdrawStake(address payable to) external;

    /// @notice Changes the limits. Owner only; what was already spent still counts.
    function setLimits(Limits calldata limits) external;

    function limits() external view returns (Limits memory);

    /// @notice The wei sponsored for an account that count against its budget now.
    function spentBy(address account) external view returns (uint256);

    /// @notice The wei sponsored for all accounts that count against the total budget now.
    function spentInTotal() external view returns (uint256);
}
