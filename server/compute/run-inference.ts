import { DomainError } from "#core/errors.ts";
import type { ChatRequest, FinishReason } from "#core/schemas/chat.ts";
import { createTokenCounter } from "#core/token-count.ts";
import type { Actor } from "#server/identity/actor.ts";
import { log } from "#server/log.ts";
import { completions } from "#server/metrics.ts";
import { type OpenInference, openInference } from "./open-inference.ts";
import type { Candidate } from "./rank-offers.ts";
import type { KeyedRequest } from "./repeated-request.ts";
import { newAttemptId, runAttempt } from "./run-attempt.ts";
import { type DeliveredSegment, settleInference } from "./settle-inference.ts";
import { createStopMatcher } from "./stop-matcher.ts";
import { TIMING, type Timing } from "./timing.ts";

export type InferenceUsage = { promptTokens: number; completionTokens: number; charged: bigint };

export type InferenceEvent =
  | { type: "text"; text: string }
  | { type: "end"; finishReason: FinishReason; usage: InferenceUsage };

export type RunningInference = {
  id: string;
  receiptId: string;
  model: string;
  promptTokens: number;
  startedAt: Date;
  /** Read it to its end, or call `cancel`: only then is the money settled. */
  events: AsyncGenerator<InferenceEvent, void>;
  /** Stops the node and settles what was delivered so far. */
  cancel: () => Promise<void>;
};

export type Outcome = FinishReason | "cancelled" | "interrupted";

/**
 * Runs a chat completion: sets money aside, lets a node answer, passes every piece on as it comes, counts it, and
 * settles exactly what was passed on. A node that fails is replaced by another, before the first piece unseen, and
 * after it by one that continues from what was delivered.
 */
export async function startInference(
  actor: Actor,
  input: ChatRequest,
  timing: Timing = TIMING,
  request: KeyedRequest | null = null,
): Promise<RunningInference> {
  const open = await openInference(actor, input, timing, request);
  const controller = new AbortController();
  const events = answer(open, input, timing, controller.signal, () => clearTimeout(deadline));
  const cancel = async () => {
    controller.abort();
    // Reading on lets the generator come to its end and settle; what it still yields goes nowhere.
    for await (const _event of events);
  };
  // A client that neither reads nor leaves holds a node and a reservation no longer than this.
  const deadline = setTimeout(() => void cancel().catch(() => undefined), timing.answerMs);
  deadline.unref();
  const { id, receiptId, model, promptTokens, startedAt } = open;
  return { id, receiptId, model, promptTokens, startedAt, events, cancel };
}

type Delivery = { text: string; segments: DeliveredSegment[]; firstTokenAt: Date | null };

async function* answer(
  open: OpenInference,
  input: ChatRequest,
  timing: Timing,
  signal: AbortSignal,
  onEnd: () => void,
): AsyncGenerator<InferenceEvent, void> {
  const delivery: Delivery = { text: "", segments: [], firstTokenAt: null };
  let outcome: Outcome = "interrupted";
  let usage: InferenceUsage | null = null;
  try {
    outcome = yield* tryNodes(open, input, timing, signal, delivery);
  } catch (error) {
    log.error({ event: "inference.failed", inferenceId: open.id, err: error });
  } finally {
    onEnd();
    usage = await settleInference(open, delivery, outcome);
    completions.inc({ outcome });
  }
  if (outcome === "cancelled") return;
  if (outcome === "interrupted") {
    if (delivery.text === "") throw new DomainError("MODEL_UNAVAILABLE", { param: "model" });
    throw new DomainError("UNAVAILABLE", {
      message: "The nodes that served this answer were lost. Only the part that arrived is charged.",
    });
  }
  yield { type: "end", finishReason: outcome, usage };
}

/** Tries one node after the other until the answer is complete, the caller left, or none is left. */
async function* tryNodes(
  open: OpenInference,
  input: ChatRequest,
  timing: Timing,
  signal: AbortSignal,
  delivery: Delivery,
): AsyncGenerator<InferenceEvent, Outcome> {
  const counter = createTokenCounter(open.counting);
  const stops = input.stop == null ? [] : [input.stop].flat();
  const matcher = createStopMatcher(stops);
  for (const candidate of open.candidates) {
    if (delivery.text !== "" && !candidate.canContinue) continue;
    const attemptId = newAttemptId();
    const segment = startSegment(open, candidate, attemptId, delivery);
    const deliver = (piece: string): { text: string; full: boolean } => {
      const text = counter.fitting(piece, open.maxTokens);
      const before = counter.total;
      counter.add(text);
      delivery.text += text;
      delivery.firstTokenAt ??= new Date();
      segment.text += text;
      segment.completionTokens += counter.total - before;
      return { text, full: text !== piece || counter.total >= open.maxTokens };
    };
    const attempt = runAttempt({
      inferenceId: open.id,
      attemptId,
      nodeId: candidate.nodeId,
      work: workOf(open, input, delivery.text, open.maxTokens - counter.total),
      timing,
      signal,
    });
    const finished = yield* passOn(attempt, matcher, deliver);
    if (finished) return finished;
    log.info({ event: "inference.failover", inferenceId: open.id, nodeId: candidate.nodeId });
  }
  return "interrupted";
}

/** Passes on what one node says. Null when the node was lost and another should go on. */
async function* passOn(
  attempt: ReturnType<typeof runAttempt>,
  matcher: ReturnType<typeof createStopMatcher>,
  deliver: (piece: string) => { text: string; full: boolean },
): AsyncGenerator<InferenceEvent, Outcome | null> {
  try {
    for (let step = await attempt.next(); ; step = await attempt.next()) {
      if (step.done) {
        if (step.value.type === "cancelled") return "cancelled";
        // What was held back as a possible stop text is part of the answer after all.
        const rest = matcher.rest();
        if (rest !== "") {
          const last = deliver(rest);
          if (last.text !== "") yield { type: "text", text: last.text };
          if (last.full) return "length";
        }
        return step.value.type === "done" ? step.value.finishReason : null;
      }
      const { text: piece, stopped } = matcher.push(step.value);
      const { text, full } = piece === "" ? { text: "", full: false } : deliver(piece);
      if (text !== "") yield { type: "text", text };
      if (full) return "length";
      if (stopped) return "stop";
    }
  } finally {
    await attempt.return({ type: "cancelled" });
  }
}

function startSegment(
  open: OpenInference,
  candidate: Candidate,
  attemptId: string,
  delivery: Delivery,
): DeliveredSegment {
  const { nodeId, ownerId, publicKey, inputPrice, outputPrice } = candidate;
  const segment: DeliveredSegment = {
    nodeId,
    providerId: ownerId,
    publicKey,
    attemptId,
    inputPrice,
    outputPrice,
    // The prompt is charged once, to whoever delivered the first token.
    promptTokens: delivery.text === "" ? open.promptTokens : 0,
    completionTokens: 0,
    text: "",
  };
  delivery.segments.push(segment);
  return segment;
}

const workOf = (open: OpenInference, input: ChatRequest, prefix: string, maxTokens: number) => ({
  model: open.model,
  messages: input.messages,
  prefix,
  maxTokens,
  temperature: input.temperature ?? 1,
  topP: input.top_p ?? 1,
  seed: input.seed ?? null,
});
