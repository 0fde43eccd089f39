import type { Piece, TokenLogprob } from "#core/question.ts";
import { pieceText } from "#core/question.ts";
import type { TokenCounting } from "#core/schemas/node-protocol.ts";
import { createTokenCounter } from "#core/token-count.ts";
import type { DeliveredSegment } from "./settle-inference.ts";
import { createStopMatcher } from "./stop-matcher.ts";

/** What became of an answer so far, over all nodes that had a part in it. */
export type Delivery = {
  text: string;
  segments: DeliveredSegment[];
  firstTokenAt: Date | null;
  /** True once a tool's call has begun: no other node can go on within it. */
  hasCalls: boolean;
};

export type Delivered = { pieces: Piece[]; ended: "length" | "stop" | null };

/**
 * What stands between nodes and the caller: stop texts are found, the answer is counted by our own method and cut where
 * the caller's limit is, and everything that passes is written down as delivered by the node it came from.
 */
export function createDeliverer(input: {
  counting: TokenCounting;
  tokensMax: number;
  stops: string[];
  delivery: Delivery;
}) {
  const { tokensMax, delivery } = input;
  const counter = createTokenCounter(input.counting);
  const matcher = createStopMatcher(input.stops);
  let waiting: TokenLogprob[] = [];

  function record(segment: DeliveredSegment, text: string): void {
    const before = counter.total;
    counter.add(text);
    delivery.text += text;
    delivery.firstTokenAt ??= new Date();
    segment.text += text;
    segment.completionTokens += counter.total - before;
  }

  /** Lets a text through as far as it fits. */
  function pass(segment: DeliveredSegment, piece: Exclude<Piece, { type: "call" }>): Delivered {
    const text = counter.fitting(piece.text, tokensMax);
    if (text !== "") record(segment, text);
    const ended = text !== piece.text || counter.total >= tokensMax ? "length" : null;
    if (text === "" && !(piece.type === "text" && piece.logprobs)) return { pieces: [], ended };
    return { pieces: [{ ...piece, text }], ended };
  }

  return {
    get tokens(): number {
      return counter.total;
    },
    deliver(segment: DeliveredSegment, piece: Piece): Delivered {
      if (piece.type === "call") {
        const text = pieceText(piece);
        if (counter.fitting(text, tokensMax) !== text) return { pieces: [], ended: "length" };
        delivery.hasCalls = true;
        record(segment, text);
        return { pieces: [piece], ended: counter.total >= tokensMax ? "length" : null };
      }
      if (piece.type === "arguments") return pass(segment, piece);
      const { text, stopped } = matcher.push(piece.text);
      // Probabilities leave with the text they belong to, which a stop text may hold back.
      if (piece.logprobs) waiting.push(...piece.logprobs);
      if (text === "") return { pieces: [], ended: stopped ? "stop" : null };
      const logprobs = waiting.length > 0 ? waiting : undefined;
      waiting = [];
      const passed = pass(segment, { type: "text", text, logprobs });
      return { pieces: passed.pieces, ended: passed.ended ?? (stopped ? "stop" : null) };
    },
    /** What was held back as a possible stop text is part of the answer after all. */
    finish(segment: DeliveredSegment): Delivered {
      const rest = matcher.rest();
      return rest === "" ? { pieces: [], ended: null } : pass(segment, { type: "text", text: rest });
    },
  };
}

export type Deliverer = ReturnType<typeof createDeliverer>;
