import { createHash } from "node:crypto";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { pool } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

const LOCK_SECONDS = 60;
/** A refusal before anything ran is not remembered: the caller mends the request and sends it under the same key. */
const FORGOTTEN = new Set([400, 401, 403, 404, 405, 409, 413, 415, 429]);
/** Nor is a failure of ours: a repeat runs again and finds what the first had done, by the same key. */
const isForgotten = (status: number): boolean => FORGOTTEN.has(status) || status >= 500;

export function readIdempotencyKey(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (key === null) return null;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new DomainError("IDEMPOTENCY_KEY_INVALID", { param: "Idempotency-Key" });
  return key;
}

type Row = { request_hash: string; status: number | null; body: string | null; is_claimed: boolean };

/**
 * Runs a change once for each key of a caller. The first answer is kept for a day and given again to repeats;
 * another body under the key is refused, and so is a repeat while the first is still running.
 *
 * This spares callers a second run; it is not what money rests on. A process may die between the change and the record
 * of its answer, and then the repeat runs: every verb that moves money writes the key with what it does.
 */
export async function once(
  actor: Actor,
  key: string,
  request: { method: string; path: string; body: string },
  work: () => Promise<Response>,
): Promise<Response> {
  const requestHash = createHash("sha256").update(`${request.method} ${request.path}\n${request.body}`).digest("hex");
  const id = newId("request");
  // Inserts the claim, or takes over one whose process died; otherwise reads what is there.
  const { rows } = await pool.query<Row>(
    `WITH claim AS (
       INSERT INTO idempotent_request (id, actor, key, request_hash, locked_until)
       VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
       ON CONFLICT (actor, key) DO UPDATE SET id = $1, locked_until = now() + make_interval(secs => $5)
         WHERE idempotent_request.status IS NULL AND idempotent_request.locked_until < now() AND idempotent_request.request_hash = $4
       RETURNING request_hash, status, body, true AS is_claimed)
     SELECT * FROM claim
     UNION ALL
     SELECT request_hash, status, body, false FROM idempotent_request
      WHERE actor = $2 AND key = $3 AND NOT EXISTS (SELECT 1 FROM claim)`,
    // A kept answer is given to the very credential it was made for: it is not checked again who may see it.
    [id, actor.apiKeyId ?? actor.userId, key, requestHash, LOCK_SECONDS],
  );
  const row = rows[0];
  if (!row) throw new DomainError("IDEMPOTENCY_IN_PROGRESS", { retryAfterSeconds: 1 });
  if (!row.is_claimed) return replay(row, requestHash);

  const forget = () => pool.query("DELETE FROM idempotent_request WHERE id = $1 AND status IS NULL", [id]);
  let response: Response;
  try {
    response = await work();
  } catch (error) {
    await forget();
    throw error;
  }
  if (isForgotten(response.status)) {
    await forget();
    return response;
  }
  const body = await response.text();
  await pool.query("UPDATE idempotent_request SET status = $2, body = $3 WHERE id = $1", [id, response.status, body]);
  return new Response(body, { status: response.status, headers: response.headers });
}

function replay(row: Row, requestHash: string): Response {
  if (row.request_hash !== requestHash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
  if (row.status === null) throw new DomainError("IDEMPOTENCY_IN_PROGRESS", { retryAfterSeconds: 1 });
  return new Response(row.body, {
    status: row.status,
    headers: { "content-type": "application/json", "idempotent-replayed": "true" },
  });
}

/** Forgets answers older than a day. */
export async function sweepIdempotentRequests(): Promise<void> {
  await pool.query("DELETE FROM idempotent_request WHERE created_at < now() - interval '1 day'");
}
