// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @title Operated
/// @notice Three roles: the operator does the daily work, the guardian can only stop it, the owner appoints both.
/// @dev Pausing is the guardian's so that it can be quick; resuming is the owner's so that it is deliberate.
abstract contract Operated is Ownable2Step, Pausable {
    address public operator;
    address public guardian;

    event OperatorChanged(address indexed operator);
    event GuardianChanged(address indexed guardian);

    error Operated_NotOperator(address caller);
    error Operated_NotGuardian(address caller);
    error Operated_RoleInvalid();
    error Operated_OwnerRequired();

    modifier onlyOperator() {
        if (msg.sender != operator) revert Operated_NotOperator(msg.sender);
        _;
    }

    constructor(address owner_, address operator_, address guardian_) Ownable(owner_) {
        _setOperator(operator_);
        _setGuardian(guardian_);
    }

    /// @notice Appoints the operator. Owner only.
    function setOperator(address operator_) external onlyOwner {
        _setOperator(operator_);
    }

    /// @notice Appoints the guardian. Owner only.
    function setGuardian(address guardian_) external onlyOwner {
        _setGuardian(guardian_);
    }

    /// @notice Stops everything that moves money. Guardian or owner.
    function pause() external {
        if (msg.sender != guardian && msg.sender != owner()) revert Operated_NotGuardian(msg.sender);
        _pause();
    }

    /// @notice Resumes. Owner only.
    function unpause() external onlyOwner {
        _unpause();
    }

    /// @notice Always reverts: without an owner a pause would last for ever.
    function renounceOwnership() public view override onlyOwner {
        revert Operated_OwnerRequired();
    }

    function _setOperator(address operator_) private {
        if (operator_ == address(0)) revert Operated_RoleInvalid();
        operator = operator_;
        emit OperatorChanged(operator_);
    }

    function _setGuardian(address guardian_) private {
        if (guardian_ == address(0)) revert Operated_RoleInvalid();
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }
}
