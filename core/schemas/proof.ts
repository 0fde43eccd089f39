import { z } from "zod";
import { idPattern } from "../ids.ts";
import { FEED_EVENT_KINDS, WINDOW_EVENTS_MAX, WINDOW_EVENTS_MIN } from "../zk/event-features.ts";
import { FEATURE_COUNT } from "../zk/mlp.ts";
import { FIELD_ORDER } from "../zk/poseidon2.ts";
import { pageInput, pageOf } from "./page.ts";

const word = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "Expected 32 bytes.")
  .transform((text) => text.toLowerCase() as `0x${string}`);
const fieldWord = word.refine((text) => BigInt(text) < FIELD_ORDER, "Expected a number below the field's order.");
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "Expected a 20-byte address.")
  .transform((text) => text.toLowerCase() as `0x${string}`);
const wordText = z.string().regex(/^0x[0-9a-f]{64}$/);
const isoTime = z.iso.datetime();

/** Bytes of a proof for the EVM, whatever the model: 237 words and one for each doubling of the circuit's size. */
export const PROOF_BYTES_MAX = 16_384;

export const modelId = z.string().regex(idPattern("model"));
export const proofId = z.string().regex(idPattern("proof"));

export const PROOF_STATUSES = ["queued", "proving", "proved", "recorded", "failed"] as const;
/** Why a proof will never exist. */
export const PROOF_FAILURES = [
  "PROVER_FAILED",
  "PROOF_REFUSED",
  "DEADLINE_PASSED",
  "MODEL_MISSING",
  "NOT_RECORDED",
] as const;

/** The two contracts that bb writes for a circuit: they accept the same proofs. */
export const VERIFIER_KINDS = ["optimized", "plain"] as const;
export type VerifierKind = (typeof VERIFIER_KINDS)[number];

/** Who stopped a model: the platform's guardian, its owner, or the registry with the verifier it names. */
export const MODEL_STOPS = ["guardian", "owner", "verifier"] as const;
export type ModelStop = { by: (typeof MODEL_STOPS)[number]; reason: string | null };

export const feedEventInput = z.strictObject({
  t: z.int().min(0),
  kind: z.enum(FEED_EVENT_KINDS),
  dwellMs: z.int().min(0).max(86_400_000),
  depth: z.int().min(0).max(100_000_000),
  itemId: z.string().min(1).max(64),
});

export const requestProofInput = z
  .strictObject({
    modelId,
    /** The account that will use the output on the chain. */
    requester: address,
    /** Chosen at random when absent. A requester uses a nonce once for a model. */
    nonce: word.optional(),
    /** The registry takes the proof until then; an hour from now when absent. */
    deadline: isoTime.optional(),
    features: z.array(z.int().min(0).max(255)).length(FEATURE_COUNT).optional(),
    events: z.array(feedEventInput).min(WINDOW_EVENTS_MIN).max(WINDOW_EVENTS_MAX).optional(),
  })
  .refine((input) => (input.features === undefined) !== (input.events === undefined), {
    message: "Send either features or events.",
    path: ["features"],
  });
export type RequestProofInput = z.output<typeof requestProofInput>;

export const verifyProofInput = z.strictObject({
  modelId,
  proof: z
    .string()
    .regex(/^0x(?:[0-9a-fA-F]{2})+$/, "Expected bytes.")
    .max(2 + 2 * PROOF_BYTES_MAX)
    .transform((text) => text as `0x${string}`),
  publicInputs: z.tuple([fieldWord, fieldWord, fieldWord, fieldWord]),
});
export type VerifyProofInput = z.output<typeof verifyProofInput>;

export const verifyProofOutput = z.object({
  isValid: z.boolean(),
  /** Null when valid; otherwise whether the proof itself or the model it is for is wrong. */
  reason: z.enum(["PROOF_INVALID", "OTHER_MODEL"]).nullable(),
  output: z.number().int().nullable(),
});

export const provingModelOutput = z.object({
  id: z.string(),
  name: z.string(),
  architecture: z.string(),
  chainId: z.number().int(),
  registryModelId: wordText,
  /** Of its weights, in the registry's history of the model. */
  registryVersion: z.number().int(),
  commitment: wordText,
  verifierAddress: z.string(),
  verifierKind: z.enum(VERIFIER_KINDS),
  ownerAddress: z.string(),
  circuitHash: z.string(),
  gates: z.number().int(),
  /** Percent with two decimals, on traces kept out of training. */
  accuracyFloat: z.number(),
  accuracyQuantised: z.number(),
  proofCount: z.number().int(),
  isCurrent: z.boolean(),
  /** Why the registry takes no proofs of it and lets none be used, by whom; null while it does. */
  stop: z.object({ by: z.enum(MODEL_STOPS), reason: z.string().nullable() }).nullable(),
  createdAt: isoTime,
});
export const listModelsOutput = z.object({ data: z.array(provingModelOutput) });
export type ProvingModelView = z.infer<typeof provingModelOutput>;

export const proofSummaryOutput = z.object({
  id: z.string(),
  modelId: z.string(),
  modelName: z.string(),
  registryModelId: wordText,
  registryVersion: z.number().int(),
  status: z.enum(PROOF_STATUSES),
  requester: z.string(),
  nonce: wordText,
  deadline: isoTime,
  inferenceId: wordText,
  output: z.number().int().nullable(),
  failureCode: z.enum(PROOF_FAILURES).nullable(),
  attempts: z.number().int(),
  proveMs: z.number().int().nullable(),
  transactionHash: z.string().nullable(),
  blockNumber: z.number().int().nullable(),
  createdAt: isoTime,
  provedAt: isoTime.nullable(),
  recordedAt: isoTime.nullable(),
  consumedAt: isoTime.nullable(),
  consumedHash: z.string().nullable(),
});
export type ProofSummary = z.infer<typeof proofSummaryOutput>;

export const proofOutput = proofSummaryOutput.extend({
  verifierAddress: z.string(),
  verifierKind: z.enum(VERIFIER_KINDS),
  registryAddress: z.string(),
  chainId: z.number().int(),
  context: wordText,
  commitment: wordText,
  inputHash: wordText.nullable(),
  /** Context, commitment, input hash and output, in the order of the verifier; null until proved. */
  publicInputs: z.array(wordText).length(4).nullable(),
  proof: z.string().nullable(),
});
export type ProofView = z.infer<typeof proofOutput>;

export const getProofInput = z.strictObject({ id: proofId });
export const getRecordedProofInput = z.strictObject({ inferenceId: word });
export const listProofsInput = pageInput.extend({
  cursor: proofId.optional(),
  status: z.enum(PROOF_STATUSES).optional(),
});
export const listProofsOutput = pageOf(proofSummaryOutput);
