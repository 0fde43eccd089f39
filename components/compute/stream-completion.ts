import { EventSourceParserStream } from "eventsource-parser/stream";
import type { ChatMessage } from "#core/schemas/chat.ts";
import { type ReadableError, readApiError } from "../api/read-api-error.ts";

/** What we read of a piece; our own door writes it, in OpenAI's form. */
type Chunk = {
  error?: unknown;
  choices?: { delta?: { content?: string | null } }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
};

export type CompletionEvent =
  | { type: "started"; receiptId: string | null }
  | { type: "text"; text: string }
  | { type: "usage"; promptTokens: number; completionTokens: number };

/** A refusal or a break of the stream, with the id to quote. */
export class CompletionError extends Error {
  readonly code: string;
  readonly requestId: string | undefined;
  readonly roomAt: string | undefined;
  constructor({ message, code, requestId, roomAt }: Omit<ReadableError, "param" | "fix">) {
    super(message);
    this.code = code;
    this.requestId = requestId;
    this.roomAt = roomAt;
  }
}

function failureOf(value: unknown, requestId: string | undefined): CompletionError {
  const error = readApiError(value);
  return new CompletionError({ ...error, requestId: error.requestId ?? requestId });
}

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
    const chunk = JSON.parse(data) as Chunk;
    if (chunk.error !== undefined) throw failureOf(chunk, requestId);
    const text = chunk.choices?.[0]?.delta?.content;
    if (text) yield { type: "text", text };
    const { usage } = chunk;
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
