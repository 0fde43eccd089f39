import type { NodeEvent, Work } from "#core/schemas/node-protocol.ts";
import { pool } from "#server/db.ts";
import type { Attempt, AttemptEnd, AttemptInput, AttemptPiece } from "./attempt.ts";
import { createEventQueue } from "./event-queue.ts";
import { listening, onAttempt, thisGateway, wakeNode } from "./hub.ts";
import { noteAttemptEnd } from "./note-attempt.ts";
import type { Timing } from "./timing.ts";

/**
 * Gives the work to a node that fetches it, and yields the pieces of its answer.
 *
 * Leaving the loop early, for whatever reason, tells the node to stop. The prompt is removed from the row at the end.
 */
export async function* runPulledAttempt(input: AttemptInput): Attempt {
  const { attemptId, inferenceId, candidate } = input;
  const { nodeId } = candidate;
  await listening();
  const queue = createEventQueue();
  const forget = onAttempt(attemptId, { nodeId, receive: (event) => queue.push(event) });
  let end: AttemptEnd = { type: "cancelled" };
  const startedAt = performance.now();
  let firstAt = 0;
  let eventCount = 0;
  try {
    const work: Work = { ...input.work, attemptId, gateway: thisGateway() };
    await pool.query(
      `INSERT INTO inference_attempt (id, inference_id, node_id, gateway, status, work) VALUES ($1, $2, $3, $4, 'queued', $5)`,
      [attemptId, inferenceId, nodeId, thisGateway(), JSON.stringify(work)],
    );
    wakeNode(nodeId);
    for (;;) {
      const event = await queue.shift(
        patienceMs(input.timing, performance.now() - startedAt, firstAt > 0, eventCount),
        input.signal,
      );
      eventCount += 1;
      const step = event ? readEvent(event) : silence(input.signal);
      if (step === null) continue;
      if ("end" in step) {
        end = step.end;
        return end;
      }
      if (firstAt === 0) firstAt = performance.now();
      yield step.piece;
    }
  } finally {
    forget();
    await endAttempt(input, end, firstAt > 0 ? firstAt - startedAt : null);
  }
}

type Step = { piece: AttemptPiece } | { end: AttemptEnd };

const lost = (reason: string, isFault: boolean): Step => ({ end: { type: "lost", reason, isFault } });

const silence = (signal: AbortSignal): Step =>
  signal.aborted ? { end: { type: "cancelled" } } : lost("The node fell silent.", true);

/** How long to wait for the next event: to be accepted, then for a sign of life. */
function patienceMs(timing: Timing, elapsedMs: number, hasFirst: boolean, eventCount: number): number {
  if (eventCount === 0) return timing.acceptMs;
  return hasFirst ? timing.silenceMs : Math.max(0, Math.min(timing.silenceMs, timing.firstTokenMs - elapsedMs));
}

/** A piece, the end of the attempt, or null for an event that only says "still here". */
function readEvent(event: NodeEvent): Step | null {
  switch (event.type) {
    case "text":
      if (event.text === "" && !event.logprobs) return null;
      return { piece: { type: "text", text: event.text, logprobs: event.logprobs } };
    case "call":
      return { piece: { type: "call", call: event.call, id: event.id, name: event.name } };
    case "arguments":
      return { piece: { type: "arguments", call: event.call, text: event.text } };
    case "vector":
      return { piece: { type: "vector", input: event.input, data: event.data } };
    case "done":
      return { end: { type: "done", finishReason: event.finishReason, usage: event.usage ?? null } };
    case "refused":
      return lost(event.reason, false);
    case "failed":
      return lost(event.reason, true);
    default:
      return null;
  }
}

async function endAttempt(input: AttemptInput, end: AttemptEnd, firstTokenMs: number | null): Promise<void> {
  const status = end.type === "done" ? "done" : end.type === "lost" ? "failed" : "cancelled";
  await pool.query(
    `UPDATE inference_attempt SET status = $2, error = $3, work = NULL, ended_at = now() WHERE id = $1`,
    [input.attemptId, status, end.type === "lost" ? end.reason.slice(0, 300) : null],
  );
  // A node that works on is told to stop; one that is done has nothing left to hear.
  if (status !== "done") wakeNode(input.candidate.nodeId);
  await noteAttemptEnd(input, end, firstTokenMs);
}
