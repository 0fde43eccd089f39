import { newId } from "#core/ids.ts";
import type { NodeEvent, Work } from "#core/schemas/node-protocol.ts";
import { db, pool } from "#server/db.ts";
import { createEventQueue } from "./event-queue.ts";
import { listening, onAttempt, thisGateway, wakeNode } from "./hub.ts";
import type { Timing } from "./timing.ts";

export type AttemptEnd =
  | { type: "done"; finishReason: "stop" | "length" }
  /** The node refused, failed or fell silent: another one may go on. */
  | { type: "lost"; reason: string }
  /** The caller gave up. */
  | { type: "cancelled" };

export type AttemptInput = {
  inferenceId: string;
  attemptId: string;
  nodeId: string;
  work: Omit<Work, "attemptId" | "gateway">;
  timing: Timing;
  signal: AbortSignal;
};

export const newAttemptId = (): string => newId("attempt");

/**
 * Gives the work to one node and yields the pieces of its answer.
 *
 * Leaving the loop early, for whatever reason, tells the node to stop. The prompt is removed from the row at the end.
 */
export async function* runAttempt(input: AttemptInput): AsyncGenerator<string, AttemptEnd> {
  const { attemptId, inferenceId, nodeId } = input;
  await listening();
  const queue = createEventQueue();
  const forget = onAttempt(attemptId, { nodeId, receive: (event) => queue.push(event) });
  let end: AttemptEnd = { type: "cancelled" };
  const startedAt = performance.now();
  let firstAt = 0;
  let eventCount = 0;
  try {
    const work: Work = { ...input.work, attemptId, gateway: thisGateway() };
    await db.inferenceAttempt.create({
      data: { id: attemptId, inferenceId, nodeId, gateway: thisGateway(), status: "queued", work },
    });
    wakeNode(nodeId);
    for (;;) {
      const event = await queue.shift(
        patienceMs(input.timing, performance.now() - startedAt, firstAt > 0, eventCount),
        input.signal,
      );
      eventCount += 1;
      const step = event ? readEvent(event) : silence(input.signal);
      if (typeof step !== "string") {
        if (step) {
          end = step;
          return step;
        }
        continue;
      }
      if (firstAt === 0) firstAt = performance.now();
      yield step;
    }
  } finally {
    forget();
    await endAttempt(input, end, { startedAt, firstAt });
  }
}

const silence = (signal: AbortSignal): AttemptEnd =>
  signal.aborted ? { type: "cancelled" } : { type: "lost", reason: "The node fell silent." };

/** How long to wait for the next event: to be accepted, then for a sign of life. */
function patienceMs(timing: Timing, elapsedMs: number, hasFirst: boolean, eventCount: number): number {
  if (eventCount === 0) return timing.acceptMs;
  return hasFirst ? timing.silenceMs : Math.max(0, Math.min(timing.silenceMs, timing.firstTokenMs - elapsedMs));
}

/** A piece of text, the end of the attempt, or null for an event that only says "still here". */
function readEvent(event: NodeEvent): string | AttemptEnd | null {
  switch (event.type) {
    case "text":
      return event.text === "" ? null : event.text;
    case "done":
      return { type: "done", finishReason: event.finishReason };
    case "refused":
    case "failed":
      return { type: "lost", reason: event.reason };
    default:
      return null;
  }
}

async function endAttempt(
  { attemptId, nodeId }: AttemptInput,
  end: AttemptEnd,
  times: { startedAt: number; firstAt: number },
): Promise<void> {
  const status = end.type === "done" ? "done" : end.type === "lost" ? "failed" : "cancelled";
  const error = end.type === "lost" ? end.reason : null;
  await pool.query(
    `UPDATE inference_attempt SET status = $2, error = $3, work = NULL, ended_at = now() WHERE id = $1`,
    [attemptId, status, error],
  );
  // A node that works on is told to stop; one that is done has nothing left to hear.
  if (status !== "done") wakeNode(nodeId);
  if (status === "failed") {
    await pool.query(
      `UPDATE compute_node SET attempts_failed = attempts_failed + 1, last_failure_at = now() WHERE id = $1`,
      [nodeId],
    );
  } else if (status === "done" && times.firstAt > 0) {
    await pool.query(
      `UPDATE compute_node SET attempts_succeeded = attempts_succeeded + 1,
         first_token_ms = COALESCE(first_token_ms * 0.8, $2 * 0.8) + $2 * 0.2 WHERE id = $1`,
      [nodeId, times.firstAt - times.startedAt],
    );
  }
}
