import type { Actor } from "#server/identity/actor.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import { getAgentRow } from "./agent-rows.ts";

/**
 * The ledger account whose entries a caller reads: their own, or an agent's of theirs. An agent's key reads that agent's,
 * never its owner's nor a sibling's.
 */
export async function statementAccount(actor: Actor, agentId: string | undefined): Promise<string> {
  const wanted = agentId ?? actor.agentId;
  if (wanted === undefined) return userAccount(actor.userId);
  const { id } = await getAgentRow(actor, wanted);
  return agentAccount(id);
}
