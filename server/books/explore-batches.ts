import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import type { LedgerTransferRow, ledgerBatchOutput } from "#core/schemas/explorer.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
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

/** Rows of each kind that are shown beside the transfers, which come in pages. */
const ROWS_MAX = 100;

type BatchRow = { id: bigint; postedAt: Date; link: bigint | null; digest: string | null; hash: string | null };
const BATCH_COLUMNS = `b.id, b.posted_at AS "postedAt", b.link, encode(b.digest, 'hex') AS digest, encode(b.hash, 'hex') AS hash`;

const viewLink = ({ id, link, hash }: BatchRow) => ({ id: batchId(id), link: link?.toString() ?? null, hash });

async function findLink(sql: Sql, link: bigint): Promise<ReturnType<typeof viewLink> | null> {
  const [row] = await sql.query<BatchRow>(`SELECT ${BATCH_COLUMNS} FROM ledger_batch b WHERE b.link = $1`, [link]);
  return row ? viewLink(row) : null;
}

/** The first root at the Vault whose head is this link or a later one: from then on nobody can rewrite the batch unseen. */
async function findEpoch(sql: Sql, link: bigint) {
  const [epoch] = await sql.query<{ number: bigint; root: string; anchoredAt: Date | null }>(
    `SELECT number, root, anchored_at AS "anchoredAt" FROM solvency_epoch
      WHERE status = 'anchored' AND head_link >= $1 ORDER BY number LIMIT 1`,
    [link],
  );
  return epoch
    ? { number: epoch.number.toString(), root: epoch.root, anchoredAt: epoch.anchoredAt?.toISOString() ?? null }
    : null;
}

const reservationsOf = (sql: Sql, column: "batch_id" | "closed_batch_id", id: string): Promise<ReservationRow[]> =>
  sql.query(
    `SELECT ${RESERVATION_COLUMNS} FROM ledger_reservation r JOIN ledger_account a ON a.id = r.account_id
      WHERE r.${column} = $1::bigint ORDER BY r.id LIMIT ${ROWS_MAX + 1}`,
    [id],
  );

/** A batch of the ledger: what it wrote, and its link in the chain of hashes. */
export async function getLedgerBatch(input: { id: string }): Promise<z.infer<typeof ledgerBatchOutput>> {
  const sql = sqlOf(pool);
  const id = numberOf(input.id);
  const [batch] = await sql.query<BatchRow>(`SELECT ${BATCH_COLUMNS} FROM ledger_batch b WHERE b.id = $1::bigint`, [
    id,
  ]);
  if (!batch) throw new DomainError("NOT_FOUND");
  const { link } = batch;
  const [previous, next, epoch, accounts, opened, closed, capChanges] = await Promise.all([
    link === null ? null : findLink(sql, link - 1n),
    link === null ? null : findLink(sql, link + 1n),
    link === null ? null : findEpoch(sql, link),
    sql.query<{ code: string }>(
      `SELECT code FROM ledger_account WHERE batch_id = $1::bigint ORDER BY id LIMIT ${ROWS_MAX + 1}`,
      [id],
    ),
    reservationsOf(sql, "batch_id", id),
    reservationsOf(sql, "closed_batch_id", id),
    sql.query<{ capId: string; amount: bigint | null; actor: string }>(
      `SELECT c.code AS "capId", k.amount, k.actor FROM ledger_cap_change k JOIN ledger_cap c ON c.id = k.cap_id
        WHERE k.batch_id = $1::bigint ORDER BY k.id LIMIT ${ROWS_MAX + 1}`,
      [id],
    ),
  ]);
  return {
    id: batchId(batch.id),
    postedAt: batch.postedAt.toISOString(),
    link: link?.toString() ?? null,
    digest: batch.digest,
    hash: batch.hash,
    previous,
    next,
    epoch,
    accounts: accounts.slice(0, ROWS_MAX).map(({ code }) => code),
    opened: opened.slice(0, ROWS_MAX).map(viewReservation),
    closed: closed.slice(0, ROWS_MAX).map(viewReservation),
    capChanges: capChanges
      .slice(0, ROWS_MAX)
      .map(({ amount, ...change }) => ({ ...change, amount: amount?.toString() ?? null })),
    isCut: [accounts, opened, closed, capChanges].some(({ length }) => length > ROWS_MAX),
  };
}

/** A batch's transfers, in the order of their ids. */
export async function listBatchTransfers(input: PageInput & { id: string }): Promise<Page<LedgerTransferRow>> {
  if (input.cursor !== undefined && !/^txf_\d{1,18}$/.test(input.cursor))
    throw new DomainError("VALIDATION_FAILED", { param: "cursor" });
  const rows = await sqlOf(pool).query<TransferRow>(
    `SELECT ${TRANSFER_COLUMNS} FROM ledger_transfer t WHERE t.batch_id = $1::bigint AND t.id > $2::bigint ORDER BY t.id LIMIT $3`,
    [numberOf(input.id), input.cursor === undefined ? "0" : numberOf(input.cursor), input.limit + 1],
  );
  return toPage(rows.map(viewTransfer), input.limit);
}
