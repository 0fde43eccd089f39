import type { RentalOffer } from "#core/schemas/job-protocol.ts";
import type { Sql } from "#server/db.ts";

/** Makes what a node rents out exactly this, or nothing. True when something of it changed. */
export async function saveRental(sql: Sql, nodeId: string, rental: RentalOffer | null): Promise<boolean> {
  if (!rental) {
    const rows = await sql.query(
      "UPDATE compute_rental SET is_active = false WHERE node_id = $1 AND is_active RETURNING node_id",
      [nodeId],
    );
    return rows.length > 0;
  }
  const rows = await sql.query(
    `INSERT INTO compute_rental AS r (node_id, runners, cpu_cores, memory_mb, disk_mb, gpus, allows_network, has_images,
       price_per_core_hour, price_per_gpu_hour, jobs_max, is_active)
     VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, true)
     ON CONFLICT (node_id) DO UPDATE SET runners = excluded.runners, cpu_cores = excluded.cpu_cores,
       memory_mb = excluded.memory_mb, disk_mb = excluded.disk_mb, gpus = excluded.gpus,
       allows_network = excluded.allows_network, has_images = excluded.has_images,
       price_per_core_hour = excluded.price_per_core_hour, price_per_gpu_hour = excluded.price_per_gpu_hour,
       jobs_max = excluded.jobs_max, is_active = true, updated_at = now()
     WHERE (r.runners, r.cpu_cores, r.memory_mb, r.disk_mb, r.gpus, r.allows_network, r.has_images, r.price_per_core_hour,
       r.price_per_gpu_hour, r.jobs_max, r.is_active) IS DISTINCT FROM (excluded.runners, excluded.cpu_cores,
       excluded.memory_mb, excluded.disk_mb, excluded.gpus, excluded.allows_network, excluded.has_images,
       excluded.price_per_core_hour, excluded.price_per_gpu_hour, excluded.jobs_max, true)
     RETURNING node_id`,
    [
      nodeId,
      rental.runners,
      rental.cpuCores,
      rental.memoryMb,
      rental.diskMb,
      JSON.stringify(rental.gpus),
      rental.allowsNetwork,
      rental.hasImages,
      rental.pricePerCoreHour,
      rental.pricePerGpuHour,
      rental.jobsMax,
    ],
  );
  return rows.length > 0;
}
