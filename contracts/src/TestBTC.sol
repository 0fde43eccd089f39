// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title TestBTC
/// @notice A coin without value to trade on the development chain, with the eight decimals of a wrapped bitcoin.
contract TestBTC is ERC20 {
    error TestBTC_DevelopmentChainOnly(uint256 chainId);

    constructor(address holder) ERC20("Test BTC", "tBTC") {
        if (block.chainid != 31_337) revert TestBTC_DevelopmentChainOnly(block.chainid);
        _mint(holder, 1_000_000e8);
    }

    /// @notice The number of decimals, as wrapped bitcoins have.
    function decimals() public pure override returns (uint8) {
        return 8;
    }
}
