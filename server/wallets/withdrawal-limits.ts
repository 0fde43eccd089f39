import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import { type Cap, changeCap, createCap, listCaps } from "#server/ledger/caps.ts";
import { categoryScope } from "#server/ledger/scopes.ts";

/** The scope that every withdrawal's reservation names, and the platform's daily cap counts. */
export const WITHDRAWAL_SCOPE = categoryScope("withdrawal");

export type WithdrawalLimits = {
  /** Above it a withdrawal waits this long before it is sent. */
  delayAbove: bigint;
  delayMs: number;
  /** Above it an admin has to approve, this long at most. */
  approvalAbove: bigint;
  approvalMs: number;
};

export const WITHDRAWAL_LIMITS: WithdrawalLimits = {
  delayAbove: env.WITHDRAWAL_DELAY_ABOVE,
  delayMs: env.WITHDRAWAL_DELAY_S * 1000,
  approvalAbove: env.WITHDRAWAL_APPROVAL_ABOVE,
  approvalMs: env.WITHDRAWAL_APPROVAL_EXPIRES_S * 1000,
};

/** The window of that cap. */
export const DAY_MS = 86_400_000;

/**
 * Makes the platform's cap on withdrawals as it is configured, or turns the one there is. Any number of processes may
 * call it when they start. What left before the cap was made counts as well.
 */
export async function ensureWithdrawalCap(amount: bigint = env.WITHDRAWAL_DAILY_CAP): Promise<{ capId: string }> {
  return withTransaction(async (sql) => {
    await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 3))::text", [WITHDRAWAL_SCOPE]);
    const cap = await findDailyCap(sql);
    if (!cap) {
      return createCap(
        {
          scope: WITHDRAWAL_SCOPE,
          asset: "USD",
          kind: "window",
          windowMs: DAY_MS,
          amount,
          note: "All withdrawals in any 24 hours",
          actor: "configuration",
        },
        sql,
      );
    }
    if (cap.amount !== amount) await changeCap({ capId: cap.id, amount, actor: "configuration" }, sql);
    return { capId: cap.id };
  });
}

/** Whether a cap is the one that follows the configuration: every start turns it back to what that says. */
export const isDailyCap = ({ scope, kind, windowMs, asset, ownerId }: Cap): boolean =>
  scope === WITHDRAWAL_SCOPE && kind === "window" && windowMs === DAY_MS && asset === "USD" && ownerId === null;

/** The platform's daily cap with what is used of it; null before the worker's first start. */
export async function findDailyCap(sql: Sql = sqlOf(pool)) {
  const caps = await listCaps({ scope: WITHDRAWAL_SCOPE }, sql);
  return caps.find(isDailyCap) ?? null;
}
