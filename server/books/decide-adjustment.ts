import { type AdjustmentContent, adjustmentKey, hashAdjustment } from "#core/adjustment.ts";
import { DomainError } from "#core/errors.ts";
import type { AdjustmentView } from "#core/schemas/adjustment.ts";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { recordAdminAction } from "#server/identity/record-admin-action.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";
import { log } from "#server/log.ts";
import { type AdjustmentRow, contentOf, getAdjustmentRow } from "./adjustment-rows.ts";
import { checkAdjustment } from "./check-adjustment.ts";
import { getAdjustment } from "./list-adjustments.ts";
import { readChainSource } from "./read-chain-source.ts";

export const ADJUSTMENT_KIND = "adjustment";

/**
 * Posts what another admin proposed, all or none: exactly what the hash stands for, once.
 *
 * The row is locked before it is judged, so of two who decide at the same moment the second finds it decided. When the
 * money is not there the refusal undoes everything, and the proposal stays open.
 */
export async function approveAdjustment(
  actor: Actor,
  input: { id: string; contentHash: string },
): Promise<AdjustmentView> {
  const known = contentOf(await getAdjustmentRow(sqlOf(pool), input.id));
  const { source } = known;
  // What the Vault did long ago does not change; it is read before the lock, which waits for no network.
  const fact = source && source.kind !== "unassigned" ? await readChainSource(source) : null;
  const isPosted = await withTransaction(async (sql) => {
    const row = await lockAdjustment(sql, actor, input.id, "posted");
    if (!row) return false;
    const content = contentOf(row);
    const hash = await hashAdjustment(content);
    if (hash !== row.contentHash || hash !== input.contentHash) throw new DomainError("ADJUSTMENT_CHANGED");
    await checkAdjustment(sql, content, fact);
    await decide(sql, actor, row, { status: "posted", reason: null });
    await post(sql, content);
    return true;
  });
  if (isPosted) log.info({ event: "adjustment.posted", adjustmentId: input.id, admin: actor.userId });
  return getAdjustment(input);
}

/** Refuses what another admin proposed; nothing moves. */
export async function rejectAdjustment(actor: Actor, input: { id: string; reason: string }): Promise<AdjustmentView> {
  const isRejected = await withTransaction(async (sql) => {
    const row = await lockAdjustment(sql, actor, input.id, "rejected");
    if (!row) return false;
    await decide(sql, actor, row, { status: "rejected", reason: input.reason });
    return true;
  });
  if (isRejected) log.info({ event: "adjustment.rejected", adjustmentId: input.id, admin: actor.userId });
  return getAdjustment(input);
}

/** Locks what is to be decided on; null when the same admin decided the same before. */
async function lockAdjustment(
  sql: Sql,
  actor: Actor,
  id: string,
  wanted: "posted" | "rejected",
): Promise<AdjustmentRow | null> {
  const row = await getAdjustmentRow(sql, id, { isLocked: true });
  if (row.status === wanted && row.decidedBy === actor.userId) return null;
  if (row.proposedBy === actor.userId || (wanted === "posted" && (await ownsOneOf(sql, actor, row.transfers))))
    throw new DomainError("ADJUSTMENT_OWN");
  if (row.status !== "open") throw new DomainError("ADJUSTMENT_CLOSED", { status: row.status });
  if (row.isLate) throw new DomainError("ADJUSTMENT_CLOSED", { status: "expired" });
  return row;
}

/** Whoever approves is to have nothing from it. */
async function ownsOneOf(sql: Sql, actor: Actor, transfers: AdjustmentRow["transfers"]): Promise<boolean> {
  const codes = transfers.flatMap(({ debit, credit }) => [debit, credit]);
  const [own] = await sql.query(
    `SELECT 1 FROM unnest($1::text[]) AS touched (code) WHERE code = 'user:' || $2
      OR code IN (SELECT 'agent:' || id FROM agent WHERE user_id = $2) LIMIT 1`,
    [codes, actor.userId],
  );
  return own !== undefined;
}

async function decide(
  sql: Sql,
  actor: Actor,
  { id, contentHash }: AdjustmentRow,
  decision: { status: "posted" | "rejected"; reason: string | null },
): Promise<void> {
  await sql.query(
    "UPDATE adjustment SET status = $2, decided_by = $3, decided_at = clock_timestamp(), decision_reason = $4 WHERE id = $1",
    [id, decision.status, actor.userId, decision.reason],
  );
  await recordAdminAction(sql, {
    userId: actor.userId,
    action: decision.status === "posted" ? "adjustment.approve" : "adjustment.reject",
    subject: id,
    details: { contentHash, ...(decision.reason === null ? {} : { reason: decision.reason }) },
  });
}

async function post(sql: Sql, { id, reason, transfers }: AdjustmentContent): Promise<void> {
  try {
    await postTransfersIn(
      sql,
      transfers.map(({ debit, credit, units }, place) => ({
        key: adjustmentKey(id, place),
        debit,
        credit,
        amount: BigInt(units),
        asset: "USD" as const,
        kind: ADJUSTMENT_KIND,
        refId: id,
        memo: reason,
      })),
    );
  } catch (error) {
    throw sayWhich(error, transfers);
  }
}

/** A refusal for want of money, with the account that lacks it. */
function sayWhich(error: unknown, transfers: AdjustmentContent["transfers"]): unknown {
  if (!(error instanceof DomainError) || error.code !== "INSUFFICIENT_FUNDS") return error;
  const { index } = error.details;
  const short = transfers[typeof index === "number" ? index : 0];
  if (!short) return error;
  const message = `${short.debit} does not have ${short.units} base units to spend now. Nothing was posted; the adjustment stays open.`;
  return new DomainError("INSUFFICIENT_FUNDS", { ...error.details, account: short.debit, message }, { cause: error });
}
