import { cpus } from "node:os";
import pg from "pg";
import { seededRandom } from "#core/simulated-reader.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { shardAccount } from "#server/ledger/shard-account.ts";
import { freshKey, openAccounts } from "#server/ledger/testing/accounts.ts";
import { type BenchRow, median, round } from "./bench-row.ts";
import { startDelayProxy } from "./hot-account/delay-proxy.ts";
import { type Measured, measure, type PosterOrder } from "./hot-account/measure.ts";
import { type Model, simulate } from "./hot-account/simulate.ts";

const PROCESSES = 4;
const CALLERS = 8;
const JOINED_CALLERS = 100;
const SECONDS = Number(process.env.HOT_ACCOUNT_SECONDS ?? 4);
const SHARDS = [1, 4, 16] as const;
const OTHERS = 400;

let others: string[] = [];

async function openTextbook(client: pg.Client): Promise<void> {
  await client.query(`CREATE TABLE bench_hot (id int PRIMARY KEY, balance bigint NOT NULL);
    CREATE TABLE bench_hot_entry (id bigserial PRIMARY KEY, debit int NOT NULL, credit int NOT NULL, amount bigint NOT NULL, key text UNIQUE);
    INSERT INTO bench_hot SELECT n, 1000000000 FROM generate_series(0, ${OTHERS}) n`);
}

async function openHot(shards: number, funds = 1_000_000_000n): Promise<string> {
  const [hot = ""] = await openAccounts(funds);
  if (shards > 1) await shardAccount(hot, shards);
  return hot;
}

const rowsOf = (name: string, { perSecond, p99Ms, failures }: Measured, note?: string): BenchRow[] => [
  {
    name,
    value: Math.round(perSecond),
    unit: "transfers/s",
    note: `p99 ${round(p99Ms)} ms${failures ? `; ${failures} failed` : ""}${note ? `; ${note}` : ""}`,
  },
];

/** The same postings at a distance: a textbook's transaction, and the ledger's in a transaction of the caller. */
async function atDistance(roundTripMs: number): Promise<BenchRow[]> {
  const proxy = roundTripMs > 0 ? await startDelayProxy(new URL(env.DATABASE_URL), roundTripMs) : null;
  const url = proxy?.url ?? env.DATABASE_URL;
  const order = { others, callers: CALLERS, seconds: SECONDS, direction: "in" } satisfies Partial<PosterOrder>;
  const where = `${roundTripMs} ms away`;
  try {
    const rows = rowsOf(`textbook, ${where}`, await measure(url, PROCESSES, { ...order, way: "textbook", hot: "" }));
    for (const shards of SHARDS) {
      const hot = await openHot(shards);
      rows.push(
        ...rowsOf(
          `in a caller's transaction, ${shards} shards, ${where}`,
          await measure(url, PROCESSES, { ...order, way: "transaction", hot }),
        ),
      );
    }
    for (const shards of SHARDS) {
      const hot = await openHot(shards);
      rows.push(
        ...rowsOf(
          `joined into batches, ${shards} shards, ${where}`,
          await measure(url, PROCESSES, { ...order, way: "group", hot, callers: JOINED_CALLERS }),
        ),
      );
    }
    return rows;
  } finally {
    await proxy?.stop();
  }
}

/** An account that pays, as a campaign does: what it has lies in one of its shards, and the others gather from it. */
async function paying(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const shards of SHARDS) {
    const order = { others, callers: CALLERS, seconds: SECONDS, direction: "out", way: "transaction" } as const;
    const measured = await measure(env.DATABASE_URL, PROCESSES, { ...order, hot: await openHot(shards) });
    rows.push(...rowsOf(`paying out of ${shards} shards, 0 ms away`, measured));
  }
  return rows;
}

type Costs = Pick<Model, "batchMs" | "transferMs" | "flushMs">;

/** What a batch costs on this machine now, alone: the figures that the simulation starts from. */
async function calibrate(): Promise<Costs> {
  const hot = await openHot(1);
  const timeOf = async (size: number) => {
    const times: number[] = [];
    for (let count = 0; count < 25; count++) {
      const transfers = Array.from({ length: size }, (_, n) => ({
        key: freshKey(),
        debit: others[n % OTHERS] ?? "",
        credit: hot,
        amount: 1n,
        asset: "USD" as const,
        kind: "bench",
      }));
      const startedAt = performance.now();
      await postTransfers(transfers);
      times.push(performance.now() - startedAt);
    }
    return median(times);
  };
  const flushes: number[] = [];
  for (let count = 0; count < 50; count++) {
    const startedAt = performance.now();
    await pool.query("INSERT INTO bench_hot_entry (debit, credit, amount) VALUES (0, 0, 1)");
    flushes.push(performance.now() - startedAt);
  }
  const flushMs = median(flushes);
  const [one, many] = [await timeOf(1), await timeOf(500)];
  const transferMs = (many - one) / 499;
  return { flushMs, transferMs, batchMs: Math.max(0.1, one - transferMs - flushMs) };
}

const THINK_MS = 20;
const CORES_FAR = 16;

/** How a transaction of the caller's own looks to the model: it holds the row over the round trip of its commit. */
const own = (costs: Costs): Omit<Model, "replicas" | "shards" | "roundTripMs"> => ({
  ...costs,
  callers: CALLERS,
  inFlight: CALLERS,
  batchMax: 1,
  heldRoundTrips: 1,
  cores: CORES_FAR,
  thinkMs: 1,
});

/** And batches: the row is held for as long as one is reckoned and committed, which is more than it truly is. */
const joined = (costs: Costs): Omit<Model, "replicas" | "shards" | "roundTripMs"> => ({
  ...own(costs),
  callers: 400,
  inFlight: 2,
  batchMax: 500,
  heldRoundTrips: 0,
  thinkMs: THINK_MS,
});

const modelled = (model: Model) => simulate(model, 4, seededRandom(7));

/** The model beside what was measured here: how far it may be trusted with what cannot be. */
function judged(costs: Costs, measured: readonly BenchRow[]): BenchRow[] {
  return [2, 10].flatMap((roundTripMs) =>
    SHARDS.flatMap((shards): BenchRow[] => {
      const cores = cpus().length;
      const way = { replicas: PROCESSES, shards, roundTripMs, cores };
      const compare = (kind: string, name: string, model: Model): BenchRow => {
        const here = measured.find((row) => row.name === `${name}, ${shards} shards, ${roundTripMs} ms away`)?.value;
        const { perSecond } = modelled(model);
        return {
          name: `model / measured, ${kind}, ${shards} shards, ${roundTripMs} ms`,
          value: round(perSecond / (here ?? Number.NaN), 2),
          unit: "ratio",
          note: `${Math.round(perSecond)} and ${here} a second`,
        };
      };
      return [
        compare("own", "in a caller's transaction", { ...own(costs), ...way, thinkMs: roundTripMs }),
        compare("batches", "joined into batches", { ...joined(costs), ...way, callers: JOINED_CALLERS, thinkMs: 0.1 }),
      ];
    }),
  );
}

/** Many machines, as this one cannot measure them: from the costs measured here, with more processors and distance. */
function simulated(costs: Costs): BenchRow[] {
  const rows: BenchRow[] = [];
  const add = (name: string, model: Model) => {
    const { perSecond, p99Ms } = modelled(model);
    rows.push({
      name: `simulated: ${name}`,
      value: Math.round(perSecond),
      unit: "transfers/s",
      note: `p99 ${round(p99Ms)} ms`,
    });
  };
  for (const roundTripMs of [0.5, 2, 10]) {
    // Half the work of ours: two updates and an insert, without keys, caps or a chain of hashes.
    const textbook = { ...own(costs), batchMs: costs.batchMs / 2, heldRoundTrips: 3, shards: 1 };
    add(`textbook, 16 replicas, ${roundTripMs} ms`, { ...textbook, replicas: 16, roundTripMs });
    for (const shards of SHARDS)
      add(`own transactions, 16 replicas, ${shards} shards, ${roundTripMs} ms`, {
        ...own(costs),
        replicas: 16,
        shards,
        roundTripMs,
      });
    for (const replicas of [1, 4, 16, 64])
      for (const shards of SHARDS)
        add(`batches, ${replicas} replicas, ${shards} shards, ${roundTripMs} ms`, {
          ...joined(costs),
          replicas,
          shards,
          roundTripMs,
        });
  }
  return rows;
}

/**
 * Databases by account: what D of them post together when accounts are spread evenly, from what one posts. A transfer whose
 * accounts lie in two of them is two postings, one in each, against an account that stands for the other.
 */
function databases(perSecondOfOne: number): BenchRow[] {
  return [1, 2, 4, 16].flatMap((count) =>
    (count === 1 ? [0] : [0.05, 1 - 1 / count]).map((across) => ({
      name: `reckoned: ${count} databases, ${Math.round(across * 100)} % across`,
      value: Math.round((count * perSecondOfOne) / (1 + (count === 1 ? 0 : across))),
      unit: "transfers/s",
      note:
        count === 1 ? "one database, as simulated with 16 replicas, 16 shards, 2 ms" : "those across are two postings",
    })),
  );
}

/** One account that everybody touches: measured here with many processes, simulated for many machines. */
export async function run(): Promise<BenchRow[]> {
  const client = new pg.Client({ connectionString: env.DATABASE_URL });
  await client.connect();
  await openTextbook(client);
  others = await openAccounts(...Array.from({ length: OTHERS }, () => 1_000_000n));
  const costs = await calibrate();
  const rows: BenchRow[] = [
    { name: "a batch, alone", value: round(costs.batchMs, 2), unit: "ms" },
    { name: "each transfer of it", value: round(costs.transferMs, 3), unit: "ms" },
    { name: "a commit that does nothing else", value: round(costs.flushMs, 2), unit: "ms" },
  ];
  for (const roundTripMs of [0, 2, 10]) rows.push(...(await atDistance(roundTripMs)));
  rows.push(...(await paying()));
  rows.push(...judged(costs, rows));
  const far = simulated(costs);
  rows.push(...far);
  const one = far.find(({ name }) => name === "simulated: batches, 16 replicas, 16 shards, 2 ms");
  rows.push(...databases(one?.value ?? 0));
  await client.end();
  await db.$disconnect();
  await pool.end();
  return rows;
}
