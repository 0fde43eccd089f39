import { breakerKind } from "#core/breakers.ts";
import { DomainError } from "#core/errors.ts";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import type { AdminAgentView, SignerHealth } from "#core/schemas/agent-admin.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db, pool, sqlOf, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { recordAdminAction } from "#server/identity/record-admin-action.ts";
import { armAgent, stopAgent } from "./breakers.ts";

type Wanted = PageInput & { only: "tripped" | "all" };
type Counted = { agentId: string; done: number; refused: number };

/** What agents did and were refused in the last day. */
async function countToday(ids: readonly string[]): Promise<Map<string, Counted>> {
  const rows = await sqlOf(pool).query<Counted>(
    `SELECT agent_id AS "agentId", count(*) FILTER (WHERE status = 'succeeded')::int AS done,
       count(*) FILTER (WHERE status = 'refused')::int AS refused
     FROM agent_activity WHERE agent_id = ANY($1) AND created_at > now() - interval '1 day' GROUP BY agent_id`,
    [ids],
  );
  return new Map(rows.map((row) => [row.agentId, row]));
}

/** Everybody's agents, newest first, or those that a breaker holds. */
export async function listAllAgents({ limit, cursor, only }: Wanted): Promise<Page<AdminAgentView>> {
  const rows = await db.agent.findMany({
    where: {
      ...(cursor ? { id: { lt: cursor } } : {}),
      ...(only === "tripped" ? { breakers: { some: { trippedAt: { not: null } } } } : {}),
    },
    include: {
      template: { select: { templateId: true, number: true, name: true } },
      breakers: { where: { trippedAt: { not: null } } },
      _count: { select: { strategies: { where: { status: "running" } } } },
    },
    orderBy: { id: "desc" },
    take: limit + 1,
  });
  const page = toPage(rows, limit);
  const [today, users] = await Promise.all([
    countToday(page.data.map(({ id }) => id)),
    db.user.findMany({
      where: { id: { in: page.data.map(({ userId }) => userId) } },
      select: { id: true, name: true },
    }),
  ]);
  const data = page.data.map(
    (row): AdminAgentView => ({
      id: row.id,
      name: row.name,
      owner: { id: row.userId, name: users.find(({ id }) => id === row.userId)?.name ?? null },
      status: row.status as AdminAgentView["status"],
      account: row.account,
      template: row.template && { id: row.template.templateId, version: row.template.number, name: row.template.name },
      tripped: row.breakers.map(({ kind, reason, trippedAt, updatedAt }) => ({
        kind: breakerKind.parse(kind),
        reason: reason ?? "",
        at: (trippedAt ?? updatedAt).toISOString(),
      })),
      strategies: row._count.strategies,
      doneToday: today.get(row.id)?.done ?? 0,
      refusedToday: today.get(row.id)?.refused ?? 0,
      createdAt: row.createdAt.toISOString(),
    }),
  );
  return { ...page, data };
}

async function assertAgent(id: string): Promise<void> {
  if (!(await db.agent.findUnique({ where: { id }, select: { id: true } }))) throw new DomainError("NOT_FOUND");
}

/** Stops one agent at the signer, with a reason its owner reads. */
export async function stopOneAgent(
  actor: Actor,
  { id, reason }: { id: string; reason: string },
): Promise<{ id: string }> {
  await assertAgent(id);
  await stopAgent(id, `by the platform: ${reason}`, actor.userId);
  await record(actor, "agent.stop", id, { reason });
  return { id };
}

/** Lets an agent go on that was stopped by hand. What a breaker of its own holds, its rule or its owner arms. */
export async function releaseAgent(actor: Actor, { id }: { id: string }): Promise<{ id: string }> {
  await assertAgent(id);
  await armAgent(id, "by the platform", actor.userId);
  await record(actor, "agent.release", id, {});
  return { id };
}

const record = (actor: Actor, action: string, subject: string, details: Record<string, unknown>) =>
  withTransaction((sql) => recordAdminAction(sql, { userId: actor.userId, action, subject, details }));

/** Whether the signer answers, and what it has done. */
export async function signerHealth(): Promise<SignerHealth> {
  const [health, [counted]] = await Promise.all([
    signerClient.health({}).catch(() => null),
    sqlOf(pool).query<{ keys: number; signed: number }>(
      `SELECT (SELECT count(*)::int FROM signer_wallet WHERE purpose = 'agent') AS keys,
         (SELECT count(DISTINCT user_operation_hash)::int FROM signer_spend WHERE signed_at > now() - interval '1 day') AS signed`,
    ),
  ]);
  return {
    isUp: health !== null,
    keyId: health?.keyId ?? null,
    walletsToRotate: health?.walletsToRotate ?? null,
    agentKeys: counted?.keys ?? 0,
    signedToday: counted?.signed ?? 0,
  };
}
