import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { freshKey } from "#server/ledger/testing/accounts.ts";
import { isAlive } from "../../../scripts/lib/processes.ts";
import { NODE_FLAGS, root } from "../../../scripts/lib/services.ts";
import { type BenchRow, bounded, round } from "../../bench-row.ts";
import { codeOf, pair, pause, pay } from "./ledger-world.ts";

function startSettler(args: string[]): {
  child: ChildProcess;
  done: Set<number>;
  ended: Promise<void>;
  ready: Promise<void>;
  first: Promise<number>;
} {
  const child = spawn(process.execPath, [...NODE_FLAGS, join(root, "bench/faults/ledger/settler.ts"), ...args], {
    cwd: root,
    env: process.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const done = new Set<number>();
  let pending = "";
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let sayFirst: (at: number) => void = () => undefined;
  const first = new Promise<number>((resolve) => {
    sayFirst = resolve;
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      const lines = (pending + chunk.toString()).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "ready") resolve();
        else done.add(Number(line));
      }
      if (done.size > 0) sayFirst(performance.now());
    });
    void ended.then(() => reject(new Error("A settler ended before it began")));
  });
  return { child, done, ended, ready, first };
}

/** L1: settlement is killed fifty times; whoever comes after carries the same jobs on. */
export async function killedMidSettlement(): Promise<BenchRow[]> {
  const [payer, payee] = await pair(10_000_000n);
  const prefix = freshKey();
  const acknowledged = new Set<number>();
  const jobs = 4_000;
  const recoveriesMs: number[] = [];
  let killedAt = performance.now();
  for (let kill = 0; kill < 50; kill += 1) {
    const settler = startSettler([prefix, payer, payee, String(kill * 20), String(jobs)]);
    const before = killedAt;
    // One that is killed before its first answer says nothing of how long the recovery from the kill before took.
    if (kill > 0) void settler.first.then((at) => recoveriesMs.push(at - before));
    await settler.ready;
    await pause(Math.random() * 500);
    settler.child.kill("SIGKILL");
    killedAt = performance.now();
    await settler.ended;
    for (const job of settler.done) acknowledged.add(job);
  }
  const lost = await pool.query<{ count: bigint }>(
    `SELECT count(*) AS count FROM unnest($1::text[]) AS k (key)
     WHERE NOT EXISTS (SELECT FROM ledger_reservation r WHERE r.closed_key = k.key AND r.captured = 2)`,
    [[...acknowledged].map((job) => `${prefix}:${job}:capture`)],
  );
  const startedAt = performance.now();
  const last = startSettler([prefix, payer, payee, "0", String(jobs)]);
  recoveriesMs.push((await last.first) - killedAt);
  await last.ended;
  const seconds = (performance.now() - startedAt) / 1000;
  const paid = (await getBalance(payee)).posted;
  return [
    bounded(
      "L1 settlements acknowledged and lost in 50 kills",
      Number(lost.rows[0]?.count ?? -1),
      "count",
      "<= 0",
      `${acknowledged.size} acknowledged`,
    ),
    bounded(
      "L1 settled twice or not at all after recovery",
      Math.abs(Number(paid) - 2 * jobs),
      "micro-dollars",
      "<= 0",
      `${jobs} jobs worked off again in ${round(seconds)} s`,
    ),
    bounded(
      "L1 from a kill to the next settlement, the longest",
      round(Math.max(...recoveriesMs) / 1000),
      "s",
      "<= 10",
      `${recoveriesMs.length} recoveries, the start of the next process included`,
    ),
  ];
}

/** L2: Postgres is killed twenty times under writes. */
export async function killedDatabase(): Promise<BenchRow[]> {
  const [payer, payee] = await pair(10_000_000n);
  const acknowledged: string[] = [];
  const unnamed = new Set<string>();
  let isOver = false;
  let lastSuccess = performance.now();
  let worst = 0;
  const writers = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const key = freshKey();
      try {
        await postTransfers([pay(payer, payee, 1n, key)]);
        acknowledged.push(key);
        worst = Math.max(worst, performance.now() - lastSuccess);
        lastSuccess = performance.now();
      } catch (error) {
        if (codeOf(error) !== "UNAVAILABLE") unnamed.add(error instanceof Error ? error.message : String(error));
        await pause(40);
      }
      await pause(20);
    }
  });
  const pidFile = join(env.CONVERGE_HOME, "postgres", "postmaster.pid");
  for (let kill = 0; kill < 20; kill += 1) {
    await pause(300 + Math.random() * 700);
    const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).split("\n")[0]);
    // The file of the server killed before stays until the next one writes its own.
    if (!(pid > 1) || !isAlive(pid)) {
      kill -= 1;
      continue;
    }
    process.kill(pid, "SIGKILL");
    const before = acknowledged.length;
    for (let waited = 0; acknowledged.length === before && waited < 20_000; waited += 50) await pause(50);
  }
  isOver = true;
  await Promise.all(writers);
  // When the last kill was never recovered from, no later write says so.
  worst = Math.max(worst, performance.now() - lastSuccess);
  const missing = await pool.query<{ count: bigint }>(
    "SELECT count(*) AS count FROM unnest($1::text[]) AS k (key) WHERE NOT EXISTS (SELECT FROM ledger_key l WHERE l.key = k.key)",
    [acknowledged],
  );
  return [
    bounded(
      "L2 writes acknowledged and lost in 20 kills of Postgres",
      Number(missing.rows[0]?.count ?? -1),
      "count",
      "<= 0",
      `${acknowledged.length} acknowledged`,
    ),
    bounded("L2 longest time without a write", round(worst / 1000), "s", "<= 15"),
    bounded("L2 errors other than UNAVAILABLE", unnamed.size, "count", "<= 0", [...unnamed][0]),
  ];
}
