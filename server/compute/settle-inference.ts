import { sha256Hex } from "#core/node-signature.ts";
import { canonicalJson, type ReceiptBody, receiptDigest } from "#core/receipt.ts";
import { type Sql, withTransaction } from "#server/db.ts";
import { ownerOf, REVENUE_ACCOUNT } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";
import { captureReservationIn, releaseReservationIn } from "#server/ledger/reservations.ts";
import { unusedScopes } from "#server/ledger/scopes.ts";
import { addJob } from "#server/queue.ts";
import type { Delivery } from "./deliver-answer.ts";
import { noteEarned } from "./escrow/sign-voucher.ts";
import { wakeNode } from "./hub.ts";
import { rawCost, type Segment, type Settlement, settle } from "./metering.math.ts";
import type { OpenInference } from "./open-inference.ts";
import { recordShares } from "./pools/record-shares.ts";
import type { InferenceUsage, Outcome } from "./run-inference.ts";

/** What one node delivered of an answer. */
export type DeliveredSegment = Segment & { offerId: string; publicKey: string; attemptId: string; text: string };

const STATUS: Record<Outcome, string> = {
  stop: "completed",
  length: "completed",
  tool_calls: "completed",
  cancelled: "cancelled",
  interrupted: "interrupted",
};

/** Those who had a part in what the caller has. */
const deliveredOf = ({ segments }: Delivery): DeliveredSegment[] => segments.filter(({ text }) => text !== "");

/** What is charged for a delivery, before it is. */
export function usageOf(open: OpenInference, delivery: Delivery): InferenceUsage {
  const segments = deliveredOf(delivery);
  const { charged } = settlementOf(open, segments);
  const completionTokens = segments.reduce((sum, segment) => sum + segment.completionTokens, 0);
  return { promptTokens: open.promptTokens, completionTokens, charged };
}

const isWhole = (outcome: Outcome): boolean => STATUS[outcome] === "completed";

/**
 * Moves the money for what was delivered, gives the rest back and writes the receipt, in one transaction.
 *
 * An answer that nobody gave (no node could) leaves no receipt; everything is released, and the caller's key is free
 * for another try. A whole answer is kept here where a repeat may ask for it: it is charged exactly when it is kept.
 */
export async function settleInference(open: OpenInference, delivery: Delivery, outcome: Outcome): Promise<void> {
  const finishedAt = new Date();
  const segments = deliveredOf(delivery);
  const settlement = settlementOf(open, segments);
  const completionTokens = segments.reduce((sum, segment) => sum + segment.completionTokens, 0);
  const hasReceipt = isWhole(outcome) || delivery.text !== "";
  const body = hasReceipt
    ? await receiptBodyOf(open, { ...delivery, segments }, settlement, outcome, finishedAt)
    : null;
  await withTransaction(async (sql) => {
    await moveMoney(sql, open, settlement, segments);
    await sql.query(
      `UPDATE inference SET status = $2, charged = $3, completion_tokens = $4, finish_reason = $5,
         first_token_at = $6::timestamptz, finished_at = $7::timestamptz, error_code = $8,
         request_key = CASE WHEN $9 THEN request_key END
       WHERE id = $1 AND status = 'running'`,
      [
        open.id,
        hasReceipt ? STATUS[outcome] : outcome === "cancelled" ? "cancelled" : "failed",
        settlement.charged,
        completionTokens,
        outcome,
        delivery.firstTokenAt?.toISOString() ?? null,
        finishedAt.toISOString(),
        outcome === "interrupted" ? "MODEL_UNAVAILABLE" : null,
        hasReceipt,
      ],
    );
    // Attempts at direct nodes have nobody else who closes their rows.
    await sql.query(
      `UPDATE inference_attempt SET status = 'done', ended_at = now() WHERE inference_id = $1 AND gateway = 'direct' AND status = 'claimed'`,
      [open.id],
    );
    if (open.keepsAnswer && isWhole(outcome) && !delivery.hasCalls)
      await sql.query("INSERT INTO inference_answer (inference_id, text) VALUES ($1, $2)", [open.id, delivery.text]);
    await recordShares(
      sql,
      segments.map((segment) => ({ ...segment, refId: open.id, work: rawCost(segment, segment) })),
    );
    await measureSpeed(sql, segments, delivery.firstTokenAt, finishedAt);
    if (body) await writeReceipt(sql, body, open.escrowId);
  });
  if (body) for (const segment of segments) wakeNode(segment.nodeId);
}

/** A lease on the chain pays its provider all of the price: its vouchers name nobody else. */
const settlementOf = (open: OpenInference, segments: readonly Segment[]): Settlement =>
  open.escrowId ? settle(segments, 0n) : withoutSelfPayment(settle(segments), open.payer);

/** Nobody pays themselves: a provider's own node costs its provider the platform's fee only. */
function withoutSelfPayment(settlement: Settlement, payer: string): Settlement {
  const parts = settlement.parts.filter((part) => part.payee !== payer);
  const paid = parts.reduce((sum, part) => sum + part.amount, settlement.fee);
  return { charged: paid, fee: settlement.fee, parts };
}

async function moveMoney(
  sql: Sql,
  open: OpenInference,
  { fee, parts }: Settlement,
  segments: readonly DeliveredSegment[],
): Promise<void> {
  const { reservationId, id } = open;
  const unused = unusedScopes(
    open.scopes,
    segments.map(({ nodeId }) => nodeId),
  );
  const payees = parts.map(({ payee, amount }) => ({
    credit: payee,
    amount,
    kind: "inference",
    refId: id,
  }));
  if (fee > 0n) payees.push({ credit: REVENUE_ACCOUNT, amount: fee, kind: "inference-fee", refId: id });
  if (payees.length === 0) {
    await releaseReservationIn(sql, { reservationId, key: `inference-release:${id}` });
    return;
  }
  await ensureAccounts(sql, [
    { code: REVENUE_ACCOUNT, asset: "USD" },
    ...parts.map(({ payee }) => ({ code: payee, asset: "USD" as const, ...ownerOf(payee) })),
  ]);
  await captureReservationIn(sql, {
    reservationId,
    key: `inference-capture:${id}`,
    parts: payees,
    unusedScopes: unused,
  });
}

/** Speed as the platform saw it; a short answer says little about it and is left out. */
async function measureSpeed(
  sql: Sql,
  segments: DeliveredSegment[],
  firstAt: Date | null,
  finishedAt: Date,
): Promise<void> {
  const only = segments.length === 1 ? segments[0] : undefined;
  if (!only || !firstAt || only.completionTokens < 8) return;
  const seconds = Math.max(0.001, (finishedAt.getTime() - firstAt.getTime()) / 1000);
  await sql.query(
    `WITH node AS (
       UPDATE compute_node SET tokens_per_second = COALESCE(tokens_per_second * 0.8, $3::float8 * 0.8) + $3::float8 * 0.2 WHERE id = $1)
     UPDATE compute_offer SET tokens_per_second = COALESCE(tokens_per_second * 0.8, $3::float8 * 0.8) + $3::float8 * 0.2 WHERE id = $2`,
    [only.nodeId, only.offerId, only.completionTokens / seconds],
  );
}

async function receiptBodyOf(
  open: OpenInference,
  delivery: Delivery,
  settlement: Settlement,
  outcome: Outcome,
  finishedAt: Date,
): Promise<ReceiptBody> {
  const segments = await Promise.all(
    delivery.segments.map(async (segment) => ({
      nodeId: segment.nodeId,
      nodePublicKey: segment.publicKey,
      attemptId: segment.attemptId,
      inputPrice: segment.inputPrice.toString(),
      outputPrice: segment.outputPrice.toString(),
      completionTokens: segment.completionTokens,
      answerBytes: Buffer.byteLength(segment.text),
      answerHash: await sha256Hex(segment.text),
    })),
  );
  return {
    version: 1,
    id: open.receiptId,
    inferenceId: open.id,
    reservationId: open.reservationId,
    model: open.model,
    counting: open.counting,
    promptHash: open.promptHash,
    answerHash: await sha256Hex(delivery.text),
    promptTokens: open.promptTokens,
    completionTokens: segments.reduce((sum, segment) => sum + segment.completionTokens, 0),
    finishReason: outcome,
    segments,
    asset: "USD",
    charged: settlement.charged.toString(),
    platformFee: settlement.fee.toString(),
    reserved: open.reserved.toString(),
    startedAt: open.startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
  };
}

async function writeReceipt(sql: Sql, body: ReceiptBody, escrowId: string | null): Promise<void> {
  const text = canonicalJson(body);
  const digest = await receiptDigest(text);
  await sql.query(`INSERT INTO inference_receipt (id, inference_id, body, digest) VALUES ($1, $2, $3, $4)`, [
    body.id,
    body.inferenceId,
    text,
    digest,
  ]);
  if (escrowId && body.charged !== "0")
    await noteEarned(sql, { escrowId, receiptId: body.id, digest, amount: BigInt(body.charged) });
  const keys = new Map(body.segments.map((segment) => [segment.nodeId, segment.nodePublicKey]));
  for (const [nodeId, publicKey] of keys) {
    await sql.query(`INSERT INTO inference_receipt_signature (receipt_id, node_id, public_key) VALUES ($1, $2, $3)`, [
      body.id,
      nodeId,
      publicKey,
    ]);
  }
  await addJob(sql, "compute-sign-receipt", { receiptId: body.id }, { jobKey: `sign-receipt:${body.id}` });
}
