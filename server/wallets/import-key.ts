import type { Address, Hex } from "viem";
import { getAddress } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { ImportedKey, ImportSlot } from "#core/key-import.ts";
import type { ImportedKeyInput } from "#core/schemas/agent.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { accountAddress } from "#server/chain/user-operations.ts";
import { pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentSalt } from "./agent-rows.ts";
import { getPersonalAccount, type PersonalAccount } from "./get-account.ts";

export async function getCreator(actor: Actor): Promise<PersonalAccount> {
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  const personal = await getPersonalAccount(actor.userId);
  if (!personal) throw new DomainError("OWNER_REQUIRED");
  return personal;
}

/**
 * Where a person seals a key of theirs for an agent that they are going to make.
 *
 * Nothing is written down: the account follows from its owner and the agent's id, and the signer's key pair from both
 * and the time, so that what was sealed here opens for this person's agent of this id and for nothing else.
 */
export async function prepareImport(actor: Actor): Promise<ImportSlot> {
  const { owner } = await getCreator(actor);
  const agentId = newId("agent");
  const account = await accountAddress(owner, agentSalt(agentId));
  const chainId = env.CHAIN_ID;
  return { agentId, account, chainId, ...(await signerClient.getImportKey({ agentId, account, chainId })) };
}

/** Refuses a key that owns something here: an agent that has it could be told to act as its own owner. */
export async function checkOwnsNothing(address: string): Promise<void> {
  const [{ owns } = { owns: false }] = await sqlOf(pool).query<{ owns: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM user_wallet WHERE address = $1)
         OR EXISTS (SELECT 1 FROM personal_account WHERE owner = $1)
         OR EXISTS (SELECT 1 FROM agent WHERE owner = $1) AS owns`,
    [getAddress(address)],
  );
  if (owns) throw new DomainError("KEY_OF_OWNER", { param: "importedKey" });
}

/** The sealed key as the signer takes it. */
export const toImported = ({ keyId, expiresAt, address, sealed }: ImportedKeyInput): Omit<ImportedKey, "agentId"> => ({
  keyId,
  expiresAt,
  address: address as Address,
  sealed: { ephemeral: sealed.ephemeral as Hex, iv: sealed.iv as Hex, ciphertext: sealed.ciphertext as Hex },
});
