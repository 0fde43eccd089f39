import { pool, sqlOf, withTransaction } from "#server/db.ts";
import { wakeNode } from "../hub.ts";
import { TIMING } from "../timing.ts";
import { dispatchJobs } from "./dispatch-jobs.ts";
import { findLease, finishJob, lockJob, loseLease, returnLease } from "./end-lease.ts";
import { jobChannel } from "./report-lease.ts";

/** A lease that was handed out and of which nothing was heard goes back to the queue after this. */
const TAKE_UP_MS = 20_000;
const PAGE_SIZE = 200;

type Due = { id: string; jobId: string; isLost: boolean };

/**
 * Takes leases back from nodes that fell silent or never began, gives up jobs that nobody took, and dispatches what
 * waits. A loop; safe at any time and in any number.
 */
export async function sweepJobs(now: Date = new Date()): Promise<{ lost: number; expired: number }> {
  const due = await sqlOf(pool).query<Due>(
    `SELECT l.id, l.job_id AS "jobId", (n.id IS NULL OR n.status IN ('offline', 'removed') OR n.trust = 'banned' OR n.last_seen_at < $1::timestamptz) AS "isLost"
     FROM job_lease l LEFT JOIN compute_node n ON n.id = l.node_id
     WHERE l.status IN ('starting', 'running', 'delivering') AND (
       n.id IS NULL OR n.status IN ('offline', 'removed') OR n.trust = 'banned' OR n.last_seen_at < $1::timestamptz
       OR (l.status = 'starting' AND l.next_index = 0 AND l.started_at < $2::timestamptz)
     ) LIMIT $3`,
    [
      new Date(now.getTime() - TIMING.nodeOfflineAfterMs).toISOString(),
      new Date(now.getTime() - TAKE_UP_MS).toISOString(),
      PAGE_SIZE,
    ],
  );
  for (const { id, jobId, isLost } of due) {
    await withTransaction(async (sql) => {
      const job = await lockJob(sql, jobId);
      const lease = await findLease(sql, id);
      if (!job || !lease || !["starting", "running", "delivering"].includes(lease.status)) return;
      // One that began meanwhile is left to go on.
      if (isLost) await loseLease(sql, job, lease, now);
      else if (lease.nextIndex === 0) await returnLease(sql, job, lease, now);
    });
    wakeNode(jobChannel(jobId));
  }
  const expired = await sqlOf(pool).query<{ id: string }>(
    "SELECT id FROM job WHERE status = 'queued' AND expires_at <= $1::timestamptz LIMIT $2",
    [now.toISOString(), PAGE_SIZE],
  );
  for (const { id } of expired) {
    await withTransaction(async (sql) => {
      const job = await lockJob(sql, id);
      if (job?.status === "queued") await finishJob(sql, job, { status: "failed", reason: "not-matched" });
    });
  }
  await dispatchJobs();
  return { lost: due.length, expired: expired.length };
}
