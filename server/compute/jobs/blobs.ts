import { DomainError } from "#core/errors.ts";
import { pool, sqlOf, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { assertScope } from "#server/identity/assert-scope.ts";
import type { NodeIdentity } from "../authenticate-node.ts";
import { deleteBlob, readBlob, writeBlob } from "./blob-store.ts";
import { assertOwnJob } from "./get-job.ts";

const INPUT_BYTES_MAX = 256 * 1024 * 1024;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024 * 1024;
/** What one person may have stored at a time. */
const QUOTA_BYTES = 8n * 1024n * 1024n * 1024n;

type Body = ReadableStream<Uint8Array>;
type Opened = { body: Body; bytes: number };

const noteBlob = (blob: string, bytes: number, userId: string | null) =>
  withTransaction(async (sql) => {
    await sql.query("INSERT INTO blob (hash, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING", [blob, bytes]);
    if (userId)
      await sql.query(
        "INSERT INTO blob_owner (hash, user_id) VALUES ($1, $2) ON CONFLICT (hash, user_id) DO UPDATE SET created_at = now()",
        [blob, userId],
      );
  });

/** Stores a file of the caller's and returns the name under which a job can take it in. */
export async function uploadBlob(actor: Actor, body: Body): Promise<{ blob: string; bytes: number }> {
  assertScope(actor, "jobs:write");
  const [used] = await sqlOf(pool).query<{ bytes: bigint }>(
    "SELECT coalesce(sum(b.bytes), 0)::bigint AS bytes FROM blob_owner o JOIN blob b USING (hash) WHERE o.user_id = $1",
    [actor.userId],
  );
  const left = QUOTA_BYTES - (used?.bytes ?? 0n);
  if (left <= 0n) throw new DomainError("BLOB_QUOTA_FULL", { quotaBytes: QUOTA_BYTES });
  const stored = await writeBlob(body, { bytesMax: Number(left < BigInt(INPUT_BYTES_MAX) ? left : INPUT_BYTES_MAX) });
  await noteBlob(stored.blob, stored.bytes, actor.userId);
  return stored;
}

/** One of a job's files, for whoever owns the job. */
export async function openArtifact(
  actor: Actor,
  input: { id: string; path: string },
): Promise<Opened & { blob: string }> {
  assertScope(actor, "jobs:write");
  await assertOwnJob(actor, input.id);
  const [row] = await sqlOf(pool).query<{ blob: string }>(
    "SELECT blob FROM job_artifact WHERE job_id = $1 AND path = $2",
    [input.id, input.path],
  );
  if (!row) throw new DomainError("NOT_FOUND");
  return { ...(await readBlob(row.blob)), blob: row.blob };
}

type HeldLease = {
  jobId: string;
  userId: string;
  spec: { inputs?: { blob: string }[] };
  checkpointBlob: string | null;
};

async function findHeldLeases(nodeId: string, leaseId: string | null): Promise<HeldLease[]> {
  return sqlOf(pool).query<HeldLease>(
    `SELECT j.id AS "jobId", j.user_id AS "userId", j.spec, j.checkpoint_blob AS "checkpointBlob"
     FROM job_lease l JOIN job j ON j.id = l.job_id AND j.fence = l.fence
     WHERE l.node_id = $1 AND l.status IN ('starting', 'running', 'delivering') AND ($2::text IS NULL OR l.id = $2)`,
    [nodeId, leaseId],
  );
}

/** A file that one of the node's leases takes in; any other is not there for it. */
export async function openBlobForNode(node: NodeIdentity, blob: string): Promise<Opened> {
  const leases = await findHeldLeases(node.nodeId, null);
  const isNamed = leases.some(
    ({ spec, checkpointBlob }) => checkpointBlob === blob || spec.inputs?.some((input) => input.blob === blob),
  );
  if (!isNamed) throw new DomainError("BLOB_NOT_FOUND");
  return readBlob(blob);
}

/** Stores what a lease made. Who may read it is decided when the lease names it as an artifact. */
export async function receiveBlob(
  node: NodeIdentity,
  input: { leaseId: string; blob: string; body: Body },
): Promise<{ blob: string; bytes: number }> {
  const [lease] = await findHeldLeases(node.nodeId, input.leaseId);
  if (!lease) throw new DomainError("LEASE_STALE");
  const stored = await writeBlob(input.body, { bytesMax: OUTPUT_BYTES_MAX, expected: input.blob });
  await noteBlob(stored.blob, stored.bytes, null);
  return stored;
}

const UNUSED_DAYS = 1;
/** Uploads that no job took in are kept for a day; what jobs made or took in, for thirty days after them. */
export async function sweepBlobs(): Promise<{ deleted: number }> {
  await pool.query(`DELETE FROM job WHERE finished_at < now() - interval '30 days'`);
  await pool.query(`DELETE FROM job_log l WHERE NOT EXISTS (SELECT 1 FROM job j WHERE j.id = l.job_id)`);
  await pool.query(`DELETE FROM job_metric m WHERE NOT EXISTS (SELECT 1 FROM job j WHERE j.id = m.job_id)`);
  const rows = await sqlOf(pool).query<{ hash: string }>(
    `DELETE FROM blob b WHERE b.created_at < now() - make_interval(days => $1)
       AND NOT EXISTS (SELECT 1 FROM blob_owner o WHERE o.hash = b.hash AND o.created_at > now() - make_interval(days => $1))
       AND NOT EXISTS (SELECT 1 FROM job_artifact a WHERE a.blob = b.hash)
       AND NOT EXISTS (SELECT 1 FROM job j WHERE j.checkpoint_blob = b.hash)
       AND NOT EXISTS (SELECT 1 FROM job j, jsonb_array_elements(j.spec->'inputs') i WHERE i->>'blob' = b.hash)
     RETURNING b.hash`,
    [UNUSED_DAYS],
  );
  for (const { hash } of rows) await deleteBlob(hash);
  return { deleted: rows.length };
}
