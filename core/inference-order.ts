import type { Question } from "./question.ts";
import { plainChat } from "./question.ts";
import type { ChatRequest, CompletionRequest, EmbeddingRequest, Routing } from "./schemas/chat.ts";
import type { OfferFeature } from "./schemas/node-protocol.ts";

/** What somebody asks for, whichever of OpenAI's forms it came in. */
export type InferenceOrder = {
  /** The model's name as it was asked for, with its suffix. */
  name: string;
  question: Question;
  /** The longest answer the caller wants; null for the default. */
  tokensMax: number | null;
  stops: string[];
  temperature: number;
  topP: number;
  seed: number | null;
  frequencyPenalty: number;
  presencePenalty: number;
  logprobs: number | null;
  routing: Routing;
  isStream: boolean;
  /** What a node must be able to do. */
  needs: OfferFeature[];
};

type Generation = ChatRequest | CompletionRequest;

const generationOf = (input: Generation) => ({
  name: input.model,
  stops: input.stop == null ? [] : [input.stop].flat(),
  temperature: input.temperature ?? 1,
  topP: input.top_p ?? 1,
  seed: input.seed ?? null,
  frequencyPenalty: input.frequency_penalty ?? 0,
  presencePenalty: input.presence_penalty ?? 0,
  routing: input.converge ?? {},
  isStream: input.stream === true,
});

export function chatOrder(input: ChatRequest): InferenceOrder {
  // A caller who forbids tools asks for the same as one who has none.
  const tools = input.tool_choice === "none" ? [] : (input.tools ?? []);
  const format = input.response_format ?? null;
  const logprobs = input.logprobs ? (input.top_logprobs ?? 0) : null;
  const needs: OfferFeature[] = ["chat"];
  if (tools.length > 0) needs.push("tools");
  if (format !== null) needs.push("json");
  if (logprobs !== null) needs.push("logprobs");
  return {
    ...generationOf(input),
    question: {
      ...plainChat(input.messages),
      tools,
      format,
      toolChoice: input.tool_choice ?? "auto",
      parallelToolCalls: input.parallel_tool_calls ?? true,
    },
    tokensMax: input.max_completion_tokens ?? input.max_tokens ?? null,
    logprobs,
    needs,
  };
}

/** OpenAI's default for this older form is 16 tokens. */
const COMPLETION_TOKENS_DEFAULT = 16;

export function completionOrder(input: CompletionRequest): InferenceOrder {
  const logprobs = input.logprobs ?? null;
  return {
    ...generationOf(input),
    question: { kind: "completion", prompt: input.prompt },
    tokensMax: input.max_tokens ?? COMPLETION_TOKENS_DEFAULT,
    logprobs,
    needs: logprobs === null ? ["completion"] : ["completion", "logprobs"],
  };
}

export const embeddingOrder = (input: EmbeddingRequest): InferenceOrder => ({
  name: input.model,
  question: { kind: "embedding", inputs: input.input },
  tokensMax: null,
  stops: [],
  temperature: 1,
  topP: 1,
  seed: null,
  frequencyPenalty: 0,
  presencePenalty: 0,
  logprobs: null,
  routing: input.converge ?? {},
  isStream: false,
  needs: ["embedding"],
});
