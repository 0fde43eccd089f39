import { z } from "zod";
import { sha256Hex, verifyEd25519 } from "./node-signature.ts";
import { tokenCounting } from "./schemas/node-protocol.ts";

/**
 * What one completion was and what it cost. The platform and every node that took part sign the same canonical text,
 * so a person can check it without trusting either: the hashes against the prompt and the answer, the counts by
 * counting again, the amount by the prices.
 */
export const receiptBody = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  inferenceId: z.string(),
  reservationId: z.string(),
  model: z.string(),
  counting: tokenCounting,
  /** SHA-256 of `canonicalQuestion(question)` (core/question.ts). */
  promptHash: z.string(),
  /** SHA-256 of the delivered text: calls of tools as `pieceText` writes them, vectors in base64, one a line. */
  answerHash: z.string(),
  promptTokens: z.number().int(),
  completionTokens: z.number().int(),
  finishReason: z.enum(["stop", "length", "tool_calls", "cancelled", "interrupted"]),
  /** Who delivered which part of the answer, in order; more than one when a node was lost on the way. */
  segments: z.array(
    z.strictObject({
      nodeId: z.string(),
      nodePublicKey: z.string(),
      attemptId: z.string(),
      inputPrice: z.string(),
      outputPrice: z.string(),
      completionTokens: z.number().int(),
      answerBytes: z.number().int(),
      answerHash: z.string(),
    }),
  ),
  asset: z.literal("USD"),
  /** Micro-dollars paid in all, the platform's share of them, and what had been set aside. */
  charged: z.string(),
  platformFee: z.string(),
  reserved: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
});
export type ReceiptBody = z.infer<typeof receiptBody>;

/** JSON with sorted keys and no spaces: one body has exactly one text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 of the canonical text, in hexadecimal: what the platform's key signs. */
export const receiptDigest = (canonicalBody: string): Promise<string> => sha256Hex(canonicalBody);

/** The bytes a node signs; the first line keeps the signature from being used as one of a message. */
export const receiptBytes = (canonicalBody: string): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(`converge-receipt-v1\n${canonicalBody}`);

/** Whether this node's signature stands under this receipt, and the receipt names this node's key. */
export async function verifyNodeReceipt(body: ReceiptBody, publicKey: string, signature: string): Promise<boolean> {
  if (!body.segments.some((segment) => segment.nodePublicKey === publicKey)) return false;
  return verifyEd25519(publicKey, receiptBytes(canonicalJson(body)), signature);
}
