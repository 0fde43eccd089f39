import { jobSpec, runnerName } from "#core/schemas/job.ts";
import type { LeaseOrder } from "#core/schemas/job-protocol.ts";
import { pool, sqlOf } from "#server/db.ts";

type Row = {
  leaseId: string;
  jobId: string;
  fence: number;
  runner: string;
  spec: unknown;
  checkpointBlob: string | null;
  checkpointBytes: bigint | null;
  usedSeconds: number;
};

/** How long a node has to name a lease it was handed among those it works on. */
const TAKE_UP_SECONDS = 10;

/** Leases that this node has to begin: those it was not handed yet, and those it was handed and never named. */
export async function takeLeases(nodeId: string, working: readonly string[]): Promise<LeaseOrder[]> {
  const rows = await sqlOf(pool).query<Row>(
    `UPDATE job_lease l SET handed_at = coalesce(l.handed_at, now()) FROM job j
     WHERE j.id = l.job_id AND l.id IN (
       SELECT id FROM job_lease WHERE node_id = $1 AND status = 'starting' AND NOT (id = ANY($2))
         AND (handed_at IS NULL OR (next_index = 0 AND handed_at > now() - make_interval(secs => $3)))
       LIMIT 50 FOR UPDATE SKIP LOCKED)
     RETURNING l.id AS "leaseId", l.job_id AS "jobId", l.fence, l.runner, j.spec, j.checkpoint_blob AS "checkpointBlob",
       j.checkpoint_bytes AS "checkpointBytes",
       (SELECT coalesce(sum(billed_seconds), 0)::int FROM job_lease x WHERE x.job_id = l.job_id) AS "usedSeconds"`,
    [nodeId, working, TAKE_UP_SECONDS],
  );
  if (rows.length === 0) return [];
  const specs = rows.map((row) => jobSpec.parse(row.spec));
  const hashes = specs.flatMap(({ inputs }) => inputs.map(({ blob }) => blob));
  const sizes = new Map(
    (
      await sqlOf(pool).query<{ hash: string; bytes: bigint }>("SELECT hash, bytes FROM blob WHERE hash = ANY($1)", [
        hashes,
      ])
    ).map(({ hash, bytes }) => [hash, Number(bytes)]),
  );
  return rows.map((row, i): LeaseOrder => {
    const spec = specs[i] ?? jobSpec.parse(row.spec);
    return {
      leaseId: row.leaseId,
      jobId: row.jobId,
      fence: row.fence,
      runner: runnerName.parse(row.runner),
      command: spec.command,
      image: spec.image ?? null,
      env: spec.env,
      resources: spec.resources,
      network: spec.network,
      timeLimitSeconds: Math.max(1, spec.timeLimitSeconds - row.usedSeconds),
      inputs: spec.inputs.map(({ path, blob }) => ({ path, blob, bytes: sizes.get(blob) ?? 0 })),
      artifacts: spec.artifacts,
      checkpointPath: spec.checkpointPath ?? null,
      checkpoint: row.checkpointBlob ? { blob: row.checkpointBlob, bytes: Number(row.checkpointBytes ?? 0) } : null,
    };
  });
}

/** Of the leases a node says it works on, those that it must stop. */
export async function listEndedLeases(nodeId: string, working: readonly string[]): Promise<string[]> {
  if (working.length === 0) return [];
  const rows = await sqlOf(pool).query<{ id: string }>(
    `SELECT w.id FROM unnest($2::text[]) AS w(id)
     LEFT JOIN job_lease l ON l.id = w.id AND l.node_id = $1 AND l.status IN ('starting', 'running', 'delivering')
     WHERE l.id IS NULL`,
    [nodeId, working],
  );
  return rows.map(({ id }) => id);
}
