import { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { toWireError } from "#core/api-error.ts";
import { DomainError, isErrorCode } from "#core/errors.ts";
import { addressText, bytesText, hash32Text, unitsInput } from "#core/schemas/account.ts";
import { agentId as agentIdSchema, paymentId } from "#core/schemas/agent.ts";
import { getProofInput, requestProofInput } from "#core/schemas/proof.ts";
import type { Scope } from "#core/scopes.ts";
import type { Actor } from "#server/identity/actor.ts";
import { handleChatCompletions } from "./chat-door.ts";
import { toDomainError } from "./map-error.ts";
import { appRouter } from "./root.ts";
import { createCallerFactory } from "./trpc.ts";

const createCaller = createCallerFactory(appRouter);

type Context = { actor: Actor; requestId: string; request: Request };

const agentId = agentIdSchema
  .optional()
  .describe("Which agent acts. Left out where the key belongs to one agent, or its owner has one only.");
const reference = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/)
  .describe("A name of your choosing for this one action. Sent again under the same name it happens once.");
const inferenceId = hash32Text.optional().describe("The proved inference, where the policy wants one.");
const recipient = addressText.describe("The address that is paid.");
const units = unitsInput.describe("Micro-dollars: 1000000 is one dollar.");
const calls = z
  .array(z.strictObject({ target: addressText, data: bytesText, inferenceId }))
  .min(1)
  .max(8)
  .describe("Contract calls, all or none of which happen.");

const READS = { readOnlyHint: true, openWorldHint: false } as const;
/** Spends money: a client should show it to its person first. */
const SPENDS = { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true } as const;

type Result = { content: { type: "text"; text: string }[]; structuredContent: Record<string, unknown>; isError?: true };

const answer = (value: object): Result => ({
  content: [{ type: "text", text: JSON.stringify(value) }],
  structuredContent: { ...value },
});

/** What went wrong, as the model can act on it: the code, the sentence, and of a policy its rule and the way out. */
function failure(error: unknown, requestId: string): Result {
  const { error: wire } = toWireError(toDomainError(error), requestId);
  return { ...answer({ error: wire }), isError: true };
}

/** The tools that a key's scopes allow. No tool takes a key: who asks is known from the request's header alone. */
export function createTools(context: Context): McpServer {
  const { actor, requestId, request } = context;
  const server = new McpServer(
    { name: "converge", version: "1.0.0" },
    {
      instructions:
        "Money, models and proofs under this API key. Amounts are micro-dollars. Every payment is judged by the agent's policy at the signer and again by its contract: ask explain_action before you pay, and do what its fix says.",
    },
  );
  const caller = (key: string | null = null) => createCaller({ actor, requestId, idempotencyKey: key });

  async function agentOf(given: string | undefined): Promise<string> {
    if (given) return given;
    if (actor.agentId) return actor.agentId;
    const { data } = await caller().agent.listAgents({ limit: 2 });
    const [only] = data;
    if (!only || data.length > 1)
      throw new DomainError("VALIDATION_FAILED", {
        param: "agentId",
        message: "Say which agent: list_agents names them.",
      });
    return only.id;
  }

  function tool<Schema extends z.ZodObject>(
    name: string,
    scope: Scope,
    description: string,
    input: Schema,
    annotations: typeof READS | typeof SPENDS,
    work: (input: z.output<Schema>) => Promise<object>,
  ): void {
    if (!actor.scopes.includes(scope)) return;
    server.registerTool(name, { description, inputSchema: input as z.ZodObject, annotations }, async (given) => {
      try {
        return answer(await work(given as z.output<Schema>));
      } catch (error) {
        return failure(error, requestId);
      }
    });
  }

  tool(
    "get_balance",
    "balance:read",
    "What this key's account has here, and what of it is set aside.",
    z.strictObject({}),
    READS,
    () => caller().balance.get(),
  );
  tool(
    "list_agents",
    "agents:read",
    "The agents, their limits and whether they are active.",
    z.strictObject({}),
    READS,
    () => caller().agent.listAgents({ limit: 50 }),
  );
  tool(
    "get_agent",
    "agents:read",
    "One agent: what it may do, what it spent in its window, what it has.",
    z.strictObject({ agentId }),
    READS,
    async (input) => caller().agent.getAgent({ id: await agentOf(input.agentId) }),
  );
  tool(
    "explain_action",
    "agents:read",
    "What would become of a payment or of calls: allowed, or which rule denies it, at what value, and what to change. Sends nothing.",
    z.strictObject({
      agentId,
      payment: z.strictObject({ recipient, units, inferenceId }).optional(),
      calls: calls.optional(),
    }),
    READS,
    async ({ agentId: given, ...planned }) => caller().agent.explain({ id: await agentOf(given), ...planned }),
  );
  tool(
    "propose_payment",
    "agents:write",
    "Lets the agent pay dollars to an address. The policy decides; a denial names the rule and how to fix it.",
    z.strictObject({ agentId, recipient, units, inferenceId, reference }),
    SPENDS,
    async ({ agentId: given, reference: key, ...pay }) => caller(key).agent.pay({ id: await agentOf(given), ...pay }),
  );
  tool(
    "propose_calls",
    "agents:write",
    "Lets the agent make contract calls. The policy decides about the exact bytes.",
    z.strictObject({ agentId, calls, reference }),
    SPENDS,
    async ({ agentId: given, reference: key, ...rest }) =>
      caller(key).agent.callContracts({ id: await agentOf(given), ...rest }),
  );
  tool(
    "fund_inference",
    "agents:write",
    "Moves dollars from the agent's account on the chain into its balance here, to buy inference with.",
    z.strictObject({ agentId, units, reference }),
    SPENDS,
    async ({ agentId: given, reference: key, units: amount }) =>
      caller(key).agent.deposit({ id: await agentOf(given), units: amount }),
  );
  tool(
    "pay_api",
    "agents:write",
    "Buys one answer of a third party by x402, from the agent's purse. Its owner named who may be paid and how much. Sent again under its reference it is the same payment.",
    z.strictObject({
      agentId,
      url: z.url({ protocol: /^https?$/ }).max(2_048),
      method: z.enum(["GET", "POST"]).default("GET"),
      body: z.string().max(65_536).optional().describe("Sent as JSON."),
      unitsMax: unitsInput.describe("The most it may cost, in micro-dollars."),
      reference,
    }),
    SPENDS,
    async ({ agentId: given, reference: key, ...order }) =>
      caller(key).purchase.buy({ id: await agentOf(given), ...order }),
  );
  tool(
    "get_payment",
    "agents:read",
    "How far a payment or a call is, and why it was refused if it was.",
    z.strictObject({ agentId, paymentId }),
    READS,
    async (input) => caller().agent.getPayment({ id: await agentOf(input.agentId), paymentId: input.paymentId }),
  );
  tool(
    "list_models",
    "inference:write",
    "The models that answer now, who serves them, at what price.",
    z.strictObject({}),
    READS,
    () => caller().compute.listModels(),
  );
  tool(
    "run_inference",
    "inference:write",
    "Asks a model. Charged by the tokens that arrive, within this key's limits; the answer names its receipt.",
    z.strictObject({
      model: z.string().min(1).max(200),
      messages: z
        .array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string().max(200_000) }))
        .min(1)
        .max(100),
      maxTokens: z.int().min(1).max(8_192).default(512),
    }),
    SPENDS,
    (input) => complete(request, input),
  );
  tool(
    "request_proof",
    "proofs:write",
    "Orders the proof that a committed model gave an output; a rule that wants a proof is opened by its inference id.",
    requestProofInput.safeExtend({ reference }),
    SPENDS,
    ({ reference: key, ...order }) => caller(key).proof.request(order as z.input<typeof requestProofInput>),
  );
  tool(
    "get_proof",
    "proofs:write",
    "How far a proof is, and its inference id once it is on the chain.",
    getProofInput,
    READS,
    (input) => caller().proof.get(input),
  );
  return server;
}

type Question = { model: string; messages: { role: string; content: string }[]; maxTokens: number };

/** Through the same door as everybody's: the same money, limits and receipts. */
async function complete(request: Request, { model, messages, maxTokens }: Question): Promise<object> {
  const headers = new Headers({ "content-type": "application/json" });
  for (const name of ["authorization", "x-converge-peer", "x-converge-local"]) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const response = await handleChatCompletions(
    new Request(new URL("/api/v1/chat/completions", request.url), {
      method: "POST",
      headers,
      body: JSON.stringify({ model, messages, max_tokens: maxTokens }),
      signal: request.signal,
    }),
  );
  const body = await response.json();
  if (!response.ok) {
    const { code, message } = body.error;
    throw new DomainError(isErrorCode(code) ? code : "INTERNAL", { message });
  }
  const [choice] = body.choices;
  return {
    model: body.model,
    text: choice.message.content,
    finishReason: choice.finish_reason,
    usage: body.usage,
    receipt: response.headers.get("x-converge-receipt"),
  };
}
