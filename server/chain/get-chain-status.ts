import { pool, sqlOf } from "#server/db.ts";
import { publicClient } from "./client.ts";

export type ChainStatus = {
  head: bigint;
  indexedBlock: bigint | null;
  indexer: "following" | "halted" | "not-started";
  detail: string | null;
  outbox: { queued: number; sending: number; failed: number; oldestQueuedAt: Date | null };
};

/** Where the indexer and the outbox stand; throws when the chain or the database does not answer. */
export async function getChainStatus(): Promise<ChainStatus> {
  const sql = sqlOf(pool);
  const [head, [cursor], [outbox]] = await Promise.all([
    publicClient().getBlockNumber(),
    sql.query<{ blockNumber: bigint; status: "following" | "halted"; detail: string | null }>(
      `SELECT block_number AS "blockNumber", status, detail FROM chain_cursor WHERE name = 'main'`,
    ),
    sql.query<ChainStatus["outbox"]>(
      `SELECT count(*) FILTER (WHERE status = 'queued')::int AS queued, count(*) FILTER (WHERE status = 'sending')::int AS sending,
              count(*) FILTER (WHERE status IN ('failed', 'reverted'))::int AS failed,
              min(created_at) FILTER (WHERE status = 'queued') AS "oldestQueuedAt"
         FROM chain_transaction`,
    ),
  ]);
  return {
    head,
    indexedBlock: cursor?.blockNumber ?? null,
    indexer: cursor?.status ?? "not-started",
    detail: cursor?.detail ?? null,
    outbox: outbox ?? { queued: 0, sending: 0, failed: 0, oldestQueuedAt: null },
  };
}
