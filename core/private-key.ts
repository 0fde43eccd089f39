import { secp256k1 } from "@noble/curves/secp256k1";
import type { Address } from "viem";
import { bytesToHex, hexToBytes, publicKeyToAddress } from "viem/utils";
import { DomainError } from "./errors.ts";

export type Secret = Uint8Array<ArrayBuffer>;
/** A private key that is open in this memory, and the address that it signs for. */
export type OpenKey = { secret: Secret; address: Address };

/** The address of a private key; refuses bytes that are none. Nothing of them is in the refusal. */
export function addressOfKey(secret: Uint8Array): Address {
  if (!secp256k1.utils.isValidPrivateKey(secret)) throw new DomainError("PRIVATE_KEY_INVALID", { param: "privateKey" });
  return publicKeyToAddress(bytesToHex(secp256k1.getPublicKey(secret, false)));
}

/** A private key as people copy it: 64 hexadecimal digits, with or without 0x. */
export function readPrivateKey(text: string): OpenKey {
  const [, digits] = /^\s*(?:0x)?([0-9a-fA-F]{64})\s*$/.exec(text) ?? [];
  if (digits === undefined)
    throw new DomainError("VALIDATION_FAILED", {
      param: "privateKey",
      message: "A private key is 64 hexadecimal digits.",
    });
  const secret = Uint8Array.from(hexToBytes(`0x${digits}`));
  return { secret, address: addressOfKey(secret) };
}
