import { type Address, encodeFunctionData, erc20Abi, type Hex } from "viem";
import { getAddress, pad, toHex } from "viem/utils";
import { evaluatePolicy } from "#core/policy/evaluate-policy.ts";
import { firstArgumentIs } from "#core/policy/language.ts";
import type { AgentPolicy, PolicyRule } from "#core/policy/policy.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { type BenchRow, bounded, round } from "./bench-row.ts";
import { paperAgent, policyOf, signPayment } from "./faults/wallets/wallets-world.ts";

const CALLERS = 64;
const EACH = 40;
const RULES = 1_000;

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** What each of many callers waits for, one after the other, all at a time. */
async function timed(callers: number, each: number, work: (caller: number, turn: number) => Promise<unknown>) {
  const took: number[] = [];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let turn = 0; turn < each; turn++) {
        const from = performance.now();
        await work(caller, turn);
        took.push(performance.now() - from);
      }
    }),
  );
  const sorted = took.toSorted((a, b) => a - b);
  return {
    p50: at(sorted, 0.5),
    p99: at(sorted, 0.99),
    perSecond: (callers * each * 1_000) / (performance.now() - startedAt),
  };
}

/** Judges a payment at the signer, writes down what it may spend, and signs: on the disk before it answers. */
async function decisions(): Promise<BenchRow[]> {
  const agents = await Promise.all(Array.from({ length: CALLERS }, () => paperAgent(policyOf(100n, 10_000_000n))));
  const decide = (caller: number, turn: number) => {
    const agent = agents[caller];
    if (!agent) throw new Error("No agent");
    return signPayment(agent, 1n, turn + 1);
  };
  // The first calls of a process are its slowest.
  await timed(8, 10, (caller, turn) => decide(caller, 10_000 + turn));
  const alone = await timed(1, 200, (_, turn) => decide(0, 20_000 + turn));
  const together = await timed(CALLERS, EACH, decide);
  return [
    bounded(
      "a decision, written down and signed, one caller, p99",
      round(alone.p99, 1),
      "ms",
      "<= 20",
      `p50 ${round(alone.p50, 1)} ms`,
    ),
    bounded(
      `the same with ${CALLERS} callers, p99`,
      round(together.p99, 1),
      "ms",
      "<= 20",
      `p50 ${round(together.p50, 1)} ms, ${round(together.perSecond)} a second, signature included`,
    ),
  ];
}

/** A call that only the last of a thousand rules allows. The contract takes 32 rules; this is how the judge grows. */
function rules(): BenchRow {
  const token = loadDeployment().contracts.TestUSD;
  const person = (n: number): Address => getAddress(toHex(0xabc000 + n, { size: 20 }));
  const ruleOf = (n: number): PolicyRule => ({
    effect: "allow",
    target: token,
    selector: "0xa9059cbb",
    valueMax: 0n,
    conditions: [firstArgumentIs(person(n))],
    proof: null,
  });
  const policy: AgentPolicy = { ...policyOf(100n, 1_000n), rules: Array.from({ length: RULES }, (_, n) => ruleOf(n)) };
  const data = encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [person(RULES - 1), 1n] });
  const execution = { key: person(0), calls: [{ target: token, value: 0n, data }], inferenceIds: [] };
  const state = { account: person(1), paused: false, spentInWindow: new Map() };
  const took: number[] = [];
  for (let i = 0; i < 400; i++) {
    const from = performance.now();
    const verdict = evaluatePolicy(policy, execution, state, Math.floor(Date.now() / 1_000));
    took.push(performance.now() - from);
    if (!verdict.allowed) throw new Error(`Not allowed: ${verdict.rule}`);
  }
  const sorted = took.slice(100).toSorted((a, b) => a - b);
  return bounded(
    `${RULES} rules, the last one matches, p99`,
    round(at(sorted, 0.99), 3),
    "ms",
    "<= 1",
    `p50 ${round(at(sorted, 0.5), 3)} ms`,
  );
}

/** A cumulative voucher: what paying for one more answer of a stream costs in time. */
async function vouchers(): Promise<BenchRow> {
  const leaseId = pad(toHex(BigInt(Date.now())), { size: 32 });
  const sign = (turn: number) =>
    signerClient.signVoucher({
      chainId: env.CHAIN_ID,
      escrow: loadDeployment().contracts.ComputeEscrow,
      leaseId,
      cumulative: BigInt(turn + 1),
      receiptsRoot: pad(toHex(BigInt(turn + 1)) as Hex, { size: 32 }),
    });
  await timed(1, 20, (_, turn) => sign(turn));
  const { p50, p99 } = await timed(1, 300, (_, turn) => sign(1_000 + turn));
  return bounded("a payment by voucher, p50", round(p50, 2), "ms", "<= 20", `p99 ${round(p99, 2)} ms`);
}

export async function run(): Promise<BenchRow[]> {
  const rows = [...(await decisions()), rules(), await vouchers()];
  await db.$disconnect();
  await pool.end();
  return rows;
}
