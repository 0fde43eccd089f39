import { pool } from "#server/db.ts";

/** Jobs of the queue by state; "dead" are those that failed too often to be tried again. */
export async function countJobs(): Promise<{ waiting: number; running: number; dead: number }> {
  const { rows } = await pool.query<{ waiting: number; running: number; dead: number }>(
    `SELECT count(*) FILTER (WHERE locked_at IS NULL AND attempts < max_attempts)::int AS waiting,
            count(*) FILTER (WHERE locked_at IS NOT NULL)::int AS running,
            count(*) FILTER (WHERE locked_at IS NULL AND attempts >= max_attempts)::int AS dead
       FROM graphile_worker.jobs`,
  );
  return rows[0] ?? { waiting: 0, running: 0, dead: 0 };
}
