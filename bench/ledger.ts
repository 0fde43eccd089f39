import { loadavg } from "node:os";
import { performance } from "node:perf_hooks";
import pg from "pg";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { auditLedger } from "#server/ledger/audit-ledger.ts";
import { createCap } from "#server/ledger/caps.ts";
import type { Transfer } from "#server/ledger/operations.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { captureReservation, reserve } from "#server/ledger/reservations.ts";
import { sealBatches } from "#server/ledger/seal-batches.ts";
import { freshKey, openAccounts } from "#server/ledger/testing/accounts.ts";
import { type BenchRow, bounded, median, percentile, round, spread } from "./bench-row.ts";

const ACCOUNTS = 1000;
const CALLERS = 64;
const BATCH_SIZE = 500;
const BATCH_CALLERS = 2;
const ROUNDS = 5;
const ROUND_MS = 1500;
const FUNDS = 1_000_000_000n;
const DAY_MS = 86_400_000;
const MANY = 1_000_000;

// The textbook's tables are copies with every index, CHECK and storage setting, so that both sides write the same rows.
const COPY_TABLES = `
  DROP TABLE IF EXISTS bench_account, bench_transfer, bench_raw;
  CREATE TABLE bench_account (LIKE ledger_account INCLUDING ALL);
  ALTER TABLE bench_account SET (fillfactor = 50);
  CREATE TABLE bench_transfer (LIKE ledger_transfer INCLUDING ALL, UNIQUE (key));
  CREATE TABLE bench_raw (LIKE ledger_transfer INCLUDING ALL, UNIQUE (key));
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

async function measure(textbook: pg.Pool, codes: readonly string[], capped: readonly string[], hot: string) {
  const rows = (await pool.query<{ code: string; id: bigint }>("SELECT code, id FROM ledger_account")).rows;
  const ids: Ids = new Map(rows.map(({ code, id }) => [code, id]));
  const batch = (of: readonly string[]) => Array.from({ length: BATCH_SIZE }, () => randomTransfer(of));
  const latencies: number[] = [];
  const cases = {
    textbook: () => throughput(CALLERS, () => textbookTransfer(textbook, ids, randomTransfer(codes))),
    single: () => throughput(CALLERS, async () => (await postTransfers([randomTransfer(codes)])).length),
    cappedSingle: () => throughput(CALLERS, async () => (await postTransfers([randomTransfer(capped)])).length),
    batch: () => throughput(BATCH_CALLERS, async () => (await postTransfers(batch(codes))).length),
    cappedBatch: () => throughput(BATCH_CALLERS, async () => (await postTransfers(batch(capped))).length),
    raw: () => throughput(BATCH_CALLERS, () => rawInsert(ids, batch(codes))),
    hotTextbook: () => throughput(CALLERS, () => textbookTransfer(textbook, ids, randomTransfer(codes, hot))),
    hotSingle: () => throughput(CALLERS, async () => (await postTransfers([randomTransfer(codes, hot)])).length),
    reserve: () => throughput(CALLERS, () => reserveAndCapture(capped, latencies)),
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

/** How fast batches go once a million postings are in, over how fast they went before. */
async function slowdown(codes: readonly string[]): Promise<number> {
  const rate = () =>
    throughput(BATCH_CALLERS, async () => {
      const batch = Array.from({ length: BATCH_SIZE }, () => randomTransfer(codes));
      return (await postTransfers(batch)).length;
    });
  const rates = async () => median([await rate(), await rate(), await rate()]);
  const before = await rates();
  const { rows } = await pool.query<{ count: bigint }>("SELECT count(*) AS count FROM ledger_transfer");
  for (let posted = Number(rows[0]?.count ?? 0); posted < MANY; posted += 2 * BATCH_SIZE) {
    await postTransfers(Array.from({ length: 2 * BATCH_SIZE }, () => randomTransfer(codes)));
  }
  await pool.query("ANALYZE");
  return (await rates()) / before;
}

/** Seals as the worker does, beside everything that is measured. */
function keepSealing(): () => Promise<void> {
  let isOver = false;
  const sealing = (async () => {
    while (!isOver) {
      await sealBatches();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  })();
  return async () => {
    isOver = true;
    await sealing;
  };
}

async function openCapped(count: number): Promise<string[]> {
  const codes = await openAccounts(...Array.from({ length: count }, () => FUNDS));
  for (const scope of codes) {
    await createCap({ scope, asset: "USD", kind: "window", windowMs: DAY_MS, amount: FUNDS, actor: "bench" });
  }
  return codes;
}

/**
 * Measures the ledger beside the textbook way on the same server, interleaved, with fsync on, idempotency keys checked and
 * the hash chain being sealed; "capped" is with every payer under a rolling daily cap of its own besides.
 */
export async function run(): Promise<BenchRow[]> {
  const [load = 0] = loadavg();
  const codes = await openAccounts(...Array.from({ length: ACCOUNTS }, () => FUNDS));
  const capped = await openCapped(ACCOUNTS);
  const [hot = ""] = await openAccounts(FUNDS * 1000n);
  await pool.query(COPY_TABLES);
  const textbook = new pg.Pool({ connectionString: env.DATABASE_URL, max: CALLERS });
  const stopSealing = keepSealing();
  try {
    const { rows } = await pool.query<{ fsync: string; commit: string }>(
      "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit",
    );
    const { seen, latencies } = await measure(textbook, codes, capped, hot);
    const afterMany = await slowdown(codes);
    await stopSealing();
    const findings = await auditLedger();
    const rate = (name: string, values: readonly number[]): BenchRow => ({
      name,
      value: Math.round(median(values)),
      unit: "per second",
      note: spread(values, 0),
    });
    return [
      ratioRow(`${CALLERS} single callers beside the textbook`, ratios(seen.single, seen.textbook), 6),
      ratioRow(`${CALLERS} single callers, capped, beside the textbook`, ratios(seen.cappedSingle, seen.textbook), 8),
      ratioRow(`batches of ${BATCH_SIZE} beside the textbook`, ratios(seen.batch, seen.textbook), 15),
      ratioRow(`batches of ${BATCH_SIZE}, capped, beside the textbook`, ratios(seen.cappedBatch, seen.textbook), 15),
      ratioRow(`batches of ${BATCH_SIZE}, capped, beside raw inserts`, ratios(seen.cappedBatch, seen.raw), 0.2),
      bounded("a million postings in, beside before", round(afterMany, 2), "ratio", ">= 0.8"),
      ratioRow("hot account: single callers beside the textbook", ratios(seen.hotSingle, seen.hotTextbook)),
      rate("textbook transfers", seen.textbook),
      rate("single callers", seen.single),
      rate("single callers, capped", seen.cappedSingle),
      rate(`batches of ${BATCH_SIZE}`, seen.batch),
      rate(`batches of ${BATCH_SIZE}, capped`, seen.cappedBatch),
      rate("raw inserts", seen.raw),
      rate("hot account: textbook", seen.hotTextbook),
      rate("hot account: single callers", seen.hotSingle),
      rate("reserve and capture", seen.reserve),
      bounded(
        "reserve and capture, capped, p99",
        round(percentile(latencies, 99)),
        "ms",
        "<= 25",
        `${CALLERS} callers, both steps`,
      ),
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
      bounded("findings of the audit afterwards", findings.length, "count", "<= 0", findings[0]?.problem),
    ];
  } finally {
    await textbook.end();
    await pool.query("DROP TABLE IF EXISTS bench_account, bench_transfer, bench_raw");
    await db.$disconnect();
    await pool.end();
  }
}
