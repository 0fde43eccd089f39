import { DomainError } from "#core/errors.ts";
import { db, pool } from "#server/db.ts";
import { releaseReservation } from "#server/ledger/reservations.ts";
import { nodesOnline } from "#server/metrics.ts";
import { TIMING } from "./timing.ts";

const PAGE_SIZE = 200;

/** Marks nodes that fell silent as offline. A job; safe at any time and twice. */
export async function sweepNodes(): Promise<{ offline: number }> {
  const { rowCount } = await pool.query(
    `UPDATE compute_node SET status = 'offline'
     WHERE status IN ('online', 'draining') AND last_seen_at < now() - make_interval(secs => $1)`,
    [TIMING.nodeOfflineAfterMs / 1000],
  );
  nodesOnline.set(await db.computeNode.count({ where: { status: "online" } }));
  await pool.query(`DELETE FROM compute_nonce WHERE sent_at < now() - interval '3 minutes'`);
  return { offline: rowCount ?? 0 };
}

/**
 * Ends completions whose web process died: their money is released, and their work is taken from the queue.
 *
 * Only what is past its expiry is touched, which is later than any living process lets an answer run.
 */
export async function sweepInferences(now: Date = new Date()): Promise<{ ended: number }> {
  const abandoned = await db.inference.findMany({
    where: { status: "running", expiresAt: { lte: now } },
    select: { id: true, reservationId: true },
    take: PAGE_SIZE,
  });
  for (const { id, reservationId } of abandoned) {
    await releaseReservation({ reservationId, key: `inference-release:${id}`, reason: "expired" }).catch(
      (error: unknown) => {
        // The ledger's own job may have released it first.
        if (!(error instanceof DomainError && error.code === "RESERVATION_CLOSED")) throw error;
      },
    );
    await db.$transaction([
      db.inferenceAttempt.updateMany({
        where: { inferenceId: id, status: { in: ["queued", "claimed"] } },
        data: { status: "failed", error: "The platform's process ended.", endedAt: now },
      }),
      // The prompt is not kept beyond the attempt.
      db.$executeRaw`UPDATE inference_attempt SET work = NULL WHERE inference_id = ${id}`,
      db.inference.updateMany({
        where: { id, status: "running" },
        data: {
          status: "failed",
          charged: 0n,
          completionTokens: 0,
          errorCode: "UNAVAILABLE",
          finishedAt: now,
          // Nothing was charged: the caller's key is free for another try.
          requestKey: null,
        },
      }),
    ]);
  }
  return { ended: abandoned.length };
}
