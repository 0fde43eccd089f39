import { pool } from "#server/db.ts";
import { nodesOnline, outboxTransactions, queueJobs } from "#server/metrics.ts";

/** Reads the platform's gauges from the database, for a scrape. */
export async function refreshGauges(): Promise<void> {
  const [queue, outbox, nodes] = await Promise.all([
    pool.query<{ state: string; count: bigint }>(
      `SELECT CASE WHEN locked_at IS NOT NULL THEN 'running' WHEN attempts >= max_attempts THEN 'dead' ELSE 'waiting' END AS state,
              count(*) AS count FROM graphile_worker.jobs GROUP BY 1`,
    ),
    pool.query<{ status: string; count: bigint }>(
      "SELECT status, count(*) AS count FROM chain_transaction GROUP BY status",
    ),
    pool.query<{ count: bigint }>("SELECT count(*) AS count FROM compute_node WHERE status = 'online'"),
  ]);
  queueJobs.reset();
  for (const { state, count } of queue.rows) queueJobs.set({ state }, Number(count));
  outboxTransactions.reset();
  for (const { status, count } of outbox.rows) outboxTransactions.set({ status }, Number(count));
  nodesOnline.set(Number(nodes.rows[0]?.count ?? 0));
}
