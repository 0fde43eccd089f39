import type { Asset } from "#core/money.ts";
import type { Sql } from "#server/db.ts";

/** What the Vault owes each account in an asset, set aside or not: all but those that stand for money outside, or in a lease. */
export function listOwed(sql: Sql, asset: Asset): Promise<{ code: string; balance: bigint }[]> {
  return sql.query(
    `SELECT max(a.code) FILTER (WHERE a.root_id IS NULL) AS code, sum(a.credits_posted - a.debits_posted)::bigint AS balance
     FROM ledger_account a WHERE a.asset = $1 AND NOT a.may_overdraw AND NOT starts_with(a.code, 'escrow:') GROUP BY coalesce(a.root_id, a.id) ORDER BY 1`,
    [asset],
  );
}
