// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {AgentAccount} from "./AgentAccount.sol";
import {IAgentAccountFactory} from "./interfaces/IAgentAccountFactory.sol";
import {IInferenceRegistry} from "./interfaces/IInferenceRegistry.sol";

/// @title AgentAccountFactory
/// @notice See {IAgentAccountFactory}.
contract AgentAccountFactory is IAgentAccountFactory {
    using Clones for address;

    /// @dev The code of a clone without its arguments.
    uint256 private constant CLONE_LENGTH = 0x2d;
    /// @dev With the shortest arguments, 20 bytes of an owner and the salt; and the longest code there is (EIP-170).
    uint256 private constant CODE_LENGTH_MIN = CLONE_LENGTH + 20 + 32;
    uint256 private constant CODE_LENGTH_MAX = 0x6000;

    /// @inheritdoc IAgentAccountFactory
    address public immutable implementation;

    constructor(address guardian, IInferenceRegistry registry) {
        implementation = address(new AgentAccount(guardian, registry));
    }

    /// @inheritdoc IAgentAccountFactory
    function createAccount(bytes calldata owner, bytes32 salt) external returns (address account) {
        if (owner.length < 20 || bytes20(owner) == bytes20(0)) revert AgentAccountFactory_OwnerInvalid();
        account = getAddress(owner, salt);
        if (account.code.length != 0) return account;

        bytes memory args = abi.encodePacked(owner, salt);
        // As Clones writes it; its own function reads this contract's balance, which bundlers forbid (ERC-7562, OP-080).
        bytes memory code = abi.encodePacked(
            hex"61",
            uint16(args.length + CLONE_LENGTH),
            hex"3d81600a3d39f3363d3d373d3d3d363d73",
            implementation,
            hex"5af43d82803e903d91602b57fd5bf3",
            args
        );
        address created;
        assembly ("memory-safe") {
            created := create2(0, add(code, 0x20), mload(code), salt)
        }
        if (created != account) revert AgentAccountFactory_OwnerInvalid();
        emit AccountCreated(account, owner, salt);
    }

    /// @inheritdoc IAgentAccountFactory
    function isAccount(address account) external view returns (bool) {
        if (account.code.length < CODE_LENGTH_MIN || account.code.length > CODE_LENGTH_MAX) return false;
        bytes memory args = account.fetchCloneArgs();
        bytes32 salt;
        assembly ("memory-safe") {
            salt := mload(add(args, mload(args)))
        }
        return implementation.predictDeterministicAddressWithImmutableArgs(args, salt) == account;
    }

    /// @inheritdoc IAgentAccountFactory
    function getAddress(bytes calldata owner, bytes32 salt) public view returns (address account) {
        return implementation.predictDeterministicAddressWithImmutableArgs(abi.encodePacked(owner, salt), salt);
    }
}
