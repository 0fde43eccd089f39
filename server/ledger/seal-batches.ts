import { pool, type Sql, sqlOf } from "#server/db.ts";

// A snapshot that is held for long keeps the old versions of rows that are written all the time.
const BATCHES_AT_ONCE = 50;

/**
 * Extends the hash chain by every batch of which it is decided that nothing older can still appear.
 *
 * A loop of the worker calls this about once a second; several at once, or a crash in between, do no harm.
 */
export async function sealBatches(): Promise<{ sealed: number }> {
  let sealed = 0;
  for (;;) {
    const [answer] = await sqlOf(pool).query<{ count: number }>("SELECT ledger_seal($1) AS count", [BATCHES_AT_ONCE]);
    const count = answer?.count ?? 0;
    sealed += count;
    if (count < BATCHES_AT_ONCE) return { sealed };
  }
}

export type ChainHead = { link: bigint; batchId: bigint; hash: string; sealedBefore: Date };

/** The newest link of the chain; null while nothing is sealed. */
export async function chainHead(sql: Sql = sqlOf(pool)): Promise<ChainHead | null> {
  const [head] = await sql.query<{ link: bigint; id: bigint; hash: string; posted_at: Date }>(
    "SELECT link, id, encode(hash, 'hex') AS hash, posted_at FROM ledger_batch WHERE link IS NOT NULL ORDER BY link DESC LIMIT 1",
  );
  return head ? { link: head.link, batchId: head.id, hash: `0x${head.hash}`, sealedBefore: head.posted_at } : null;
}
