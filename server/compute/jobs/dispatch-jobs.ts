import { newId } from "#core/ids.ts";
import { type JobSpec, jobSpec } from "#core/schemas/job.ts";
import { type Sql, withTransaction } from "#server/db.ts";
import { log } from "#server/log.ts";
import { wakeNode } from "../hub.ts";
import { hourlyPrice } from "./job-metering.math.ts";
import { listRentals, listRentalsQuickly } from "./list-rentals.ts";
import { hasRoom, missesOf, rankRentals, runnerFor } from "./match-job.ts";

const QUEUE_LOOK_MAX = 200;

type Queued = { id: string; spec: unknown; fence: number };

/** Gives queued jobs to nodes that fit, oldest first, until none fits or none is left. Any number may run at once. */
export async function dispatchJobs(): Promise<{ leased: number }> {
  const leased = await withTransaction(async (sql) => {
    const jobs = await sql.query<Queued>(
      `SELECT id, spec, fence FROM job WHERE status = 'queued' ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
      [QUEUE_LOOK_MAX],
    );
    const nodes: string[] = [];
    for (const job of jobs) {
      const nodeId = await leaseJob(sql, job);
      if (nodeId) nodes.push(nodeId);
    }
    return nodes;
  });
  for (const nodeId of leased) wakeNode(nodeId);
  return { leased: leased.length };
}

/** Dispatches soon, for a caller who does not wait for it; the loop of the worker does it anyway. */
export function dispatchSoon(): void {
  dispatchJobs().catch((error: unknown) => log.warn({ event: "jobs.dispatch-failed", err: error }));
}

async function leaseJob(sql: Sql, job: Queued): Promise<string | null> {
  const spec = jobSpec.parse(job.spec);
  const ranked = rankRentals(await listRentalsQuickly(sql), spec).filter((rental) => hasRoom(rental, spec));
  for (const { nodeId } of ranked) {
    // Whoever leases from this node at the same moment waits here, and then sees what was taken.
    const locked = await sql.query(
      "SELECT 1 FROM compute_rental WHERE node_id = $1 AND is_active FOR UPDATE SKIP LOCKED",
      [nodeId],
    );
    if (locked.length === 0) continue;
    const [rental] = await listRentals(sql, [nodeId]);
    const runner = rental && runnerFor(rental, spec);
    if (!rental || !runner || !hasRoom(rental, spec) || missesOf(rental, spec).length > 0) continue;
    await writeLease(sql, job, spec, { ...rental, runner });
    return nodeId;
  }
  return null;
}

type Chosen = { nodeId: string; ownerId: string; runner: string; pricePerCoreHour: bigint; pricePerGpuHour: bigint };

async function writeLease(sql: Sql, job: Queued, { resources }: JobSpec, chosen: Chosen): Promise<void> {
  const fence = job.fence + 1;
  await sql.query(
    `INSERT INTO job_lease (id, job_id, node_id, provider_id, runner, fence, price_per_hour, cpu_cores, memory_mb, disk_mb, gpu_count, status)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'starting')`,
    [
      newId("lease"),
      job.id,
      chosen.nodeId,
      chosen.ownerId,
      chosen.runner,
      fence,
      hourlyPrice(chosen, resources),
      resources.cpuCores,
      resources.memoryMb,
      resources.diskMb,
      resources.gpuCount,
    ],
  );
  await sql.query("UPDATE job SET status = 'starting', fence = $2 WHERE id = $1", [job.id, fence]);
}
