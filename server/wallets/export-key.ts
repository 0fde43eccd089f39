import type { Address, Hex } from "viem";
import { EXPORT_SECONDS, exportTypedData, hashExport } from "#core/key-export.ts";
import type { OwnerSignature } from "#core/schemas/account.ts";
import type { SealedKey } from "#core/sealed-key.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { type AgentRow, getOwnAgentRow } from "./agent-rows.ts";
import { encodeSignature } from "./owner.ts";
import { type ToSign, viewToSign } from "./to-sign.ts";

const wantedOf = (agent: AgentRow, recipient: string, expiresAt: number) => ({
  chainId: env.CHAIN_ID,
  account: agent.account as Address,
  key: agent.key as Address,
  recipient: recipient as Hex,
  expiresAt,
});

/** What the owner signs to take an agent's key. The public key that it is sealed to is in it. */
export async function prepareExport(
  actor: Actor,
  input: { id: string; recipient: string },
): Promise<ToSign & { expiresAt: number }> {
  const agent = await getOwnAgentRow(actor, input.id);
  const expiresAt = Math.floor(Date.now() / 1_000) + EXPORT_SECONDS - 5;
  const wanted = wantedOf(agent, input.recipient, expiresAt);
  const owner = { bytes: agent.owner as Hex, passkeyId: agent.passkeyId };
  return { ...(await viewToSign(hashExport(wanted), exportTypedData(wanted), owner)), expiresAt };
}

/** Carries the sealed key from the signer to its owner, and writes down that it left. */
export async function exportKey(
  actor: Actor,
  input: { id: string; recipient: string; expiresAt: number; signature: OwnerSignature },
): Promise<SealedKey> {
  const agent = await getOwnAgentRow(actor, input.id);
  const sealed = await signerClient.exportAgentKey({
    agentId: agent.id,
    recipient: input.recipient as Hex,
    expiresAt: input.expiresAt,
    signature: encodeSignature(agent.owner as Hex, input.signature),
  });
  await db.agent.update({ where: { id: agent.id }, data: { exportedAt: new Date() } });
  return sealed;
}
