import { loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import pg from "pg";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Transfer } from "#server/ledger/operations.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { captureReservation, reserve } from "#server/ledger/reservations.ts";
import { freshKey, openAccounts } from "#server/ledger/test-accounts.ts";
import { verifyLedger } from "#server/ledger/verify-ledger.ts";
import { type BenchRow, median, percentile, round, spread } from "./bench-row.ts";

const ACCOUNTS = 1000;
const CALLERS = 64;
const BATCH_SIZE = 500;
const BATCH_CALLERS = 2;
const ROUNDS = 5;
const ROUND_MS = 1500;
const FUNDS = 1_000_000_000n;

// The textbook's tables are copies with every index, CHECK and storage setting, so that both sides write the same rows.
const COPY_TABLES = `
  DROP TABLE IF EXISTS bench_account, bench_transfer, bench_raw;
  CREATE TABLE bench_account (LIKE ledger_account INCLUDING ALL);
  ALTER TABLE bench_account SET (fillfactor = 50);
  CREATE TABLE bench_transfer (LIKE ledger_transfer INCLUDING ALL);
  CREATE TABLE bench_raw (LIKE ledger_transfer INCLUDING ALL);
  INSERT INTO bench_account SELECT * FROM ledger_account;
  ANALYZE;`;

const pick = <Item>(items: readonly Item[]): Item => {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
};

function randomTransfer(codes: readonly string[], hot?: string): Transfer {
  const debit = hot ?? pick(codes);
  let credit = pick(codes);
  while (credit === debit) credit = pick(codes);
  return {
    key: freshKey(),
    debit,
    credit,
    amount: BigInt(1 + Math.floor(Math.random() * 100)),
    asset: "USD",
    kind: "bench",
  };
}

/** Runs `callers` loops of `work` for a while; answers how many units of work were done per second. */
async function throughput(callers: number, work: () => Promise<number>): Promise<number> {
  const start = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() - start < ROUND_MS) {
        // Two steps: `done += await …` would read the sum before waiting and lose what others added meanwhile.
        const units = await work();
        done += units;
      }
    }),
  );
  return (done * 1000) / (performance.now() - start);
}

type Ids = Map<string, bigint>;

/** One transaction a transfer, as the textbook has it: the payer's balance checked, rows updated in id order. */
async function textbookTransfer(
  textbook: pg.Pool,
  ids: Ids,
  { key, debit, credit, amount, asset, kind }: Transfer,
): Promise<number> {
  const [debitId = 0n, creditId = 0n] = [ids.get(debit), ids.get(credit)];
  const pay = {
    name: "pay",
    text: `UPDATE bench_account SET debits_posted = debits_posted + $2
           WHERE id = $1 AND (may_overdraw OR credits_posted - debits_posted - debits_pending >= $2)`,
    values: [debitId, amount],
  };
  const receive = {
    name: "receive",
    text: "UPDATE bench_account SET credits_posted = credits_posted + $2 WHERE id = $1",
    values: [creditId, amount],
  };
  const client = await textbook.connect();
  try {
    await client.query("BEGIN");
    for (const step of debitId < creditId ? [pay, receive] : [receive, pay]) {
      if ((await client.query(step)).rowCount !== 1) throw new Error("refused");
    }
    await client.query({
      name: "insert",
      text: `INSERT INTO bench_transfer (key, debit_id, credit_id, amount, asset, kind, batch_id) VALUES ($1, $2, $3, $4, $5, $6, 0)`,
      values: [key, debitId, creditId, amount, asset, kind],
    });
    await client.query("COMMIT");
    return 1;
  } finally {
    client.release();
  }
}

async function rawInsert(ids: Ids, transfers: readonly Transfer[]): Promise<number> {
  await pool.query({
    name: "raw",
    text: `INSERT INTO bench_raw (key, debit_id, credit_id, amount, asset, kind, batch_id)
           SELECT key, debit_id, credit_id, amount, 'USD', 'bench', 0
           FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS t (key, debit_id, credit_id, amount)`,
    values: [
      transfers.map(({ key }) => key),
      transfers.map(({ debit }) => ids.get(debit)),
      transfers.map(({ credit }) => ids.get(credit)),
      transfers.map(({ amount }) => amount),
    ],
  });
  return transfers.length;
}

async function reserveAndCapture(codes: readonly string[], latencies: number[]): Promise<number> {
  const { debit, credit, amount } = randomTransfer(codes);
  const start = performance.now();
  const expiresAt = new Date(Date.now() + 60_000);
  const { reservationId } = await reserve({ key: freshKey(), account: debit, amount, purpose: "bench", expiresAt });
  await captureReservation({ reservationId, key: freshKey(), parts: [{ credit, amount, kind: "bench" }] });
  latencies.push(performance.now() - start);
  return 1;
}

async function measure(textbook: pg.Pool, codes: readonly string[], hot: string) {
  const rows = (await pool.query<{ code: string; id: bigint }>("SELECT code, id FROM ledger_account")).rows;
  const ids: Ids = new Map(rows.map(({ code, id }) => [code, id]));
  const batch = () => Array.from({ length: BATCH_SIZE }, () => randomTransfer(codes));
  const latencies: number[] = [];
  const cases = {
    textbook: () => throughput(CALLERS, () => textbookTransfer(textbook, ids, randomTransfer(codes))),
    single: () => throughput(CALLERS, async () => (await postTransfers([randomTransfer(codes)])).length),
    batch: () => throughput(BATCH_CALLERS, async () => (await postTransfers(batch())).length),
    raw: () => throughput(BATCH_CALLERS, () => rawInsert(ids, batch())),
    hotTextbook: () => throughput(CALLERS, () => textbookTransfer(textbook, ids, randomTransfer(codes, hot))),
    hotSingle: () => throughput(CALLERS, async () => (await postTransfers([randomTransfer(codes, hot)])).length),
    reserve: () => throughput(CALLERS, () => reserveAndCapture(codes, latencies)),
  };
  type Name = keyof typeof cases;
  const names = Object.keys(cases) as Name[];
  const seen = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  // The first round warms connections and plans and is not counted.
  for (let roundNumber = 0; roundNumber <= ROUNDS; roundNumber += 1) {
    for (const name of names) {
      const perSecond = await cases[name]();
      if (roundNumber > 0) seen[name].push(perSecond);
    }
    if (roundNumber === 0) latencies.length = 0;
  }
  return { seen, latencies };
}

const ratios = (over: readonly number[], under: readonly number[]): number[] =>
  over.map((value, index) => value / (under[index] ?? Number.NaN));

function ratioRow(name: string, values: readonly number[], atLeast?: number): BenchRow {
  const value = round(median(values), 2);
  const row = { name, value, unit: "ratio", note: spread(values, 2) };
  return atLeast === undefined ? row : { ...row, bound: `>= ${atLeast}`, ok: value >= atLeast };
}

/** Measures the ledger beside the textbook way on the same server, interleaved, with fsync on. */
export async function run(): Promise<BenchRow[]> {
  const [load = 0] = loadavg();
  const codes = await openAccounts(...Array.from({ length: ACCOUNTS }, () => FUNDS));
  const [hot = ""] = await openAccounts(FUNDS * 1000n);
  await pool.query(COPY_TABLES);
  const textbook = new pg.Pool({ connectionString: env.DATABASE_URL, max: CALLERS });
  try {
    const { rows } = await pool.query<{ fsync: string; commit: string }>(
      "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit",
    );
    const { seen, latencies } = await measure(textbook, codes, hot);
    const differences = await verifyLedger();
    const rate = (name: string, values: readonly number[]): BenchRow => ({
      name,
      value: Math.round(median(values)),
      unit: "per second",
      note: spread(values, 0),
    });
    return [
      ratioRow(`${CALLERS} single callers beside the textbook`, ratios(seen.single, seen.textbook), 6),
      ratioRow(`batches of ${BATCH_SIZE} beside the textbook`, ratios(seen.batch, seen.textbook), 15),
      ratioRow(`batches of ${BATCH_SIZE} beside raw inserts`, ratios(seen.batch, seen.raw)),
      ratioRow("hot account: single callers beside the textbook", ratios(seen.hotSingle, seen.hotTextbook)),
      rate("textbook transfers", seen.textbook),
      rate("single callers", seen.single),
      rate(`batches of ${BATCH_SIZE}`, seen.batch),
      rate("raw inserts", seen.raw),
      rate("hot account: textbook", seen.hotTextbook),
      rate("hot account: single callers", seen.hotSingle),
      rate("reserve and capture", seen.reserve),
      {
        name: "reserve and capture, p99",
        value: round(percentile(latencies, 99)),
        unit: "ms",
        note: `${CALLERS} callers, both steps`,
      },
      {
        name: "load of the machine at the start",
        value: round(load),
        unit: "processes",
        note: "on a busy machine the textbook's 64 connections get more of the CPU than one batch does",
      },
      {
        name: "fsync and synchronous_commit on",
        value: 1,
        unit: "flag",
        bound: "= 1",
        ok: rows[0]?.fsync === "on" && rows[0].commit === "on",
      },
      {
        name: "differences found by verifyLedger",
        value: differences.length,
        unit: "count",
        bound: "= 0",
        ok: differences.length === 0,
      },
    ];
  } finally {
    await textbook.end();
    await pool.query("DROP TABLE IF EXISTS bench_account, bench_transfer, bench_raw");
    await db.$disconnect();
    await pool.end();
  }
}
