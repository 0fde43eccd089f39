import { LEDGER_UNITS_MAX } from "#core/money.ts";
import { arrayLiteral } from "./array-literal.ts";
import { ASSETS_LITERAL } from "./asset-numbers.ts";
import { type KnownAccount, knownAccount } from "./known-accounts.ts";
import { isSpending, type LedgerOperation, type LedgerRow, type OperationResult } from "./operations.ts";
import type { Submission } from "./post-each.ts";
import { createSpendingClasses } from "./spending-classes.ts";

const TYPES = [
  "int text[]",
  "bigint[] text[] bigint[] bigint[] bigint[]",
  "text[] bigint[] bigint[] bigint[] text[] text[] text[] text[]",
  "text[] text[] bigint[] bigint[] bigint[] text[] text[] timestamptz[] int[] text[]",
  "text[] text[] text[] text[] text[] bigint[] text[]",
  "text[] bigint[] bigint[] text[] bigint[] text[] text[] text[]",
  "int[] bigint[] bigint[] bigint[] bigint[] bigint[] bigint[] boolean[] int[] text[]",
].flatMap((group) => group.split(" "));

export const POST_SET_SQL = `SELECT ledger_post_set(${TYPES.map((type, index) => `$${index + 1}::${type}`).join(", ")}) AS posted`;

/** `posted` lists the ids of the transfers in order; it is null when nothing was applied. */
export type PostSetRow = { posted: string | null };

/** The codes of all accounts that operations name. */
export function codesOf(submissions: readonly Submission[]): Set<string> {
  const codes = new Set<string>();
  for (const { operations } of submissions) {
    for (const operation of operations) {
      for (const { account, credit } of operation) {
        if (account !== undefined) codes.add(account);
        if (credit !== undefined) codes.add(credit);
      }
    }
  }
  return codes;
}

/** A row of `ledger_account` that a batch writes, and what the batch does to it. */
type Touched = { id: bigint; code: string; account: KnownAccount; debit: bigint; credit: bigint; reserve: bigint };

type Sets = {
  touched: Map<string, Touched>;
  classes: ReturnType<typeof createSpendingClasses>;
  transfers: { row: LedgerRow; debit: Touched; credit: Touched }[];
  reserves: { row: LedgerRow; payer: Touched; spendingClass: number }[];
  closings: { row: LedgerRow; total: bigint }[];
  parts: { row: LedgerRow; payee: Touched }[];
};

// Every account in shards is used by the same number in a batch, so that a batch writes one row of each.
function touch(sets: Sets, code: string | undefined, pick: number): Touched | null {
  if (code === undefined) return null;
  const before = sets.touched.get(code);
  if (before) return before;
  const account = knownAccount(code);
  const shard = account?.shards[pick % account.shards.length];
  if (!account || !shard) return null;
  const made = { id: shard.id, code: shard.code, account, debit: 0n, credit: 0n, reserve: 0n };
  sets.touched.set(code, made);
  return made;
}

function addSpending(sets: Sets, row: LedgerRow, pick: number): boolean {
  const { account, credit, asset, amount = 0n } = row;
  const payer = touch(sets, account, pick);
  if (!payer || payer.account.asset !== asset) return false;
  if (row.op === "reserve") {
    payer.reserve += amount;
    sets.reserves.push({ row, payer, spendingClass: sets.classes.add("reserved", row) });
    return true;
  }
  const payee = touch(sets, credit, pick);
  if (!payee || payee.account.asset !== asset) return false;
  payer.debit += amount;
  payee.credit += amount;
  sets.transfers.push({ row, debit: payer, credit: payee });
  sets.classes.add("spent", row);
  return true;
}

function addClosing(sets: Sets, row: LedgerRow, parts: readonly LedgerRow[], pick: number): boolean {
  let total = 0n;
  for (const part of parts) {
    const payee = touch(sets, part.credit, pick);
    if (!payee) return false;
    payee.credit += part.amount ?? 0n;
    total += part.amount ?? 0n;
    sets.parts.push({ row: part, payee });
  }
  sets.closings.push({ row, total });
  return total <= LEDGER_UNITS_MAX;
}

function collect(submissions: readonly Submission[]): Sets | null {
  const sets: Sets = {
    touched: new Map(),
    classes: createSpendingClasses(),
    transfers: [],
    reserves: [],
    closings: [],
    parts: [],
  };
  const pick = Math.floor(Math.random() * 64);
  for (const { operations } of submissions) {
    for (const [head, ...parts] of operations) {
      const isAdded = isSpending(head) ? addSpending(sets, head, pick) : addClosing(sets, head, parts, pick);
      if (!isAdded) return null;
    }
  }
  return sets;
}

const compareIds = (left: Touched, right: Touched): number => (left.id < right.id ? -1 : 1);

const fits = ({ debit, credit, reserve }: Touched): boolean =>
  debit <= LEDGER_UNITS_MAX && credit <= LEDGER_UNITS_MAX && reserve <= LEDGER_UNITS_MAX;

const rootOf = ({ account, id }: Touched): bigint => account.shards[0]?.id ?? id;

const scopesLiteral = (scopes: readonly string[] | undefined): string | undefined =>
  scopes === undefined || scopes.length === 0 ? undefined : arrayLiteral(scopes);

/**
 * Lays submissions out as the arrays of `ledger_post_set`, with every sum made here, where it costs least. Null when they
 * have to be applied one by one: an account is not known, or is of another asset, or a sum leaves 64 bits.
 */
export function encodeSet(submissions: readonly Submission[], lane: number | null): (string | number | null)[] | null {
  const sets = collect(submissions);
  const touched = sets ? [...sets.touched.values()].sort(compareIds) : [];
  if (!sets?.classes.fits() || !touched.every(fits)) return null;
  const { transfers, reserves, closings, parts, classes } = sets;
  const column = <Item>(items: readonly Item[], read: (item: Item) => string | number | bigint | undefined) =>
    items.length === 0 ? "{}" : arrayLiteral(items.map(read));
  return [
    lane,
    ASSETS_LITERAL,
    column(touched, ({ id }) => id),
    column(touched, ({ code }) => code),
    column(touched, ({ debit }) => debit),
    column(touched, ({ credit }) => credit),
    column(touched, ({ reserve }) => reserve),
    column(transfers, ({ row }) => row.key),
    column(transfers, ({ debit }) => debit.id),
    column(transfers, ({ credit }) => credit.id),
    column(transfers, ({ row }) => row.amount),
    column(transfers, ({ row }) => row.asset),
    column(transfers, ({ row }) => row.kind),
    column(transfers, ({ row }) => row.refId),
    column(transfers, ({ row }) => row.memo),
    column(reserves, ({ row }) => row.reservation),
    column(reserves, ({ row }) => row.key),
    column(reserves, ({ payer }) => payer.id),
    column(reserves, ({ row }) => row.amount),
    column(reserves, ({ row }) => row.value),
    column(reserves, ({ row }) => row.kind),
    column(reserves, ({ row }) => row.refId),
    column(reserves, ({ row }) => row.expiresAt?.toISOString()),
    column(reserves, ({ spendingClass }) => spendingClass),
    column(reserves, ({ row }) => scopesLiteral(row.scopes)),
    column(closings, ({ row }) => row.reservation),
    column(closings, ({ row }) => row.key),
    column(closings, ({ row }) => row.hash),
    column(closings, ({ row }) => row.account),
    column(closings, ({ row }) => (row.op === "capture" ? "captured" : row.kind)),
    column(closings, ({ total }) => total),
    column(closings, ({ row }) => scopesLiteral(row.scopes)),
    column(parts, ({ row }) => row.reservation),
    column(parts, ({ payee }) => payee.id),
    column(parts, ({ payee }) => rootOf(payee)),
    column(parts, ({ payee }) => payee.account.asset),
    column(parts, ({ row }) => row.amount),
    column(parts, ({ row }) => row.kind),
    column(parts, ({ row }) => row.refId),
    column(parts, ({ row }) => row.memo),
    ...classes.columns(),
  ];
}

/** Hands each submission its own results, in the order of its operations. */
export function decodeSet(submissions: readonly Submission[], posted: string): OperationResult[][] {
  const ids = posted.split(",");
  let next = 0;
  const idOf = ([head]: LedgerOperation) => (head.op === "transfer" ? ids[next++] : head.reservation);
  return submissions.map(({ operations }) =>
    operations.map((operation): OperationResult => {
      const id = idOf(operation);
      if (!id) throw new Error("The ledger answered fewer operations than it was asked");
      return { status: "ok", id, replayed: false };
    }),
  );
}
