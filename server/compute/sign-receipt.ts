import { DomainError } from "#core/errors.ts";
import { verifyEd25519 } from "#core/node-signature.ts";
import { receiptBytes } from "#core/receipt.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db } from "#server/db.ts";
import type { NodeIdentity } from "./authenticate-node.ts";

/** Puts the platform's signature under a receipt, once. A job; whoever reads an unsigned receipt does the same. */
export async function signReceipt(receiptId: string): Promise<void> {
  const receipt = await db.inferenceReceipt.findUnique({
    where: { id: receiptId },
    select: { digest: true, platformSignature: true },
  });
  if (!receipt || receipt.platformSignature) return;
  const { signature, publicKey } = await signerClient.signReceipt({ digest: `0x${receipt.digest}` });
  await db.inferenceReceipt.updateMany({
    where: { id: receiptId, platformSignature: null },
    data: { platformSignature: signature, platformPublicKey: publicKey },
  });
}

/** Takes a node's own signature under a receipt that names it, when it is right. */
export async function countersignReceipt(
  node: NodeIdentity,
  input: { receiptId: string; signature: string },
): Promise<{ accepted: boolean }> {
  const wanted = await db.inferenceReceiptSignature.findUnique({
    where: { receiptId_nodeId: { receiptId: input.receiptId, nodeId: node.nodeId } },
    select: { publicKey: true, receipt: { select: { body: true } } },
  });
  if (!wanted) throw new DomainError("RECEIPT_NOT_FOUND");
  if (!(await verifyEd25519(wanted.publicKey, receiptBytes(wanted.receipt.body), input.signature))) {
    throw new DomainError("NODE_SIGNATURE_INVALID");
  }
  await db.inferenceReceiptSignature.updateMany({
    where: { receiptId: input.receiptId, nodeId: node.nodeId, signature: null },
    data: { signature: input.signature, signedAt: new Date() },
  });
  return { accepted: true };
}
