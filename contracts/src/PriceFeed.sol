// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IPriceFeed} from "./interfaces/IPriceFeed.sol";

/// @title PriceFeed
/// @notice A price that one account says, for the development chain. Elsewhere agents read a feed that is there already.
contract PriceFeed is IPriceFeed {
    error PriceFeed_DevelopmentChainOnly(uint256 chainId);
    error PriceFeed_NotUpdater(address caller);
    error PriceFeed_AnswerInvalid(int256 answer);

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    uint8 public constant decimals = 8;

    address public immutable updater;
    string public description;

    uint80 private _round;
    uint64 private _updatedAt;
    int256 private _answer;

    constructor(address updater_, string memory description_) {
        if (block.chainid != 31_337) revert PriceFeed_DevelopmentChainOnly(block.chainid);
        updater = updater_;
        description = description_;
    }

    /// @notice Says a new price. Updater only.
    function update(int256 answer) external {
        if (msg.sender != updater) revert PriceFeed_NotUpdater(msg.sender);
        if (answer <= 0) revert PriceFeed_AnswerInvalid(answer);
        _answer = answer;
        _updatedAt = uint64(block.timestamp);
        emit AnswerUpdated(answer, ++_round, block.timestamp);
    }

    /// @inheritdoc IPriceFeed
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        return (_round, _answer, _updatedAt, _updatedAt, _round);
    }
}
