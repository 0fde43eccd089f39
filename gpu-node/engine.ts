import type { Piece } from "../core/question.ts";
import type { ClaimedUsage, Offer, Work } from "../core/schemas/node-protocol.ts";

/** How an answer ended, and what the engine says it used. */
export type AnswerEnd = { finishReason: "stop" | "length" | "tool_calls"; usage: ClaimedUsage | null };

/** Something that answers: the embedded llama.cpp, or a server beside this program. */
export type Engine = {
  /** What it can serve, without prices. Read again with every heartbeat, so that a change of models is a change of offers. */
  models: () => Omit<Offer, "inputPrice" | "outputPrice">[];
  /** Yields the answer piece by piece as it comes. */
  generate: (work: Work, signal: AbortSignal) => AsyncGenerator<Piece, AnswerEnd>;
  /** A vector for each input, as little-endian 32-bit floats. */
  embed: (model: string, inputs: readonly string[], signal: AbortSignal) => Promise<Float32Array[]>;
  /** Looks again at what there is to serve. */
  refresh: () => Promise<void>;
  close: () => Promise<void>;
};
