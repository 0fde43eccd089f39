import { z } from "zod";
import type { Piece, Question, TokenLogprob } from "./question.ts";
import type { ChatMessage, ToolChoice } from "./schemas/chat.ts";
import type { ClaimedUsage, Work } from "./schemas/node-protocol.ts";

/** Names the attempt in a direct call, so that the node can sign the receipt that comes of it. */
export const ATTEMPT_HEADER = "x-converge-attempt";

/** OpenAI's wire form, as the platform's direct calls and the node's engine send it to a model server and read it. */

const messageOf = ({ role, content, toolCalls, toolCallId }: ChatMessage): object => ({
  role,
  content: role === "assistant" && toolCalls && content === "" ? null : content,
  ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  ...(toolCalls ? { tool_calls: toolCalls.map(({ id, ...call }) => ({ id, type: "function", function: call })) } : {}),
});

const choiceOf = (choice: ToolChoice): unknown =>
  typeof choice === "string" ? choice : { type: "function", function: choice };

type ChatQuestion = Extract<Question, { kind: "chat" }>;

function chatFields(question: ChatQuestion): object {
  const { messages, tools, toolChoice, parallelToolCalls, format } = question;
  return {
    messages: messages.map(messageOf),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map((one) => ({ type: "function", function: one })),
          tool_choice: choiceOf(toolChoice),
          ...(parallelToolCalls ? {} : { parallel_tool_calls: false }),
        }),
    ...(format === null
      ? {}
      : {
          response_format:
            format.type === "json"
              ? { type: "json_object" }
              : { type: "json_schema", json_schema: { name: "answer", schema: format.schema, strict: true } },
        }),
  };
}

type Generation = Omit<Work, "attemptId" | "gateway">;

/** What is posted for a work, and to which path below the server's address. */
export function openAiRequest(work: Generation, model: string): { path: string; body: object } {
  const { question, maxTokens, temperature, topP, seed, frequencyPenalty, presencePenalty, logprobs } = work;
  const sampling = {
    model,
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: maxTokens,
    temperature,
    top_p: topP,
    ...(seed === null ? {} : { seed }),
    ...(frequencyPenalty === 0 ? {} : { frequency_penalty: frequencyPenalty }),
    ...(presencePenalty === 0 ? {} : { presence_penalty: presencePenalty }),
  };
  if (question.kind === "embedding") return { path: "embeddings", body: { model, input: question.inputs } };
  if (question.kind === "completion") {
    return {
      path: "completions",
      body: { ...sampling, prompt: question.prompt + work.prefix, ...(logprobs === null ? {} : { logprobs }) },
    };
  }
  return {
    path: "chat/completions",
    body: {
      ...sampling,
      ...chatFields(question),
      ...(logprobs === null ? {} : { logprobs: true, top_logprobs: logprobs }),
    },
  };
}

const logprob = z.object({ token: z.string(), logprob: z.number() });
const callDelta = z.object({
  index: z.number().int().min(0).max(127).default(0),
  id: z.string().max(128).nullish(),
  function: z.object({ name: z.string().max(64).nullish(), arguments: z.string().nullish() }).nullish(),
});
const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        text: z.string().nullish(),
        delta: z.object({ content: z.string().nullish(), tool_calls: z.array(callDelta).nullish() }).nullish(),
        finish_reason: z.string().nullish(),
        logprobs: z
          .object({
            content: z.array(logprob.extend({ top_logprobs: z.array(logprob).default([]) })).nullish(),
            tokens: z.array(z.string()).nullish(),
            token_logprobs: z.array(z.number().nullable()).nullish(),
            top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
          })
          .nullish(),
      }),
    )
    .nullish(),
  usage: z
    .object({ prompt_tokens: z.number().int().nonnegative(), completion_tokens: z.number().int().nonnegative() })
    .nullish(),
  error: z.unknown().optional(),
});
type Choice = NonNullable<z.infer<typeof chunkSchema>["choices"]>[number];

function logprobsOf({ logprobs }: Choice): TokenLogprob[] | undefined {
  if (!logprobs) return undefined;
  if (logprobs.content)
    return logprobs.content.map(({ token, logprob: value, top_logprobs: top }) => ({ token, logprob: value, top }));
  return logprobs.tokens?.map((token, i) => ({
    token,
    logprob: logprobs.token_logprobs?.[i] ?? 0,
    top: Object.entries(logprobs.top_logprobs?.[i] ?? {}).map(([one, value]) => ({ token: one, logprob: value })),
  }));
}

const FINISHES: Record<string, "stop" | "length" | "tool_calls"> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
};

/** Reads the events of one answer, in order; remembers which calls have begun. */
export function createChunkReader(newCallId: () => string) {
  const begun = new Set<number>();
  let finish: "stop" | "length" | "tool_calls" | null = null;
  let usage: ClaimedUsage | null = null;

  function* callPieces(deltas: NonNullable<NonNullable<Choice["delta"]>["tool_calls"]>): Generator<Piece> {
    for (const delta of deltas) {
      if (!begun.has(delta.index)) {
        const name = delta.function?.name;
        // A call without a name cannot be told to anybody; its first delta has it in every known server.
        if (!name || !/^[a-zA-Z0-9_-]{1,64}$/.test(name)) throw new Error("A tool's call has no name.");
        begun.add(delta.index);
        yield { type: "call", call: delta.index, id: delta.id || newCallId(), name };
      }
      const text = delta.function?.arguments;
      if (text) yield { type: "arguments", call: delta.index, text };
    }
  }

  return {
    /** The pieces that one event's data brings; throws when it is not what a model server says. */
    *read(data: string): Generator<Piece> {
      const chunk = chunkSchema.parse(JSON.parse(data));
      if (chunk.error !== undefined && chunk.error !== null)
        throw new Error("The model server broke off with an error.");
      if (chunk.usage)
        usage = { promptTokens: chunk.usage.prompt_tokens, completionTokens: chunk.usage.completion_tokens };
      const choice = chunk.choices?.[0];
      if (!choice) return;
      const text = choice.delta?.content ?? choice.text;
      if (text) yield { type: "text", text, logprobs: logprobsOf(choice) };
      if (choice.delta?.tool_calls) yield* callPieces(choice.delta.tool_calls);
      if (choice.finish_reason) finish = FINISHES[choice.finish_reason] ?? "stop";
    },
    get finish() {
      return finish;
    },
    get usage() {
      return usage;
    },
  };
}

const embeddingsSchema = z.object({
  data: z.array(z.object({ index: z.number().int().nonnegative(), embedding: z.array(z.number()) })),
});

/** The vectors of an embeddings answer, in the order of the inputs; throws when one is missing. */
export function readEmbeddings(value: unknown, count: number): Float32Array[] {
  const { data } = embeddingsSchema.parse(value);
  return Array.from({ length: count }, (_, index) => {
    const found = data.find((one) => one.index === index);
    if (!found || found.embedding.length === 0) throw new Error("A vector is missing in the model server's answer.");
    return Float32Array.from(found.embedding);
  });
}
