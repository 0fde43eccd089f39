import { holdOrders } from "#server/chain/outbox.ts";
import type { Sql } from "#server/db.ts";
import { env } from "#server/env.ts";
import { depositRef } from "./deposit-accounts.ts";

const HOUR_MS = 3_600_000;
/** How long after the last root the next one comes, at the latest, when a payment waits for it. */
export const ROOT_AWAITED_MS = env.isDevelopmentChain ? 3_000 : HOUR_MS;
/** What the worker needs besides, from the snapshot until it has seen the root on the chain. */
const ANCHORING_MS = env.isDevelopmentChain ? 5_000 : 120_000;

/**
 * The roots under which a payment that is ordered now may be made: the last one that is anchored and, until it is decided
 * whether the next one will be, that one too. Before the first root there is none that anybody could exit with.
 */
export const ROOTS_IN_QUESTION = `SELECT e.number, e.snapshot_block AS block, t.sequence
    FROM solvency_epoch e JOIN chain_transaction t ON t.key = 'solvency-root:' || e.number
   WHERE e.status = 'built' OR e.number = (SELECT max(number) FROM solvency_epoch WHERE status = 'anchored')
  UNION ALL SELECT 0, -1, 0 WHERE NOT EXISTS (SELECT FROM solvency_epoch WHERE status = 'anchored')`;

/** An order that has moved money or still may. */
export const MAY_PAY = "t.status NOT IN ('failed', 'reverted')";

/**
 * Keeps the answer to "does the root cover this" true until the caller's transaction ends: no root is built meanwhile,
 * and nobody else asks for what the same accounts have.
 */
export async function holdCover(sql: Sql, whose: string): Promise<void> {
  await holdOrders(sql);
  await sql.query("SELECT pg_advisory_xact_lock(hashtextextended('converge cover ' || $1, 0))::text", [whose]);
}

/**
 * Whether an account's payment leaves a forced exit whole that comes right after it.
 *
 * The exit pays each account what it has in the last root and deposited since, less what was withdrawn for it since. A
 * withdrawal beyond that cannot be taken off: whoever the money came from still has it in the root and is paid it again,
 * and the last of the others find the Vault empty. Holds until the caller's transaction ends.
 */
export async function isCoveredByRoot(sql: Sql, payment: { accountCode: string; amount: bigint }): Promise<boolean> {
  const { accountCode, amount } = payment;
  await holdCover(sql, accountCode);
  const [row] = await sql.query<{ left: bigint }>(
    `SELECT min(
        coalesce((SELECT l.balance FROM solvency_leaf l WHERE l.epoch_number = root.number AND l.account_code = $1), 0)
        + coalesce((SELECT sum(d.amount) FROM deposit d WHERE d.ref = $2 AND d.block_number > root.block), 0)
        - coalesce((SELECT sum(w.amount) FROM chain_transaction t JOIN withdrawal w ON w.id = t.ref_id
            WHERE t.purpose = 'withdrawal' AND t.sequence > root.sequence AND ${MAY_PAY} AND w.account_code = $1), 0)
      )::bigint AS left FROM (${ROOTS_IN_QUESTION}) root`,
    [accountCode, depositRef(accountCode)],
  );
  return row !== undefined && row.left >= amount;
}

/** When a payment that waits for a root is sent, as far as anybody can say. */
export async function expectedAfterRoot(sql: Sql): Promise<Date> {
  const [last] = await sql.query<{ at: Date | null }>("SELECT max(snapshot_at) AS at FROM solvency_epoch");
  const dueAt = (last?.at?.getTime() ?? 0) + ROOT_AWAITED_MS;
  return new Date(Math.max(dueAt, Date.now()) + ANCHORING_MS);
}

/** Whether a withdrawal or the money of a reward epoch waits for the next root. */
export async function isRootAwaited(sql: Sql): Promise<boolean> {
  const [found] = await sql.query(
    `SELECT 1 WHERE EXISTS (SELECT FROM withdrawal WHERE status = 'waiting-root')
      OR EXISTS (SELECT FROM reward_epoch e WHERE e.status = 'funding' AND coalesce(e.retry_at <= now(), true)
        AND NOT EXISTS (SELECT FROM chain_transaction t WHERE t.key = 'epoch-fund:' || e.number || ':' || e.failures))`,
  );
  return found !== undefined;
}
