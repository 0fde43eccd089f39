import type { Address, Hex } from "viem";
import { hashTypedData } from "viem/utils";

/** How long an owner's word for an export is good. */
export const EXPORT_SECONDS = 600;

/** What an owner signs to have an agent's key: which key, and to whose public key (P-256, uncompressed) it is sealed. */
export type KeyExport = { chainId: number; account: Address; key: Address; recipient: Hex; expiresAt: number };

export function exportTypedData({ chainId, account, key, recipient, expiresAt }: KeyExport) {
  return {
    domain: { name: "Converge key export", version: "1", chainId, verifyingContract: account },
    types: {
      KeyExport: [
        { name: "key", type: "address" },
        { name: "recipient", type: "bytes" },
        { name: "expiresAt", type: "uint256" },
      ],
    },
    primaryType: "KeyExport",
    message: { key, recipient, expiresAt: BigInt(expiresAt) },
  } as const;
}

export const hashExport = (wanted: KeyExport): Hex => hashTypedData(exportTypedData(wanted));

/** A secret that only the holder of a private key opens: ECDH on P-256, HKDF-SHA-256, AES-256-GCM. */
export type SealedKey = { ephemeral: Hex; iv: Hex; ciphertext: Hex };
export const SEAL_INFO = "converge key export";
