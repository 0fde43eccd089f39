// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @dev A service the owner gave a token allowance, which takes whatever it is asked to take.
contract Puller {
    function pull(IERC20 token, address from, uint256 amount) external {
        token.transferFrom(from, address(this), amount);
    }

    function refund(IERC20 token, address to, uint256 amount) external {
        token.transfer(to, amount);
    }

    function fail() external pure {
        revert("no");
    }
}

/// @dev A token that also has ERC-1363's approveAndCall, to see that it is metered as an approval.
contract ApproveAndCallToken {
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function approveAndCall(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function balanceOf(address) external pure returns (uint256) {
        return 0;
    }
}

/// @dev Takes every call and does nothing.
contract Sink {
    fallback() external payable {}
}
