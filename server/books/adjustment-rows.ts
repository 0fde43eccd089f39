import { type AdjustmentContent, type AdjustmentSource, adjustmentKey } from "#core/adjustment.ts";
import { DomainError } from "#core/errors.ts";
import { toWire, usd } from "#core/money.ts";
import type { AdjustmentView } from "#core/schemas/adjustment.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
import { transferId } from "#server/ledger/operations.ts";

export type AdjustmentRow = {
  id: string;
  status: "open" | "posted" | "rejected";
  isLate: boolean;
  reason: string;
  reference: string | null;
  sourceKind: AdjustmentSource["kind"] | null;
  sourceTransaction: string | null;
  sourceLogIndex: number | null;
  contentHash: string;
  proposedBy: string;
  proposedAt: Date;
  expiresAt: Date;
  decidedBy: string | null;
  decidedAt: Date | null;
  decisionReason: string | null;
  transfers: { debit: string; credit: string; units: string }[];
};

const COLUMNS = `a.id, a.status, a.expires_at <= clock_timestamp() AS "isLate", a.reason, a.reference, a.source_kind AS "sourceKind",
  a.source_transaction AS "sourceTransaction", a.source_log_index AS "sourceLogIndex", a.content_hash AS "contentHash",
  a.proposed_by AS "proposedBy", a.proposed_at AS "proposedAt", a.expires_at AS "expiresAt", a.decided_by AS "decidedBy",
  a.decided_at AS "decidedAt", a.decision_reason AS "decisionReason",
  (SELECT jsonb_agg(jsonb_build_object('debit', t.debit, 'credit', t.credit, 'units', t.amount::text) ORDER BY t.place)
    FROM adjustment_transfer t WHERE t.adjustment_id = a.id) AS transfers`;

/** With `isLocked` nobody else decides on it until the caller's transaction ends. */
export async function getAdjustmentRow(sql: Sql, id: string, { isLocked = false } = {}): Promise<AdjustmentRow> {
  const lock = isLocked ? "FOR UPDATE OF a" : "";
  const [row] = await sql.query<AdjustmentRow>(`SELECT ${COLUMNS} FROM adjustment a WHERE a.id = $1 ${lock}`, [id]);
  if (!row) throw new DomainError("NOT_FOUND");
  return row;
}

export const listAdjustmentRows = (
  sql: Sql,
  { state, cursor, limit }: { state: "open" | "all"; cursor?: string | undefined; limit: number },
): Promise<AdjustmentRow[]> =>
  sql.query(
    `SELECT ${COLUMNS} FROM adjustment a WHERE ($1 = 'all' OR (a.status = 'open' AND a.expires_at > clock_timestamp()))
       AND ($2::text IS NULL OR a.id < $2) ORDER BY a.id DESC LIMIT $3`,
    [state, cursor ?? null, limit],
  );

export const sourceOf = (row: AdjustmentRow): AdjustmentSource | null =>
  row.sourceKind === null || row.sourceTransaction === null || row.sourceLogIndex === null
    ? null
    : { kind: row.sourceKind, transactionHash: row.sourceTransaction, logIndex: row.sourceLogIndex };

export const contentOf = (row: AdjustmentRow): AdjustmentContent => ({
  id: row.id,
  reason: row.reason,
  reference: row.reference,
  source: sourceOf(row),
  transfers: row.transfers,
});

async function readNames(ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await sqlOf(pool).query<{ id: string; name: string }>(
    `SELECT id, name FROM "user" WHERE id = ANY ($1::text[])`,
    [[...new Set(ids)]],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function readPostings(rows: readonly AdjustmentRow[]): Promise<Map<string, string>> {
  const keys = rows
    .filter(({ status }) => status === "posted")
    .flatMap(({ id, transfers }) => transfers.map((_, place) => adjustmentKey(id, place)));
  if (keys.length === 0) return new Map();
  const found = await sqlOf(pool).query<{ key: string; transfer_id: bigint }>(
    "SELECT key, transfer_id FROM ledger_key WHERE key = ANY ($1::text[])",
    [keys],
  );
  return new Map(found.map(({ key, transfer_id: id }) => [key, transferId(id)]));
}

export async function viewAdjustments(rows: readonly AdjustmentRow[]): Promise<AdjustmentView[]> {
  const [names, postings] = await Promise.all([
    readNames(rows.flatMap(({ proposedBy, decidedBy }) => (decidedBy ? [proposedBy, decidedBy] : [proposedBy]))),
    readPostings(rows),
  ]);
  const person = (id: string) => ({ id, name: names.get(id) ?? id });
  return rows.map((row) => ({
    object: "adjustment",
    id: row.id,
    status: row.status === "open" && row.isLate ? "expired" : row.status,
    reason: row.reason,
    reference: row.reference,
    source: sourceOf(row),
    contentHash: row.contentHash,
    transfers: row.transfers.map(({ debit, credit, units }, place) => ({
      debit,
      credit,
      amount: toWire(usd(BigInt(units))),
      transferId: postings.get(adjustmentKey(row.id, place)) ?? null,
    })),
    proposedBy: person(row.proposedBy),
    proposedAt: row.proposedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    decidedBy: row.decidedBy === null ? null : person(row.decidedBy),
    decidedAt: row.decidedAt?.toISOString() ?? null,
    decisionReason: row.decisionReason,
  }));
}
