import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { JobSpec, JobView } from "#core/schemas/job.ts";
import { pool, sqlOf, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { explainRefusal } from "#server/ledger/explain-refusal.ts";
import { reserveIn } from "#server/ledger/reservations.ts";
import { scopesOf } from "#server/ledger/scopes.ts";
import { payerOf } from "../open-inference.ts";
import { dispatchSoon } from "./dispatch-jobs.ts";
import { getJob } from "./get-job.ts";
import { mostCost } from "./job-metering.math.ts";

/** How long a job waits for a node before it is given up. */
const QUEUE_MS = 24 * 3_600_000;
/** What a job needs beside its own time: for a second node, for bringing files in and out. */
const SLACK_MS = 6 * 3_600_000;
const LIVE_JOBS_MAX = 200;

type Start = { checkpointBlob: string | null; checkpointBytes: bigint | null };
const FROM_NOTHING: Start = { checkpointBlob: null, checkpointBytes: null };

/**
 * Takes a job on: the most it can cost is set aside, under every cap it falls under, and it waits for a node.
 *
 * Nothing is ever charged beyond that, and nothing at all unless it runs.
 */
export async function createJob(actor: Actor, spec: JobSpec, start: Start = FROM_NOTHING): Promise<JobView> {
  await assertInputs(actor, spec);
  const id = newId("job");
  const reserved = mostCost(BigInt(spec.pricePerHourMax), spec.timeLimitSeconds);
  if (reserved === 0n)
    throw new DomainError("VALIDATION_FAILED", {
      param: "pricePerHourMax",
      message: "With this price and time the job could cost nothing: no node works for that.",
    });
  const payer = payerOf(actor);
  const now = Date.now();
  const scopes = scopesOf(actor, { category: "compute", ...(spec.nodeId ? { nodeIds: [spec.nodeId] } : {}) });
  const expiresAt = new Date(now + QUEUE_MS);
  const money = {
    key: `job:${id}`,
    account: payer,
    amount: reserved,
    purpose: "compute",
    refId: id,
    expiresAt: new Date(now + QUEUE_MS + spec.timeLimitSeconds * 1_000 + SLACK_MS),
    scopes,
  };
  await withTransaction(async (sql) => {
    await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text", [`jobs:${actor.userId}`]);
    const [live] = await sql.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM job WHERE user_id = $1 AND finished_at IS NULL",
      [actor.userId],
    );
    if ((live?.count ?? 0) >= LIVE_JOBS_MAX) throw new DomainError("JOBS_TOO_MANY", { jobsMax: LIVE_JOBS_MAX });
    const { reservationId } = await reserveIn(sql, money);
    await sql.query(
      `INSERT INTO job (id, user_id, agent_id, api_key_id, payer, name, spec, status, reservation_id, reserved, scopes,
         checkpoint_blob, checkpoint_bytes, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $9, $10, $11, $12, $13::timestamptz)`,
      [
        id,
        actor.userId,
        actor.agentId ?? null,
        actor.apiKeyId ?? null,
        payer,
        spec.name,
        JSON.stringify(spec),
        reservationId,
        reserved,
        scopes,
        start.checkpointBlob,
        start.checkpointBytes,
        expiresAt.toISOString(),
      ],
    );
  }).catch((error: unknown) => {
    // Somebody who never had money has no account yet: to them it is the same sentence.
    if (error instanceof DomainError && error.code === "ACCOUNT_NOT_FOUND")
      throw new DomainError("INSUFFICIENT_FUNDS", {}, { cause: error });
    throw explainRefusal(error, actor);
  });
  dispatchSoon();
  return getJob(actor, { id });
}

/** Somebody else's file is answered like one that does not exist. */
async function assertInputs(actor: Actor, { inputs }: JobSpec): Promise<void> {
  const paths = new Set(inputs.map(({ path }) => path));
  if (paths.size !== inputs.length)
    throw new DomainError("VALIDATION_FAILED", { param: "inputs", message: "Two inputs have one path." });
  if (inputs.length === 0) return;
  const hashes = [...new Set(inputs.map(({ blob }) => blob))];
  const rows = await sqlOf(pool).query<{ hash: string }>(
    "SELECT hash FROM blob_owner WHERE user_id = $1 AND hash = ANY($2)",
    [actor.userId, hashes],
  );
  const missing = hashes.find((hash) => !rows.some((row) => row.hash === hash));
  if (missing) throw new DomainError("BLOB_NOT_FOUND", { param: "inputs", blob: missing });
}
