import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { InferenceOrder } from "#core/inference-order.ts";
import { type Piece, pieceText } from "#core/question.ts";
import type { FinishReason } from "#core/schemas/chat.ts";
import type { Actor } from "#server/identity/actor.ts";
import { assertScope } from "#server/identity/assert-scope.ts";
import { log } from "#server/log.ts";
import { completions } from "#server/metrics.ts";
import { type AnswerCheck, answerCheck } from "./answer-format.ts";
import type { Attempt, AttemptEnd, AttemptInput, AttemptPiece } from "./attempt.ts";
import { createDeliverer, type Delivered, type Deliverer, type Delivery } from "./deliver-answer.ts";
import { flagOverReport } from "./flag-over-report.ts";
import { type OpenInference, openInference, payerIn } from "./open-inference.ts";
import { settleLater } from "./pending-settlements.ts";
import { answerTokens, CANDIDATES_MAX, type InferencePlan, planInference } from "./plan-inference.ts";
import type { Candidate } from "./rank-offers.ts";
import type { KeyedRequest } from "./repeated-request.ts";
import { beginAttempt, newAttemptId, runAttempt } from "./run-attempt.ts";
import { type DeliveredSegment, settleInference, usageOf } from "./settle-inference.ts";
import { rememberNode } from "./sticky-nodes.ts";
import { TIMING, type Timing } from "./timing.ts";
import { watchAnswer } from "./trust/watch-answer.ts";

export type InferenceUsage = { promptTokens: number; completionTokens: number; charged: bigint };

export type InferenceEvent =
  | { type: "piece"; piece: Piece }
  /** All vectors of an embedding, in base64, in the order of the inputs. */
  | { type: "vectors"; vectors: string[] }
  /** `settled` resolves when the money has moved and the receipt is written. */
  | { type: "end"; finishReason: FinishReason; usage: InferenceUsage; settled: Promise<unknown> };

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
  /** Milliseconds this answer has waited for nodes until now. */
  nodeMs: () => number;
};

export type Outcome = FinishReason | "cancelled" | "interrupted";

export type InferenceOptions = {
  timing?: Timing;
  request?: KeyedRequest | null;
  /** Throws when the caller is beyond its limits: asked beside everything else, before anything is delivered. */
  admit?: () => Promise<unknown>;
};

/** Payers who were refused lately: nothing runs ahead for them. */
const REFUSED_FOR_MS = 10_000;
const refusedAt = new Map<string, number>();

function noteRefusal(payer: string): void {
  refusedAt.set(payer, performance.now());
  if (refusedAt.size > 10_000) refusedAt.clear();
}

type Early = { attempt: Attempt; attemptId: string; nodeId: string };
type Run = {
  open: OpenInference;
  order: InferenceOrder;
  timing: Timing;
  signal: AbortSignal;
  early: Early | null;
  actor: Actor;
  waits: Waits;
};

/** How long the platform waited for nodes: the rest of an answer's time is its own. */
type Waits = { totalMs: number };

/**
 * Runs an inference: sets money aside, lets a node answer, passes every piece on as it comes, counts it, and settles
 * exactly what was passed on. A node that fails is replaced by another, before the first piece unseen, and after it by
 * one that continues from what was delivered.
 *
 * A node that can be called directly is called while the money is being set aside; nothing of its answer is passed on
 * before that is done, and where it is refused the call is ended.
 */
export async function startInference(
  actor: Actor,
  order: InferenceOrder,
  options: InferenceOptions = {},
): Promise<RunningInference> {
  const { timing = TIMING, request = null, admit } = options;
  assertScope(actor, "inference:write");
  const check = formatCheck(order);
  const plan = await planInference(actor, order);
  const controller = new AbortController();
  const id = newId("inference");
  const early = request ? null : runAhead({ id, actor, order, plan, timing, signal: controller.signal });
  const [opened, admission] = await Promise.allSettled([
    openInference({ actor, order, plan, request, timing, id, early }),
    admit?.(),
  ]);
  if (opened.status === "rejected" || admission.status === "rejected") {
    controller.abort();
    void early?.attempt.return({ type: "cancelled" });
    noteRefusal(payerIn(actor, plan));
    if (opened.status === "rejected") throw opened.reason;
    await opened.value.recorded;
    await settleInference(opened.value, { text: "", segments: [], firstTokenAt: null, hasCalls: false }, "cancelled");
    throw admission.status === "rejected" ? admission.reason : new DomainError("INTERNAL");
  }
  const open = opened.value;
  const waits: Waits = { totalMs: 0 };
  const isStillFirst = early !== null && open.candidates[0]?.nodeId === early.nodeId;
  if (early && !isStillFirst) void early.attempt.return({ type: "cancelled" });
  const run: Run = { open, order, timing, signal: controller.signal, early: isStillFirst ? early : null, actor, waits };
  const events = answer(run, check, () => clearTimeout(deadline));
  const cancel = async () => {
    controller.abort();
    // Reading on lets the generator come to its end and settle; what it still yields goes nowhere.
    for await (const event of events) if (event.type === "end") await event.settled;
  };
  // A client that neither reads nor leaves holds a node and a reservation no longer than this.
  const deadline = setTimeout(() => void cancel().catch(() => undefined), timing.answerMs);
  deadline.unref();
  const { receiptId, model, promptTokens, startedAt } = open;
  return { id, receiptId, model, promptTokens, startedAt, events, cancel, nodeMs: () => waits.totalMs };
}

function formatCheck({ question, isStream }: InferenceOrder): AnswerCheck | null {
  const check = question.kind === "chat" && question.format ? answerCheck(question.format) : null;
  // A stream has left before it is whole; what can be promised of one is the grammar its node was given.
  return isStream ? null : check;
}

type Ahead = {
  id: string;
  actor: Actor;
  order: InferenceOrder;
  plan: InferencePlan;
  timing: Timing;
  signal: AbortSignal;
};

/** Calls the first choice at once where it can be called directly, unless its caller was refused a moment ago. */
function runAhead({ id, actor, order, plan, timing, signal }: Ahead): Early | null {
  const first = plan.ranked[0];
  if (!first?.directUrl) return null;
  if (performance.now() - (refusedAt.get(payerIn(actor, plan)) ?? Number.NEGATIVE_INFINITY) < REFUSED_FOR_MS)
    return null;
  const attemptId = newAttemptId();
  const maxTokens = answerTokens(order, plan.ranked.slice(0, CANDIDATES_MAX), plan.promptTokens);
  const work = workOf(order, plan.model, "", maxTokens);
  const input: AttemptInput = { inferenceId: id, attemptId, candidate: first, model: plan.model, work, timing, signal };
  return { attempt: beginAttempt(input), attemptId, nodeId: first.nodeId };
}

const afterThis = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function* answer(run: Run, check: AnswerCheck | null, onEnd: () => void): AsyncGenerator<InferenceEvent, void> {
  const { open, actor, order } = run;
  const delivery: Delivery = { text: "", segments: [], firstTokenAt: null, hasCalls: false };
  let outcome: Outcome = "interrupted";
  let settled: Promise<unknown> = Promise.resolve();
  try {
    outcome = yield* tryNodes(run, check, delivery);
  } catch (error) {
    log.error({ event: "inference.failed", inferenceId: open.id, err: error });
  } finally {
    onEnd();
    // After the last words of the answer are on their way.
    settled = afterThis()
      .then(() => open.recorded)
      .then(() => settleInference(open, delivery, outcome));
    settleLater(open.id, settled);
    const work = workOf(order, open.model, "", open.maxTokens);
    watchAnswer({ order, open, delivery, work, isWhole: outcome === "stop" || outcome === "length" });
    completions.inc({ outcome });
  }
  if (outcome === "cancelled" || outcome === "interrupted") await settled;
  if (outcome === "cancelled") return;
  if (outcome === "interrupted") {
    if (delivery.text === "") throw new DomainError("MODEL_UNAVAILABLE", { param: "model" });
    throw new DomainError("UNAVAILABLE", {
      message: "The nodes that served this answer were lost. Only the part that arrived is charged.",
    });
  }
  const last = delivery.segments.at(-1);
  if (last) rememberNode(actor, open.model, order.question, last.nodeId);
  yield { type: "end", finishReason: outcome, usage: usageOf(open, delivery), settled };
}

/** Tries one node after the other until the answer is complete, the caller left, or none is left. */
async function* tryNodes(
  run: Run,
  check: AnswerCheck | null,
  delivery: Delivery,
): AsyncGenerator<InferenceEvent, Outcome> {
  const { open, order, timing, signal } = run;
  const deliverer = createDeliverer({
    counting: open.counting,
    tokensMax: open.maxTokens,
    stops: order.stops,
    delivery,
  });
  for (const candidate of open.candidates) {
    if (delivery.text !== "" && (!candidate.canContinue || delivery.hasCalls)) continue;
    const isEarly = run.early?.nodeId === candidate.nodeId && delivery.text === "";
    const attemptId = isEarly && run.early ? run.early.attemptId : newAttemptId();
    const segment = startSegment(open, candidate, attemptId, delivery);
    // A node that fetches its work is told of it by a row, which belongs to the inference's.
    if (candidate.directUrl === null) await open.recorded;
    const work = workOf(order, open.model, delivery.text, open.maxTokens - deliverer.tokens);
    const input = { inferenceId: open.id, attemptId, candidate, model: open.model, work, timing, signal };
    const attempt = isEarly && run.early ? run.early.attempt : runAttempt(input);
    run.early = null;
    const steps = timed(check ? whole(attempt, check) : attempt, run.waits);
    const finished =
      order.question.kind === "embedding"
        ? yield* passVectors(steps, order.question.inputs.length, segment, delivery)
        : yield* passOn(steps, deliverer, segment, open);
    if (finished) return finished;
    log.info({ event: "inference.failover", inferenceId: open.id, nodeId: candidate.nodeId });
  }
  return "interrupted";
}

/** Counts the time spent waiting for the node. */
function timed(attempt: Attempt, waits: Waits): Attempt {
  return {
    ...attempt,
    next: async () => {
      const askedAt = performance.now();
      try {
        return await attempt.next();
      } finally {
        waits.totalMs += performance.now() - askedAt;
      }
    },
    return: (value) => attempt.return(value),
    throw: (error) => attempt.throw(error),
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: () => attempt[Symbol.asyncDispose](),
  };
}

/** An answer that is checked before any of it leaves: one that is not what was asked for counts as none. */
async function* whole(attempt: Attempt, check: AnswerCheck): Attempt {
  try {
    const pieces: AttemptPiece[] = [];
    let step = await attempt.next();
    for (; !step.done; step = await attempt.next()) pieces.push(step.value);
    const end = step.value;
    if (end.type !== "done") return end;
    const text = pieces.map((piece) => (piece.type === "text" ? pieceText(piece) : "")).join("");
    // One that was cut by its limit cannot match, and its caller sees that it was cut.
    const wrong = end.finishReason === "stop" ? check(text) : null;
    if (wrong !== null) return { type: "lost", reason: wrong, isFault: false };
    yield* pieces;
    return end;
  } finally {
    await attempt.return({ type: "cancelled" });
  }
}

/** Passes on what one node says. Null when the node was lost and another should go on. */
async function* passOn(
  attempt: Attempt,
  deliverer: Deliverer,
  segment: DeliveredSegment,
  open: OpenInference,
): AsyncGenerator<InferenceEvent, Outcome | null> {
  const events = (delivered: Delivered): InferenceEvent[] =>
    delivered.pieces.map((piece) => ({ type: "piece", piece }));
  try {
    for (let step = await attempt.next(); ; step = await attempt.next()) {
      if (!step.done) {
        if (step.value.type === "vector") return null;
        const delivered = deliverer.deliver(segment, step.value);
        yield* events(delivered);
        if (delivered.ended) return delivered.ended;
        continue;
      }
      const end: AttemptEnd = step.value;
      if (end.type === "cancelled") return "cancelled";
      const rest = deliverer.finish(segment);
      yield* events(rest);
      if (rest.ended) return rest.ended;
      if (end.type === "lost") return null;
      if (end.usage) flagOverReport(open, segment, end.usage);
      return end.finishReason;
    }
  } finally {
    await attempt.return({ type: "cancelled" });
  }
}

/** Vectors are passed on when all are there. */
async function* passVectors(
  attempt: Attempt,
  count: number,
  segment: DeliveredSegment,
  delivery: Delivery,
): AsyncGenerator<InferenceEvent, Outcome | null> {
  const vectors: string[] = Array.from({ length: count }, () => "");
  try {
    for (let step = await attempt.next(); ; step = await attempt.next()) {
      if (!step.done) {
        const piece = step.value;
        if (piece.type !== "vector" || piece.input >= count) return null;
        vectors[piece.input] += piece.data;
        continue;
      }
      if (step.value.type === "cancelled") return "cancelled";
      if (step.value.type === "lost" || vectors.some((vector) => vector === "")) return null;
      segment.text = vectors.join("\n");
      delivery.text = segment.text;
      delivery.firstTokenAt = new Date();
      yield { type: "vectors", vectors };
      return "stop";
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
  const { nodeId, payee, publicKey, inputPrice, outputPrice, offerId } = candidate;
  const segment: DeliveredSegment = {
    nodeId,
    offerId,
    payee,
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

const workOf = (order: InferenceOrder, model: string, prefix: string, maxTokens: number): AttemptInput["work"] => ({
  model,
  question: order.question,
  prefix,
  maxTokens,
  temperature: order.temperature,
  topP: order.topP,
  seed: order.seed,
  frequencyPenalty: order.frequencyPenalty,
  presencePenalty: order.presencePenalty,
  logprobs: order.logprobs,
});
