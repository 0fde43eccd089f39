import { isErrorCode } from "#core/errors.ts";
import type { LedgerOperation, LedgerRow, OperationResult } from "./operations.ts";
import { NOT_APPLIED } from "./operations.ts";

/** Operations of one caller: all or nothing when `isAtomic`, each on its own otherwise. */
export type Submission = { operations: readonly LedgerOperation[]; isAtomic: boolean };

export const POST_BATCH_SQL = `SELECT item_n, item_status, item_id, item_replayed FROM ledger_post(
  $1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::text[], $11::timestamptz[], $12::text[], $13::int[], $14::int[])`;

export type PostBatchRow = { item_n: number; item_status: string; item_id: string | null; item_replayed: boolean };

const NEEDS_ESCAPE = /["\\]/;

// Array literals are written here because Prisma and pg each have an own idea of arrays with nulls and bigints in them.
// A column without any value travels empty: `unnest` fills up shorter arrays with nulls.
function textArray(rows: readonly LedgerRow[], column: (row: LedgerRow) => string | undefined): string {
  if (rows.every((row) => column(row) === undefined)) return "{}";
  let literal = "{";
  for (const [index, row] of rows.entries()) {
    if (index > 0) literal += ",";
    const value = column(row);
    if (value === undefined) literal += "NULL";
    else literal += `"${NEEDS_ESCAPE.test(value) ? value.replace(/["\\]/g, "\\$&") : value}"`;
  }
  return `${literal}}`;
}

/** Lays submissions out as the parallel arrays of the SQL function. */
export function encodeBatch(submissions: readonly Submission[]): string[] {
  const rows: LedgerRow[] = [];
  const parents: (number | "NULL")[] = [];
  const units: number[] = [];
  let unit = 0;
  for (const { operations, isAtomic } of submissions) {
    if (isAtomic) unit += 1;
    for (const operation of operations) {
      if (!isAtomic) unit += 1;
      const head = rows.length + 1;
      for (const [index, row] of operation.entries()) {
        rows.push(row);
        parents.push(index === 0 ? "NULL" : head);
        units.push(unit);
      }
    }
  }
  return [
    textArray(rows, (row) => row.op),
    textArray(rows, (row) => row.key),
    textArray(rows, (row) => row.account),
    textArray(rows, (row) => row.credit),
    `{${rows.map((row) => row.amount ?? "NULL").join(",")}}`,
    textArray(rows, (row) => row.asset),
    textArray(rows, (row) => row.kind),
    textArray(rows, (row) => row.refId),
    textArray(rows, (row) => row.memo),
    textArray(rows, (row) => row.reservation),
    textArray(rows, (row) => row.expiresAt?.toISOString()),
    textArray(rows, (row) => row.hash),
    `{${parents.join(",")}}`,
    `{${units.join(",")}}`,
  ];
}

function resultOf(row: PostBatchRow | undefined): OperationResult {
  if (!row) throw new Error("The ledger answered fewer operations than it was asked");
  const { item_status: status, item_id: id, item_replayed: replayed } = row;
  if (status === "ok" && id !== null) return { status, id, replayed };
  if (status === NOT_APPLIED || isErrorCode(status)) return { status };
  throw new Error(`The ledger answered an unknown status: ${status}`);
}

/** Hands each submission its own results, in the order of its operations. */
export function decodeBatch(submissions: readonly Submission[], rows: readonly PostBatchRow[]): OperationResult[][] {
  const sorted = rows.toSorted((left, right) => left.item_n - right.item_n);
  let next = 0;
  return submissions.map(({ operations }) => operations.map(() => resultOf(sorted[next++])));
}
