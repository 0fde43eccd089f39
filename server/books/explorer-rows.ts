import type { LedgerReservationRow, LedgerTransferRow } from "#core/schemas/explorer.ts";
import { transferId } from "#server/ledger/operations.ts";

export const batchId = (id: bigint): string => `bat_${id}`;

/** The number behind the prefix of a transfer's or a batch's id. */
export const numberOf = (id: string): string => id.slice(id.indexOf("_") + 1);

export type TransferRow = {
  id: bigint;
  debit: string;
  credit: string;
  amount: bigint;
  asset: string;
  kind: string;
  refId: string | null;
  memo: string | null;
  batchId: bigint;
  createdAt: Date;
};

/** Both sides by their accounts' codes. Each code is one lookup, so that no plan reads all accounts. */
export const TRANSFER_COLUMNS = `t.id, (SELECT a.code FROM ledger_account a WHERE a.id = t.debit_id) AS debit,
  (SELECT a.code FROM ledger_account a WHERE a.id = t.credit_id) AS credit, t.amount, t.asset, t.kind, t.ref_id AS "refId", t.memo,
  t.batch_id AS "batchId", t.created_at AS "createdAt"`;

export const viewTransfer = (row: TransferRow): LedgerTransferRow => ({
  id: transferId(row.id),
  debit: row.debit,
  credit: row.credit,
  amount: { asset: row.asset, units: row.amount.toString() },
  kind: row.kind,
  refId: row.refId,
  memo: row.memo,
  batchId: batchId(row.batchId),
  createdAt: row.createdAt.toISOString(),
});

export type ReservationRow = {
  id: string;
  account: string;
  asset: string;
  amount: bigint;
  status: LedgerReservationRow["status"];
  purpose: string;
  refId: string | null;
  expiresAt: Date;
  createdAt: Date;
};

export const RESERVATION_COLUMNS = `r.id, a.code AS account, a.asset, r.amount, r.status, r.purpose, r.ref_id AS "refId",
  r.expires_at AS "expiresAt", r.created_at AS "createdAt"`;

export const viewReservation = (row: ReservationRow): LedgerReservationRow => ({
  id: row.id,
  account: row.account,
  amount: { asset: row.asset, units: row.amount.toString() },
  status: row.status,
  purpose: row.purpose,
  refId: row.refId,
  expiresAt: row.expiresAt.toISOString(),
  createdAt: row.createdAt.toISOString(),
});
