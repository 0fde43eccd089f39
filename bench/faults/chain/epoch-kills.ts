import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Address, Hex } from "viem";
import { bytesToHex } from "viem/utils";
import { rewardsDistributorAbi, vaultAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { pool, sqlOf, withTransaction } from "#server/db.ts";
import { CASHOUT_ACCOUNT, userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { readLeaves } from "#server/rewards/close-epoch.ts";
import { promiseCashOut } from "#server/rewards/promise-cash-out.ts";
import { anchorBudget } from "#server/solvency/testing/solvency-world.ts";
import { createPerson, depositFor, followUntilQuiet } from "#server/wallets/testing/wallet-world.ts";
import { NODE_FLAGS, root } from "../../../scripts/lib/services.ts";
import { type BenchRow, bounded, round } from "../../bench-row.ts";
import { endWorker, pause } from "./chain-world.ts";
import { checkClaims } from "./claims.ts";

const KILLS = 20;
const KILLED_WITHIN_MS = [500, 150, 60];
const CLAIMS = 10_000;
const AT_ONCE = 8;
const UNITS_MAX = 50;

const sql = sqlOf(pool);

async function startEpochWorker(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...NODE_FLAGS, join(root, "bench/faults/chain/epoch-worker.ts")], {
    cwd: root,
    env: { ...process.env, CONVERGE_PROCESS: "worker" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("exit", () => reject(new Error("An epoch worker ended before it began")));
  });
  return child;
}

/** Promises a little to each of so many new addresses. */
async function cashOut(userId: string, count: number): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) {
        const address = bytesToHex(randomBytes(20)) as Address;
        const units = BigInt(1 + Math.floor(Math.random() * UNITS_MAX));
        const id = newId("cashOut");
        await withTransaction((tx) => promiseCashOut(tx, { id, userId, address, units, key: id }));
      }
    }),
  );
}

type Newest = { number: number; status: string };
const newestEpoch = async (): Promise<Newest> =>
  (await sql.query<Newest>("SELECT number, status FROM reward_epoch ORDER BY number DESC LIMIT 1"))[0] ?? {
    number: 0,
    status: "final",
  };

async function untilSettled(limitMs: number): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const [open] = await sql.query(
      `SELECT 1 FROM reward_epoch WHERE status <> 'final' UNION ALL SELECT 1 FROM reward_cash_out WHERE epoch_number IS NULL`,
    );
    const passed = performance.now() - startedAt;
    if (!open) return passed;
    if (passed > limitMs) return Number.POSITIVE_INFINITY;
    await pause(50);
  }
}

type Epoch = { number: number; root: Hex; withdrawalId: Hex; delta: bigint; cumulativeTotal: bigint };

/** What is not as it must be of the epochs: roots, payments to the distributor, and postings, one of each. */
async function judgeEpochs(epochs: readonly Epoch[]): Promise<string[]> {
  const { Vault, RewardsDistributor } = loadDeployment().contracts;
  const range = { fromBlock: 0n, strict: true } as const;
  const distributor = { address: RewardsDistributor, abi: rewardsDistributorAbi } as const;
  const [roots, payments, total] = await Promise.all([
    publicClient().getContractEvents({ ...distributor, eventName: "RootPublished", ...range }),
    publicClient().getContractEvents({ address: Vault, abi: vaultAbi, eventName: "Withdrawn", ...range }),
    publicClient().readContract({ ...distributor, functionName: "cumulativeTotal" }),
  ]);
  const settled = await sql.query<{ ref: string; amount: bigint }>(
    `SELECT ref_id AS ref, amount FROM ledger_transfer WHERE kind = 'epoch_settlement'`,
  );
  const wrong: string[] = [];
  for (const { number, root: ours, withdrawalId, delta } of epochs) {
    const published = roots.filter(({ args }) => args.epoch === BigInt(number));
    const paid = payments.filter(({ args }) => args.withdrawalId === withdrawalId);
    const posted = settled.filter(({ ref }) => ref === String(number));
    if (published.length !== 1 || published[0]?.args.root !== ours) wrong.push(`root of epoch ${number}`);
    if (paid.length !== 1 || paid[0]?.args.amount !== delta) wrong.push(`funding of epoch ${number}`);
    if (posted.length !== 1 || posted[0]?.amount !== delta) wrong.push(`posting of epoch ${number}`);
  }
  if (roots.length !== epochs.length) wrong.push(`${roots.length} roots for ${epochs.length} epochs`);
  if (total !== epochs.at(-1)?.cumulativeTotal) wrong.push("the distributor's total");
  return wrong;
}

/** L10: the process that closes epochs is killed twenty times, and ten thousand claims of what it left are collected. */
export async function killedEpochs(): Promise<BenchRow[]> {
  const { actor } = await createPerson();
  await depositFor(userAccount(actor.userId), BigInt(CLAIMS * UNITS_MAX));
  await followUntilQuiet();
  await anchorBudget(BigInt(CLAIMS * UNITS_MAX));
  const owedBefore = (await getBalance(CASHOUT_ACCOUNT)).posted;
  const met = new Map<string, number>();
  let drainedMs = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const before = await newestEpoch();
    await cashOut(actor.userId, CLAIMS / KILLS);
    const child = await startEpochWorker();
    // A third of the kills each falls into closing the epoch, into what follows once its row is there, and into its root.
    if (kill % 3 > 0) while ((await newestEpoch()).number === before.number) await pause(2);
    if (kill % 3 > 1) while ((await newestEpoch()).status === "funding") await pause(2);
    await pause(Math.random() * (KILLED_WITHIN_MS[kill % 3] ?? 0));
    await endWorker(child, "SIGKILL");
    const { number, status } = await newestEpoch();
    const state = number === before.number ? "before its row" : status;
    met.set(state, (met.get(state) ?? 0) + 1);
    const survivor = await startEpochWorker();
    drainedMs = Math.max(drainedMs, await untilSettled(60_000));
    await endWorker(survivor, "SIGTERM");
  }

  const epochs = await sql.query<Epoch>(
    `SELECT number, root, withdrawal_id AS "withdrawalId", delta, cumulative_total AS "cumulativeTotal"
      FROM reward_epoch ORDER BY number`,
  );
  const wrong = await judgeEpochs(epochs);
  const owed = (await getBalance(CASHOUT_ACCOUNT)).posted - owedBefore;
  const leaves = await readLeaves(sql, epochs.at(-1)?.number ?? 0);
  return [
    bounded(
      "L10 epochs without exactly one root, funding, posting",
      wrong.length,
      "things",
      "<= 0",
      `${epochs.length} epochs in ${KILLS} kills, which fell ${[...met].map(([state, count]) => `${count} ${state}`).join(", ")}${wrong.map((what) => `; ${what}`).join("")}`,
    ),
    bounded("L10 from a kill to the epoch's end, the longest", round(drainedMs / 1000), "s", "<= 60"),
    bounded("L10 promised and not settled", Number(owed), "micro-dollars", "<= 0"),
    ...(await checkClaims(leaves, CLAIMS)),
  ];
}
