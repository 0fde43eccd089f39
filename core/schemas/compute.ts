import { z } from "zod";
import { idPattern } from "../ids.ts";
import { receiptBody } from "../receipt.ts";
import { hardware, offerFeature, tokenCounting } from "./node-protocol.ts";
import { pageInput, pageOf } from "./page.ts";
import { nodeTrust } from "./trust.ts";

const units = z.string().regex(/^\d+$/);
export const nodeStatus = z.enum(["online", "draining", "offline", "removed"]);
export const inferenceStatus = z.enum(["running", "completed", "cancelled", "interrupted", "failed"]);

/** Prices are micro-dollars for a million tokens. */
export const offerView = z.object({
  model: z.string(),
  inputPrice: units,
  outputPrice: units,
  contextTokens: z.number(),
  canContinue: z.boolean(),
  precision: z.string().nullable(),
  features: z.array(offerFeature),
  tokensPerSecond: z.number().nullable(),
  firstTokenMs: z.number().nullable(),
});

export const nodeView = z.object({
  id: z.string(),
  name: z.string(),
  status: nodeStatus,
  hardware,
  version: z.string(),
  capacity: z.number(),
  inFlight: z.number(),
  region: z.string().nullable(),
  isDirect: z.boolean(),
  flags: z.number(),
  trust: nodeTrust,
  /** Why it is not trusted: a name of the list of reasons, or the back office's words. */
  trustReason: z.string().nullable(),
  /** One of the operator's own nodes. */
  isReference: z.boolean(),
  provenMemoryMb: z.number().nullable(),
  /** Of what environment its evidence is, while it counts, and what it says runs there. */
  attestedAs: z.string().nullable(),
  measurement: z.string().nullable(),
  publicKey: z.string(),
  tokensPerSecond: z.number().nullable(),
  firstTokenMs: z.number().nullable(),
  attemptsSucceeded: z.number(),
  attemptsFailed: z.number(),
  joinedAt: z.string(),
  lastSeenAt: z.string(),
  offers: z.array(offerView),
});
export type NodeView = z.infer<typeof nodeView>;
export const nodesOutput = pageOf(nodeView);
export const adminNodeView = nodeView.extend({ ownerId: z.string(), ownerName: z.string() });
export type AdminNodeView = z.infer<typeof adminNodeView>;
export const adminNodesOutput = pageOf(adminNodeView);
export const adminNodesInput = pageInput.extend({ trust: nodeTrust.optional() });

export const joinTokenOutput = z.object({ id: z.string(), token: z.string(), expiresAt: z.string() });
export const nodeIdInput = z.strictObject({ id: z.string().regex(idPattern("node")) });

export const modelView = z.object({
  id: z.string(),
  counting: tokenCounting,
  countingMethod: z.string(),
  nodesOnline: z.number(),
  contextTokens: z.number(),
  /** What some node that serves it can do, and in which precisions. */
  features: z.array(offerFeature),
  precisions: z.array(z.string()),
  /** The best that was measured on real requests. */
  tokensPerSecond: z.number().nullable(),
  firstTokenMs: z.number().nullable(),
  /** The lowest prices at which a node serves it now. */
  inputPriceMin: units,
  outputPriceMin: units,
  createdAt: z.string(),
});
export type ModelView = z.infer<typeof modelView>;
export const modelsOutput = z.object({ data: z.array(modelView) });

export const inferenceView = z.object({
  id: z.string(),
  model: z.string(),
  status: inferenceStatus,
  payer: z.string(),
  agentId: z.string().nullable(),
  promptTokens: z.number(),
  completionTokens: z.number().nullable(),
  finishReason: z.string().nullable(),
  asset: z.literal("USD"),
  reserved: units,
  charged: units.nullable(),
  receiptId: z.string().nullable(),
  firstTokenMs: z.number().nullable(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type InferenceView = z.infer<typeof inferenceView>;
export const inferencesOutput = pageOf(inferenceView);

export const receiptIdInput = z.strictObject({ id: z.string().regex(idPattern("receipt")) });
export const receiptOutput = z.object({
  id: z.string(),
  /** What was signed: the receipt, and the exact canonical text of it. */
  body: receiptBody,
  canonicalBody: z.string(),
  digest: z.string(),
  platform: z.object({ publicKey: z.string(), signature: z.string() }).nullable(),
  nodes: z.array(
    z.object({
      nodeId: z.string(),
      publicKey: z.string(),
      signature: z.string().nullable(),
      signedAt: z.string().nullable(),
    }),
  ),
  createdAt: z.string(),
});
export type ReceiptView = z.infer<typeof receiptOutput>;
