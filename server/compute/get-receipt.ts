import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "#core/errors.ts";
import { receiptBody } from "#core/receipt.ts";
import type { ReceiptView } from "#core/schemas/compute.ts";
import { db } from "#server/db.ts";
import { log } from "#server/log.ts";
import { signReceipt } from "./sign-receipt.ts";

const find = (id: string) =>
  db.inferenceReceipt.findUnique({ where: { id }, include: { signatures: { orderBy: { nodeId: "asc" } } } });

const SETTLES_WITHIN_MS = 3_000;
const LOOK_MS = 20;

/** A receipt is written moments after the last words of its answer left: whoever asks in between waits for it. */
async function findSettled(id: string): Promise<Awaited<ReturnType<typeof find>>> {
  const giveUpAt = Date.now() + SETTLES_WITHIN_MS;
  for (;;) {
    const receipt = await find(id);
    if (receipt || Date.now() > giveUpAt) return receipt;
    const running = await db.inference.findFirst({ where: { receiptId: id, status: "running" }, select: { id: true } });
    // Settled between the two looks, or never there.
    if (!running) return find(id);
    await sleep(LOOK_MS);
  }
}

/**
 * A receipt with every signature it has. Whoever knows the id may see it: it names no person, and the prompt and the
 * answer only by their hashes.
 */
export async function getReceipt(id: string): Promise<ReceiptView> {
  let receipt = await findSettled(id);
  if (receipt && !receipt.platformSignature) {
    // The job signs within moments; a reader who is faster need not wait for it. Without the signer it stays unsigned.
    await signReceipt(id).catch((error: unknown) => log.warn({ event: "receipt.unsigned", receiptId: id, err: error }));
    receipt = await find(id);
  }
  if (!receipt) throw new DomainError("RECEIPT_NOT_FOUND");
  const { platformPublicKey: publicKey, platformSignature: signature } = receipt;
  return {
    id: receipt.id,
    body: receiptBody.parse(JSON.parse(receipt.body)),
    canonicalBody: receipt.body,
    digest: receipt.digest,
    platform: publicKey && signature ? { publicKey, signature } : null,
    nodes: receipt.signatures.map((row) => ({
      nodeId: row.nodeId,
      publicKey: row.publicKey,
      signature: row.signature,
      signedAt: row.signedAt?.toISOString() ?? null,
    })),
    createdAt: receipt.createdAt.toISOString(),
  };
}
