import type { Address, Hex } from "viem";
import { keccak256, stringToHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { toWire, usd } from "#core/money.ts";
import type { ActivityView, AgentView, Refusal } from "#core/schemas/agent.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { policyFromJson, viewPolicy } from "./agent-policy.ts";
import { viewOwner } from "./owner.ts";
import { viewMadeFrom } from "./policies/policy-templates.ts";

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
    template: await viewMadeFrom(agent),
    importedAt: agent.importedAt?.toISOString() ?? null,
    createdAt: agent.createdAt.toISOString(),
  };
}

export type ActivityRow = NonNullable<Awaited<ReturnType<typeof db.agentActivity.findUnique>>>;

type Causes = Pick<ActivityView, "decision" | "approvals">;
type Caused = { activityId: string; strategyId: string; strategy: string; why: string };

/** The decisions that actions came from: of rules, or of a model's step. */
const findDecisions = (rows: readonly ActivityRow[]): Promise<Caused[]> =>
  sqlOf(pool).query<Caused>(
    `SELECT d.activity_id AS "activityId", s.id AS "strategyId", s.name AS strategy, d.why
       FROM agent_decision d JOIN agent_strategy s ON s.id = d.strategy_id WHERE d.activity_id = ANY($1)
     UNION ALL
     SELECT step ->> 'activityId', s.id, s.name, step ->> 'thought'
       FROM agent_strategy s JOIN agent_decision d ON d.strategy_id = s.id AND d.steps IS NOT NULL
         AND d.created_at BETWEEN $3::timestamptz - interval '1 day' AND $4::timestamptz
       CROSS JOIN LATERAL jsonb_array_elements(d.steps) step
      WHERE s.agent_id = ANY($2) AND step ->> 'activityId' = ANY($1)`,
    [
      rows.map(({ id }) => id),
      [...new Set(rows.map(({ agentId }) => agentId))],
      new Date(Math.min(...rows.map(({ createdAt }) => createdAt.getTime()))).toISOString(),
      new Date(Math.max(...rows.map(({ createdAt }) => createdAt.getTime()))).toISOString(),
    ],
  );

/** What stands behind actions: the decisions they came from, and the people who approved. */
async function findCauses(rows: readonly ActivityRow[]): Promise<Map<string, Causes>> {
  const causes = new Map<string, Causes>(rows.map(({ id }) => [id, { decision: null, approvals: [] }]));
  if (rows.length === 0) return causes;
  const [decisions, approvals] = await Promise.all([
    findDecisions(rows),
    db.agentApproval.findMany({
      where: { activityId: { in: rows.map(({ id }) => id) } },
      orderBy: { createdAt: "asc" },
    }),
  ]);
  const people = [...new Set(approvals.map(({ userId }) => userId))];
  const users =
    people.length === 0
      ? []
      : await db.user.findMany({ where: { id: { in: people } }, select: { id: true, name: true } });
  for (const { activityId, ...decision } of decisions) {
    const cause = causes.get(activityId);
    if (cause) cause.decision = decision;
  }
  for (const { activityId, userId, createdAt } of approvals) {
    const name = users.find(({ id }) => id === userId)?.name ?? userId;
    causes.get(activityId)?.approvals.push({ name, at: createdAt.toISOString() });
  }
  return causes;
}

export async function viewActivities(rows: readonly ActivityRow[]): Promise<ActivityView[]> {
  const ids = rows.flatMap((row) => (row.userOperationId ? [row.userOperationId] : []));
  const operations = await db.userOperation.findMany({ where: { id: { in: ids } } });
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const causes = await findCauses(rows);
  return rows.map((row) => {
    const operation = row.userOperationId ? byId.get(row.userOperationId) : undefined;
    const { decision = null, approvals = [] } = causes.get(row.id) ?? {};
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
      decision,
      approvals,
      createdAt: row.createdAt.toISOString(),
    };
  });
}
