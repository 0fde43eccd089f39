import { sendOutbox } from "#server/chain/send-outbox.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { followUntilQuiet } from "#server/wallets/testing/wallet-world.ts";
import { type BenchRow, bounded, round } from "../../bench-row.ts";
import {
  anvil,
  countPaid,
  createPayee,
  endWorker,
  operatorNonce,
  orderPayout,
  type Payout,
  startWorker,
  timesPaid,
  untilPaid,
} from "./chain-world.ts";
import { startRpcProxy } from "./rpc-proxy.ts";

const OUTBOX_WORKER = "bench/faults/chain/outbox-worker.ts";
const CRASHES = 50;
const RACES = 100;
const DROPS = 10;

/** What must hold of payouts whatever happened meanwhile: one payment each, and no nonce used for anything else. */
async function judge(fault: string, payouts: readonly Payout[], noncesUsed: number): Promise<BenchRow[]> {
  const paid = await timesPaid(payouts);
  const twice = paid.filter((times) => times > 1).length;
  const never = paid.filter((times) => times === 0).length;
  const note = `${payouts.length} payouts, each once on the chain and once in the ledger`;
  return [
    bounded(`${fault} payouts sent twice`, twice, "payouts", "<= 0", note),
    bounded(`${fault} payouts lost`, never + payouts.length - (await countPaid(payouts)), "payouts", "<= 0"),
    bounded(`${fault} transactions beyond one for each`, noncesUsed - payouts.length, "transactions", "<= 0"),
  ];
}

/** C3: the process is killed while the node's answer to its broadcast is on the way, before or after the node took it. */
export async function crashes(): Promise<BenchRow[]> {
  const payee = await createPayee();
  const proxy = await startRpcProxy(env.CHAIN_RPC_URL);
  const nonce = await operatorNonce();
  const payouts: Payout[] = [];
  try {
    for (let round = 0; round < CRASHES; round++) {
      payouts.push(await orderPayout(payee));
      const place = round % 2 === 0 ? "after" : "before";
      const child = startWorker(proxy.url, OUTBOX_WORKER);
      await new Promise<void>((resolve) => {
        proxy.onSend = async (when) => {
          if (when !== place) return;
          proxy.onSend = null;
          child.kill("SIGKILL");
          child.once("exit", () => resolve());
          // The answer never leaves, and in half of the cases the node never sees the transaction.
          await new Promise(() => undefined);
        };
      });
    }
    proxy.onSend = null;
    const survivor = startWorker(proxy.url, OUTBOX_WORKER);
    const drainedMs = await untilPaid(payouts);
    await endWorker(survivor, "SIGTERM");
    return [
      bounded(
        "C3 killed at its broadcast, drained after",
        round(drainedMs / 1000),
        "s",
        "<= 60",
        `${CRASHES} processes killed with SIGKILL`,
      ),
      ...(await judge("C3", payouts, (await operatorNonce()) - nonce)),
    ];
  } finally {
    await proxy.stop();
  }
}

/** C5: two workers at the same orders, all the time. */
export async function twoWorkers(): Promise<BenchRow[]> {
  const payee = await createPayee();
  const nonce = await operatorNonce();
  const workers = [startWorker(env.CHAIN_RPC_URL, OUTBOX_WORKER), startWorker(env.CHAIN_RPC_URL, OUTBOX_WORKER)];
  try {
    const payouts: Payout[] = [];
    // One after the other at first, so that both wake for the same one; then many at once.
    while (payouts.length < RACES / 2) {
      const payout = await orderPayout(payee);
      payouts.push(payout);
      await untilPaid([payout]);
    }
    payouts.push(...(await Promise.all(Array.from({ length: RACES / 2 }, () => orderPayout(payee)))));
    await untilPaid(payouts);
    return judge("C5 two workers:", payouts, (await operatorNonce()) - nonce);
  } finally {
    await Promise.all(workers.map((worker) => endWorker(worker, "SIGTERM")));
  }
}

const PATIENT = { rebroadcastAfterMs: 1e9, replaceAfterMs: 1e9 };
const RAISE = { rebroadcastAfterMs: 0, replaceAfterMs: 0 };

/** C4: the pool drops a transaction; it is replaced at the same nonce and a higher price. */
export async function droppedTransactions(): Promise<BenchRow[]> {
  const payee = await createPayee();
  const nonce = await operatorNonce();
  const payouts: Payout[] = [];
  const bumps: number[] = [];
  let moved = 0;
  for (let index = 0; index < DROPS; index++) {
    await anvil.setAutomine(false);
    const payout = await orderPayout(payee);
    payouts.push(payout);
    const rowOf = () => db.chainTransaction.findUniqueOrThrow({ where: { key: `withdrawal:${payout.id}` } });
    await sendOutbox(PATIENT);
    const before = await rowOf();
    await anvil.dropTransaction({ hash: before.hash as `0x${string}` });
    await sendOutbox(RAISE);
    const after = await rowOf();
    if (after.nonce !== before.nonce) moved++;
    bumps.push(Number(after.maxFee) / Number(before.maxFee), Number(after.priorityFee) / Number(before.priorityFee));
    await anvil.setAutomine(true);
    await anvil.mine({ blocks: 1 });
    await followUntilQuiet();
  }
  const bump = round((Math.min(...bumps) - 1) * 100, 2);
  return [
    bounded("C4 dropped and replaced, price raised by", bump, "%", ">= 10", `the least of ${DROPS}`),
    bounded("C4 replacements at another nonce", moved, "transactions", "<= 0"),
    ...(await judge("C4", payouts, (await operatorNonce()) - nonce)),
  ];
}
