import { EventSourceParserStream } from "eventsource-parser/stream";
import { z } from "zod";
import type { ChatMessage } from "#core/schemas/chat.ts";

const chunkSchema = z.object({
  choices: z
    .array(z.object({ delta: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .optional(),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});
const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), request_id: z.string().nullish() }),
});

export type CompletionEvent =
  | { type: "started"; receiptId: string | null }
  | { type: "text"; text: string }
  | { type: "usage"; promptTokens: number; completionTokens: number };

/** A refusal or a break of the stream, with the id to quote. */
export class CompletionError extends Error {
  readonly code: string;
  readonly requestId: string | undefined;
  constructor(message: string, code: string, requestId: string | undefined) {
    super(message);
    this.code = code;
    this.requestId = requestId;
  }
}

const failureOf = (value: unknown, requestId: string | undefined): CompletionError => {
  const parsed = errorSchema.safeParse(value);
  if (!parsed.success) return new CompletionError("The server did not answer.", "UNAVAILABLE", requestId);
  return new CompletionError(
    parsed.data.error.message,
    parsed.data.error.code,
    parsed.data.error.request_id ?? requestId,
  );
};

/** Asks for a completion the way every OpenAI client does, and yields it piece by piece as it arrives. */
export async function* streamCompletion(input: {
  model: string;
  messages: readonly ChatMessage[];
  maxTokens: number;
  signal: AbortSignal;
}): AsyncGenerator<CompletionEvent> {
  const response = await fetch("/api/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    signal: input.signal,
    body: JSON.stringify({
      model: input.model,
      messages: input.messages,
      max_tokens: input.maxTokens,
      stream: true,
      stream_options: { include_usage: true },
    }),
  });
  const requestId = response.headers.get("x-request-id") ?? undefined;
  if (!response.ok || !response.body) throw failureOf(await response.json().catch(() => null), requestId);
  yield { type: "started", receiptId: response.headers.get("x-converge-receipt") };

  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { data } of readAll(events)) {
    if (data === "[DONE]") return;
    const value: unknown = JSON.parse(data);
    const chunk = chunkSchema.safeParse(value);
    if (!chunk.success) throw failureOf(value, requestId);
    const text = chunk.data.choices?.[0]?.delta.content;
    if (text) yield { type: "text", text };
    const usage = chunk.data.usage;
    if (usage) yield { type: "usage", promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens };
  }
}

/** Not every browser can iterate a stream by itself yet. */
async function* readAll<Item>(stream: ReadableStream<Item>): AsyncGenerator<Item> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}
