import { newId } from "#core/ids.ts";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { recordAdminAction } from "#server/identity/record-admin-action.ts";
import { addJob } from "#server/queue.ts";

/** A run takes this long at most. */
export const RECONCILIATION_MS_MAX = 15 * 60_000;
/** Then whoever ran it is gone, and somebody else may. */
const LOST_MS = RECONCILIATION_MS_MAX + 60_000;

/**
 * Asks for a comparison of ledger and chain; the worker makes it. While one is waiting or running there is no second: its
 * id is the answer to everybody who asks.
 */
export async function requestReconciliation(
  requestedBy: string | null,
  { delayMs = 0 }: { delayMs?: number } = {},
): Promise<{ id: string }> {
  return withTransaction(async (sql) => {
    await giveUpLost(sql);
    const id = await openRun(sql, requestedBy, new Date(Date.now() + delayMs));
    if (requestedBy !== null)
      await recordAdminAction(sql, { userId: requestedBy, action: "reconciliation.request", subject: id });
    return { id };
  });
}

async function openRun(sql: Sql, requestedBy: string | null, runAt: Date): Promise<string> {
  const [made] = await sql.query<{ id: string }>(
    `INSERT INTO reconciliation_run (id, requested_by, requested_at) VALUES ($1, $2, clock_timestamp())
     ON CONFLICT ((true)) WHERE status IN ('queued', 'running') DO NOTHING RETURNING id`,
    [newId("reconciliation"), requestedBy],
  );
  if (made) {
    await addJob(sql, "reconcile", made, { jobKey: "reconcile", runAt });
    return made.id;
  }
  // The one that is open; or, when it was closed between both statements, what it found a moment ago.
  const [newest] = await sql.query<{ id: string; status: string }>(
    "SELECT id, status FROM reconciliation_run ORDER BY status IN ('queued', 'running') DESC, id DESC LIMIT 1",
  );
  if (!newest) throw new Error("A run stood in the way and is not there.");
  // One that was to wait waits no longer than whoever asks now would have.
  if (newest.status === "queued") await addJob(sql, "reconcile", { id: newest.id }, { jobKey: "reconcile", runAt });
  return newest.id;
}

const giveUpLost = (sql: Sql) =>
  sql.query(
    `UPDATE reconciliation_run SET status = 'failed', finished_at = clock_timestamp(), error = 'The worker that ran it was lost.'
      WHERE status = 'running' AND started_at < clock_timestamp() - make_interval(secs => $1::float8 / 1000)`,
    [LOST_MS],
  );

/**
 * For a worker that starts: once more, unless it was done a short while ago. A moment later, so that the indexer has a block to
 * compare with.
 */
export async function requestDueReconciliation(everyMs: number, delayMs = 15_000): Promise<void> {
  const [recent] = await sqlOf(pool).query(
    `SELECT 1 FROM reconciliation_run WHERE status = 'done' AND finished_at > clock_timestamp() - make_interval(secs => $1::float8 / 1000) LIMIT 1`,
    [everyMs],
  );
  if (!recent) await requestReconciliation(null, { delayMs });
}
