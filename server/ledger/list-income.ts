import { pool, sqlOf } from "#server/db.ts";

/** What an account was credited with on one day (UTC), for one kind of posting. */
export type Income = { day: string; kind: string; units: bigint };

/** What came into an account day by day, for some kinds of postings, over the last days, today among them. */
export async function listIncome(code: string, kinds: readonly string[], days: number): Promise<Income[]> {
  return sqlOf(pool).query<Income>(
    `SELECT to_char(t.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, t.kind, sum(t.amount)::bigint AS units
     FROM ledger_transfer t
     WHERE t.credit_id = (SELECT id FROM ledger_account WHERE code = $1) AND t.kind = ANY($2::text[])
       AND t.created_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - make_interval(days => $3)
     GROUP BY 1, 2 ORDER BY 1, 2`,
    [code, kinds, days - 1],
  );
}
