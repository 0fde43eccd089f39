import { toWireError } from "#core/api-error.ts";
import { DomainError } from "#core/errors.ts";
import type { InferenceOrder } from "#core/inference-order.ts";
import { CHAT_BODY_BYTES_MAX, type ChatUsage } from "#core/schemas/chat.ts";
import { allSettled } from "#server/compute/pending-settlements.ts";
import {
  findRepeated,
  type KeptCompletion,
  type KeyedRequest,
  keyedRequest,
} from "#server/compute/repeated-request.ts";
import { type InferenceEvent, type RunningInference, startInference } from "#server/compute/run-inference.ts";
import type { Actor } from "#server/identity/actor.ts";
import { assertScope } from "#server/identity/assert-scope.ts";
import { type DoorRequest, openDoor } from "./door.ts";
import { readIdempotencyKey } from "./idempotency.ts";
import { toDomainError } from "./map-error.ts";
import { readJson } from "./request-body.ts";

// What OpenAI's three surfaces have in common: who asks, once or again, as a stream or whole, and what an answer's
// headers say.

const KEEP_ALIVE_MS = 15_000;

type TokenCounts = { promptTokens: number; completionTokens: number };
export const usageOf = ({ promptTokens, completionTokens }: TokenCounts): ChatUsage => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
});

/** What every form of an answer says of its inference. */
export type Answered = Pick<RunningInference, "id" | "receiptId" | "model" | "startedAt">;
export type EndEvent = Extract<InferenceEvent, { type: "end" }>;

/** The form of one surface: how its body is read, and how what comes of it is written. */
export type Surface<Input> = {
  name: string;
  read: (body: unknown) => Input;
  order: (input: Input) => InferenceOrder;
  /** Everything that came, in one object. */
  whole: (answered: Answered, events: readonly InferenceEvent[], end: EndEvent, input: Input) => object;
  /** The pieces of a stream; null for a surface that does not stream. */
  stream: ((answered: Answered, input: Input) => StreamForm) | null;
  kept: ((kept: KeptCompletion) => object) | null;
};

/** The objects of a stream's lines: before the first piece, for a piece, and at the end. */
export type StreamForm = {
  first: object | null;
  piece: (event: InferenceEvent) => object[];
  last: (end: EndEvent) => object[];
};

const headersOf = ({ id, receiptId }: Answered) => ({ "x-converge-receipt": receiptId, "x-converge-inference": id });

/** The caller hung up; what was delivered is settled, and no answer reaches anyone. */
const nobodyIsThere = () => new Response(null, { status: 499 });

/**
 * A door of OpenAI's surface over Converge's nodes.
 *
 * Under an Idempotency-Key a request is run and charged once. A repeat of an answer in one piece gets that answer for a
 * day; a repeat of a stream, whose text is kept nowhere, is told that it has ended and where its receipt is.
 */
export function inferenceDoor<Input>(surface: Surface<Input>): (request: Request) => Promise<Response> {
  return (request) =>
    openDoor(request, { name: surface.name, checksLimit: true }, async (door) => {
      if (!door.actor) throw new DomainError("UNAUTHENTICATED");
      // Before anything kept is looked up: an answer is read only by who may ask for it.
      assertScope(door.actor, "inference:write");
      return answerBody(surface, { ...door, actor: door.actor }, await readJson(request, CHAT_BODY_BYTES_MAX));
    });
}

/** Answers a body that was read, for somebody who is known. */
export async function answerBody<Input>(
  surface: Surface<Input>,
  door: DoorRequest & { actor: Actor },
  body: unknown,
): Promise<Response> {
  const startedAt = performance.now();
  const { actor, request } = door;
  const input = surface.read(body);
  const order = surface.order(input);
  const key = surface.kept ? readIdempotencyKey(request) : null;
  const keyed = key === null ? null : keyedRequest(actor, key, order);
  const kept = keyed && (await findKept(door, keyed));
  if (kept && surface.kept)
    return Response.json(surface.kept(kept), { headers: { ...headersOf(kept), "idempotent-replayed": "true" } });
  const inference = await startInference(actor, order, { request: keyed, admit: door.limit });
  // An answer that can be asked for again is worth finishing for a caller whose connection was lost.
  if (!keyed || order.isStream) cancelWithCaller(request, inference);
  // The first event decides the status: until then a failure is a plain error response, and costs nothing.
  const first = await inference.events.next();
  if (first.done) return nobodyIsThere();
  const headers = () => ({ ...headersOf(inference), ...timesOf(inference, startedAt) });
  if (order.isStream && surface.stream)
    return streamResponse(inference, first.value, surface.stream(inference, input), door.requestId, headers());
  const events = await collect(inference, first.value);
  const end = events?.at(-1);
  if (!events || end?.type !== "end") return nobodyIsThere();
  await end.settled;
  return Response.json(surface.whole(inference, events, end, input), { headers: headers() });
}

async function findKept({ limit }: DoorRequest, keyed: KeyedRequest): Promise<KeptCompletion | null> {
  await limit();
  return findRepeated(keyed);
}

/** What the whole took, and what of it was not waiting for nodes, in milliseconds. */
function timesOf(inference: RunningInference, startedAt: number): Record<string, string> {
  const elapsedMs = performance.now() - startedAt;
  return {
    "openai-processing-ms": Math.round(elapsedMs).toString(),
    "x-converge-overhead-ms": Math.max(0, elapsedMs - inference.nodeMs()).toFixed(1),
  };
}

function cancelWithCaller(request: Request, inference: RunningInference): void {
  const leave = () => void inference.cancel().catch(() => undefined);
  if (request.signal.aborted) leave();
  request.signal.addEventListener("abort", leave, { once: true });
}

/** All events up to the end, or null when the caller left before it. */
async function collect(inference: RunningInference, first: InferenceEvent): Promise<InferenceEvent[] | null> {
  const events = [first];
  for (let last = first; last.type !== "end"; ) {
    const next = await inference.events.next();
    if (next.done) return null;
    last = next.value;
    events.push(last);
  }
  return events;
}

const encoder = new TextEncoder();
const line = (value: unknown) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;

/** Server-sent events in OpenAI's form. Each piece is written when the client's side takes it, never gathered. */
function streamResponse(
  inference: RunningInference,
  first: InferenceEvent,
  form: StreamForm,
  requestId: string,
  headers: Record<string, string>,
): Response {
  let next: Promise<IteratorResult<InferenceEvent, void>> = Promise.resolve({ done: false, value: first });
  let opening = form.first ? line(form.first) : "";
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const keepAlive = setInterval(() => controller.enqueue(encoder.encode(": still here\n\n")), KEEP_ALIVE_MS);
        const send = (text: string) => controller.enqueue(encoder.encode(opening + text));
        try {
          const step = await next;
          if (step.done) return controller.close();
          if (step.value.type === "end") {
            send(`${form.last(step.value).map(line).join("")}${line("[DONE]")}`);
            return controller.close();
          }
          const lines = form.piece(step.value).map(line).join("");
          next = inference.events.next();
          next.catch(() => undefined);
          // A pull that enqueues nothing is not repeated: there is always at least a comment.
          send(lines === "" ? ": \n\n" : lines);
          opening = "";
        } catch (error) {
          // The status line is long gone, so the error travels as an event, which OpenAI's clients raise.
          send(line(toWireError(toDomainError(error), requestId)));
          controller.close();
        } finally {
          clearInterval(keepAlive);
        }
      },
      cancel: () => inference.cancel(),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      // nginx would gather the stream into blocks without this.
      "x-accel-buffering": "no",
    },
  });
}

/** Resolves when nothing of what this process answered is left to be settled. */
export const inferencesSettled = allSettled;

export const secondsOf = ({ startedAt }: Answered): number => Math.floor(startedAt.getTime() / 1000);
