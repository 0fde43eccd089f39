import { DomainError } from "#core/errors.ts";
import { type Page, toPage } from "#core/page.ts";
import {
  type JobStatus,
  type JobView,
  jobEndReason,
  jobSpec,
  jobStatus,
  type LeaseView,
  leaseView,
} from "#core/schemas/job.ts";
import type { Job, JobArtifact, JobLease } from "#generated/prisma/client.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { billedSeconds, costOfSeconds } from "./job-metering.math.ts";
import { explainWait, quoteJob } from "./quote-job.ts";

const ownedBy = (actor: Actor) => ({
  userId: actor.userId,
  ...(actor.agentId ? { agentId: actor.agentId } : {}),
});

/** A lease as it stands: while it runs its seconds and its cost rise with the clock. */
function viewLease(lease: JobLease, secondsMax: number): LeaseView {
  const isRunning = lease.status === "running";
  const seconds = isRunning
    ? billedSeconds({ ...lease, releasedAt: new Date() }, false, secondsMax)
    : lease.billedSeconds;
  return leaseView.parse({
    id: lease.id,
    nodeId: lease.nodeId,
    runner: lease.runner,
    fence: lease.fence,
    pricePerHour: lease.pricePerHour.toString(),
    status: lease.status,
    startedAt: lease.startedAt.toISOString(),
    readyAt: lease.readyAt?.toISOString() ?? null,
    releasedAt: lease.releasedAt?.toISOString() ?? null,
    billedSeconds: seconds,
    charged: (isRunning ? costOfSeconds(lease.pricePerHour, seconds) : lease.charged).toString(),
  });
}

type Row = Job & { leases: JobLease[]; artifacts?: JobArtifact[] };

function viewJob(row: Row): Omit<JobView, "waitingFor"> {
  const spec = jobSpec.parse(row.spec);
  const leases = row.leases.map((lease) => viewLease(lease, spec.timeLimitSeconds));
  const last = leases.at(-1);
  return {
    object: "job",
    id: row.id,
    name: row.name,
    status: jobStatus.parse(row.status),
    endReason: row.endReason === null ? null : jobEndReason.parse(row.endReason),
    exitCode: row.exitCode,
    spec,
    asset: "USD",
    reserved: row.reserved.toString(),
    charged: leases.reduce((sum, lease) => sum + BigInt(lease.charged), 0n).toString(),
    pricePerHour: last?.pricePerHour ?? null,
    billedSeconds: leases.reduce((sum, lease) => sum + lease.billedSeconds, 0),
    leases,
    artifacts: (row.artifacts ?? []).map(({ path, blob, bytes }) => ({ path, blob, bytes: Number(bytes) })),
    checkpointAt: row.checkpointAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}

const PARTS = {
  leases: { orderBy: { fence: "asc" } },
  artifacts: { orderBy: { path: "asc" } },
} as const;

/** One of the caller's jobs, with its leases, files and cost so far; while it waits, why. */
export async function getJob(actor: Actor, { id }: { id: string }): Promise<JobView> {
  const row = await db.job.findFirst({ where: { id, ...ownedBy(actor) }, include: PARTS });
  if (!row) throw new DomainError("JOB_NOT_FOUND");
  const view = viewJob(row);
  const waitingFor = view.status === "queued" ? explainWait(await quoteJob(view.spec)) : null;
  return { ...view, waitingFor };
}

export type JobFilter = { cursor?: string | undefined; limit: number; status?: JobStatus | undefined };

/** The caller's jobs, newest first. */
export async function listJobs(actor: Actor, input: JobFilter): Promise<Page<Omit<JobView, "leases" | "artifacts">>> {
  const rows = await db.job.findMany({
    where: {
      ...ownedBy(actor),
      ...(input.status ? { status: input.status } : {}),
      ...(input.cursor ? { id: { lt: input.cursor } } : {}),
    },
    include: { leases: PARTS.leases },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const { data, ...rest } = toPage(rows, input.limit);
  const views = data.map((row) => {
    const { leases: _leases, artifacts: _artifacts, ...view } = viewJob(row);
    return { ...view, waitingFor: null };
  });
  return { data: views, ...rest };
}

/** A job of the caller's, for verbs beside it; a stranger's is answered like a missing one. */
export async function assertOwnJob(actor: Actor, id: string): Promise<void> {
  if (!(await db.job.findFirst({ where: { id, ...ownedBy(actor) }, select: { id: true } })))
    throw new DomainError("JOB_NOT_FOUND");
}
