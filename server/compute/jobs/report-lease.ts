import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import type { LeaseEvent, leaseReport } from "#core/schemas/job-protocol.ts";
import { type Sql, withTransaction } from "#server/db.ts";
import type { NodeIdentity } from "../authenticate-node.ts";
import { wakeNode } from "../hub.ts";
import { dispatchSoon } from "./dispatch-jobs.ts";
import {
  findLease,
  finishJob,
  type LockedJob,
  type LockedLease,
  lockJob,
  returnLease,
  stopMeter,
} from "./end-lease.ts";
import { appendLog, saveMetrics } from "./job-logs.ts";

type Report = z.output<typeof leaseReport>;
type Reporting = { sql: Sql; job: LockedJob; lease: LockedLease; at: Date };

/** The key under which readers of a job's log and state are woken. */
export const jobChannel = (jobId: string): string => `job:${jobId}`;

/**
 * Takes a node's report about a lease: each event once, in its order. A lease that is no longer the job's newest is
 * refused, whatever it says: another node has the job, or nobody does any more.
 */
export async function reportLease(node: NodeIdentity, report: Report): Promise<{ next: number; stop: boolean }> {
  const at = new Date();
  const { result, jobId, isFree } = await withTransaction(async (sql) => {
    const known = await findLease(sql, report.leaseId);
    if (!known || known.nodeId !== node.nodeId) throw new DomainError("LEASE_STALE");
    const job = await lockJob(sql, known.jobId);
    // Read again under the job's lock: whoever ended it a moment ago was first.
    const lease = await findLease(sql, report.leaseId);
    if (!job || !lease || lease.fence !== report.fence || job.fence !== report.fence || isClosed(lease))
      throw new DomainError("LEASE_STALE");
    const reporting: Reporting = { sql, job, lease, at };
    const before = lease.nextIndex;
    for (const event of report.events) {
      if (event.index !== lease.nextIndex) continue;
      await apply(reporting, event);
      lease.nextIndex += 1;
      if (isClosed(lease)) break;
    }
    if (lease.nextIndex !== before)
      await sql.query("UPDATE job_lease SET next_index = $2 WHERE id = $1", [lease.id, lease.nextIndex]);
    return {
      result: { next: lease.nextIndex, stop: isClosed(lease) || job.status === "cancelled" },
      jobId: job.id,
      isFree: isClosed(lease),
    };
  });
  if (report.events.length > 0) wakeNode(jobChannel(jobId));
  if (isFree) dispatchSoon();
  return result;
}

const isClosed = ({ status }: LockedLease): boolean => status === "ended" || status === "lost";

async function apply(reporting: Reporting, event: LeaseEvent): Promise<void> {
  const { sql, job, lease, at } = reporting;
  switch (event.type) {
    case "ready":
      return becomeReady(reporting);
    case "log":
      return appendLog(sql, job.id, event.stream, event.text);
    case "metrics":
      return saveMetrics(sql, job.id, at, event.metrics);
    case "checkpoint":
      await assertBlob(sql, event.blob);
      await sql.query(
        "UPDATE job SET checkpoint_blob = $2, checkpoint_bytes = $3, checkpoint_at = $4::timestamptz WHERE id = $1",
        [job.id, event.blob, event.bytes, at.toISOString()],
      );
      lease.checkpointedAt = at;
      await sql.query("UPDATE job_lease SET checkpointed_at = $2::timestamptz WHERE id = $1", [
        lease.id,
        at.toISOString(),
      ]);
      return;
    case "artifact":
      await assertBlob(sql, event.blob);
      await sql.query(
        `INSERT INTO job_artifact (job_id, path, blob, bytes) VALUES ($1, $2, $3, $4)
         ON CONFLICT (job_id, path) DO UPDATE SET blob = excluded.blob, bytes = excluded.bytes`,
        [job.id, event.path, event.blob, event.bytes],
      );
      await sql.query("INSERT INTO blob_owner (hash, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
        event.blob,
        job.userId,
      ]);
      return;
    case "exited":
      return exit(reporting, event);
    case "failed":
      return fail(reporting, event);
    case "released":
      return release(reporting);
  }
}

async function assertBlob(sql: Sql, hash: string): Promise<void> {
  const rows = await sql.query("SELECT 1 FROM blob WHERE hash = $1", [hash]);
  if (rows.length === 0) throw new DomainError("BLOB_NOT_FOUND", { blob: hash });
}

async function becomeReady({ sql, job, lease, at }: Reporting): Promise<void> {
  if (lease.readyAt) return;
  lease.readyAt = at;
  lease.status = "running";
  await sql.query("UPDATE job_lease SET ready_at = $2::timestamptz, status = 'running' WHERE id = $1", [
    lease.id,
    at.toISOString(),
  ]);
  await sql.query("UPDATE job SET status = 'running' WHERE id = $1", [job.id]);
}

/** The program ended: the meter stops, and what it made is brought up. */
async function exit({ sql, job, lease, at }: Reporting, event: Extract<LeaseEvent, { type: "exited" }>): Promise<void> {
  await stopMeter(sql, job, lease, at);
  lease.status = "delivering";
  await sql.query("UPDATE job_lease SET status = 'delivering' WHERE id = $1", [lease.id]);
  const reason = event.reason ?? (event.exitCode === 0 ? null : "exit-code");
  await sql.query("UPDATE job SET status = 'delivering', end_reason = $2, exit_code = $3 WHERE id = $1", [
    job.id,
    reason,
    event.exitCode,
  ]);
}

/** A job that so many nodes could not carry out, or one so many times, is given up. */
const LEASES_MAX = 5;

/** The node cannot go on: somebody else can, or the job itself is at fault. */
async function fail({ sql, job, lease, at }: Reporting, event: Extract<LeaseEvent, { type: "failed" }>): Promise<void> {
  await appendLog(sql, job.id, "node", `${event.message}\n`);
  const [tries] = await sql.query<{ count: number }>("SELECT count(*)::int AS count FROM job_lease WHERE job_id = $1", [
    job.id,
  ]);
  if (event.canRetry && (tries?.count ?? 0) < LEASES_MAX) {
    await returnLease(sql, job, lease, at);
  } else {
    await stopMeter(sql, job, lease, at);
    await finishJob(sql, job, { status: "failed", reason: "start-failed", message: event.message }, lease);
  }
  lease.status = "ended";
}

async function release({ sql, job, lease, at }: Reporting): Promise<void> {
  await stopMeter(sql, job, lease, at);
  const [row] = await sql.query<{ reason: string | null; exitCode: number | null }>(
    `SELECT end_reason AS reason, exit_code AS "exitCode" FROM job WHERE id = $1`,
    [job.id],
  );
  const delivered = await sql.query<{ path: string }>("SELECT path FROM job_artifact WHERE job_id = $1", [job.id]);
  const missing = job.spec.artifacts.find((path) => !isDelivered(path, delivered));
  const reason = readReason(row?.reason ?? null) ?? (missing ? "artifact-missing" : null);
  await finishJob(
    sql,
    job,
    {
      status: reason === null ? "succeeded" : "failed",
      reason,
      exitCode: row?.exitCode ?? null,
      message: missing && reason === "artifact-missing" ? `${missing} was not there at the end.` : null,
    },
    lease,
  );
  lease.status = "ended";
}

const isDelivered = (wanted: string, delivered: readonly { path: string }[]): boolean =>
  delivered.some(({ path }) => (wanted.endsWith("/") ? path.startsWith(wanted) : path === wanted));

const END_REASONS = ["exit-code", "time-limit", "memory-limit", "disk-limit", "cancelled"] as const;
const readReason = (text: string | null) => END_REASONS.find((reason) => reason === text) ?? null;
