import { z } from "zod";

/** The part of OpenAI's chat surface that Converge answers; what it cannot honour it refuses by name. */
const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });

const content = z
  .union([z.string(), z.array(textPart).min(1)])
  .transform((value) => (typeof value === "string" ? value : value.map((part) => part.text).join("")));

const ROLES = { system: "system", developer: "system", user: "user", assistant: "assistant" } as const;

/** A message as models see it: `developer` is what newer clients call `system`. */
export const chatMessage = z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() });
export type ChatMessage = z.infer<typeof chatMessage>;

const incomingMessage = z
  .strictObject({
    role: z.enum(["system", "developer", "user", "assistant"]),
    content,
    name: z.string().max(64).optional(),
  })
  .transform((message): ChatMessage => ({ role: ROLES[message.role], content: message.content }));

const unsupported = (sentence: string) =>
  z
    .undefined({ error: sentence })
    .or(z.null({ error: sentence }))
    .optional();

export const CHAT_BODY_BYTES_MAX = 1_048_576;

export const chatRequest = z.strictObject({
  model: z.string().min(1).max(140),
  messages: z.array(incomingMessage).min(1).max(1000),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  max_tokens: z.number().int().min(1).max(1_000_000).nullish(),
  max_completion_tokens: z.number().int().min(1).max(1_000_000).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.number().int().min(0).max(4_294_967_295).nullish(),
  stop: z.union([z.string().min(1).max(200), z.array(z.string().min(1).max(200)).max(4)]).nullish(),
  n: z.literal(1, { error: "Only one answer a request is offered: leave n out or send 1." }).nullish(),
  frequency_penalty: z.literal(0, { error: "Penalties are not offered." }).nullish(),
  presence_penalty: z.literal(0, { error: "Penalties are not offered." }).nullish(),
  response_format: z.strictObject({ type: z.literal("text", { error: "Only text answers are offered." }) }).nullish(),
  logprobs: z.literal(false, { error: "Log probabilities are not offered." }).nullish(),
  user: z.string().max(256).nullish(),
  store: z.literal(false, { error: "Answers are not stored." }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  tools: z.array(z.unknown()).max(0, "Tools are not offered by this model.").nullish(),
  tool_choice: unsupported("Tools are not offered by this model."),
});
export type ChatRequest = z.infer<typeof chatRequest>;

export type FinishReason = "stop" | "length";

export type ChatUsage = { prompt_tokens: number; completion_tokens: number; total_tokens: number };

/** The text models are given for hashing and for counting: roles and contents in order, nothing else. */
export const canonicalMessages = (messages: readonly ChatMessage[]): string =>
  JSON.stringify(messages.map(({ role, content: text }) => [role, text]));
