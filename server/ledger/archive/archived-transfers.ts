import { pool, type Sql, sqlOf } from "#server/db.ts";

/** The keys of transfers that lie in an archive, of those that begin so: they were posted, and how is in the file. */
export async function listArchivedKeys(sql: Sql, prefix: string): Promise<Set<string>> {
  const rows = await sql.query<{ key: string }>(
    `SELECT k.key FROM ledger_key k WHERE starts_with(k.key, $1)
      AND k.transfer_id < (SELECT max(a.to_id) FROM ledger_archive a WHERE a.detached_at IS NOT NULL)`,
    [prefix],
  );
  return new Set(rows.map(({ key }) => key));
}

/** Until when the entries of an account lie in an archive, and not in its statement any more; null when none does. */
export async function archivedUntil(sql: Sql, code: string): Promise<Date | null> {
  const [row] = await sql.query<{ at: Date | null }>(
    `SELECT max(a.last_at) AS at FROM ledger_account account
       JOIN ledger_archive_sum s ON s.account_id = ANY (coalesce(account.shard_ids, ARRAY[account.id]))
       JOIN ledger_archive a ON a.from_id = s.from_id AND a.detached_at IS NOT NULL
      WHERE account.code = $1 AND account.root_id IS NULL`,
    [code],
  );
  return row?.at ?? null;
}

/** The same as the wire has it. */
export const statementArchivedUntil = async (code: string): Promise<string | null> =>
  (await archivedUntil(sqlOf(pool), code))?.toISOString() ?? null;
