// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IPriceFeed
/// @notice What readers of Chainlink's price feeds ask of one.
interface IPriceFeed {
    /// @notice How many of the answer's digits stand behind the point.
    function decimals() external view returns (uint8);

    /// @notice What the price is of, such as "ETH / USD".
    function description() external view returns (string memory);

    /// @notice The newest price and when it was given. Whoever reads it decides how old is too old.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
