import { z } from "zod";
import { answerFormat, chatMessage, tool, toolChoice } from "./chat.ts";
import { leaseOrder, rentalOffer } from "./job-protocol.ts";
import { memoryChallenge, nodeTrust } from "./trust.ts";

/**
 * What a node and the platform say to each other. Every message of a node is a POST whose exact body is signed with
 * the node's Ed25519 key (`core/node-signature.ts`); all addresses are below `/api/worker`, and the node is always
 * the one that connects, so it works behind any NAT.
 */
export const NODE_PROTOCOL_VERSION = 1;

const decimal = z.string().regex(/^(0|[1-9][0-9]{0,17})$/);
const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);

/** How tokens of a model are counted; `core/token-count.ts` implements each and states it in words. */
export const tokenCounting = z.enum(["converge/tiny-1", "utf8-bytes/4"]);
export type TokenCounting = z.infer<typeof tokenCounting>;

export const hardware = z.strictObject({
  cpuModel: z.string().max(200),
  cpuCores: z.number().int().min(1).max(4096),
  memoryBytes: z.number().int().nonnegative(),
  platform: z.string().max(60),
  gpus: z
    .array(
      z.strictObject({
        name: z.string().max(120),
        uuid: z.string().max(80),
        memoryBytes: z.number().int().nonnegative(),
        driver: z.string().max(40),
      }),
    )
    .max(32),
});
export type Hardware = z.infer<typeof hardware>;

/** What an offer can be asked for; a request goes only to nodes that have all it needs. */
export const OFFER_FEATURES = ["chat", "completion", "embedding", "tools", "json", "logprobs"] as const;
export const offerFeature = z.enum(OFFER_FEATURES);
export type OfferFeature = z.infer<typeof offerFeature>;

/** One model that a node serves. Prices are micro-dollars for a million tokens, as decimal text. */
export const offer = z.strictObject({
  model: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,119}$/),
  inputPrice: decimal,
  outputPrice: decimal,
  contextTokens: z.number().int().min(16).max(10_000_000),
  /** True when the node can go on from a given beginning of the answer, which lets it take over a broken stream. */
  canContinue: z.boolean(),
  /** How the weights are held: "f16", "q8_0", "q4_k_m", "fp8", …; null when the node does not say. */
  precision: z
    .string()
    .regex(/^[a-z0-9_]{1,32}$/)
    .nullable()
    .default(null),
  features: z.array(offerFeature).max(8).default(["chat"]),
});
export type Offer = z.infer<typeof offer>;

/**
 * An OpenAI-compatible address at which the platform may call this node itself, for less delay than fetching work has;
 * `key` is sent to it as a bearer token. The models of the offers are asked for under their own names there.
 */
export const directAddress = z.strictObject({
  url: z.string().min(8).max(300),
  key: z
    .string()
    .regex(/^[\x21-\x7e]{1,300}$/)
    .nullable(),
});

const nodeState = {
  direct: directAddress.nullish(),
  version: z.string().max(40),
  hardware,
  offers: z.array(offer).min(1).max(32),
  capacity: z.number().int().min(1).max(1024),
  region: z
    .string()
    .regex(/^[a-z0-9-]{2,32}$/)
    .nullish(),
};

export const joinRequest = z.strictObject({
  protocol: z.literal(NODE_PROTOCOL_VERSION),
  token: z.string().min(20).max(200),
  name: z.string().trim().min(1).max(60),
  publicKey: base64.length(44),
  ...nodeState,
});
export const joinReply = z.object({ nodeId: z.string(), heartbeatSeconds: z.number() });

export const heartbeatRequest = z.strictObject({
  ...nodeState,
  draining: z.boolean(),
  /** What the node rents out for jobs; absent when it takes none. */
  rental: rentalOffer.nullish(),
  /** Whether somebody looks at the node's own view: then the reply says what its provider earns. */
  wantsAccount: z.boolean().optional(),
  /** Whether the node is about to show evidence of a trusted environment, and needs what it must carry. */
  wantsNonce: z.boolean().optional(),
});

/** What the node's provider earned with all its nodes, in micro-dollars, and what is thought of this one. */
export const nodeAccount = z.object({
  earnedToday: z.string(),
  earnedMonth: z.string(),
  trust: nodeTrust,
  trustReason: z.string().nullable(),
});
export type NodeAccount = z.infer<typeof nodeAccount>;
export const heartbeatReply = z.object({
  heartbeatSeconds: z.number(),
  account: nodeAccount.nullish(),
  nonce: z.string().nullish(),
});

/**
 * Evidence of a trusted environment, made for `attestationData(public key, nonce)`. Of AMD SEV-SNP: the report, and the
 * certificates from the chip's own upwards, each in base64.
 */
export const attestationRequest = z.strictObject({
  kind: z.literal("sev-snp"),
  nonce: z.string().regex(/^[0-9a-f]{64}$/),
  report: base64.max(8_192),
  certificates: z.array(base64.max(16_384)).min(1).max(4),
});
export const attestationReply = z.object({ attestedUntil: z.string() });

/** `running` lets the platform name work that nobody waits for any more, even when the word to stop was lost. */
export const pollRequest = z.strictObject({
  running: z.array(z.string().max(80)).max(4096),
  /** The leases the node works on, so that one the platform ended is stopped even when the word was lost. */
  leases: z.array(z.string().max(80)).max(4096).optional(),
  /** Whether the node can be asked to show its memory: `POST /api/worker/challenge`. */
  challenges: z.boolean().optional(),
  waitSeconds: z.number().min(0).max(25),
});

const question = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("chat"),
    messages: z.array(chatMessage),
    tools: z.array(tool),
    toolChoice,
    parallelToolCalls: z.boolean(),
    format: answerFormat.nullable(),
  }),
  z.object({ kind: z.literal("completion"), prompt: z.string() }),
  z.object({ kind: z.literal("embedding"), inputs: z.array(z.string()) }),
]);

export const work = z.object({
  attemptId: z.string(),
  /** The web process that waits for the answer; the node returns it with every event. */
  gateway: z.string(),
  model: z.string(),
  question,
  /** The beginning of the answer, when another node already delivered it. */
  prefix: z.string(),
  maxTokens: z.number().int(),
  temperature: z.number(),
  topP: z.number(),
  seed: z.number().int().nullable(),
  frequencyPenalty: z.number(),
  presencePenalty: z.number(),
  /** How many alternatives to name with each token's log probability; null for none of it. */
  logprobs: z.number().int().nullable(),
});
export type Work = z.infer<typeof work>;

export const pollReply = z.object({
  work: z.array(work),
  cancel: z.array(z.string()),
  /** Receipts that wait for this node's signature: the canonical text of each body. */
  receipts: z.array(z.object({ id: z.string(), body: z.string() })),
  /** Jobs given to this node, and leases it must stop at once. */
  leases: z.array(leaseOrder).default([]),
  endLeases: z.array(z.string()).default([]),
  challenges: z.array(memoryChallenge).default([]),
});
export type PollReply = z.infer<typeof pollReply>;

/** A character is at most six bytes as JSON (`\\u001f`), so this many stay below 8,000 with the envelope. */
export const TEXT_EVENT_CHARACTERS_MAX = 1_200;

export const VECTOR_EVENT_CHARACTERS_MAX = 6_000;

const tokenText = z.string().max(200);
const alternative = z.object({ token: tokenText, logprob: z.number() });
export const tokenLogprob = z.object({ token: tokenText, logprob: z.number(), top: z.array(alternative).max(20) });

export const claimedUsage = z.object({
  promptTokens: z.number().int().nonnegative(),
  completionTokens: z.number().int().nonnegative(),
});
export type ClaimedUsage = z.infer<typeof claimedUsage>;

const index = z.number().int().nonnegative();
export const nodeEvent = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("accepted"), index }),
  z.strictObject({ type: z.literal("refused"), index, reason: z.string().max(300) }),
  // Short enough that any text fits into one notification of Postgres (8,000 bytes), escaped as JSON.
  z.strictObject({
    type: z.literal("text"),
    index,
    text: z.string().max(TEXT_EVENT_CHARACTERS_MAX),
    logprobs: z.array(tokenLogprob).max(1).optional(),
  }),
  z.strictObject({
    type: z.literal("call"),
    index,
    call: z.number().int().min(0).max(127),
    id: z.string().min(1).max(128),
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  }),
  z.strictObject({
    type: z.literal("arguments"),
    index,
    call: z.number().int().min(0).max(127),
    text: z.string().max(TEXT_EVENT_CHARACTERS_MAX),
  }),
  /** A part of the vector of one input: little-endian 32-bit floats in base64, joined in the order they come. */
  z.strictObject({
    type: z.literal("vector"),
    index,
    input: z.number().int().min(0).max(255),
    data: z.string().max(VECTOR_EVENT_CHARACTERS_MAX),
  }),
  z.strictObject({ type: z.literal("alive"), index }),
  z.strictObject({
    type: z.literal("done"),
    index,
    finishReason: z.enum(["stop", "length", "tool_calls"]),
    /** What the engine says it used. Never billed: compared with what was delivered. */
    usage: claimedUsage.nullish(),
  }),
  z.strictObject({ type: z.literal("failed"), index, reason: z.string().max(300) }),
]);
export type NodeEvent = z.infer<typeof nodeEvent>;

export const eventsRequest = z.strictObject({
  attemptId: z.string().max(80),
  gateway: z.string().max(80),
  events: z.array(nodeEvent).min(1).max(500),
});
export const eventsReply = z.object({ stop: z.boolean() });

export const receiptSignatureRequest = z.strictObject({
  receiptId: z.string().max(80),
  signature: base64.length(88),
});
export const receiptSignatureReply = z.object({ accepted: z.boolean() });
