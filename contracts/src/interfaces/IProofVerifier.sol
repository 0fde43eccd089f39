// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title IProofVerifier
/// @notice A proof verifier as Barretenberg generates it for a Noir circuit.
interface IProofVerifier {
    /// @notice Checks a proof against its public inputs.
    /// @dev Generated verifiers revert for most bad proofs instead of returning false; callers treat both as refusal.
    /// It is declared `view` so that the registry calls it statically and it cannot re-enter.
    function verify(bytes calldata proof, bytes32[] calldata publicInputs) external view returns (bool);
}
