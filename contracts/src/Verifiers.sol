// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

// These ERC-7913 verifiers are OpenZeppelin's, unchanged; importing them here makes forge write their artifacts.
import {ERC7913P256Verifier} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913P256Verifier.sol";
import {
    ERC7913WebAuthnVerifier
} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913WebAuthnVerifier.sol";
