import type { Offer, Work } from "../core/schemas/node-protocol.ts";

/** Something that answers: the embedded llama.cpp, or a server beside this program. */
export type Engine = {
  /** What it can serve, without prices. */
  models: Pick<Offer, "model" | "contextTokens" | "canContinue">[];
  /** Yields the answer in pieces of text as they come. Returns why it ended. */
  generate: (work: Work, signal: AbortSignal) => AsyncGenerator<string, "stop" | "length">;
  close: () => Promise<void>;
};
