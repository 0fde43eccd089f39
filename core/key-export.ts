import type { Address, Hex } from "viem";
import { hashTypedData } from "viem/utils";
import type { Purpose } from "./sealed-key.ts";

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

/** What an exported key is sealed for. The recipient, whom the owner signed for, binds it enough. */
export const EXPORT_PURPOSE: Purpose = { info: "converge key export", boundTo: "" };
