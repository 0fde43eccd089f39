import { type Address, domainSeparator, type Hex } from "viem";
import {
  concatHex,
  encodeAbiParameters,
  hexToBytes,
  isAddress,
  keccak256,
  padHex,
  size,
  slice,
  stringToHex,
  toHex,
} from "viem/utils";
import { DomainError } from "./errors.ts";

/** The EntryPoint v0.8 that every account of ours answers to; the address is the same on every chain. */
export const ENTRY_POINT_ADDRESS: Address = "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108";

/** A user operation exactly as the EntryPoint takes it. */
export type PackedUserOperation = {
  sender: Address;
  nonce: bigint;
  initCode: Hex;
  callData: Hex;
  accountGasLimits: Hex;
  preVerificationGas: bigint;
  gasFees: Hex;
  paymasterAndData: Hex;
  signature: Hex;
};

const USER_OPERATION_TYPES = {
  PackedUserOperation: [
    { name: "sender", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "initCode", type: "bytes" },
    { name: "callData", type: "bytes" },
    { name: "accountGasLimits", type: "bytes32" },
    { name: "preVerificationGas", type: "uint256" },
    { name: "gasFees", type: "bytes32" },
    { name: "paymasterAndData", type: "bytes" },
  ],
} as const;

/** Two 128-bit numbers in one word, the first in the high half. */
export function packPair(high: bigint, low: bigint): Hex {
  return concatHex([toHex(high, { size: 16 }), toHex(low, { size: 16 })]);
}

export function unpackPair(packed: Hex): { high: bigint; low: bigint } {
  return { high: BigInt(slice(packed, 0, 16)), low: BigInt(slice(packed, 16, 32)) };
}

const domainOf = (chainId: number, entryPoint: Address) =>
  ({ name: "ERC4337", version: "1", chainId, verifyingContract: entryPoint }) as const;

/** What an owner's wallet shows and signs: since v0.8 the hash of a user operation is EIP-712 typed data. */
export function userOperationTypedData(
  operation: PackedUserOperation,
  chainId: number,
  entryPoint: Address = ENTRY_POINT_ADDRESS,
) {
  const { signature: _, ...message } = operation;
  return {
    domain: domainOf(chainId, entryPoint),
    types: USER_OPERATION_TYPES,
    primaryType: "PackedUserOperation",
    message,
  } as const;
}

const USER_OPERATION_TYPE_HASH = keccak256(
  stringToHex(
    `PackedUserOperation(${USER_OPERATION_TYPES.PackedUserOperation.map(({ type, name }) => `${type} ${name}`).join()})`,
  ),
);

let lastSeparator: { chainId: number; entryPoint: Address; separator: Hex } | null = null;

/** Nearly every operation is for the same entry point on the same chain as the one before. */
function separatorOf(chainId: number, entryPoint: Address): Hex {
  if (lastSeparator?.chainId !== chainId || lastSeparator.entryPoint !== entryPoint)
    lastSeparator = { chainId, entryPoint, separator: domainSeparator({ domain: domainOf(chainId, entryPoint) }) };
  return lastSeparator.separator;
}

/**
 * The hash of the typed data above, EIP-712 written out: the signer makes one for every signature, and the general
 * encoder takes five times as long.
 */
export function hashUserOperation(
  operation: PackedUserOperation,
  chainId: number,
  entryPoint: Address = ENTRY_POINT_ADDRESS,
): Hex {
  const structHash = keccak256(
    concatHex([
      USER_OPERATION_TYPE_HASH,
      padHex(operation.sender, { size: 32 }),
      toHex(operation.nonce, { size: 32 }),
      keccak256(operation.initCode),
      keccak256(operation.callData),
      padHex(operation.accountGasLimits, { size: 32 }),
      toHex(operation.preVerificationGas, { size: 32 }),
      padHex(operation.gasFees, { size: 32 }),
      keccak256(operation.paymasterAndData),
    ]),
  );
  return keccak256(concatHex(["0x1901", separatorOf(chainId, entryPoint), structHash]));
}

/** The first byte of an account's signature says whose it is. */
const OWNER_SIGNATURE = "0x00";
const AGENT_SIGNATURE = "0x01";

/** A signature of the account's owner: a wallet's 65 bytes, or an encoded passkey assertion. */
export const ownerSignature = (signature: Hex): Hex => concatHex([OWNER_SIGNATURE, signature]);

/** A signature of an agent key: whose key, then its 65 bytes over the user operation hash. */
export const agentSignature = (key: Address, signature: Hex): Hex => concatHex([AGENT_SIGNATURE, key, signature]);

/** Who owns an account, as ERC-7913 bytes: a wallet's 20 bytes, or a verifier's address followed by its key. */
export type AccountOwner =
  | { kind: "wallet"; address: Address }
  | { kind: "passkey"; verifier: Address; x: Hex; y: Hex };

export function encodeOwner(owner: AccountOwner): Hex {
  if (owner.kind === "wallet") return owner.address;
  return concatHex([owner.verifier, padHex(owner.x, { size: 32 }), padHex(owner.y, { size: 32 })]);
}

export function decodeOwner(bytes: Hex): AccountOwner {
  const address = slice(bytes, 0, 20);
  if (size(bytes) === 20 && isAddress(address)) return { kind: "wallet", address };
  if (size(bytes) === 84 && isAddress(address)) {
    return { kind: "passkey", verifier: address, x: slice(bytes, 20, 52), y: slice(bytes, 52, 84) };
  }
  throw new DomainError("VALIDATION_FAILED", {
    param: "owner",
    message: "An owner is 20 bytes (a wallet) or 84 bytes (a passkey).",
  });
}

/** What `navigator.credentials.get` returns, as bytes. The challenge must have been the user operation hash. */
export type PasskeyAssertion = { authenticatorData: Hex; clientDataJSON: string; signature: Hex };

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const invalidAssertion = (message: string) => new DomainError("PASSKEY_INVALID", { param: "signature", message });

function readDerInteger(bytes: Uint8Array, offset: number): { value: bigint; end: number } {
  const length = bytes[offset + 1] ?? 0;
  const end = offset + 2 + length;
  if (bytes[offset] !== 0x02 || length === 0 || length > 33 || end > bytes.length) {
    throw invalidAssertion("The passkey's signature is not a DER sequence of two integers.");
  }
  return { value: BigInt(toHex(bytes.subarray(offset + 2, end))), end };
}

/** Reads the DER signature of an authenticator; `s` is brought to the lower half, which the chain demands. */
export function parseDerSignature(signature: Hex): { r: bigint; s: bigint } {
  const bytes = hexToBytes(signature);
  if (bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2) throw invalidAssertion("The passkey's signature is not DER.");
  const r = readDerInteger(bytes, 2);
  const s = readDerInteger(bytes, r.end);
  if (s.end !== bytes.length) throw invalidAssertion("The passkey's signature has bytes after its end.");
  if (r.value === 0n || s.value === 0n || r.value >= P256_ORDER || s.value >= P256_ORDER) {
    throw invalidAssertion("The passkey's signature is out of range.");
  }
  return { r: r.value, s: s.value > P256_ORDER / 2n ? P256_ORDER - s.value : s.value };
}

/** Encodes a passkey assertion the way the WebAuthn verifier contract reads it. */
export function encodePasskeySignature(assertion: PasskeyAssertion): Hex {
  const { r, s } = parseDerSignature(assertion.signature);
  const typeIndex = assertion.clientDataJSON.indexOf('"type":"webauthn.get"');
  const challengeIndex = assertion.clientDataJSON.indexOf('"challenge":"');
  if (typeIndex < 0 || challengeIndex < 0)
    throw invalidAssertion("The passkey signed something other than a challenge.");
  return encodeAbiParameters(
    [
      { type: "bytes32" },
      { type: "bytes32" },
      { type: "uint256" },
      { type: "uint256" },
      { type: "bytes" },
      { type: "string" },
    ],
    [
      toHex(r, { size: 32 }),
      toHex(s, { size: 32 }),
      BigInt(challengeIndex),
      BigInt(typeIndex),
      assertion.authenticatorData,
      assertion.clientDataJSON,
    ],
  );
}
