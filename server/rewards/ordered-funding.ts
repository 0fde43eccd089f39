import type { Sql } from "#server/db.ts";

/** What is on its way from the Vault to the distributor, and still in the ledger until the event is seen. */
export async function orderedFunding(sql: Sql): Promise<bigint> {
  const [row] = await sql.query<{ amount: bigint }>(
    `SELECT coalesce(sum(e.delta), 0)::bigint AS amount FROM reward_epoch e
      JOIN chain_transaction t ON t.key = 'epoch-fund:' || e.number || ':' || e.failures
     WHERE e.status = 'funding' AND t.status NOT IN ('failed', 'reverted')`,
  );
  return row?.amount ?? 0n;
}
