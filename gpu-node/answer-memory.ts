import { sha256Hex, toBase64 } from "../core/node-signature.ts";
import { canonicalQuestion } from "../core/question.ts";
import { canonicalJson, receiptBody, receiptBytes } from "../core/receipt.ts";
import type { Work } from "../core/schemas/node-protocol.ts";
import type { Identity } from "./identity.ts";

const REMEMBERED_MAX = 2_000;

type Answer = { promptHash: string; text: Uint8Array<ArrayBuffer>; inputPrice: string; outputPrice: string };

/**
 * What this node answered lately, so that it signs only receipts that say what it did: its own answer up to where it
 * was delivered, for the prompt it was given, at the price it asked.
 */
export function createAnswerMemory(identity: Identity) {
  const answers = new Map<string, Answer>();
  return {
    async remember(work: Work, text: string, prices: { inputPrice: string; outputPrice: string }): Promise<void> {
      const promptHash = await sha256Hex(canonicalQuestion(work.question));
      answers.set(work.attemptId, { promptHash, text: new TextEncoder().encode(text), ...prices });
      const oldest = answers.keys().next().value;
      if (answers.size > REMEMBERED_MAX && oldest !== undefined) answers.delete(oldest);
    },
    /** The node's signature under a receipt's canonical text, or why it does not sign. */
    async sign(canonicalBody: string): Promise<{ signature: string } | { refused: string }> {
      const parsed = receiptBody.safeParse(JSON.parse(canonicalBody));
      if (!parsed.success || canonicalJson(parsed.data) !== canonicalBody) return { refused: "its form is not known" };
      const mine = parsed.data.segments.filter((segment) => segment.nodePublicKey === identity.publicKey);
      if (mine.length === 0) return { refused: "it does not name this node" };
      for (const segment of mine) {
        const answer = answers.get(segment.attemptId);
        if (!answer) return { refused: "its answer is no longer remembered" };
        const delivered = answer.text.slice(0, segment.answerBytes);
        if (parsed.data.promptHash !== answer.promptHash) return { refused: "its prompt is another one" };
        if ((await sha256Hex(delivered)) !== segment.answerHash) return { refused: "its answer is another one" };
        if (segment.inputPrice !== answer.inputPrice || segment.outputPrice !== answer.outputPrice) {
          return { refused: "its price is another one" };
        }
      }
      const signed = await crypto.subtle.sign("Ed25519", identity.privateKey, receiptBytes(canonicalBody));
      return { signature: toBase64(new Uint8Array(signed)) };
    },
  };
}
