import { performance } from "node:perf_hooks";
import { createWalletClient, type Hex, http } from "viem";
import { encodeFunctionData, parseGwei } from "viem/utils";
import { rewardsDistributorAbi, testUsdAbi } from "#core/generated/abis.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { findRevert } from "#server/chain/reverts.ts";
import { env } from "#server/env.ts";
import { buildEpochTree, type Leaf } from "#server/rewards/epoch-tree.ts";
import { outsideAccount } from "#server/wallets/testing/wallet-world.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";
import { anvil } from "./chain-world.ts";

const CLAIMS_PER_BLOCK = 200;

type Claim = { leaf: Leaf; data: Hex };

function* chunks<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** Asks the contract what each claim would do; "paid" or the name of its refusal. */
async function ask(claims: readonly Claim[]): Promise<string[]> {
  const to = loadDeployment().contracts.RewardsDistributor;
  const answers: string[] = [];
  for (const some of chunks(claims, CLAIMS_PER_BLOCK)) {
    const asked = some.map(({ data, leaf }) =>
      publicClient()
        .call({ to, data })
        .then(
          (answer) => (BigInt(answer.data ?? "0x0") === leaf.cumulative ? "paid" : "another amount"),
          (error: unknown) => nameOf(error),
        ),
    );
    answers.push(...(await Promise.all(asked)));
  }
  return answers;
}

const nameOf = (error: unknown): string => findRevert(error)?.name ?? String(error);

/** Sends every claim for real, as many in a block as fit. */
async function collect(claims: readonly Claim[]): Promise<void> {
  const wallet = createWalletClient({ transport: http(env.CHAIN_RPC_URL, { batch: { wait: 0 } }) });
  const account = await outsideAccount();
  const to = loadDeployment().contracts.RewardsDistributor;
  let nonce = await publicClient().getTransactionCount({ address: account });
  await anvil.setAutomine(false);
  try {
    for (const some of chunks(claims, CLAIMS_PER_BLOCK)) {
      const sent = some.map(({ data }) =>
        wallet.sendTransaction({
          account,
          chain: null,
          to,
          data,
          nonce: nonce++,
          gas: 200_000n,
          maxFeePerGas: parseGwei("1000"),
          maxPriorityFeePerGas: 0n,
        }),
      );
      await Promise.all(sent);
      await anvil.mine({ blocks: 1 });
    }
    while ((await publicClient().getTransactionCount({ address: account })) < nonce) await anvil.mine({ blocks: 1 });
  } finally {
    await anvil.setAutomine(true);
  }
}

async function balances(leaves: readonly Leaf[]): Promise<bigint[]> {
  const { TestUSD } = loadDeployment().contracts;
  const found: bigint[] = [];
  for (const some of chunks(leaves, CLAIMS_PER_BLOCK)) {
    const read = some.map(({ address }) =>
      publicClient().readContract({ address: TestUSD, abi: testUsdAbi, functionName: "balanceOf", args: [address] }),
    );
    found.push(...(await Promise.all(read)));
  }
  return found;
}

/** Every leaf of the last root: asked, collected, asked again, and counted at its address. */
export async function checkClaims(leaves: readonly Leaf[], expected: number): Promise<BenchRow[]> {
  const startedAt = performance.now();
  const tree = buildEpochTree(leaves);
  const claims = leaves.map((leaf) => ({
    leaf,
    data: encodeFunctionData({
      abi: rewardsDistributorAbi,
      functionName: "claim",
      args: [leaf.address, leaf.cumulative, tree.proofOf(leaf)],
    }),
  }));
  const first = await ask(claims);
  await collect(claims);
  const second = await ask(claims);
  const paid = await balances(leaves);
  const refused = first.filter((answer) => answer !== "paid");
  const repeated = second.filter((answer) => answer !== "RewardsDistributor_NothingToClaim");
  const short = leaves.filter(({ cumulative }, index) => paid[index] !== cumulative);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  return [
    bounded(
      "L10 claims in the last root",
      leaves.length,
      "claims",
      `>= ${expected}`,
      `all of them tried, in ${seconds} s`,
    ),
    bounded("L10 claims that do not verify on the chain", refused.length, "claims", "<= 0", refused[0]),
    bounded("L10 claims that did not pay their leaf", short.length, "claims", "<= 0"),
    bounded("L10 second claims that are not refused", repeated.length, "claims", "<= 0", repeated[0]),
  ];
}
