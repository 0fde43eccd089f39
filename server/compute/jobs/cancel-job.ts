import { DomainError } from "#core/errors.ts";
import { isJobOver, type JobView, jobStatus } from "#core/schemas/job.ts";
import { db, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { wakeNode } from "../hub.ts";
import { createJob } from "./create-job.ts";
import { dispatchSoon } from "./dispatch-jobs.ts";
import { findActiveLease, finishJob, lockJob, stopMeter } from "./end-lease.ts";
import { assertOwnJob, getJob } from "./get-job.ts";
import { jobChannel } from "./report-lease.ts";

/** Ends a job now: the meter stops with this, and the node is told within a second. Again, it changes nothing. */
export async function cancelJob(actor: Actor, { id }: { id: string }): Promise<JobView> {
  await assertOwnJob(actor, id);
  const nodeId = await withTransaction(async (sql) => {
    const job = await lockJob(sql, id);
    if (!job || isJobOver(jobStatus.parse(job.status))) return null;
    const lease = await findActiveLease(sql, job);
    if (lease) await stopMeter(sql, job, lease, new Date());
    await finishJob(sql, job, { status: "cancelled", reason: "cancelled" }, lease);
    return lease?.nodeId ?? null;
  });
  if (nodeId) {
    wakeNode(nodeId);
    dispatchSoon();
  }
  wakeNode(jobChannel(id));
  return getJob(actor, { id });
}

/** Makes a new job like one that is over, from its newest checkpoint when that is asked for. */
export async function retryJob(actor: Actor, input: { id: string; fromCheckpoint: boolean }): Promise<JobView> {
  const job = await getJob(actor, { id: input.id });
  if (!isJobOver(job.status)) throw new DomainError("JOB_NOT_OVER");
  const row = await db.job.findUniqueOrThrow({
    where: { id: input.id },
    select: { checkpointBlob: true, checkpointBytes: true },
  });
  return createJob(actor, job.spec, input.fromCheckpoint ? row : undefined);
}
