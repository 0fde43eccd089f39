import { pool } from "#server/db.ts";
import { nodesOnline, outboxTransactions, queueJobs } from "#server/metrics.ts";

/**
 * Reads the platform's gauges from the database, for a scrape. With the database away they say nothing rather than
 * what was true a while ago, and the process's own numbers are still worth having.
 */
export async function refreshGauges(): Promise<void> {
  const counted = await readCounts().catch(() => null);
  queueJobs.reset();
  outboxTransactions.reset();
  nodesOnline.reset();
  if (!counted) {
    nodesOnline.remove();
    return;
  }
  for (const { state, count } of counted.queue) queueJobs.set({ state }, Number(count));
  for (const { status, count } of counted.outbox) outboxTransactions.set({ status }, Number(count));
  nodesOnline.set(Number(counted.nodes));
}

async function readCounts() {
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
  return { queue: queue.rows, outbox: outbox.rows, nodes: nodes.rows[0]?.count ?? 0n };
}
