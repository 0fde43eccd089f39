import type { Address, Hex } from "viem";
import { DomainError } from "./errors.ts";
import type { OpenKey } from "./private-key.ts";
import { type Purpose, type SealedKey, sealKey } from "./sealed-key.ts";

/** How long an agent that is to be made waits for its key. */
export const IMPORT_SECONDS = 600;

/** The agent that a key is sealed for. The signer has another key pair for each. */
export type ImportFor = { agentId: string; account: string; chainId: number; expiresAt: number };
/** What a page needs to seal a key for an agent: the signer's public key (P-256, uncompressed) and what it belongs to. */
export type ImportSlot = ImportFor & { keyId: string; recipient: string };

/** What the seal is bound to: moved to another agent, account, chain, time or address it does not open. */
export const importPurpose = ({ agentId, account, chainId, expiresAt }: ImportFor, address: Address): Purpose => ({
  info: "converge key import",
  boundTo: JSON.stringify([agentId, account.toLowerCase(), chainId, expiresAt, address.toLowerCase()]),
});

/** A key on its way to the signer. */
export type ImportedKey = {
  agentId: string;
  keyId: string;
  expiresAt: number;
  address: Address;
  sealed: SealedKey;
};

/** Seals an open key for the one agent of the slot, and zeroes it. */
export async function sealForImport({ secret, address }: OpenKey, slot: ImportSlot): Promise<ImportedKey> {
  try {
    const sealed = await sealKey(secret, slot.recipient as Hex, importPurpose(slot, address));
    return { agentId: slot.agentId, keyId: slot.keyId, expiresAt: slot.expiresAt, address, sealed };
  } catch (cause) {
    throw new DomainError(
      "VALIDATION_FAILED",
      { param: "recipient", message: "This is no point of P-256." },
      { cause },
    );
  } finally {
    secret.fill(0);
  }
}
