import type { Sql } from "./db.ts";

export type JobOptions = {
  /** A job with the same key that has not started yet is replaced, so repeats collapse into one. */
  jobKey?: string;
  runAt?: Date;
  /** Jobs of one queue run one after the other. */
  queueName?: string;
  maxAttempts?: number;
};

/** Queues a job in the caller's transaction: it exists exactly when the change that asked for it does. */
export async function addJob(sql: Sql, task: string, payload: unknown, options: JobOptions = {}): Promise<void> {
  await sql.query(
    `SELECT 1 FROM graphile_worker.add_job($1, $2::json, queue_name => $3, run_at => $4::timestamptz, max_attempts => $5::int, job_key => $6)`,
    [
      task,
      JSON.stringify(payload),
      options.queueName ?? null,
      options.runAt?.toISOString() ?? null,
      options.maxAttempts ?? null,
      options.jobKey ?? null,
    ],
  );
}
