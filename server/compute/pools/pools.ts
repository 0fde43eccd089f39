import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { type createPoolInput, type PoolDetail, type PoolView, poolScheme } from "#core/schemas/pool.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { poolAccount } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";
import { forgetMarket } from "../list-candidates.ts";
import { WORK_PER_MICRO_DOLLAR } from "./record-shares.ts";

const POOLS_PER_PERSON_MAX = 20;

type Row = {
  id: string;
  ownerId: string;
  name: string;
  scheme: string;
  feeBps: number;
  windowWork: bigint;
  createdAt: Date;
  nodes: number;
  members: number;
  workDay: bigint;
};

const SELECT = `SELECT p.id, p.owner_id AS "ownerId", p.name, p.scheme, p.fee_bps AS "feeBps", p.window_work AS "windowWork", p.created_at AS "createdAt",
    (SELECT count(*)::int FROM compute_pool_member m WHERE m.pool_id = p.id) AS nodes,
    (SELECT count(DISTINCT m.owner_id)::int FROM compute_pool_member m WHERE m.pool_id = p.id) AS members,
    (SELECT coalesce(sum(s.work), 0)::bigint FROM compute_pool_share s WHERE s.pool_id = p.id AND s.created_at > now() - interval '1 day') AS "workDay"
  FROM compute_pool p`;

const inUnits = (work: bigint): string => (work / WORK_PER_MICRO_DOLLAR).toString();

const viewOf = (row: Row, actor: Actor | null): PoolView => ({
  id: row.id,
  name: row.name,
  scheme: poolScheme.parse(row.scheme),
  feeBps: row.feeBps,
  windowUnits: inUnits(row.windowWork),
  nodes: row.nodes,
  members: row.members,
  workDay: inUnits(row.workDay),
  isMine: row.ownerId === actor?.userId,
  createdAt: row.createdAt.toISOString(),
});

/** All open pools, the busiest first. */
export async function listPools(actor: Actor | null): Promise<{ data: PoolView[] }> {
  const rows = await sqlOf(pool).query<Row>(
    `${SELECT} WHERE p.closed_at IS NULL ORDER BY "workDay" DESC, p.id LIMIT 100`,
    [],
  );
  return { data: rows.map((row) => viewOf(row, actor)) };
}

export async function createPool(actor: Actor, input: z.output<typeof createPoolInput>): Promise<PoolView> {
  if (!actor.roles.includes("provider")) throw new DomainError("FORBIDDEN");
  const id = newId("pool");
  await db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${actor.userId}, 7))::text`;
    const count = await tx.computePool.count({ where: { ownerId: actor.userId, closedAt: null } });
    if (count >= POOLS_PER_PERSON_MAX) throw new DomainError("POOLS_TOO_MANY");
    await ensureAccounts(sqlOf(tx), [{ code: poolAccount(id), asset: "USD" }]);
    await tx.computePool.create({
      data: {
        id,
        ownerId: actor.userId,
        name: input.name,
        scheme: input.scheme,
        feeBps: input.feeBps,
        windowWork: BigInt(input.windowUnits) * WORK_PER_MICRO_DOLLAR,
      },
    });
  });
  return getView(actor, id);
}

async function getView(actor: Actor, id: string): Promise<PoolView> {
  const [row] = await sqlOf(pool).query<Row>(`${SELECT} WHERE p.id = $1`, [id]);
  if (!row) throw new DomainError("NOT_FOUND");
  return viewOf(row, actor);
}

/** Puts one's own node into a pool: from its next work on, the pool is paid for it. */
export async function joinPool(actor: Actor, input: { id: string; nodeId: string }): Promise<PoolView> {
  await db.$transaction(async (tx) => {
    const node = await tx.computeNode.findFirst({
      where: { id: input.nodeId, ownerId: actor.userId, status: { not: "removed" } },
      select: { id: true },
    });
    const open = await tx.computePool.findFirst({ where: { id: input.id, closedAt: null }, select: { id: true } });
    if (!node || !open) throw new DomainError("NOT_FOUND");
    const there = { poolId: input.id, ownerId: actor.userId, joinedAt: new Date() };
    await tx.computePoolMember.upsert({
      where: { nodeId: node.id },
      create: { nodeId: node.id, ...there },
      update: there,
    });
  });
  forgetMarket();
  return getView(actor, input.id);
}

/** Takes one's own node out of its pool. The work it did there is still paid there. */
export async function leavePool(actor: Actor, { nodeId }: { nodeId: string }): Promise<{ nodeId: string }> {
  const { count } = await db.computePoolMember.deleteMany({ where: { nodeId, ownerId: actor.userId } });
  if (count === 0) throw new DomainError("NOT_FOUND");
  forgetMarket();
  return { nodeId };
}

/** Ends a pool: its nodes earn on their own again, and what came in before is still shared out. */
export async function closePool(actor: Actor, { id }: { id: string }): Promise<{ id: string }> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.computePool.updateMany({
      where: { id, ownerId: actor.userId, closedAt: null },
      data: { closedAt: new Date() },
    });
    if (count === 0) throw new DomainError("NOT_FOUND");
    await tx.computePoolMember.deleteMany({ where: { poolId: id } });
  });
  forgetMarket();
  return { id };
}

type Worker = {
  nodeId: string;
  nodeName: string;
  ownerId: string;
  isOnline: boolean;
  workHour: bigint;
  workDay: bigint;
  workWindow: bigint;
  lastWorkAt: Date | null;
};

/** A pool with each of its workers, as its members see it; what the caller got is the caller's alone. */
export async function getPool(actor: Actor, { id }: { id: string }): Promise<PoolDetail> {
  const [row] = await sqlOf(pool).query<Row>(`${SELECT} WHERE p.id = $1`, [id]);
  if (!row) throw new DomainError("NOT_FOUND");
  const [workers, money, payouts] = await Promise.all([
    sqlOf(pool).query<Worker>(
      `WITH shares AS (
         SELECT node_id, work, created_at, sum(work) OVER (ORDER BY id DESC) - work AS before FROM compute_pool_share
         WHERE pool_id = $1 ORDER BY id DESC LIMIT 100000
       ), sums AS (
         SELECT node_id, coalesce(sum(work) FILTER (WHERE created_at > now() - interval '1 hour'), 0)::bigint AS hour,
           coalesce(sum(work) FILTER (WHERE created_at > now() - interval '1 day'), 0)::bigint AS day,
           coalesce(sum(work) FILTER (WHERE before < $2), 0)::bigint AS win, max(created_at) AS last
         FROM shares GROUP BY node_id)
       SELECT n.id AS "nodeId", n.name AS "nodeName", n.owner_id AS "ownerId", n.status = 'online' AS "isOnline",
         coalesce(s.hour, 0)::bigint AS "workHour", coalesce(s.day, 0)::bigint AS "workDay", coalesce(s.win, 0)::bigint AS "workWindow",
         s.last AS "lastWorkAt"
       FROM compute_node n LEFT JOIN sums s ON s.node_id = n.id
       WHERE n.id IN (SELECT node_id FROM compute_pool_member WHERE pool_id = $1) OR s.node_id IS NOT NULL
       ORDER BY "workDay" DESC, n.id LIMIT 500`,
      [id, row.windowWork],
    ),
    sqlOf(pool).query<{ pending: bigint }>(
      "SELECT (credits_posted - debits_posted)::bigint AS pending FROM ledger_account WHERE code = $1",
      [poolAccount(id)],
    ),
    db.computePoolPayout.findMany({
      where: { poolId: id, ownerId: actor.userId },
      orderBy: { round: "desc" },
      take: 20,
    }),
  ]);
  return {
    ...viewOf(row, actor),
    asset: "USD",
    pending: (money[0]?.pending ?? 0n).toString(),
    workers: workers.map((worker) => ({
      nodeId: worker.nodeId,
      nodeName: worker.nodeName,
      isMine: worker.ownerId === actor.userId,
      isOnline: worker.isOnline,
      workHour: inUnits(worker.workHour),
      workDay: inUnits(worker.workDay),
      workWindow: inUnits(worker.workWindow),
      lastWorkAt: worker.lastWorkAt?.toISOString() ?? null,
    })),
    payouts: payouts.map(({ round, amount, work, createdAt }) => ({
      round,
      amount: amount.toString(),
      work: inUnits(work),
      at: createdAt.toISOString(),
    })),
  };
}
