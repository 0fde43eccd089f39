import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { DomainError } from "#core/errors.ts";
import { db, pool, withTransaction } from "#server/db.ts";
import { EXTERNAL_ACCOUNT } from "./account-codes.ts";
import { getBalances } from "./get-balance.ts";
import {
  captureOperation,
  type LedgerOperation,
  type OperationResult,
  releaseOperation,
  reserveOperation,
  transferOperation,
} from "./operations.ts";
import { submit, submitIn } from "./submit.ts";
import { freshKey, openAccounts } from "./testing/accounts.ts";
import { verifyLedger } from "./verify-ledger.ts";

/** LEDGER_SEED and LEDGER_RUNS replay or lengthen a run; a failing run prints its seed. */
const seed = Number(process.env.LEDGER_SEED ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Number(process.env.LEDGER_RUNS ?? 60);
const LATER = new Date("2100-01-01T00:00:00Z");
const ACCOUNTS = 4;

type Step =
  | { op: "transfer"; from: number; to: number; amount: number; key: number }
  | { op: "reserve"; from: number; amount: number; key: number }
  | { op: "capture"; hold: number; by: number | null; parts: { to: number; amount: number }[]; key: number }
  | { op: "release"; hold: number; by: number | null; key: number };

/** Steps sent in one call: all or none, or each on its own; in a transaction of the caller, possibly rolled back. */
type Call = { steps: Step[]; how: "atomic" | "each" | "committed" | "rolledBack" };

// Few accounts, few keys and amounts near the balances: collisions and refusals are the interesting part.
const account = fc.nat({ max: ACCOUNTS });
const amount = fc.integer({ min: 1, max: 12 });
const key = fc.nat({ max: 25 });
const hold = fc.nat({ max: 8 });
const by = fc.option(account, { freq: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant("transfer" as const), from: account, to: account, amount, key }),
  fc.record({ op: fc.constant("reserve" as const), from: account, amount, key }),
  fc.record({
    op: fc.constant("capture" as const),
    hold,
    by,
    parts: fc.array(fc.record({ to: account, amount: fc.integer({ min: 1, max: 6 }) }), { maxLength: 3 }),
    key,
  }),
  fc.record({ op: fc.constant("release" as const), hold, by, key }),
);
const call: fc.Arbitrary<Call> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  how: fc.constantFrom("atomic", "each", "committed", "rolledBack"),
});

type Hold = { id: string; account: number; amount: bigint; isOpen: boolean };
type State = {
  posted: bigint[];
  reserved: bigint[];
  holds: Map<string, Hold>;
  /** What each key of each kind of operation stands for: its content, and what was answered. */
  keys: Map<string, { content: string; id: string }>;
};

const NOWHERE: Hold = { id: "rsv_none", account: -1, amount: 0n, isOpen: false };
const copy = (state: State): State => structuredClone(state);
const sum = (values: bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

/** The ledger again, in the plainest words: what one operation answers, and what it changes. */
function apply(state: State, item: Step, operation: LedgerOperation): string {
  const kind = item.op === "transfer" || item.op === "reserve" ? item.op : "close";
  const name = `${kind}:${item.key}`;
  const [{ reservation: id = "" }] = operation;
  const content = JSON.stringify(
    kind === "close" ? [item.op, id, "parts" in item ? item.parts : null] : { ...item, key: 0 },
  );
  const earlier = state.keys.get(name);
  if (earlier) return earlier.content === content ? "ok" : "IDEMPOTENCY_KEY_REUSED";
  const status = change(state, item, id);
  if (status === "ok") state.keys.set(name, { content, id });
  return status;
}

// The account behind the last number may overdraw.
const canPay = (state: State, from: number, units: bigint): boolean =>
  from === ACCOUNTS || (state.posted[from] ?? 0n) - (state.reserved[from] ?? 0n) >= units;

function add(values: bigint[], index: number, units: bigint): void {
  values[index] = (values[index] ?? 0n) + units;
}

function change(state: State, item: Step, id: string): string {
  if (item.op === "transfer") {
    if (!canPay(state, item.from, BigInt(item.amount))) return "INSUFFICIENT_FUNDS";
    add(state.posted, item.from, -BigInt(item.amount));
    add(state.posted, item.to, BigInt(item.amount));
    return "ok";
  }
  if (item.op === "reserve") {
    if (!canPay(state, item.from, BigInt(item.amount))) return "INSUFFICIENT_FUNDS";
    add(state.reserved, item.from, BigInt(item.amount));
    state.holds.set(id, { id, account: item.from, amount: BigInt(item.amount), isOpen: true });
    return "ok";
  }
  const held = state.holds.get(id);
  if (!held || (item.by !== null && item.by !== held.account)) return "RESERVATION_NOT_FOUND";
  if (!held.isOpen) return "RESERVATION_CLOSED";
  const parts = item.op === "capture" ? item.parts : [];
  if (parts.some(({ to }) => to === held.account)) return "ACCOUNTS_EQUAL";
  const total = sum(parts.map((part) => BigInt(part.amount)));
  if (total > held.amount) return "CAPTURE_EXCEEDS_RESERVATION";
  held.isOpen = false;
  add(state.reserved, held.account, -held.amount);
  add(state.posted, held.account, -total);
  for (const part of parts) add(state.posted, part.to, BigInt(part.amount));
  return "ok";
}

function operationOf(item: Step, codes: string[], prefix: string, held: Hold): LedgerOperation {
  const code = (index: number) => codes[index] ?? "";
  const ownKey = `${prefix}:${item.key}`;
  if (item.op === "transfer") {
    const { from, to, amount: units } = item;
    return transferOperation({
      key: ownKey,
      debit: code(from),
      credit: code(to),
      amount: BigInt(units),
      asset: "USD",
      kind: "model",
    });
  }
  if (item.op === "reserve") {
    return reserveOperation({
      key: ownKey,
      account: code(item.from),
      amount: BigInt(item.amount),
      purpose: "model",
      expiresAt: LATER,
    });
  }
  const owner = item.by === null ? {} : { account: code(item.by) };
  if (item.op === "release") return releaseOperation({ key: ownKey, reservationId: held.id, ...owner });
  const parts = item.parts.map(({ to, amount: units }) => ({ credit: code(to), amount: BigInt(units), kind: "model" }));
  return captureOperation({ key: ownKey, reservationId: held.id, parts, ...owner });
}

/** Statuses the model expects of one call; the state is advanced only when the call keeps its effects. */
function expected(state: State, call: Call, operations: LedgerOperation[]): { statuses: string[]; after: State } {
  const after = copy(state);
  const statuses: string[] = [];
  for (const [index, item] of call.steps.entries()) {
    const operation = operations[index];
    if (!operation) throw new Error("a step without an operation");
    const status = apply(after, item, operation);
    statuses.push(status);
    if (status !== "ok" && call.how !== "each") {
      return { statuses: call.steps.map((_, other) => (other === index ? status : "NOT_APPLIED")), after: state };
    }
  }
  return { statuses, after: call.how === "rolledBack" ? state : after };
}

const ROLLBACK = new Error("roll back");

async function perform(call: Call, operations: LedgerOperation[]): Promise<OperationResult[]> {
  if (call.how === "atomic" || call.how === "each") return submit(operations, call.how === "atomic");
  let results: OperationResult[] = [];
  await withTransaction(async (sql) => {
    results = await submitIn(sql, operations);
    if (call.how === "rolledBack") throw ROLLBACK;
  }).catch((error: unknown) => {
    if (error !== ROLLBACK) throw error;
  });
  return results;
}

/** Steps whose input is refused before the ledger is asked (from one account to itself) are left out. */
function prepare(
  call: Call,
  codes: string[],
  prefix: string,
  holds: Hold[],
): { call: Call; operations: LedgerOperation[] } {
  const kept = call.steps.flatMap((item) => {
    try {
      const held = "hold" in item ? (holds[item.hold] ?? NOWHERE) : NOWHERE;
      return [{ item, operation: operationOf(item, codes, prefix, held) }];
    } catch (error) {
      if (error instanceof DomainError && error.code === "ACCOUNTS_EQUAL") return [];
      throw error;
    }
  });
  return { call: { ...call, steps: kept.map(({ item }) => item) }, operations: kept.map(({ operation }) => operation) };
}

async function run(calls: Call[]): Promise<void> {
  const opening = [20n, 10n, 5n, 0n];
  const codes = [...(await openAccounts(...opening)), EXTERNAL_ACCOUNT];
  const [before] = (await getBalances([EXTERNAL_ACCOUNT])).values();
  const prefix = freshKey();
  let state: State = {
    posted: [...opening, before?.posted ?? 0n],
    reserved: [0n, 0n, 0n, 0n, before?.reserved ?? 0n],
    holds: new Map(),
    keys: new Map(),
  };
  for (const raw of calls) {
    const { call: current, operations } = prepare(raw, codes, prefix, [...state.holds.values()]);
    const { statuses, after } = expected(state, current, operations);
    const results = await perform(current, operations);
    expect(results.map(({ status }) => status)).toEqual(statuses);
    state = after;
    const balances = await getBalances(codes);
    expect(codes.map((code) => balances.get(code)?.posted)).toEqual(state.posted);
    expect(codes.map((code) => balances.get(code)?.reserved)).toEqual(state.reserved);
  }
}

afterAll(async () => {
  expect(await verifyLedger()).toEqual([]);
  await db.$disconnect();
  await pool.end();
});

describe("the ledger and its model", () => {
  test("answer and end up alike for any sequence of operations", { timeout: 600_000 + numRuns * 200 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 25 }), run), { seed, numRuns });
  });
});
