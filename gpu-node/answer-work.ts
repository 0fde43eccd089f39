import { type Piece, pieceText } from "../core/question.ts";
import type { Work } from "../core/schemas/node-protocol.ts";
import { vectorBase64, vectorParts } from "../core/vectors.ts";
import { createAnswerMemory } from "./answer-memory.ts";
import type { AnswerEnd } from "./engine.ts";
import { createEventSender, type EventSender, type Unsent } from "./event-sender.ts";
import type { NodeParts } from "./serve.ts";

/** Lets at most `capacity` answers run at a time; the others wait, and may leave while they do. */
function createTurns(capacity: number) {
  const waiting = new Set<() => void>();
  let active = 0;
  return {
    /** False when the signal fired before there was a place. */
    async take(signal: AbortSignal): Promise<boolean> {
      while (active >= capacity && !signal.aborted) {
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      if (signal.aborted) return false;
      active += 1;
      return true;
    },
    giveBack(): void {
      active -= 1;
      // Everyone looks again; whoever left meanwhile does not keep the place from the next.
      for (const look of waiting) look();
      waiting.clear();
    },
  };
}

/** Events carry one token's probabilities at most, so that any fits into one message between processes. */
function eventsOf(piece: Piece): Unsent[] {
  if (piece.type !== "text" || !piece.logprobs || piece.logprobs.length === 0)
    return [piece.type === "text" ? { type: "text", text: piece.text } : piece];
  const [first, ...more] = piece.logprobs;
  return [
    { type: "text", text: piece.text, ...(first ? { logprobs: [first] } : {}) },
    ...more.map((one): Unsent => ({ type: "text", text: "", logprobs: [one] })),
  ];
}

/** The answers a node is giving: starts them, stops them, and remembers them for their receipts. */
export function createAnswers(node: NodeParts) {
  const { platform, engine, options, say } = node;
  const memory = createAnswerMemory(node.identity);
  const turns = createTurns(options.capacity);
  const running = new Map<string, AbortController>();
  const prices = { inputPrice: options.inputPrice, outputPrice: options.outputPrice };

  async function start(work: Work): Promise<void> {
    const controller = new AbortController();
    running.set(work.attemptId, controller);
    const sender = createEventSender(platform, work, () => controller.abort());
    sender.push({ type: "accepted" });
    let text = "";
    const hasTurn = await turns.take(controller.signal);
    try {
      if (!hasTurn) return;
      const startedAt = performance.now();
      text = await answer(work, sender, controller.signal);
      const stopped = controller.signal.aborted ? ", stopped" : "";
      say(`${work.model}: ${text.length} characters in ${Math.round(performance.now() - startedAt)} ms${stopped}.`);
    } catch (error) {
      if (controller.signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      say(`${work.model} failed: ${reason}`);
      sender.push({ type: "failed", reason: reason.slice(0, 300) });
    } finally {
      if (hasTurn) turns.giveBack();
      await memory.remember(work, text, prices);
      await sender.end();
      running.delete(work.attemptId);
    }
  }

  /** Sends the answer as it comes and returns the text of it that is hashed. */
  async function answer(work: Work, sender: EventSender, signal: AbortSignal): Promise<string> {
    const { question } = work;
    if (question.kind === "embedding") {
      const vectors = await engine.embed(work.model, question.inputs, signal);
      for (const [input, vector] of vectors.entries())
        for (const data of vectorParts(vector)) sender.push({ type: "vector", input, data });
      if (!signal.aborted) sender.push({ type: "done", finishReason: "stop" });
      return vectors.map(vectorBase64).join("\n");
    }
    let text = "";
    const pieces = engine.generate(work, signal);
    let step = await pieces.next();
    for (; !step.done; step = await pieces.next()) {
      text += pieceText(step.value);
      for (const event of eventsOf(step.value)) sender.push(event);
    }
    if (!signal.aborted) sender.push({ type: "done", finishReason: step.value.finishReason, usage: step.value.usage });
    return text;
  }

  /** Direct answers are not named to the platform when work is fetched: their caller's connection says all there is to say. */
  let directCount = 0;

  /** The answer to a call of the platform's own: the same places, and remembered for its receipt like any other. */
  async function* direct(work: Work, signal: AbortSignal): AsyncGenerator<Piece, AnswerEnd> {
    if (!(await turns.take(signal))) throw new Error("The caller left.");
    directCount += 1;
    let text = "";
    try {
      const pieces = engine.generate(work, signal);
      let step = await pieces.next();
      for (; !step.done; step = await pieces.next()) {
        text += pieceText(step.value);
        yield step.value;
      }
      return step.value;
    } finally {
      turns.giveBack();
      directCount -= 1;
      await memory.remember(work, text, prices);
    }
  }

  async function directEmbedding(work: Work, signal: AbortSignal): Promise<Float32Array[]> {
    if (work.question.kind !== "embedding") throw new Error("This is no embedding.");
    if (!(await turns.take(signal))) throw new Error("The caller left.");
    try {
      const vectors = await engine.embed(work.model, work.question.inputs, signal);
      await memory.remember(work, vectors.map(vectorBase64).join("\n"), prices);
      return vectors;
    } finally {
      turns.giveBack();
    }
  }

  return {
    start,
    direct,
    directEmbedding,
    /** Lets the platform give the work to another node at once. */
    async refuse(work: Work): Promise<void> {
      const sender = createEventSender(platform, work, () => undefined);
      sender.push({ type: "refused", reason: "The node is ending." });
      await sender.end();
    },
    stop(attemptId: string): void {
      running.get(attemptId)?.abort();
      running.delete(attemptId);
    },
    /** The fetched work at hand, by its attempts. */
    running: (): string[] => [...running.keys()],
    /** How many answers are being given, however they were asked for. */
    count: (): number => running.size + directCount,
    sign: memory.sign,
  };
}

export type Answers = ReturnType<typeof createAnswers>;
