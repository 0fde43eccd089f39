import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chown, cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import pg from "pg";
import { DomainError } from "#core/errors.ts";
import { splitDown } from "#core/money.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { EXTERNAL_ACCOUNT, ROUNDING_ACCOUNT } from "#server/ledger/account-codes.ts";
import { auditLedger } from "#server/ledger/audit-ledger.ts";
import { createCap } from "#server/ledger/caps.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { ledgerTotals } from "#server/ledger/ledger-totals.ts";
import type { Transfer } from "#server/ledger/operations.ts";
import { postTransfers, postTransfersIn } from "#server/ledger/post-transfers.ts";
import { captureReservation, reserve } from "#server/ledger/reservations.ts";
import { chainHead, sealBatches } from "#server/ledger/seal-batches.ts";
import { shardAccount } from "#server/ledger/shard-account.ts";
import { freshKey, openAccounts } from "#server/ledger/testing/accounts.ts";
import { TARGETS, tamper } from "#server/ledger/testing/tamper.ts";
import { freePort } from "../../scripts/lib/ports.ts";
import { startPostgres } from "../../scripts/lib/postgres.ts";
import { isAlive } from "../../scripts/lib/processes.ts";
import { NODE_FLAGS, root } from "../../scripts/lib/services.ts";
import { type BenchRow, bounded, round } from "../bench-row.ts";

// The faults L1 to L12 of the catalogue that concern the ledger alone. Those of rewards (L6, L10, L13) are a group of theirs.

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const pay = (debit: string, credit: string, amount: bigint, key = freshKey()): Transfer => ({
  key,
  debit,
  credit,
  amount,
  asset: "USD",
  kind: "fault",
});

async function pair(funds: bigint): Promise<[string, string]> {
  const [payer = "", payee = ""] = await openAccounts(funds, 0n);
  return [payer, payee];
}

const codeOf = (error: unknown): string => (error instanceof DomainError ? error.code : "not named");

function startSettler(args: string[]): {
  child: ChildProcess;
  done: Set<number>;
  ended: Promise<void>;
  ready: Promise<void>;
} {
  const child = spawn(process.execPath, [...NODE_FLAGS, join(root, "bench/faults/settler.ts"), ...args], {
    cwd: root,
    env: process.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const done = new Set<number>();
  let pending = "";
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      const lines = (pending + chunk.toString()).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "ready") resolve();
        else done.add(Number(line));
      }
    });
    void ended.then(() => reject(new Error("A settler ended before it began")));
  });
  return { child, done, ended, ready };
}

/** L1: settlement is killed fifty times; whoever comes after carries the same jobs on. */
export async function killedMidSettlement(): Promise<BenchRow[]> {
  const [payer, payee] = await pair(10_000_000n);
  const prefix = freshKey();
  const acknowledged = new Set<number>();
  const jobs = 4_000;
  for (let kill = 0; kill < 50; kill += 1) {
    const settler = startSettler([prefix, payer, payee, String(kill * 20), String(jobs)]);
    await settler.ready;
    await pause(Math.random() * 500);
    settler.child.kill("SIGKILL");
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

/** L7: random sequences beside a plain model of the ledger; the test prints its seed when one differs. */
function againstTheModel(sequences: number): BenchRow[] {
  let isSame = true;
  try {
    execFileSync(
      process.execPath,
      [
        ...NODE_FLAGS,
        join(root, "node_modules/vitest/vitest.mjs"),
        "run",
        "--project",
        "integration",
        "--testTimeout",
        "3600000",
        "server/ledger/model",
      ],
      { cwd: root, env: { ...process.env, LEDGER_RUNS: String(sequences) }, stdio: "pipe" },
    );
  } catch (error) {
    isSame = false;
    process.stderr.write(String((error as { stdout?: Buffer }).stdout ?? error));
  }
  return [
    bounded(
      "L7 sequences that end otherwise than the model",
      isSame ? 0 : 1,
      "count",
      "<= 0",
      `${sequences} random sequences`,
    ),
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
    const stopAt = performance.now() + seconds * 500;
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
        `${Math.round(done / (seconds / 2))} transfers a second${surfaced.size ? `; ${[...surfaced].join(", ")}` : ""}`,
      ),
    );
  }
  return rows;
}

/** L9: a million payments of one unit, each split in three. */
export async function micropayments(): Promise<BenchRow[]> {
  const [payer, ...payees] = await openAccounts(1_000_000n, 0n, 0n, 0n);
  const before = (await getBalance(ROUNDING_ACCOUNT)).posted;
  const each = 1_000;
  for (let posted = 0; posted < 1_000_000; posted += each) {
    await postTransfers(
      Array.from({ length: each }, () => splitDown(1n, [1n, 1n, 1n])).flatMap(({ shares, residue }) => [
        ...shares.flatMap((share, index) => (share > 0n ? [pay(payer ?? "", payees[index] ?? "", share)] : [])),
        ...(residue > 0n ? [pay(payer ?? "", ROUNDING_ACCOUNT, residue)] : []),
      ]),
    );
  }
  let total = (await getBalance(ROUNDING_ACCOUNT)).posted - before;
  for (const payee of payees) total += (await getBalance(payee)).posted;
  return [
    bounded(
      "L9 units missing of a million split in three",
      Math.abs(1_000_000 - Number(total)),
      "micro-dollars",
      "<= 0",
      "the residue is on the rounding account",
    ),
  ];
}

/** L11: a copy of the running database is started elsewhere and audited. */
export async function restored(): Promise<BenchRow[]> {
  const [payer, payee] = await pair(1_000n);
  while ((await pool.query("SELECT FROM ledger_batch WHERE link IS NULL")).rowCount) await sealBatches();
  const startedAt = performance.now();
  const home = await mkdtemp(join(tmpdir(), "converge-restore-"));
  const keeper = new pg.Client({ connectionString: env.DATABASE_URL });
  await keeper.connect();
  try {
    const source = join(env.CONVERGE_HOME, "postgres");
    const target = join(home, "postgres");
    await keeper.query("SELECT pg_backup_start('restore', true)");
    execFileSync("cp", ["-a", source, target]);
    // Acknowledged while the copy was made: it is in the log that is copied last.
    await postTransfers([pay(payer, payee, 5n)]);
    while ((await pool.query("SELECT FROM ledger_batch WHERE link IS NULL")).rowCount) await sealBatches();
    const head = await chainHead();
    const { rows } = await keeper.query<{ labelfile: string }>("SELECT labelfile FROM pg_backup_stop(false)");
    await rm(join(target, "pg_wal"), { recursive: true, force: true });
    execFileSync("cp", ["-a", join(source, "pg_wal"), join(target, "pg_wal")]);
    await writeFile(join(target, "backup_label"), rows[0]?.labelfile ?? "");
    const { uid, gid } = await stat(target);
    await chown(join(target, "backup_label"), uid, gid);
    await rm(join(target, "postmaster.pid"), { force: true });
    await cp(join(env.CONVERGE_HOME, "postgres-password"), join(home, "postgres-password"));
    const copy = await startPostgres({ home, port: await freePort() });
    const client = new pg.Client({ connectionString: copy.url });
    await client.connect();
    const sql = {
      query: async <Row>(text: string, values?: unknown[]) => (await client.query(text, values)).rows as Row[],
    };
    const findings = await auditLedger(sql);
    const [found] = await sql.query<{ hash: string }>(
      "SELECT '0x' || encode(hash, 'hex') AS hash FROM ledger_batch ORDER BY link DESC NULLS LAST LIMIT 1",
    );
    await client.end();
    await copy.stop();
    return [
      bounded(
        "L11 a restored copy's chain head differs",
        found?.hash === head?.hash ? 0 : 1,
        "count",
        "<= 0",
        "what was acknowledged during the copy included",
      ),
      bounded("L11 findings of its audit", findings.length, "count", "<= 0", findings[0]?.problem),
      bounded("L11 time to copy, start and audit", round((performance.now() - startedAt) / 1000), "s", "<= 300"),
    ];
  } finally {
    await keeper.end();
    await rm(home, { recursive: true, force: true });
  }
}

/** L12: a thousand values changed behind the ledger's back, one at a time. */
export async function tampered(flips: number): Promise<BenchRow[]> {
  const client = new pg.Client({ connectionString: env.DATABASE_URL });
  await client.connect();
  const targets = Object.entries(TARGETS).flatMap(([table, columns]) =>
    columns.map((column) => [table, column] as const),
  );
  const missed = new Map<string, number>();
  for (let flip = 0; flip < flips; flip += 1) {
    const [table, column] = targets[flip % targets.length] ?? ["", ""];
    if (!(await tamper(client, table, column)))
      missed.set(`${table}.${column}`, (missed.get(`${table}.${column}`) ?? 0) + 1);
  }
  await client.end();
  const count = [...missed.values()].reduce((sum, value) => sum + value, 0);
  return [
    bounded(`L12 changes of ${flips} that the audit missed`, count, "count", "<= 0", [...missed.keys()].join(", ")),
  ];
}

/** Injects what the ledger has to survive. Takes some minutes. */
export async function run(): Promise<BenchRow[]> {
  // Few rows yet, so that a thousand audits take a minute and not an hour.
  const [first, second] = await pair(1_000n);
  await createCap({ scope: first, asset: "USD", kind: "window", windowMs: 60_000, amount: 900n, actor: "fault" });
  for (let count = 0; count < 8; count += 1) {
    await postTransfers([pay(first, second, 5n)]);
    const { reservationId } = await reserve({
      key: freshKey(),
      account: second,
      amount: 3n,
      purpose: "fault",
      expiresAt: new Date(2 ** 41),
    });
    if (count % 2 === 0)
      await captureReservation({
        reservationId,
        key: freshKey(),
        parts: [{ credit: EXTERNAL_ACCOUNT, amount: 2n, kind: "fault" }],
      });
  }
  while ((await pool.query("SELECT FROM ledger_batch WHERE link IS NULL")).rowCount) await sealBatches();

  const rows = [...(await tampered(1_000)), ...(await restored()), ...(await hundredOnTen()), ...(await oneKey())];
  rows.push(...(await killedMidSettlement()), ...(await hotAccount(60)), ...(await killedDatabase()));
  rows.push(...againstTheModel(10_000), ...(await micropayments()));
  while ((await pool.query("SELECT FROM ledger_batch WHERE link IS NULL")).rowCount) await sealBatches();
  const findings = await auditLedger();
  const unbalanced = (await ledgerTotals()).filter(({ isBalanced }) => !isBalanced);
  rows.push(
    bounded("findings of the audit after all of it", findings.length, "count", "<= 0", findings[0]?.problem),
    bounded("assets whose debits and credits differ", unbalanced.length, "count", "<= 0"),
  );
  await db.$disconnect();
  await pool.end();
  return rows;
}
