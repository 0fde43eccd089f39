import pg from "pg";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { postTransfers, postTransfersIn } from "#server/ledger/post-transfers.ts";
import { freshKey } from "#server/ledger/testing/accounts.ts";
import type { PosterOrder } from "./measure.ts";

// One process of bench/hot-account.ts: posts between one account and many until its time is up, in the way that it is told, and
// prints how long each posting took.
const order = JSON.parse(process.argv[2] ?? "null") as PosterOrder;
const { way, hot, others, callers, seconds, direction } = order;
const timesMs: number[] = [];
let failures = 0;

const transferWith = (other: string) => {
  const [debit, credit] = direction === "in" ? [other, hot] : [hot, other];
  return { key: freshKey(), debit, credit, amount: 1n, asset: "USD" as const, kind: "bench" };
};

async function open(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: env.DATABASE_URL });
  await client.connect();
  return client;
}

/** As it is written in textbooks: the balances first, the entry then, and the locks held over the network all the while. */
async function textbook(client: pg.Client, other: number): Promise<void> {
  await client.query("BEGIN");
  await client.query("UPDATE bench_hot SET balance = balance - 1 WHERE id = $1", [direction === "in" ? other : 0]);
  await client.query("UPDATE bench_hot SET balance = balance + 1 WHERE id = $1", [direction === "in" ? 0 : other]);
  await client.query("INSERT INTO bench_hot_entry (debit, credit, amount, key) VALUES ($1, 0, 1, $2)", [
    other,
    freshKey(),
  ]);
  await client.query("COMMIT");
}

async function inTransaction(client: pg.Client, other: string): Promise<void> {
  await client.query("BEGIN");
  await postTransfersIn({ query: async (text, values) => (await client.query(text, values)).rows }, [
    transferWith(other),
  ]);
  await client.query("COMMIT");
}

async function call(caller: number, stopAt: number): Promise<void> {
  const client = way === "group" ? null : await open();
  for (let count = caller; performance.now() < stopAt; count += 1) {
    const index = (count * 7 + caller) % others.length;
    const startedAt = performance.now();
    try {
      if (!client) await postTransfers([transferWith(others[index] ?? "")]);
      else if (way === "textbook") await textbook(client, 1 + index);
      else await inTransaction(client, others[index] ?? "");
      timesMs.push(performance.now() - startedAt);
    } catch (error) {
      failures += 1;
      if (failures === 1) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      await client?.query("ROLLBACK");
    }
  }
  await client?.end();
}

const stopAt = performance.now() + seconds * 1000;
await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller, stopAt)));
process.stdout.write(`${JSON.stringify({ timesMs, failures })}\n`);
await db.$disconnect();
await pool.end();
