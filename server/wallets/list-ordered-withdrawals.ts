import type { Sql } from "#server/db.ts";

/** What each account has on its way to the chain: ordered, perhaps paid, and still in the ledger until the event is seen. */
export function listOrderedWithdrawals(sql: Sql): Promise<{ code: string; amount: bigint }[]> {
  return sql.query(
    `SELECT w.account_code AS code, sum(w.amount)::bigint AS amount FROM withdrawal w
     WHERE w.status = 'requested' AND NOT EXISTS (
       SELECT FROM chain_transaction t WHERE t.key = 'withdrawal:' || w.id AND t.status IN ('failed', 'reverted'))
     GROUP BY w.account_code`,
  );
}
