import { createHash } from "node:crypto";
import { DomainError } from "#core/errors.ts";
import type { InferenceOrder } from "#core/inference-order.ts";
import type { FinishReason } from "#core/schemas/chat.ts";
import { db, pool } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

/** A request that its caller may send again: whose key it is, and what was asked for under it. */
export type KeyedRequest = { key: string; hash: string };

/** An agent's keys are its own: what its owner asked for under the same key is none of its business. */
export const keyedRequest = (actor: Actor, idempotencyKey: string, order: InferenceOrder): KeyedRequest => ({
  key: `${actor.agentId ?? actor.userId} ${idempotencyKey}`,
  hash: createHash("sha256").update(JSON.stringify(order)).digest("hex"),
});

/** A completion that has ended and whose answer is still here. */
export type KeptCompletion = {
  id: string;
  receiptId: string;
  model: string;
  startedAt: Date;
  text: string;
  finishReason: FinishReason;
  promptTokens: number;
  completionTokens: number;
};

/**
 * What a repeat of a request gets: null when its key is new, the first answer when that was kept, an error otherwise.
 * Nothing is run or charged twice under one key.
 */
export async function findRepeated(request: KeyedRequest): Promise<KeptCompletion | null> {
  const row = await db.inference.findUnique({
    where: { requestKey: request.key },
    include: { answer: true, receipt: { select: { id: true } } },
  });
  if (!row) return null;
  if (row.requestHash !== request.hash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
  const { id, model, promptTokens, completionTokens, finishReason, answer } = row;
  if (row.status === "running") {
    throw new DomainError("IDEMPOTENCY_IN_PROGRESS", { inferenceId: id, retryAfterSeconds: 1 });
  }
  if (!answer || (finishReason !== "stop" && finishReason !== "length")) {
    throw new DomainError("IDEMPOTENCY_KEY_USED", {
      inferenceId: id,
      status: row.status,
      charged: row.charged,
      receipt: row.receipt && `/api/v1/receipts/${row.receipt.id}`,
    });
  }
  return {
    id,
    receiptId: row.receiptId,
    model,
    startedAt: row.createdAt,
    text: answer.text,
    finishReason,
    promptTokens,
    completionTokens: completionTokens ?? 0,
  };
}

/** Forgets answers older than a day. */
export async function sweepAnswers(): Promise<void> {
  await pool.query("DELETE FROM inference_answer WHERE created_at < now() - interval '1 day'");
}
