import { z } from "zod";
import { idPattern } from "../ids.ts";
import { pageOf } from "./page.ts";

/** What a node's challenges say of it. Only a finding with evidence suspends; what is merely not shown leaves it "new". */
export const nodeTrust = z.enum(["new", "verified", "suspended", "banned"]);
export type NodeTrust = z.infer<typeof nodeTrust>;

export const challengeKind = z.enum(["fingerprint", "relay-probe", "memory", "contention", "replay"]);
export type ChallengeKind = z.infer<typeof challengeKind>;
export const challengeStatus = z.enum(["queued", "running", "answered", "passed", "failed", "inconclusive"]);

/** Why a node is not trusted, in words a provider can act on. */
export const TRUST_REASONS = {
  "wrong-model": "Its answers are not those of the model it offers, as the operator's own node gives them.",
  disagrees: "It and another verified node answer the same questions otherwise; who is right is not known yet.",
  "memory-inflated": "It could not fill the memory it rents out: the proof it sent is wrong.",
  "shared-device": "Together with another node it is much slower than alone, as if both ran on one card.",
  "gpu-duplicate": "Another node that is online had shown a card of this number before.",
  relayed: "It passed work on: a text that only it was told came back as an order.",
  "gpu-changed": "Its cards are others than before; it is tested anew.",
  throttled: "It answers at less than half of its own earlier speed.",
  "memory-unproven": "It did not answer three tests of its memory in time.",
} as const;
export type TrustReason = keyof typeof TRUST_REASONS;
export const isTrustReason = (text: string): text is TrustReason => text in TRUST_REASONS;

/** A memory test as a node gets it: Argon2d over `nonce` in so much memory, whose result cannot be had in less. */
export const memoryChallenge = z.object({ id: z.string(), nonce: z.string(), memoryMb: z.number().int().positive() });
export type MemoryChallenge = z.infer<typeof memoryChallenge>;

/** `digest` is null when the node could not do it; it says why. */
export const challengeAnswer = z.strictObject({
  id: z.string().regex(idPattern("challenge")),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  reason: z.string().max(300).nullable(),
});
export const challengeReply = z.object({ accepted: z.boolean() });

export const challengeView = z.object({
  id: z.string(),
  nodeId: z.string(),
  nodeName: z.string(),
  kind: challengeKind,
  status: challengeStatus,
  /** How many other nodes it was compared with. Which they were is not told. */
  peers: z.number(),
  memoryMb: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  deviceMs: z.number(),
  finding: z.string().nullable(),
  createdAt: z.string(),
  endedAt: z.string().nullable(),
});
export type ChallengeView = z.infer<typeof challengeView>;
export const challengesOutput = pageOf(challengeView);

export const disputeStatus = z.enum(["open", "upheld", "reversed"]);
export const disputeView = z.object({
  id: z.string(),
  nodeId: z.string(),
  nodeName: z.string(),
  challengeId: z.string().nullable(),
  trust: nodeTrust,
  trustReason: z.string().nullable(),
  statement: z.string(),
  status: disputeStatus,
  resolution: z.string().nullable(),
  createdAt: z.string(),
  resolvedAt: z.string().nullable(),
});
export type DisputeView = z.infer<typeof disputeView>;
export const disputesOutput = pageOf(disputeView);

const words = z.string().trim().min(3).max(2_000);
export const openDisputeInput = z.strictObject({ nodeId: z.string().regex(idPattern("node")), statement: words });
export const resolveDisputeInput = z.strictObject({
  id: z.string().regex(idPattern("dispute")),
  decision: z.enum(["uphold", "reverse"]),
  resolution: words,
});
export const banNodeInput = z.strictObject({ id: z.string().regex(idPattern("node")), reason: words });
export const reinstateNodeInput = banNodeInput;
export const setReferenceInput = z.strictObject({ id: z.string().regex(idPattern("node")), isReference: z.boolean() });
