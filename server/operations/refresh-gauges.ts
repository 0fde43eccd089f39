import { pool } from "#server/db.ts";
import {
  indexedBlock,
  indexerHalted,
  nodesOnline,
  outboxTransactions,
  queueJobs,
  reconciliationFindings,
  reconciliationFinished,
  solvencyAnchored,
  solvencyMissing,
} from "#server/metrics.ts";
import { countJobs } from "./count-jobs.ts";

async function readCounts() {
  const [jobs, outbox, nodes, cursor, solvency, reconciliation] = await Promise.all([
    countJobs(),
    pool.query<{ status: string; count: number }>(
      "SELECT status, count(*)::int AS count FROM chain_transaction GROUP BY status",
    ),
    pool.query<{ count: number }>("SELECT count(*)::int AS count FROM compute_node WHERE status = 'online'"),
    pool.query<{ block: number; halted: number }>(
      "SELECT block_number::float8 AS block, (status = 'halted')::int AS halted FROM chain_cursor WHERE name = 'main'",
    ),
    pool.query<{ missing: number; anchored: number | null }>(
      `SELECT (CASE status WHEN 'underfunded' THEN greatest(liabilities - reserves, 0) ELSE 0 END)::float8 AS missing,
         (SELECT extract(epoch FROM max(anchored_at))::float8 FROM solvency_epoch) AS anchored
       FROM solvency_epoch ORDER BY number DESC LIMIT 1`,
    ),
    pool.query<{ findings: number; finished: number }>(
      `SELECT finding_count AS findings, extract(epoch FROM finished_at)::float8 AS finished FROM reconciliation_run
        WHERE status = 'done' ORDER BY id DESC LIMIT 1`,
    ),
  ]);
  return {
    jobs,
    outbox: outbox.rows,
    nodes: nodes.rows[0]?.count ?? 0,
    cursor: cursor.rows[0],
    solvency: solvency.rows[0],
    reconciliation: reconciliation.rows[0],
  };
}

/**
 * Reads the platform's gauges from the database, for a scrape. With the database away they say nothing rather than
 * what was true a while ago, and the process's own numbers are still worth having.
 */
export async function refreshGauges(): Promise<void> {
  const counted = await readCounts().catch(() => null);
  for (const gauge of [queueJobs, outboxTransactions, nodesOnline, indexedBlock, indexerHalted]) gauge.reset();
  for (const gauge of [nodesOnline, indexedBlock, indexerHalted, solvencyMissing, solvencyAnchored]) gauge.remove();
  for (const gauge of [reconciliationFindings, reconciliationFinished]) gauge.remove();
  if (!counted) return;
  for (const [state, count] of Object.entries(counted.jobs)) queueJobs.set({ state }, count);
  for (const { status, count } of counted.outbox) outboxTransactions.set({ status }, count);
  nodesOnline.set(counted.nodes);
  if (counted.solvency) {
    solvencyMissing.set(counted.solvency.missing);
    if (counted.solvency.anchored !== null) solvencyAnchored.set(counted.solvency.anchored);
  }
  if (counted.reconciliation) {
    reconciliationFindings.set(counted.reconciliation.findings);
    reconciliationFinished.set(counted.reconciliation.finished);
  }
  if (!counted.cursor) return;
  indexedBlock.set(counted.cursor.block);
  indexerHalted.set(counted.cursor.halted);
}
