import { type ErrorCode, isErrorCode } from "#core/errors.ts";
import { ASSET_DECIMALS } from "#core/money.ts";
import type { LedgerOperation, LedgerRow, OperationResult } from "./operations.ts";
import { NOT_APPLIED } from "./operations.ts";

/** Operations of one caller: all or nothing when `isAtomic`, each on its own otherwise. */
export type Submission = { operations: readonly LedgerOperation[]; isAtomic: boolean };

export const POST_BATCH_SQL = `SELECT posted, results FROM ledger_post(
  $1::text[], $2::int, $3::text[], $4::text[], $5::int[], $6::text[], $7::int[], $8::int[], $9::bigint[], $10::bigint[],
  $11::int[], $12::int[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::text[], $18::int[], $19::int[],
  $20::int[], $21::text[])`;

type ItemAnswer = {
  n: number;
  status: string;
  id: string | null;
  replayed: boolean;
  detail: Record<string, unknown> | null;
};

export type PostBatchRow = { posted: string | null; results: ItemAnswer[] | null };

const OP_NUMBERS = { transfer: 1, reserve: 2, capture: 3, part: 4, release: 5 } as const;
const ASSETS = Object.keys(ASSET_DECIMALS);
const ASSET_NUMBERS = new Map(ASSETS.map((asset, index) => [asset, index + 1]));

const NEEDS_ESCAPE = /["\\]/;

// Array literals are written here because Prisma and pg each have an own idea of arrays with nulls and bigints in them.
function literal(values: readonly (string | number | bigint | undefined)[]): string {
  let text = "{";
  let hasValue = false;
  for (const [index, value] of values.entries()) {
    if (index > 0) text += ",";
    if (value === undefined) {
      text += "NULL";
    } else {
      hasValue = true;
      if (typeof value !== "string") text += value;
      else text += `"${NEEDS_ESCAPE.test(value) ? value.replace(/["\\]/g, "\\$&") : value}"`;
    }
  }
  // A column without any value travels empty: `unnest` fills up shorter arrays with nulls.
  return hasValue ? `${text}}` : "{}";
}

/** Numbers texts by their first appearance, from 1. */
function createDictionary() {
  const numbers = new Map<string, number>();
  return {
    numbers,
    numberOf: (text: string | undefined): number | undefined => {
      if (text === undefined) return undefined;
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, numbers.size + 1);
      return numbers.size;
    },
  };
}

const isSpending = ({ op }: LedgerRow): boolean => op === "transfer" || op === "reserve";

type Placed = { row: LedgerRow; parent: number | undefined; unit: number };

function place(submissions: readonly Submission[]): Placed[] {
  const placed: Placed[] = [];
  let unit = 0;
  for (const { operations, isAtomic } of submissions) {
    if (isAtomic) unit += 1;
    for (const operation of operations) {
      if (!isAtomic) unit += 1;
      const head = placed.length + 1;
      for (const [index, row] of operation.entries())
        placed.push({ row, parent: index === 0 ? undefined : head, unit });
    }
  }
  return placed;
}

/** Lays submissions out as the parallel arrays of the SQL function. */
export function encodeBatch(submissions: readonly Submission[]): string[] {
  const placed = place(submissions);
  const codes = createDictionary();
  const kinds = createDictionary();
  // Payers first: caps are looked up for them alone.
  for (const { row } of placed) if (isSpending(row)) codes.numberOf(row.account);
  const payers = codes.numbers.size;
  const scopes = placed.flatMap(({ row }, index) => (row.scopes ?? []).map((scope) => ({ scope, item: index + 1 })));
  const column = (read: (row: LedgerRow) => string | number | bigint | undefined) =>
    literal(placed.map(({ row }) => read(row)));
  const rows = [
    column((row) => OP_NUMBERS[row.op]),
    column((row) => row.key),
    column((row) => codes.numberOf(row.account)),
    column((row) => codes.numberOf(row.credit)),
    column((row) => row.amount),
    column((row) => row.value),
    column((row) => (row.asset === undefined ? undefined : ASSET_NUMBERS.get(row.asset))),
    column((row) => kinds.numberOf(row.kind)),
    column((row) => row.refId),
    column((row) => row.memo),
    column((row) => row.reservation),
    column((row) => row.expiresAt?.toISOString()),
    column((row) => row.hash),
    literal(placed.map(({ parent }) => parent)),
    literal(placed.map(({ unit }) => unit)),
    literal(scopes.map(({ item }) => item)),
    literal(scopes.map(({ scope }) => scope)),
  ];
  return [
    literal([...codes.numbers.keys()]),
    String(payers),
    literal(ASSETS),
    literal([...kinds.numbers.keys()]),
    ...rows,
  ];
}

function answered({ status, id, replayed, detail }: ItemAnswer): OperationResult {
  if (status === "ok" && id !== null) return { status, id, replayed };
  if (status === NOT_APPLIED) return { status };
  if (isErrorCode(status)) return { status: status as ErrorCode, details: detail ?? {} };
  throw new Error(`The ledger answered an unknown status: ${status}`);
}

/** Hands each submission its own results, in the order of its operations. */
export function decodeBatch(
  submissions: readonly Submission[],
  [answer]: readonly PostBatchRow[],
): OperationResult[][] {
  if (!answer) throw new Error("The ledger did not answer");
  const { posted, results } = answer;
  const ids = results ? [] : (posted?.split(",") ?? []);
  let next = 0;
  return submissions.map(({ operations }) =>
    operations.map(([head]): OperationResult => {
      const result = results?.[next];
      if (result) {
        next += 1;
        return answered(result);
      }
      const id = head.op === "transfer" ? ids[next++] : head.reservation;
      if (results || id === undefined) throw new Error("The ledger answered fewer operations than it was asked");
      return { status: "ok", id, replayed: false };
    }),
  );
}
