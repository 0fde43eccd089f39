// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {AgentAccount} from "./AgentAccount.sol";
import {IAgentAccountFactory} from "./interfaces/IAgentAccountFactory.sol";
import {IInferenceRegistry} from "./interfaces/IInferenceRegistry.sol";

/// @title AgentAccountFactory
/// @notice See {IAgentAccountFactory}.
contract AgentAccountFactory is IAgentAccountFactory {
    /// @inheritdoc IAgentAccountFactory
    address public immutable implementation;

    /// @inheritdoc IAgentAccountFactory
    mapping(address account => bool) public isAccount;

    constructor(address guardian, IInferenceRegistry registry) {
        implementation = address(new AgentAccount(guardian, registry));
    }

    /// @inheritdoc IAgentAccountFactory
    function createAccount(bytes calldata owner, bytes32 salt) external returns (address account) {
        if (owner.length < 20 || bytes20(owner) == bytes20(0)) revert AgentAccountFactory_OwnerInvalid();
        account = getAddress(owner, salt);
        if (isAccount[account]) return account;

        isAccount[account] = true;
        Clones.cloneDeterministicWithImmutableArgs(implementation, owner, _cloneSalt(owner, salt));
        emit AccountCreated(account, owner, salt);
    }

    /// @inheritdoc IAgentAccountFactory
    function getAddress(bytes calldata owner, bytes32 salt) public view returns (address account) {
        return Clones.predictDeterministicAddressWithImmutableArgs(implementation, owner, _cloneSalt(owner, salt));
    }

    function _cloneSalt(bytes calldata owner, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(owner, salt));
    }
}
