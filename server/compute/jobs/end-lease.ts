import type { JobEndReason, JobSpec } from "#core/schemas/job.ts";
import { jobSpec } from "#core/schemas/job.ts";
import type { Sql } from "#server/db.ts";
import { ownerOf, REVENUE_ACCOUNT } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";
import { captureReservationIn, releaseReservationIn } from "#server/ledger/reservations.ts";
import { unusedScopes } from "#server/ledger/scopes.ts";
import { recordShares, WORK_PER_MICRO_DOLLAR } from "../pools/record-shares.ts";
import { billedSeconds, costOfSeconds, settleJob } from "./job-metering.math.ts";

/** A job is given to another node once when its node is lost. */
const LOSSES_MAX = 1;

export type LockedJob = {
  id: string;
  userId: string;
  payer: string;
  spec: JobSpec;
  status: string;
  fence: number;
  losses: number;
  reservationId: string;
  scopes: string[];
  checkpointBlob: string | null;
};
export type LockedLease = {
  id: string;
  jobId: string;
  nodeId: string;
  providerId: string;
  fence: number;
  pricePerHour: bigint;
  status: string;
  nextIndex: number;
  handedAt: Date | null;
  readyAt: Date | null;
  releasedAt: Date | null;
  checkpointedAt: Date | null;
};

const LEASE = `id, job_id AS "jobId", node_id AS "nodeId", provider_id AS "providerId", fence, price_per_hour AS "pricePerHour",
  status, next_index AS "nextIndex", handed_at AS "handedAt", ready_at AS "readyAt", released_at AS "releasedAt",
  checkpointed_at AS "checkpointedAt"`;

/** The job's row is locked first, whoever comes: reports, the sweep, a cancel and a dispatch never meet inside of one. */
export async function lockJob(sql: Sql, id: string): Promise<LockedJob | null> {
  const [row] = await sql.query<Omit<LockedJob, "spec"> & { spec: unknown }>(
    `SELECT id, user_id AS "userId", payer, spec, status, fence, losses, reservation_id AS "reservationId", scopes,
       checkpoint_blob AS "checkpointBlob" FROM job WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return row ? { ...row, spec: jobSpec.parse(row.spec) } : null;
}

export async function findLease(sql: Sql, id: string): Promise<LockedLease | null> {
  const [lease] = await sql.query<LockedLease>(`SELECT ${LEASE} FROM job_lease WHERE id = $1`, [id]);
  return lease ?? null;
}

export async function findActiveLease(sql: Sql, job: LockedJob): Promise<LockedLease | null> {
  const [lease] = await sql.query<LockedLease>(
    `SELECT ${LEASE} FROM job_lease WHERE job_id = $1 AND fence = $2 AND status IN ('starting', 'running', 'delivering')`,
    [job.id, job.fence],
  );
  return lease ?? null;
}

/** The seconds of its limit that a job has not used up. */
export async function secondsLeft(sql: Sql, job: LockedJob): Promise<number> {
  const [used] = await sql.query<{ seconds: number }>(
    "SELECT coalesce(sum(billed_seconds), 0)::int AS seconds FROM job_lease WHERE job_id = $1",
    [job.id],
  );
  return Math.max(0, job.spec.timeLimitSeconds - (used?.seconds ?? 0));
}

/** Stops the meter of a lease: from here on nothing of it is charged. */
export async function stopMeter(sql: Sql, job: LockedJob, lease: LockedLease, at: Date, isLost = false): Promise<void> {
  if (lease.releasedAt) return;
  const seconds = billedSeconds({ ...lease, releasedAt: at }, isLost, await secondsLeft(sql, job));
  lease.releasedAt = at;
  await sql.query(
    `UPDATE job_lease SET released_at = $2::timestamptz, billed_seconds = $3, charged = $4 WHERE id = $1`,
    [lease.id, at.toISOString(), seconds, costOfSeconds(lease.pricePerHour, seconds)],
  );
}

const closeLease = (sql: Sql, lease: LockedLease, status: "ended" | "lost") =>
  sql.query("UPDATE job_lease SET status = $2, ended_at = now() WHERE id = $1", [lease.id, status]);

/** Ends a lease whose node fell silent or came back without it. The job goes to another node once, then it has failed. */
export async function loseLease(sql: Sql, job: LockedJob, lease: LockedLease, at: Date): Promise<void> {
  const ran = lease.readyAt !== null;
  await stopMeter(sql, job, lease, at, true);
  await closeLease(sql, lease, "lost");
  await sql.query("UPDATE compute_node SET attempts_failed = attempts_failed + 1 WHERE id = $1", [lease.nodeId]);
  // A node that never took it up has lost nothing of the job.
  if (ran && job.losses >= LOSSES_MAX) return finishJob(sql, job, { status: "failed", reason: "node-lost" });
  await requeue(sql, job, ran ? 1 : 0);
}

/** Gives the job back to the queue: its newest checkpoint is where the next node begins. */
export async function returnLease(sql: Sql, job: LockedJob, lease: LockedLease, at: Date): Promise<void> {
  await stopMeter(sql, job, lease, at);
  await closeLease(sql, lease, "ended");
  await requeue(sql, job, 0);
}

const requeue = (sql: Sql, job: LockedJob, losses: number) =>
  sql.query("UPDATE job SET status = 'queued', losses = losses + $2 WHERE id = $1", [job.id, losses]);

type End = {
  status: "succeeded" | "failed" | "cancelled";
  reason: JobEndReason | null;
  exitCode?: number | null;
  message?: string | null;
};

/** Ends a job for good: everybody who worked is paid, and the rest of what was set aside is free again. */
export async function finishJob(sql: Sql, job: LockedJob, end: End, lease: LockedLease | null = null): Promise<void> {
  if (lease) await closeLease(sql, lease, "ended");
  const leases = await sql.query<{ payee: string; nodeId: string; charged: bigint }>(
    `SELECT coalesce('pool:' || m.pool_id, 'user:' || l.provider_id) AS payee, l.node_id AS "nodeId", l.charged
     FROM job_lease l LEFT JOIN compute_pool_member m ON m.node_id = l.node_id WHERE l.job_id = $1`,
    [job.id],
  );
  const { charged, fee, parts } = settleJob(leases, job.payer);
  await sql.query(
    `UPDATE job SET status = $2, end_reason = $3, exit_code = $4, message = $5, charged = $6, finished_at = now() WHERE id = $1`,
    [job.id, end.status, end.reason, end.exitCode ?? null, end.message ?? null, charged],
  );
  await recordShares(
    sql,
    leases.map((one) => ({ ...one, refId: job.id, work: one.charged * WORK_PER_MICRO_DOLLAR })),
  );
  const payees = parts.map(({ payee, amount }) => ({
    credit: payee,
    amount,
    kind: "compute",
    refId: job.id,
  }));
  if (fee > 0n) payees.push({ credit: REVENUE_ACCOUNT, amount: fee, kind: "compute-fee", refId: job.id });
  if (payees.length === 0) {
    await releaseReservationIn(sql, { reservationId: job.reservationId, key: `job-release:${job.id}` });
    return;
  }
  await ensureAccounts(sql, [
    { code: REVENUE_ACCOUNT, asset: "USD" },
    ...parts.map(({ payee }) => ({ code: payee, asset: "USD" as const, ...ownerOf(payee) })),
  ]);
  await captureReservationIn(sql, {
    reservationId: job.reservationId,
    key: `job-capture:${job.id}`,
    parts: payees,
    unusedScopes: unusedScopes(
      job.scopes,
      leases.map(({ nodeId }) => nodeId),
    ),
  });
}
