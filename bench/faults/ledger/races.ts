import { performance } from "node:perf_hooks";
import pg from "pg";
import { env } from "#server/env.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { postTransfers, postTransfersIn } from "#server/ledger/post-transfers.ts";
import { shardAccount } from "#server/ledger/shard-account.ts";
import { openAccounts } from "#server/ledger/testing/accounts.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";
import { codeOf, pair, pause, pay } from "./ledger-world.ts";

/** L3: a hundred spends of one on a balance of ten, with the balance watched. */
export async function hundredOnTen(): Promise<BenchRow[]> {
  const [payer, payee] = await pair(10n);
  let isOver = false;
  let lowest = 10n;
  const watching = (async () => {
    while (!isOver) {
      const { available } = await getBalance(payer);
      if (available < lowest) lowest = available;
      await pause(5);
    }
  })();
  const settled = await Promise.allSettled(Array.from({ length: 100 }, () => postTransfers([pay(payer, payee, 1n)])));
  isOver = true;
  await watching;
  const refused = settled.filter(
    (one) => one.status === "rejected" && codeOf(one.reason) === "INSUFFICIENT_FUNDS",
  ).length;
  return [
    bounded("L3 spends of 1 that a balance of 10 let through", 100 - refused, "count", "<= 10"),
    bounded("L3 lowest balance seen", Number(lowest), "micro-dollars", ">= 0"),
  ];
}

/** L4 and L5: one key a hundred times, and the same key for something else. */
export async function oneKey(): Promise<BenchRow[]> {
  const [payer, payee] = await pair(1_000n);
  const transfer = pay(payer, payee, 7n);
  const answers = await Promise.all(Array.from({ length: 100 }, () => postTransfers([transfer])));
  const ids = new Set(answers.flat().map(({ transferId }) => transferId));
  const other = await postTransfers([{ ...transfer, amount: 8n }]).then(() => "done", codeOf);
  const paid = Number((await getBalance(payee)).posted);
  return [
    bounded("L4 effects of one key used 100 times at once", paid / 7, "count", "<= 1", `${ids.size} id in the answers`),
    bounded("L5 effects of that key with another body", (paid - 7) / 8, "count", "<= 0", other),
  ];
}

/** L8: twenty workers on one hot account. */
export async function hotAccount(seconds: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const shards of [1, 8]) {
    const [hot = ""] = await openAccounts(1_000_000_000n);
    await shardAccount(hot, shards);
    const others = await openAccounts(...Array.from({ length: 50 }, () => 1_000_000n));
    const surfaced = new Set<string>();
    let done = 0;
    const stopAt = performance.now() + seconds * 1000;
    const clients = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const client = new pg.Client({ connectionString: env.DATABASE_URL });
        await client.connect();
        return client;
      }),
    );
    await Promise.all(
      clients.map(async (client, worker) => {
        for (let count = worker; performance.now() < stopAt; count += 1) {
          const other = others[count % others.length] ?? "";
          const [debit, credit] = count % 2 === 0 ? [hot, other] : [other, hot];
          try {
            // A transaction of its own for each, as twenty processes have them, without the group commit of one process.
            await client.query("BEGIN");
            await postTransfersIn({ query: async (text, values) => (await client.query(text, values)).rows }, [
              pay(debit, credit, 1n),
            ]);
            await client.query("COMMIT");
            done += 1;
          } catch (error) {
            surfaced.add(codeOf(error));
            await client.query("ROLLBACK");
          }
        }
      }),
    );
    await Promise.all(clients.map((client) => client.end()));
    rows.push(
      bounded(
        `L8 kinds of error from 20 workers on an account in ${shards} shard${shards > 1 ? "s" : ""}`,
        surfaced.size,
        "count",
        "<= 0",
        `${Math.round(done / seconds)} transfers a second${surfaced.size ? `; ${[...surfaced].join(", ")}` : ""}`,
      ),
    );
  }
  return rows;
}
