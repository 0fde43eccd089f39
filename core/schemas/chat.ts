import { z } from "zod";

/** The part of OpenAI's chat surface that Converge answers; what it cannot honour it refuses by name. */
const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });

const content = z
  .union([
    z.string(),
    z
      .array(textPart, { error: "Content is text, or a list of text parts: no model here reads images or sound." })
      .min(1),
  ])
  .transform((value) => (typeof value === "string" ? value : value.map((part) => part.text).join("")));

const callId = z.string().min(1).max(128);
const functionName = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/, "A function's name has 1 to 64 of a-z, A-Z, 0-9, _ and -.");

export const toolCall = z.object({ id: callId, name: functionName, arguments: z.string().max(200_000) });
export type ToolCall = z.infer<typeof toolCall>;

/** A message as models see it: `developer` is what newer clients call `system`. */
export const chatMessage = z.object({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: z.string(),
  /** What an assistant's message called, and which call a tool's message answers. */
  toolCalls: z.array(toolCall).optional(),
  toolCallId: callId.optional(),
});
export type ChatMessage = z.infer<typeof chatMessage>;

const name = z.string().max(64).optional();
const incomingCall = z
  .strictObject({
    id: callId,
    type: z.literal("function"),
    function: z.strictObject({
      name: functionName,
      arguments: z.string().max(200_000),
      parsed_arguments: z.unknown().optional(),
    }),
  })
  .transform(
    ({ id, function: { name: called, arguments: text } }): ToolCall => ({ id, name: called, arguments: text }),
  );

const incomingMessage = z
  .discriminatedUnion("role", [
    z.strictObject({ role: z.enum(["system", "developer", "user"]), content, name }),
    z.strictObject({
      role: z.literal("assistant"),
      content: content.nullish(),
      tool_calls: z.array(incomingCall).min(1).max(128).optional(),
      // What clients keep beside a message they got, and send back with it: none of it is read.
      refusal: z.string().nullish(),
      parsed: z.unknown().optional(),
      annotations: z.unknown().optional(),
      audio: z.null().optional(),
      function_call: z.null().optional(),
      name,
    }),
    z.strictObject({ role: z.literal("tool"), content, tool_call_id: callId }),
  ])
  .transform((message): ChatMessage => {
    if (message.role === "tool") return { role: "tool", content: message.content, toolCallId: message.tool_call_id };
    if (message.role !== "assistant")
      return { role: message.role === "developer" ? "system" : message.role, content: message.content };
    return {
      role: "assistant",
      content: message.content ?? "",
      ...(message.tool_calls ? { toolCalls: message.tool_calls } : {}),
    };
  });

/** Every answer of a tool stands after the assistant's message that called it, and before anybody else speaks. */
function checkToolOrder(messages: readonly ChatMessage[], context: z.RefinementCtx): void {
  let open = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") {
      if (!open.delete(message.toolCallId ?? ""))
        context.addIssue({
          code: "custom",
          path: [index, "tool_call_id"],
          message: "A tool's message answers a call of the assistant's message before it, once.",
        });
    } else {
      if (open.size > 0)
        context.addIssue({
          code: "custom",
          path: [index],
          message: `The call ${[...open][0]} has no tool's message that answers it.`,
        });
      open = new Set((message.toolCalls ?? []).map((call) => call.id));
    }
  }
}

const jsonSchemaObject = z.record(z.string(), z.unknown());

export const toolDefinition = z
  .strictObject({
    type: z.literal("function", { error: "Only tools of type function are offered." }),
    function: z.strictObject({
      name: functionName,
      description: z.string().max(4_096).optional(),
      parameters: jsonSchemaObject.optional(),
      strict: z.boolean().nullish(),
    }),
  })
  .transform(({ function: { name: title, description, parameters } }) => ({
    name: title,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
  }));
export const tool = z.object({
  name: functionName,
  description: z.string().optional(),
  parameters: jsonSchemaObject.optional(),
});
export type Tool = z.infer<typeof tool>;

/** "auto" lets the model choose, "required" asks for some call, a name for that one. */
export const toolChoice = z.union([z.enum(["none", "auto", "required"]), z.object({ name: functionName })]);
export type ToolChoice = z.infer<typeof toolChoice>;

const incomingToolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z
    .strictObject({ type: z.literal("function"), function: z.strictObject({ name: functionName }) })
    .transform((choice) => ({ name: choice.function.name })),
]);

/** The form an answer must have; null for any text. */
export const answerFormat = z.union([
  z.object({ type: z.literal("json") }),
  z.object({ type: z.literal("schema"), schema: jsonSchemaObject }),
]);
export type AnswerFormat = z.infer<typeof answerFormat>;

const responseFormat = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text") }),
    z.strictObject({ type: z.literal("json_object") }),
    z.strictObject({
      type: z.literal("json_schema"),
      json_schema: z.strictObject({
        name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
        description: z.string().max(4_096).optional(),
        schema: jsonSchemaObject,
        strict: z.boolean().nullish(),
      }),
    }),
  ])
  .transform((format): AnswerFormat | null => {
    if (format.type === "text") return null;
    return format.type === "json_object" ? { type: "json" } : { type: "schema", schema: format.json_schema.schema };
  });

/** How nodes are chosen for one request, besides the model's `:floor` and `:nitro`. Nothing of it is required. */
export const routing = z.strictObject({
  /** Only this node. */
  node: z
    .string()
    .regex(/^node_[0-9a-z]{10,64}$/)
    .nullish(),
  /** Only nodes that serve the model in this precision: "f16", "q4_k_m", "fp8", … */
  precision: z.string().min(1).max(32).nullish(),
  /** Only nodes with verified evidence of a trusted environment. */
  attested_only: z.boolean().nullish(),
  region: z
    .string()
    .regex(/^[a-z0-9-]{2,32}$/)
    .nullish(),
  /** Paid from this lease of ComputeEscrow, by its provider's nodes alone. */
  escrow: z
    .string()
    .regex(/^0x[0-9a-f]{64}$/)
    .nullish(),
  sort: z.enum(["balanced", "price", "speed"]).nullish(),
  /** Micro-dollars for a million tokens, at most, as text. */
  max_price: z
    .strictObject({
      input: z
        .string()
        .regex(/^\d{1,18}$/)
        .optional(),
      output: z
        .string()
        .regex(/^\d{1,18}$/)
        .optional(),
    })
    .nullish(),
});
export type Routing = z.infer<typeof routing>;

export const CHAT_BODY_BYTES_MAX = 1_048_576;
export const MESSAGES_MAX = 1_000;
const penalty = z.number().min(-2).max(2).nullish();

/** What chat and plain completions have in common. */
const generation = {
  model: z.string().min(1).max(140),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  max_tokens: z.number().int().min(1).max(1_000_000).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.number().int().min(0).max(4_294_967_295).nullish(),
  stop: z.union([z.string().min(1).max(200), z.array(z.string().min(1).max(200)).max(4)]).nullish(),
  n: z.literal(1, { error: "Only one answer a request is offered: leave n out or send 1." }).nullish(),
  frequency_penalty: penalty,
  presence_penalty: penalty,
  user: z.string().max(256).nullish(),
  converge: routing.nullish(),
};

export const chatRequest = z
  .strictObject({
    ...generation,
    messages: z.array(incomingMessage).min(1).max(MESSAGES_MAX).superRefine(checkToolOrder),
    max_completion_tokens: z.number().int().min(1).max(1_000_000).nullish(),
    response_format: responseFormat.nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.number().int().min(0).max(20).nullish(),
    store: z.literal(false, { error: "Answers are not stored." }).nullish(),
    metadata: z.record(z.string(), z.string()).nullish(),
    tools: z.array(toolDefinition).max(128).nullish(),
    tool_choice: incomingToolChoice.nullish(),
    parallel_tool_calls: z.boolean().nullish(),
  })
  .superRefine((request, context) => {
    const choice = request.tool_choice;
    const tools = request.tools ?? [];
    if (choice && choice !== "none" && choice !== "auto" && tools.length === 0)
      context.addIssue({ code: "custom", path: ["tool_choice"], message: "A tool can only be chosen among tools." });
    if (typeof choice === "object" && choice && !tools.some((one) => one.name === choice.name))
      context.addIssue({ code: "custom", path: ["tool_choice"], message: `There is no tool named ${choice.name}.` });
    if (new Set(tools.map((one) => one.name)).size !== tools.length)
      context.addIssue({ code: "custom", path: ["tools"], message: "Two tools have one name." });
    if (request.top_logprobs && !request.logprobs)
      context.addIssue({ code: "custom", path: ["top_logprobs"], message: "top_logprobs needs logprobs: true." });
  });
export type ChatRequest = z.infer<typeof chatRequest>;

/** `POST /completions`, the older surface: a text that is continued. */
export const completionRequest = z.strictObject({
  ...generation,
  prompt: z
    .union([z.string(), z.array(z.string()).length(1, "One prompt a request is offered.")])
    .transform((value) => (typeof value === "string" ? value : (value[0] ?? ""))),
  logprobs: z.number().int().min(0).max(20).nullish(),
  echo: z.literal(false, { error: "The prompt is not repeated: leave echo out." }).nullish(),
  best_of: z.literal(1, { error: "Only one answer a request is offered." }).nullish(),
  suffix: z.null({ error: "Filling a gap is not offered." }).optional(),
});
export type CompletionRequest = z.infer<typeof completionRequest>;

const INPUTS_MAX = 256;
export const embeddingRequest = z.strictObject({
  model: z.string().min(1).max(140),
  input: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(INPUTS_MAX)], {
      error: "Send a text, or a list of texts; token numbers are not offered.",
    })
    .transform((value) => (typeof value === "string" ? [value] : value)),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.null({ error: "The length of a model's vectors is its own: leave dimensions out." }).optional(),
  user: z.string().max(256).nullish(),
  converge: routing.nullish(),
});
export type EmbeddingRequest = z.infer<typeof embeddingRequest>;

export type FinishReason = "stop" | "length" | "tool_calls";

export type ChatUsage = { prompt_tokens: number; completion_tokens: number; total_tokens: number };
