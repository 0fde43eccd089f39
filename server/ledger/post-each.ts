import { type ErrorCode, isErrorCode } from "#core/errors.ts";
import { arrayLiteral } from "./array-literal.ts";
import { ASSETS_LITERAL, assetNumber } from "./asset-numbers.ts";
import type { LedgerOperation, LedgerRow, OperationResult } from "./operations.ts";
import { isSpending, NOT_APPLIED } from "./operations.ts";

/** Operations of one caller: all or nothing when `isAtomic`, each on its own otherwise. */
export type Submission = { operations: readonly LedgerOperation[]; isAtomic: boolean };

export const POST_EACH_SQL = `SELECT ledger_post_each(
  $1::text[], $2::int, $3::text[], $4::text[], $5::int[], $6::text[], $7::int[], $8::int[], $9::bigint[], $10::bigint[],
  $11::int[], $12::int[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::text[], $18::int[], $19::int[],
  $20::int[], $21::text[]) AS results`;

type ItemAnswer = {
  n: number;
  status: string;
  id: string | null;
  replayed: boolean;
  detail: Record<string, unknown> | null;
};

export type PostEachRow = { results: ItemAnswer[] };

const OP_NUMBERS = { transfer: 1, reserve: 2, capture: 3, part: 4, release: 5 } as const;

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

/** Lays submissions out as the parallel arrays of `ledger_post_each`. */
export function encodeEach(submissions: readonly Submission[]): string[] {
  const placed = place(submissions);
  const codes = createDictionary();
  const kinds = createDictionary();
  // Payers first: caps are looked up for them alone.
  for (const { row } of placed) if (isSpending(row)) codes.numberOf(row.account);
  const payers = codes.numbers.size;
  const scopes = placed.flatMap(({ row }, index) => (row.scopes ?? []).map((scope) => ({ scope, item: index + 1 })));
  const column = (read: (row: LedgerRow) => string | number | bigint | undefined) =>
    arrayLiteral(placed.map(({ row }) => read(row)));
  const rows = [
    column((row) => OP_NUMBERS[row.op]),
    column((row) => row.key),
    column((row) => codes.numberOf(row.account)),
    column((row) => codes.numberOf(row.credit)),
    column((row) => row.amount),
    column((row) => row.value),
    column((row) => (row.asset === undefined ? undefined : assetNumber(row.asset))),
    column((row) => kinds.numberOf(row.kind)),
    column((row) => row.refId),
    column((row) => row.memo),
    column((row) => row.reservation),
    column((row) => row.expiresAt?.toISOString()),
    column((row) => row.hash),
    arrayLiteral(placed.map(({ parent }) => parent)),
    arrayLiteral(placed.map(({ unit }) => unit)),
    arrayLiteral(scopes.map(({ item }) => item)),
    arrayLiteral(scopes.map(({ scope }) => scope)),
  ];
  return [
    arrayLiteral([...codes.numbers.keys()]),
    String(payers),
    ASSETS_LITERAL,
    arrayLiteral([...kinds.numbers.keys()]),
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
export function decodeEach(submissions: readonly Submission[], [answer]: readonly PostEachRow[]): OperationResult[][] {
  const results = answer?.results ?? [];
  let next = 0;
  return submissions.map(({ operations }) =>
    operations.map((): OperationResult => {
      const result = results[next++];
      if (!result) throw new Error("The ledger answered fewer operations than it was asked");
      return answered(result);
    }),
  );
}
