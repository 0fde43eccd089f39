import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import pg from "pg";
import { newId } from "#core/ids.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import { EXTERNAL_ACCOUNT, EXTERNAL_EUR_ACCOUNT } from "#server/ledger/account-codes.ts";
import { auditLedger } from "#server/ledger/audit-ledger.ts";
import { changeCap, createCap, listCaps } from "#server/ledger/caps.ts";
import { ensureAccounts, ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { captureReservation, reserve } from "#server/ledger/reservations.ts";
import { freshKey, openAccounts } from "#server/ledger/testing/accounts.ts";
import { NODE_FLAGS, root } from "../scripts/lib/services.ts";
import { type BenchRow, bounded } from "./bench-row.ts";

const DAY = 86_400_000;
const CAP = 10_000n;
const LATER = new Date(2 ** 41);

type Spender = { child: ChildProcess; done: Promise<{ refused: number; spent: number } | null> };

/** Starts a spender in a process of its own; null when it was killed. */
function spender(args: Record<string, string | string[]>): Spender {
  const child = spawn(
    process.execPath,
    [
      ...NODE_FLAGS,
      join(root, "bench/caps-spender.ts"),
      ...Object.entries(args).flatMap(([name, value]) => [value].flat().flatMap((one) => [`--${name}`, one])),
    ],
    { cwd: root, env: process.env, stdio: ["ignore", "pipe", "inherit"] },
  );
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const done = new Promise<{ refused: number; spent: number } | null>((resolve, reject) => {
    child.once("close", (code, signal) => {
      if (signal) resolve(null);
      else if (code === 0) resolve(JSON.parse(output) as { refused: number; spent: number });
      else reject(new Error(`A spender ended with ${code}`));
    });
  });
  return { child, done };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const freshScope = () => `key:${newId("apiKey")}`;

async function wallet(): Promise<string> {
  const [code = ""] = await openAccounts(1_000_000_000n);
  return code;
}

const daily = (scope: string, amount = CAP, more: { parent?: string; windowMs?: number; asset?: null } = {}) =>
  createCap({ scope, asset: "USD", kind: "window", windowMs: DAY, amount, actor: "bench", ...more });

/**
 * The most that an account paid out in any window of that length, by the times of its transfers, and what it still holds
 * reserved: what an outsider sees who knows nothing of caps.
 */
async function worstWindow(account: string, windowMs: number): Promise<bigint> {
  const { rows } = await pool.query<{ worst: string }>(
    `WITH paid AS (
       SELECT t.created_at AS at, t.amount FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_id WHERE a.code = $1
     )
     SELECT (coalesce(max(w.total), 0) + (SELECT debits_pending FROM ledger_account WHERE code = $1))::text AS worst
     FROM (SELECT sum(amount) OVER (ORDER BY at RANGE BETWEEN ($2::text || ' milliseconds')::interval PRECEDING AND CURRENT ROW) AS total FROM paid) w`,
    // The window is open at one end: what happened exactly a window ago is not inside.
    [account, windowMs - 1],
  );
  return BigInt(rows[0]?.worst ?? 0);
}

async function overspend(account: string, cap = CAP, windowMs = DAY): Promise<number> {
  const worst = await worstWindow(account, windowMs);
  return Number(worst > cap ? worst - cap : 0n);
}

const reserveAt = (account: string, amount: bigint, scopes: string[], key = freshKey()) =>
  reserve({ key, account, amount, purpose: "bench", expiresAt: LATER, scopes });

async function spend(account: string, amount: bigint, scopes: string[]): Promise<void> {
  const { reservationId } = await reserveAt(account, amount, scopes);
  await captureReservation({
    reservationId,
    key: freshKey(),
    parts: [{ credit: EXTERNAL_ACCOUNT, amount, kind: "bench" }],
  });
}

async function restartInTheMiddle(): Promise<number> {
  const [account, scope] = [await wallet(), freshScope()];
  await daily(scope);
  const first = spender({ account, scope, amount: "10" });
  await pause(1_500);
  first.child.kill("SIGKILL");
  await first.done;
  await spender({ account, scope, amount: "40" }).done;
  return overspend(account);
}

async function tenProcesses(): Promise<number> {
  const [account, scope] = [await wallet(), freshScope()];
  await daily(scope);
  await Promise.all(Array.from({ length: 10 }, () => spender({ account, scope, amount: "50" }).done));
  return overspend(account);
}

async function thousandAtOnce(): Promise<number> {
  const [account, scope] = [await wallet(), freshScope()];
  await daily(scope);
  await spend(account, (CAP * 99n) / 100n, [scope]);
  await Promise.allSettled(Array.from({ length: 1_000 }, () => spend(account, 7n, [scope])));
  return overspend(account);
}

async function secondAsset(): Promise<number> {
  const [scope, dollars, euros] = [freshScope(), await wallet(), `user:${newId("user")}`];
  await ensurePlatformAccounts();
  await ensureAccounts(sqlOf(pool), [{ code: euros, asset: "EUR" }]);
  const deposit = { key: freshKey(), debit: EXTERNAL_EUR_ACCOUNT, credit: euros, amount: 1_000_000n } as const;
  await postTransfers([{ ...deposit, asset: "EUR", kind: "deposit" }]);
  const { capId } = await daily(scope, CAP, { asset: null });
  const euroInDollars = (amount: bigint) => (amount * 11n + 9n) / 10n;
  const tries = Array.from({ length: 600 }, (_, index) => async () => {
    const amount = BigInt(1 + (index % 90));
    const isEuro = index % 2 === 0;
    const { reservationId } = await reserve({
      key: freshKey(),
      account: isEuro ? euros : dollars,
      asset: isEuro ? "EUR" : "USD",
      amount,
      ...(isEuro ? { value: euroInDollars(amount) } : {}),
      purpose: "bench",
      expiresAt: LATER,
      scopes: [scope],
    });
    await captureReservation({
      reservationId,
      key: freshKey(),
      parts: [{ credit: isEuro ? EXTERNAL_EUR_ACCOUNT : EXTERNAL_ACCOUNT, amount, kind: "bench" }],
    });
    return isEuro ? euroInDollars(amount) : amount;
  });
  const settled = await Promise.allSettled(tries.map((attempt) => attempt()));
  const total = settled.reduce((sum, one) => sum + (one.status === "fulfilled" ? one.value : 0n), 0n);
  const [cap] = await listCaps({ capId });
  if (!cap || cap.spent < total) throw new Error("The cap counted less than was spent");
  return Number(total > CAP ? total - CAP : 0n);
}

async function secondKey(): Promise<number> {
  const [account, team, first, second] = [await wallet(), freshScope(), freshScope(), freshScope()];
  const { capId: parent } = await daily(team);
  await daily(first, CAP, { parent });
  await daily(second, CAP, { parent });
  await Promise.all([first, second].map((scope) => spender({ account, scope, amount: "60" }).done));
  return overspend(account);
}

/** The answer is lost again and again: the connection dies while the ledger works, and the caller asks once more. */
async function retryAfterTimeout(): Promise<number> {
  const [account, scope] = [await wallet(), freshScope()];
  const { capId } = await daily(scope);
  const killer = new pg.Client({ connectionString: env.DATABASE_URL });
  await killer.connect();
  let isOver = false;
  const killing = (async () => {
    while (!isOver) {
      await killer.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%ledger_post_%' AND pid <> pg_backend_pid()",
      );
      await pause(40);
    }
  })();
  const keys = Array.from({ length: 200 }, () => freshKey());
  for (const key of keys) {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const isAnswered = await reserveAt(account, 10n, [scope], key).then(
        () => true,
        (error: { code?: string }) => error.code === "CAP_EXCEEDED",
      );
      if (isAnswered) break;
    }
  }
  isOver = true;
  await killing;
  await killer.end();
  const [cap] = await listCaps({ capId });
  // Each key was reserved once or, when every attempt was cut, never.
  const expected = 2_000n;
  if (!cap || cap.reserved > expected) return Number((cap?.reserved ?? 0n) - expected);
  return overspend(account);
}

async function edgeOfAWindow(): Promise<number> {
  const [account, scope, windowMs] = [await wallet(), freshScope(), 2_000];
  await daily(scope, CAP, { windowMs });
  await Promise.all(
    Array.from(
      { length: 4 },
      () => spender({ account, scope, amount: "400", refusals: "1000000000", ms: "9000" }).done,
    ),
  );
  return overspend(account, CAP, windowMs);
}

async function clockJumps(): Promise<number> {
  const [account, scope] = [await wallet(), freshScope()];
  await daily(scope);
  await Promise.all(
    [3_600_000, DAY, 40 * DAY].map(
      (skew) => spender({ account, scope, amount: "60", "clock-skew": String(skew) }).done,
    ),
  );
  return overspend(account);
}

async function editedInFlight(): Promise<number> {
  const [account, scope] = [await wallet(), freshScope()];
  const { capId } = await daily(scope, CAP / 10n);
  const spenders = Array.from(
    { length: 3 },
    () => spender({ account, scope, amount: "30", refusals: "400", ms: "6000" }).done,
  );
  const steps = [2n, 5n, 3n, 8n, 1n, 10n, 4n];
  let highest = CAP / 10n;
  for (const step of steps) {
    await pause(600);
    const amount = (CAP * step) / 10n;
    await changeCap({ capId, amount, actor: "bench" });
    // Lowered below what was spent, it lets nothing more through.
    const [before] = await listCaps({ capId });
    if (before && before.spent > amount && before.left !== 0n) throw new Error("A lowered cap has room left");
    if (amount > highest) highest = amount;
  }
  await Promise.all(spenders);
  return overspend(account, highest);
}

async function killedAtEveryStep(): Promise<number> {
  const [account, scope] = [await wallet(), freshScope()];
  await daily(scope, CAP);
  for (let round = 0; round < 12; round += 1) {
    const one = spender({ account, scope, amount: "40" });
    await pause(500 + round * 37);
    one.child.kill("SIGKILL");
    await one.done;
  }
  await spender({ account, scope, amount: "40" }).done;
  return overspend(account);
}

/** Ten processes may together spend half of the cap: nobody is to be refused. */
async function falseRefusals(): Promise<number> {
  const [account, scope] = [await wallet(), freshScope()];
  await daily(scope, CAP * 2n);
  let refused = 0;
  let spent = 0n;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (spent < CAP) {
        spent += 10n;
        await spend(account, 10n, [scope]).catch(() => {
          refused += 1;
        });
      }
    }),
  );
  return refused;
}

const BATTERY: Record<string, () => Promise<number>> = {
  "restart in the middle": restartInTheMiddle,
  "10 processes": tenProcesses,
  "1,000 concurrent tries at 99% of the cap": thousandAtOnce,
  "second asset": secondAsset,
  "second key": secondKey,
  "retry after timeout": retryAfterTimeout,
  "edge of a window": edgeOfAWindow,
  "clock jumps": clockJumps,
  "limit edited in flight": editedInFlight,
  "kill -9 at every step": killedAtEveryStep,
};

/** Tries to get more out of a cap than it allows, in every way that got more out of others' limits. */
export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [name, attack] of Object.entries(BATTERY)) {
    rows.push(bounded(`overspend: ${name}`, await attack(), "micro-dollars", "<= 0"));
  }
  rows.push(bounded("false refusals at half the cap", await falseRefusals(), "count", "<= 0"));
  const findings = await auditLedger();
  rows.push(bounded("findings of the audit afterwards", findings.length, "count", "<= 0", findings[0]?.problem));
  await db.$disconnect();
  await pool.end();
  return rows;
}
