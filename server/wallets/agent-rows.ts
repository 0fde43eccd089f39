import type { Address, Hex } from "viem";
import { keccak256, stringToHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { toWire, usd } from "#core/money.ts";
import type { ActivityView, AgentView, Refusal } from "#core/schemas/agent.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { policyFromJson, viewPolicy } from "./agent-policy.ts";
import { viewOwner } from "./owner.ts";

export type AgentRow = NonNullable<Awaited<ReturnType<typeof db.agent.findUnique>>>;

/** Every agent has an account of its own, so that one agent's limits and losses are never another's. */
export const agentSalt = (agentId: string): Hex => keccak256(stringToHex(`converge agent ${agentId}`));

export const accountOfAgent = (agent: AgentRow) => ({
  address: agent.account as Address,
  owner: agent.owner as Hex,
  salt: agentSalt(agent.id),
  passkeyId: agent.passkeyId,
});

/** The agent, for its owner or for a key of its own; a stranger's agent and a missing one get one answer. */
export async function getAgentRow(actor: Actor, id: string): Promise<AgentRow> {
  const isOther = actor.agentId !== undefined && actor.agentId !== id;
  const agent = isOther ? null : await db.agent.findFirst({ where: { id, userId: actor.userId } });
  if (!agent) throw new DomainError("NOT_FOUND");
  return agent;
}

/** The same for changes that only the owner makes: an agent's own key may not lift its own limits or pauses. */
export async function getOwnAgentRow(actor: Actor, id: string): Promise<AgentRow> {
  const agent = await getAgentRow(actor, id);
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  return agent;
}

export async function viewAgent(agent: AgentRow): Promise<AgentView> {
  return {
    id: agent.id,
    name: agent.name,
    status: agent.status as AgentView["status"],
    account: agent.account,
    key: agent.key,
    owner: await viewOwner({ bytes: agent.owner as Hex, passkeyId: agent.passkeyId }),
    policy: viewPolicy(policyFromJson(agent.policy)),
    grantedAt: agent.grantedAt?.toISOString() ?? null,
    grantHash: agent.grantHash,
    exportedAt: agent.exportedAt?.toISOString() ?? null,
    createdAt: agent.createdAt.toISOString(),
  };
}

type ActivityRow = NonNullable<Awaited<ReturnType<typeof db.agentActivity.findUnique>>>;

export async function viewActivities(rows: readonly ActivityRow[]): Promise<ActivityView[]> {
  const ids = rows.flatMap((row) => (row.userOperationId ? [row.userOperationId] : []));
  const operations = await db.userOperation.findMany({ where: { id: { in: ids } } });
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  return rows.map((row) => {
    const operation = row.userOperationId ? byId.get(row.userOperationId) : undefined;
    return {
      id: row.id,
      agentId: row.agentId,
      kind: row.kind as ActivityView["kind"],
      status: row.status as ActivityView["status"],
      recipient: row.recipient,
      amount: row.amount === null ? null : toWire(usd(row.amount)),
      inferenceId: row.inferenceId,
      operationId: row.userOperationId,
      transactionHash: operation?.transactionHash ?? null,
      gasUsed: operation?.gasUsed?.toString() ?? null,
      refusal: row.refusal as Refusal | null,
      error: operation?.error ?? null,
      createdAt: row.createdAt.toISOString(),
    };
  });
}
