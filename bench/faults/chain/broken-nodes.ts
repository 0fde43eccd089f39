import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestClient, http } from "viem";
import { ALL_SCOPES } from "#core/scopes.ts";
import { appRouter } from "#server/api/root.ts";
import { createCallerFactory } from "#server/api/trpc.ts";
import { publicClient } from "#server/chain/client.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { depositFor } from "#server/wallets/testing/wallet-world.ts";
import { startAnvil } from "../../../scripts/lib/anvil.ts";
import { freePort } from "../../../scripts/lib/ports.ts";
import { type BenchRow, bounded, median, percentile, round, spread } from "../../bench-row.ts";
import {
  anvil,
  createPayee,
  endWorker,
  orderPayout,
  type Payee,
  type Payout,
  pause,
  startWorker,
  timesPaid,
  untilPaid,
} from "./chain-world.ts";
import { type Mode, type RpcProxy, startRpcProxy } from "./rpc-proxy.ts";

const FAULT_MS = 4_000;
const PAYOUTS = 4;
const DEPOSIT = 700n;
const STALE_BLOCKS = 100;

/** Calls what needs no chain, one after the other, until told to stop; answers how long each took. */
function measureApi({ person }: Payee): () => Promise<number[]> {
  const actor = { ...person.actor, scopes: ALL_SCOPES };
  const caller = createCallerFactory(appRouter)({ actor, requestId: "req_faults", idempotencyKey: null });
  const times: number[] = [];
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      await caller.balance.get();
      await caller.balance.listStatement({ limit: 20 });
      times.push(performance.now() - startedAt);
      await pause(5);
    }
  })();
  return async () => {
    isOver = true;
    await running;
    return times;
  };
}

type Phase = { times: number[]; drainedMs: number; payouts: Payout[]; heard: number };

/** Orders and deposits while the node misbehaves, then lets it be well and waits until everything has arrived. */
async function phase(proxy: RpcProxy, payee: Payee, mode: Mode): Promise<Phase> {
  const account = userAccount(payee.person.actor.userId);
  const heardBefore = proxy.hits();
  const before = (await getBalance(account)).posted;
  proxy.setMode(mode);
  const stop = measureApi(payee);
  const payouts: Payout[] = [];
  for (let index = 0; index < PAYOUTS; index++) {
    payouts.push(await orderPayout(payee));
    await pause(FAULT_MS / PAYOUTS);
  }
  await depositFor(account, DEPOSIT);
  const times = await stop();
  proxy.setMode({ kind: "well" });
  let drainedMs = await untilPaid(payouts);
  const startedAt = performance.now();
  const expected = before + DEPOSIT - BigInt(PAYOUTS) * 1_000n;
  while ((await getBalance(account)).posted !== expected && performance.now() - startedAt < 60_000) await pause(50);
  if ((await getBalance(account)).posted !== expected) drainedMs = Number.POSITIVE_INFINITY;
  return { times, drainedMs: drainedMs + performance.now() - startedAt, payouts, heard: proxy.hits() - heardBefore };
}

/** A node of another chain, with more blocks than ours and nothing of ours. */
async function startOtherChain(): Promise<{ url: string; stop: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), "converge-other-chain-"));
  const chain = await startAnvil({ home, port: await freePort() });
  const client = createTestClient({ mode: "anvil", transport: http(chain.url) });
  await client.request({ method: "anvil_setChainId" as never, params: [1] as never });
  await client.mine({ blocks: Number(await publicClient().getBlockNumber()) + 500 });
  return {
    url: chain.url,
    stop: async () => {
      await chain.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** C2: the node is away, broken, busy, of another chain, or behind. The worker is the one of production. */
export async function brokenNodes(): Promise<BenchRow[]> {
  const payee = await createPayee(10_000_000n);
  const proxy = await startRpcProxy(env.CHAIN_RPC_URL);
  const other = await startOtherChain();
  const worker = startWorker(proxy.url);
  const rows: BenchRow[] = [];
  const all: Payout[] = [];
  const ratios: number[] = [];
  let reads = 0;
  try {
    await phase(proxy, payee, { kind: "well" });
    const faults: [string, () => Promise<Mode>][] = [
      ["refused", async () => ({ kind: "refused" })],
      ["500", async () => ({ kind: "status", status: 500 })],
      ["429", async () => ({ kind: "status", status: 429 })],
      ["another chain", async () => ({ kind: "elsewhere", url: other.url })],
      [
        `${STALE_BLOCKS} blocks stale`,
        async () => {
          await anvil.mine({ blocks: STALE_BLOCKS });
          await pause(2_000);
          return { kind: "stale", head: (await publicClient().getBlockNumber()) - BigInt(STALE_BLOCKS) };
        },
      ],
    ];
    for (const [name, makeMode] of faults) {
      const calm = await phase(proxy, payee, { kind: "well" });
      const rough = await phase(proxy, payee, await makeMode());
      ratios.push(percentile(rough.times, 99) / percentile(calm.times, 99));
      reads += rough.times.length;
      all.push(...calm.payouts, ...rough.payouts);
      const note = `${PAYOUTS} payouts and a deposit during ${FAULT_MS / 1000} s of it; the node was asked ${rough.heard} times`;
      rows.push(bounded(`C2 node ${name}: drained after`, round(rough.drainedMs / 1000), "s", "<= 60", note));
    }
    const wrong = (await timesPaid(all)).filter((times) => times !== 1).length;
    const { status } = await db.chainCursor.findUniqueOrThrow({ where: { name: "main" } });
    const note = `balance and statement, ${reads} reads, each fault beside a calm phase; ${spread(ratios, 2)}`;
    rows.push(
      bounded("C2 payouts not paid exactly once", wrong, "payouts", "<= 0", `${all.length} payouts`),
      bounded("C2 indexer halted by it", status === "halted" ? 1 : 0, "times", "<= 0"),
      bounded("C2 p99 of what needs no chain", round(median(ratios), 2), "ratio", "<= 2", note),
    );
    return rows;
  } finally {
    await endWorker(worker, "SIGTERM");
    await proxy.stop();
    await other.stop();
  }
}
