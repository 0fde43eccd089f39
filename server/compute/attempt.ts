import type { Piece } from "#core/question.ts";
import type { ClaimedUsage, Work } from "#core/schemas/node-protocol.ts";
import type { Candidate } from "./rank-offers.ts";
import type { Timing } from "./timing.ts";

/** What one try brings: pieces of an answer, or the parts of an embedding's vectors. */
export type AttemptPiece = Piece | { type: "vector"; input: number; data: string };

export type AttemptEnd =
  | { type: "done"; finishReason: "stop" | "length" | "tool_calls"; usage: ClaimedUsage | null }
  /** The node refused, failed or fell silent: another one may go on. `isFault` is false when it only had no room. */
  | { type: "lost"; reason: string; isFault: boolean }
  /** The caller gave up. */
  | { type: "cancelled" };

export type AttemptInput = {
  /** Null for a challenge. */
  inferenceId: string | null;
  attemptId: string;
  candidate: Candidate;
  model: string;
  work: Omit<Work, "attemptId" | "gateway">;
  timing: Timing;
  signal: AbortSignal;
};

/** One node's try at an answer: its pieces as they come, then how it ended. Leaving it early tells the node to stop. */
export type Attempt = AsyncGenerator<AttemptPiece, AttemptEnd>;
