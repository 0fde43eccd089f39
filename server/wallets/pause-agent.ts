import type { Address } from "viem";
import { encodeFunctionData } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { agentAccountAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import type { PreparedOperation, WithdrawalView } from "#core/schemas/account.ts";
import type { AgentView } from "#core/schemas/agent.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { isDeployed } from "#server/chain/user-operations.ts";
import { db, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { accountOfAgent, getOwnAgentRow, viewAgent } from "./agent-rows.ts";
import { requestWithdrawal } from "./request-withdrawal.ts";
import { prepareForOwner } from "./user-operations.ts";

/** Stops an agent: at the signer before this answers, on the chain as soon as a block has it. */
export async function pauseAgent(actor: Actor, input: { id: string }): Promise<AgentView> {
  const agent = await getOwnAgentRow(actor, input.id);
  await signerClient.setAgentPaused({ agentId: agent.id, paused: true });
  const account = agent.account as Address;
  const needsTransaction = agent.status === "active" && (await isDeployed(account));
  await withTransaction(async (sql) => {
    await sql.query("UPDATE agent SET status = 'paused', updated_at = now() WHERE id = $1 AND status = 'active'", [
      agent.id,
    ]);
    if (!needsTransaction) return;
    const data = encodeFunctionData({ abi: agentAccountAbi, functionName: "pause" });
    await enqueueTransaction(sql, {
      key: `pause:${newId("chainTransaction")}`,
      to: account,
      data,
      purpose: "pause-agent",
      refId: agent.id,
    });
  });
  return viewAgent(await getOwnAgentRow(actor, input.id));
}

/** Prepares the owner's operation that lets the agent work again; the signer follows when the chain has it. */
export async function resumeAgent(
  actor: Actor,
  input: { id: string },
): Promise<{ agent: AgentView; operation: PreparedOperation }> {
  const agent = await getOwnAgentRow(actor, input.id);
  if (agent.status !== "paused") throw new DomainError("OPERATION_CLOSED", { message: "This agent is not paused." });
  const callData = encodeFunctionData({ abi: agentAccountAbi, functionName: "unpause" });
  const purpose = { userId: agent.userId, purpose: "resume-agent", refId: agent.id };
  return { agent: await viewAgent(agent), operation: await prepareForOwner(accountOfAgent(agent), callData, purpose) };
}

/** Brings the signer to what the chain said about an agent's pause. A job: safe to run again. */
export async function syncAgentPause(payload: { agentId: string }): Promise<void> {
  const agent = await db.agent.findUnique({ where: { id: payload.agentId } });
  if (!agent || agent.status === "awaiting-owner") return;
  await signerClient.setAgentPaused({ agentId: agent.id, paused: agent.status !== "active" });
}

/** Moves money from the person's balance to the agent's account on the chain. */
export async function fundAgent(
  actor: Actor,
  input: { id: string; units: string; key?: string | undefined },
): Promise<WithdrawalView> {
  const agent = await getOwnAgentRow(actor, input.id);
  return requestWithdrawal(actor, { to: agent.account, units: input.units, agentId: agent.id, key: input.key });
}

/** Moves money from the owner's balance to the agent's purse: the most that what it buys can ever cost. */
export async function fillPurse(
  actor: Actor,
  input: { id: string; units: string; key?: string | undefined },
): Promise<WithdrawalView> {
  const agent = await getOwnAgentRow(actor, input.id);
  return requestWithdrawal(actor, { to: agent.key, units: input.units, agentId: agent.id, key: input.key });
}
