import fc from "fast-check";
import { type Address, createTestClient, type Hex, http, parseEther, zeroHash } from "viem";
import { concatHex, pad, toHex } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentAccountAbi, agentAccountFactoryAbi } from "#core/generated/abis.ts";
import { evaluatePolicy, type PolicyVerdict } from "#core/policy/evaluate-policy.ts";
import { type Call, encodeExecution } from "#core/policy/execution.ts";
import { type AgentPolicy, toContractPolicy } from "#core/policy/policy.ts";
import { anyPolicy, callsFor, PEOPLE, SINKS, TOKENS } from "#core/policy/testing/random-policies.ts";
import { PERMIT2 } from "#core/policy/token-spending.ts";
import { ENTRY_POINT_ADDRESS } from "#core/user-operation.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { findRevert } from "#server/chain/reverts.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { mined, outsideAccount, outsider } from "./testing/wallet-world.ts";

const anvil = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL) });
const { contracts } = loadDeployment();
/** More by this: `POLICY_DIFFERENTIAL=2000 npm test`. */
const POLICIES = Number(process.env.POLICY_DIFFERENTIAL ?? 300);
const BATCHES = 24;
/** Takes every call and does nothing. */
const SINK: Hex = "0x00";
/** Answers every call with one large number: balances and allowances that stay what they are, transfers that succeed. */
const FLAT_TOKEN: Hex = concatHex(["0x7f", toHex(10n ** 30n, { size: 32 }), "0x5f5260205ff3"]);
const KEY: Address = "0x00000000000000000000000000000000000A9E47";
let account: Address;
let nowSeconds: number;

beforeAll(async () => {
  const args = [pad("0x0b", { size: 20 }), toHex(BigInt(Date.now()), { size: 32 })] as const;
  const factory = { address: contracts.AgentAccountFactory, abi: agentAccountFactoryAbi } as const;
  account = await publicClient().readContract({ ...factory, functionName: "getAddress", args });
  const from = { account: await outsideAccount(), chain: null };
  await mined(await outsider.writeContract({ ...from, ...factory, functionName: "createAccount", args }));
  for (const address of [...SINKS, PERMIT2]) await anvil.setCode({ address, bytecode: SINK });
  for (const address of TOKENS) await anvil.setCode({ address, bytecode: FLAT_TOKEN });
  for (const address of [account, ENTRY_POINT_ADDRESS]) await anvil.setBalance({ address, value: parseEther("1000") });
  await anvil.impersonateAccount({ address: account });
  nowSeconds = Number((await publicClient().getBlock()).timestamp);
});
afterAll(async () => {
  await anvil.stopImpersonatingAccount({ address: account });
  await db.$disconnect();
  await pool.end();
});

async function grant(policy: AgentPolicy): Promise<void> {
  await mined(
    await outsider.writeContract({
      account,
      chain: null,
      address: account,
      abi: agentAccountAbi,
      functionName: "grantAgentKey",
      args: [KEY, toContractPolicy(policy)],
      // Enough for the largest policy: the node's own guess is sometimes a little short of what its code takes.
      gas: 16_000_000n,
    }),
  );
}

/** The policy agreed to a call and its proof was asked for; no inference here is real. What comes after is not judged any more. */
const REGISTRY = "of the registry";

/** What the contract says when the entry point calls it with these: its own refusal, or null when the policy let them through. */
async function refusalOf(calls: readonly Call[], inferenceIds: readonly Hex[]): Promise<string | null> {
  const data = encodeExecution({ key: KEY, calls, inferenceIds });
  try {
    await publicClient().call({ account: ENTRY_POINT_ADDRESS, to: account, data, gas: 20_000_000n });
    return null;
  } catch (error) {
    const name = findRevert(error)?.name;
    if (name === undefined) throw error;
    return name.startsWith("AgentAccount_") ? name : REGISTRY;
  }
}

/** The names that the two refusals have for each other. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  "own-account": ["AgentAccount_CallNotAllowed"],
  "entry-point": ["AgentAccount_CallNotAllowed"],
  wrapper: ["AgentAccount_CallNotAllowed"],
  "malformed-call": ["AgentAccount_CallNotAllowed"],
  "not-allowed": ["AgentAccount_CallNotAllowed"],
  denied: ["AgentAccount_CallDenied"],
  value: ["AgentAccount_ValueNotAllowed"],
  "proof-required": ["AgentAccount_ProofRequired"],
  "other-token": ["AgentAccount_TokenNotMetered"],
  "per-transaction-cap": ["AgentAccount_OverTransactionCap"],
  "window-cap": ["AgentAccount_OverWindowCap"],
};

function judge(policy: AgentPolicy, calls: readonly Call[], inferenceIds: readonly Hex[]): PolicyVerdict {
  const state = { account, paused: false, spentInWindow: new Map() };
  return evaluatePolicy(policy, { key: KEY, calls, inferenceIds }, state, nowSeconds);
}

describe("the signer's policy and the contract's", () => {
  it(
    `are one policy: ${POLICIES} random ones over ${BATCHES} random batches each, hostile bytes among them`,
    async () => {
      const seed = Number(process.env.POLICY_DIFFERENTIAL_SEED ?? Date.now() % 2 ** 31);
      const seen = { allowed: 0, denied: new Set<string>() };
      for (const [round, random] of fc.sample(anyPolicy, { numRuns: POLICIES, seed }).entries()) {
        const policy = { ...random, validUntil: nowSeconds + 10_000_000 };
        await grant(policy);
        const batches = fc.sample(callsFor(policy), { numRuns: BATCHES, seed: seed + round });
        const compare = async (calls: readonly Call[], place: number) => {
          const proofs = place % 2 === 0 ? [] : calls.map(() => toHex(99n, { size: 32 }));
          const [verdict, refusal] = [judge(policy, calls, proofs), await refusalOf(calls, proofs)];
          const what = `seed ${seed}, policy ${round}, batch ${place}: ${JSON.stringify({ policy, calls }, (_, item) =>
            typeof item === "bigint" ? item.toString() : item,
          )}`;
          if (verdict.allowed) {
            seen.allowed += 1;
            expect([null, REGISTRY], what).toContain(refusal);
          } else {
            seen.denied.add(verdict.rule);
            const expected = [...(SAME[verdict.rule] ?? []), ...(proofs.length > 0 ? [REGISTRY] : [])];
            expect(expected, `${what} ${verdict.value}`).toContain(refusal);
          }
        };
        await Promise.all(batches.map(compare));
      }
      // Neither side agrees with everything, and every kind of refusal that a batch can meet was met.
      expect(seen.allowed).toBeGreaterThan(POLICIES);
      expect([...seen.denied].sort()).toEqual(
        expect.arrayContaining([
          "denied",
          "malformed-call",
          "not-allowed",
          "other-token",
          "per-transaction-cap",
          "value",
        ]),
      );
    },
    300_000 + POLICIES * 2_000,
  );

  it("agree about the key's own account, the entry point, an empty batch and inferences that do not pair", async () => {
    const [policy] = fc.sample(anyPolicy, { numRuns: 1, seed: 1 });
    if (!policy) throw new Error("No policy");
    await grant({ ...policy, validUntil: nowSeconds + 10_000_000 });
    const to = (target: Address): Call => ({ target, value: 0n, data: "0x8456cb59" });
    expect(await refusalOf([to(account)], [])).toBe("AgentAccount_CallNotAllowed");
    expect(await refusalOf([to(ENTRY_POINT_ADDRESS)], [])).toBe("AgentAccount_CallNotAllowed");
    expect(await refusalOf([], [])).toBe("AgentAccount_BatchEmpty");
    expect(await refusalOf([to(PEOPLE[0])], [zeroHash, zeroHash])).toBe("AgentAccount_InferencesMismatch");
  });
});
