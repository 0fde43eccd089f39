import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import type { ledgerReservationOutput, ledgerTransferOutput } from "#core/schemas/explorer.ts";
import { pool, sqlOf } from "#server/db.ts";
import {
  batchId,
  numberOf,
  RESERVATION_COLUMNS,
  type ReservationRow,
  TRANSFER_COLUMNS,
  type TransferRow,
  viewReservation,
  viewTransfer,
} from "./explorer-rows.ts";

type Sealed = { link: bigint | null; hash: string | null };

/** A transfer from both sides, with the batch it came in and that batch's link, when it has one. */
export async function getLedgerTransfer({ id }: { id: string }): Promise<z.infer<typeof ledgerTransferOutput>> {
  const [row] = await sqlOf(pool).query<TransferRow & Sealed & { key: string | null; reservationId: string | null }>(
    `SELECT ${TRANSFER_COLUMNS}, t.key, t.reservation_id AS "reservationId", b.link, encode(b.hash, 'hex') AS hash
     FROM ledger_transfer t LEFT JOIN ledger_batch b ON b.id = t.batch_id WHERE t.id = $1::bigint`,
    [numberOf(id)],
  );
  if (!row) throw new DomainError("NOT_FOUND");
  return {
    ...viewTransfer(row),
    key: row.key,
    reservationId: row.reservationId,
    batch: { id: batchId(row.batchId), link: row.link?.toString() ?? null, hash: row.hash },
  };
}

type Life = ReservationRow & {
  key: string;
  captured: bigint;
  released: bigint;
  scopes: string[] | null;
  closedKey: string | null;
  closedAt: Date | null;
  batchId: bigint | null;
  closedBatchId: bigint | null;
};

/** A reservation's life: what was set aside, for what, and what became of it. */
export async function getLedgerReservation({ id }: { id: string }): Promise<z.infer<typeof ledgerReservationOutput>> {
  const sql = sqlOf(pool);
  const [row] = await sql.query<Life>(
    `SELECT ${RESERVATION_COLUMNS}, r.key, r.captured, r.released, r.scopes, r.closed_key AS "closedKey", r.closed_at AS "closedAt",
       r.batch_id AS "batchId", r.closed_batch_id AS "closedBatchId"
     FROM ledger_reservation r JOIN ledger_account a ON a.id = r.account_id WHERE r.id = $1`,
    [id],
  );
  if (!row) throw new DomainError("RESERVATION_NOT_FOUND");
  const transfers = await sql.query<TransferRow>(
    `SELECT ${TRANSFER_COLUMNS} FROM ledger_transfer t WHERE t.reservation_id = $1 ORDER BY t.id`,
    [id],
  );
  const amount = (units: bigint) => ({ asset: row.asset, units: units.toString() });
  return {
    ...viewReservation(row),
    key: row.key,
    captured: amount(row.captured),
    released: amount(row.released),
    scopes: row.scopes ?? [],
    closedKey: row.closedKey,
    closedAt: row.closedAt?.toISOString() ?? null,
    batchId: row.batchId === null ? null : batchId(row.batchId),
    closedBatchId: row.closedBatchId === null ? null : batchId(row.closedBatchId),
    transfers: transfers.map(viewTransfer),
  };
}
