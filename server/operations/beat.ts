import { pool } from "#server/db.ts";

export const BEAT_SECONDS = 5;

/** Notes that a background process is alive. */
export async function beat(name: string, startedAt: Date): Promise<void> {
  await pool.query(
    `INSERT INTO process_heartbeat (name, started_at, seen_at) VALUES ($1, $2, now())
     ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at, seen_at = now()`,
    [name, startedAt],
  );
}
