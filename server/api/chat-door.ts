import { toWireError } from "#core/api-error.ts";
import { DomainError } from "#core/errors.ts";
import {
  CHAT_BODY_BYTES_MAX,
  type ChatRequest,
  type ChatUsage,
  chatRequest,
  type FinishReason,
} from "#core/schemas/chat.ts";
import { findRepeated, keyedRequest } from "#server/compute/repeated-request.ts";
import { type InferenceEvent, type RunningInference, startInference } from "#server/compute/run-inference.ts";
import { assertScope } from "#server/identity/assert-scope.ts";
import { openDoor } from "./door.ts";
import { readIdempotencyKey } from "./idempotency.ts";
import { toDomainError } from "./map-error.ts";
import { readJson } from "./request-body.ts";

const KEEP_ALIVE_MS = 15_000;

type TokenCounts = { promptTokens: number; completionTokens: number };

const usageOf = ({ promptTokens, completionTokens }: TokenCounts): ChatUsage => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
});

/**
 * `POST /api/v1/chat/completions`: OpenAI's surface over Converge's nodes.
 *
 * Under an Idempotency-Key a request is run and charged once. A repeat of an answer in one piece gets that answer for a
 * day; a repeat of a stream, whose text is kept nowhere, is told that it has ended and where its receipt is.
 */
export function handleChatCompletions(request: Request): Promise<Response> {
  return openDoor(request, { name: "chat" }, async ({ actor, requestId }) => {
    if (!actor) throw new DomainError("UNAUTHENTICATED");
    // Before anything kept is looked up: an answer is read only by who may ask for it.
    assertScope(actor, "inference:write");
    const input = chatRequest.parse(await readJson(request, CHAT_BODY_BYTES_MAX));
    const key = readIdempotencyKey(request);
    const keyed = key === null ? null : keyedRequest(actor, key, input);
    const kept = keyed && (await findRepeated(keyed));
    if (kept) return wholeAnswer(kept, kept.text, kept.finishReason, kept, { "idempotent-replayed": "true" });

    const inference = await startInference(actor, input, undefined, keyed);
    // An answer that can be asked for again is worth finishing for a caller whose connection was lost.
    if (!keyed || input.stream) cancelWithCaller(request, inference);
    // The first event decides the status: until then a failure is a plain error response, and costs nothing.
    const first = await inference.events.next();
    if (first.done) return nobodyIsThere();
    if (!input.stream) {
      const answer = await collect(inference, first.value);
      return answer ? wholeAnswer(inference, answer.text, answer.finishReason, answer.usage) : nobodyIsThere();
    }
    return new Response(streamOf(inference, first.value, input, requestId), {
      headers: {
        ...headersOf(inference),
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        // nginx would gather the stream into blocks without this.
        "x-accel-buffering": "no",
      },
    });
  });
}

function cancelWithCaller(request: Request, inference: RunningInference): void {
  const leave = () => void inference.cancel().catch(() => undefined);
  if (request.signal.aborted) leave();
  request.signal.addEventListener("abort", leave, { once: true });
}

/** What every form of an answer says of its completion. */
type Completion = Pick<RunningInference, "id" | "receiptId" | "model" | "startedAt">;

const headersOf = ({ id, receiptId }: Completion) => ({ "x-converge-receipt": receiptId, "x-converge-inference": id });
const idOf = ({ id }: Completion) => `chatcmpl-${id}`;
const createdOf = ({ startedAt }: Completion) => Math.floor(startedAt.getTime() / 1000);

/** The caller hung up; what was delivered is settled, and no answer reaches anyone. */
const nobodyIsThere = () => new Response(null, { status: 499 });

/** The whole answer, or null when the caller left before its end. */
async function collect(inference: RunningInference, first: InferenceEvent) {
  let text = "";
  let event = first;
  while (event.type === "text") {
    text += event.text;
    const next = await inference.events.next();
    if (next.done) return null;
    event = next.value;
  }
  return { text, finishReason: event.finishReason, usage: event.usage };
}

function wholeAnswer(
  completion: Completion,
  text: string,
  finishReason: FinishReason,
  usage: TokenCounts,
  headers: Record<string, string> = {},
): Response {
  const answer = {
    id: idOf(completion),
    object: "chat.completion",
    created: createdOf(completion),
    model: completion.model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: null,
        finish_reason: finishReason,
      },
    ],
    usage: usageOf(usage),
  };
  return Response.json(answer, { headers: { ...headersOf(completion), ...headers } });
}

/** Server-sent events in OpenAI's form. Each piece is written when the client's side takes it, never gathered. */
function streamOf(
  inference: RunningInference,
  first: InferenceEvent,
  input: ChatRequest,
  requestId: string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const base = {
    id: idOf(inference),
    object: "chat.completion.chunk",
    created: createdOf(inference),
    model: inference.model,
  };
  const withUsage = input.stream_options?.include_usage === true;
  const line = (value: unknown) =>
    encoder.encode(`data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`);
  const chunk = (delta: object, finishReason: string | null) =>
    line({
      ...base,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...(withUsage ? { usage: null } : {}),
    });
  let next: Promise<IteratorResult<InferenceEvent, void>> = Promise.resolve({ done: false, value: first });
  let isFirst = true;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const keepAlive = setInterval(() => controller.enqueue(encoder.encode(": still here\n\n")), KEEP_ALIVE_MS);
        try {
          const step = await next;
          if (step.done) {
            controller.close();
            return;
          }
          if (isFirst) controller.enqueue(chunk({ role: "assistant", content: "", refusal: null }, null));
          isFirst = false;
          if (step.value.type === "text") {
            controller.enqueue(chunk({ content: step.value.text }, null));
            next = inference.events.next();
            next.catch(() => undefined);
            return;
          }
          controller.enqueue(chunk({}, step.value.finishReason));
          if (withUsage) controller.enqueue(line({ ...base, choices: [], usage: usageOf(step.value.usage) }));
          controller.enqueue(line("[DONE]"));
          controller.close();
        } catch (error) {
          // The status line is long gone, so the error travels as an event, which OpenAI's clients raise.
          controller.enqueue(line(toWireError(toDomainError(error), requestId)));
          controller.close();
        } finally {
          clearInterval(keepAlive);
        }
      },
      cancel: () => inference.cancel(),
    },
    { highWaterMark: 0 },
  );
}
