import type { z } from "zod";
import type { JobMetrics, jobLog } from "#core/schemas/job.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { assertOwnJob } from "./get-job.ts";

/** How much of a job's log is kept; what comes after is counted and not kept. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;
const METRICS_MAX = 2_000;
const READ_PIECES_MAX = 200;

/** Appends to a job's log, up to what is kept of one; the last piece that fits says that more was cut. */
export async function appendLog(sql: Sql, jobId: string, stream: string, text: string): Promise<void> {
  if (text === "") return;
  const bytes = Buffer.byteLength(text);
  const [log] = await sql.query<{ at: bigint; kept: bigint }>(
    `UPDATE job SET log_end = log_end + $2, log_kept = CASE WHEN log_kept < $3 THEN log_kept + $2 ELSE log_kept END
     WHERE id = $1 RETURNING log_end - $2 AS at, log_kept AS kept`,
    [jobId, bytes, LOG_BYTES_MAX],
  );
  if (!log || log.at >= LOG_BYTES_MAX) return;
  const isLast = log.at + BigInt(bytes) >= LOG_BYTES_MAX;
  await sql.query("INSERT INTO job_log (job_id, at, stream, text) VALUES ($1, $2, $3, $4)", [
    jobId,
    log.at,
    stream,
    isLast ? `${text}\n[the log is longer than what is kept of it]\n` : text,
  ]);
}

export async function saveMetrics(sql: Sql, jobId: string, at: Date, metrics: Omit<JobMetrics, "at">): Promise<void> {
  await sql.query(
    `INSERT INTO job_metric (job_id, at, metrics)
     SELECT $1, $2::timestamptz, $3 WHERE (SELECT count(*) FROM job_metric WHERE job_id = $1) < $4
     ON CONFLICT (job_id, at) DO UPDATE SET metrics = excluded.metrics`,
    [jobId, at.toISOString(), JSON.stringify(metrics), METRICS_MAX],
  );
}

export type LogPiece = z.output<typeof jobLog>;

/** A job's log from a byte on, a bounded part of it; `next` is where to go on. */
export async function readLog(jobId: string, from: number): Promise<{ pieces: LogPiece[]; next: number }> {
  const rows = await sqlOf(pool).query<{ at: bigint; stream: LogPiece["stream"]; text: string }>(
    `SELECT at, stream, text FROM job_log WHERE job_id = $1
       AND at >= coalesce((SELECT max(at) FROM job_log WHERE job_id = $1 AND at <= $2), 0) ORDER BY at LIMIT $3`,
    [jobId, from, READ_PIECES_MAX],
  );
  const pieces: LogPiece[] = [];
  let next = from;
  for (const row of rows) {
    const at = Number(row.at);
    const bytes = Buffer.from(row.text);
    if (at + bytes.length <= from) continue;
    // A reader who stopped within a piece goes on within it.
    const text = at < from ? bytes.subarray(from - at).toString("utf8") : row.text;
    pieces.push({ at: Math.max(at, from), stream: row.stream, text });
    next = at + bytes.length;
  }
  return { pieces, next };
}

export async function getLog(actor: Actor, input: { id: string; from: number }) {
  await assertOwnJob(actor, input.id);
  return readLog(input.id, input.from);
}

export async function listMetrics(actor: Actor, input: { id: string }): Promise<JobMetrics[]> {
  await assertOwnJob(actor, input.id);
  const rows = await sqlOf(pool).query<{ at: Date; metrics: Omit<JobMetrics, "at"> }>(
    "SELECT at, metrics FROM job_metric WHERE job_id = $1 ORDER BY at DESC LIMIT 300",
    [input.id],
  );
  return rows.reverse().map(({ at, metrics }) => ({ at: at.toISOString(), ...metrics }));
}
