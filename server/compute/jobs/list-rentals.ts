import type { Sql } from "#server/db.ts";
import { TIMING } from "../timing.ts";
import type { Rental } from "./match-job.ts";

type Row = Omit<Rental, "reliability" | "isVerified" | "isAttested"> & { succeeded: number; failed: number };

/** The nodes that rent out and are there now, with what their leases hold of them. */
export async function listRentals(sql: Sql, nodeIds?: readonly string[]): Promise<Rental[]> {
  const rows = await sql.query<Row>(
    `SELECT n.id AS "nodeId", n.name AS "nodeName", n.owner_id AS "ownerId", n.region, r.runners, r.cpu_cores AS "cpuCores",
       r.memory_mb AS "memoryMb", r.disk_mb AS "diskMb", r.gpus, r.allows_network AS "allowsNetwork",
       r.has_images AS "hasImages", r.price_per_core_hour AS "pricePerCoreHour", r.price_per_gpu_hour AS "pricePerGpuHour",
       r.jobs_max AS "jobsMax", n.attempts_succeeded AS succeeded, n.attempts_failed AS failed,
       coalesce(l.cores, 0)::int AS "usedCores", coalesce(l.memory, 0)::int AS "usedMemoryMb",
       coalesce(l.disk, 0)::int AS "usedDiskMb", coalesce(l.gpus, 0)::int AS "usedGpus", coalesce(l.jobs, 0)::int AS jobs
     FROM compute_rental r JOIN compute_node n ON n.id = r.node_id
     LEFT JOIN (
       SELECT node_id, sum(cpu_cores) AS cores, sum(memory_mb) AS memory, sum(disk_mb) AS disk, sum(gpu_count) AS gpus, count(*) AS jobs
       FROM job_lease WHERE status IN ('starting', 'running', 'delivering') GROUP BY node_id
     ) l ON l.node_id = r.node_id
     WHERE r.is_active AND n.status = 'online' AND n.last_seen_at > now() - make_interval(secs => $1)
       AND ($2::text[] IS NULL OR n.id = ANY($2))`,
    [TIMING.nodeOfflineAfterMs / 1000, nodeIds ?? null],
  );
  return rows.map(({ succeeded, failed, ...row }) => ({
    ...row,
    reliability: (succeeded + 1) / (succeeded + failed + 2),
    isVerified: false,
    isAttested: false,
  }));
}
