// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IAgentAccountFactory
/// @notice Creates agent accounts at addresses known before they exist.
/// @dev An account is an ERC-1167 clone whose code carries the owner and the salt, so there is no initializer to call or
/// to race, and nothing to remember: a factory without storage needs no stake with any bundler (ERC-7562).
interface IAgentAccountFactory {
    event AccountCreated(address indexed account, bytes owner, bytes32 salt);

    error AgentAccountFactory_OwnerInvalid();

    /// @notice Creates the account unless it exists; either way returns its address.
    /// @param owner ERC-7913 signer: 20 bytes of an address, or a verifier's address followed by a key.
    function createAccount(bytes calldata owner, bytes32 salt) external returns (address account);

    /// @notice The address `createAccount` gives for the same arguments.
    function getAddress(bytes calldata owner, bytes32 salt) external view returns (address account);

    /// @notice Whether this factory created the account: whether the address is the one that its own code leads to.
    function isAccount(address account) external view returns (bool);

    /// @notice The code all accounts delegate to.
    function implementation() external view returns (address);
}
