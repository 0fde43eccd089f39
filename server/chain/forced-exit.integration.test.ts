import { type Address, createTestClient, type Hex, http, publicActions, walletActions } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { keccak256, parseEther, stringToHex } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { buildSumTree, type SumLeaf, sumProof, toExitArguments, verifySumProof } from "#core/merkle-sum.ts";
import { env } from "#server/env.ts";
import { loadDeployment } from "./deployments.ts";

const { contracts, operator } = loadDeployment();
const vault = { address: contracts.Vault, abi: vaultAbi } as const;
const token = { address: contracts.TestUSD, abi: testUsdAbi } as const;
const chain = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL), pollingInterval: 20 })
  .extend(publicActions)
  .extend(walletActions);

const someone = () => privateKeyToAddress(generatePrivateKey());
const [alice, bob, carol, stranger] = [someone(), someone(), someone(), someone()];
const accountOf = (name: string): Hex => keccak256(stringToHex(`forced exit ${alice} ${name}`));
const [aliceAccount, bobAccount, carolAccount] = [accountOf("alice"), accountOf("bob"), accountOf("carol")];
/** The amount of the other accounts in the tree: what was in the Vault before, which this walk leaves alone. */
let others: bigint;

type Sent = Parameters<typeof chain.writeContract>[0];
/** Sends as anybody and waits; throws when the contract refuses. */
async function send(request: unknown): Promise<void> {
  const hash = await chain.writeContract({ chain: null, ...(request as object) } as Sent);
  expect((await chain.waitForTransactionReceipt({ hash })).status).toBe("success");
}
const balanceOf = (address: Address) => chain.readContract({ ...token, functionName: "balanceOf", args: [address] });
const reserves = () => chain.readContract({ ...vault, functionName: "reserves" });

async function deposit(from: Address, account: Hex, amount: bigint): Promise<void> {
  await send({ ...token, functionName: "approve", args: [contracts.Vault, amount], account: from });
  await send({ ...vault, functionName: "deposit", args: [account, amount], account: from });
}

/** What the platform does: the leaves from its balances, in any order, and the root before everybody. */
async function anchor(leaves: readonly SumLeaf[]) {
  const tree = buildSumTree(leaves);
  const [epoch, counted] = await Promise.all([
    chain.readContract({ ...vault, functionName: "latestEpoch" }),
    chain.readContract({ ...vault, functionName: "depositCount" }),
  ]);
  const args = [epoch + 1n, tree.root, tree.total, counted, keccak256(tree.root)];
  await send({ ...vault, functionName: "anchorRoot", args, account: operator });
  return { tree, leaves };
}

const refusal = (request: unknown) =>
  chain.simulateContract(request as Parameters<typeof chain.simulateContract>[0]).then(
    () => "accepted",
    (error: { cause?: { data?: { errorName?: string } } }) => error.cause?.data?.errorName ?? String(error),
  );

describe("the forced exit, from the first deposit to the last dollar", () => {
  let before: Hex;
  let anchored: Awaited<ReturnType<typeof anchor>>;
  let operatorsMoney: bigint;

  const exitOf = (index: number, account: Address = stranger) => {
    const leaf = anchored.leaves[index];
    if (!leaf) throw new Error(`There is no leaf ${index}.`);
    return { ...vault, functionName: "exit", args: toExitArguments(leaf, sumProof(anchored.tree, index)), account };
  };

  // The exit is for ever and needs a day to pass; other tests share this chain and get it back as it was.
  beforeAll(async () => {
    before = await chain.snapshot();
    for (const address of [alice, bob, carol, stranger, operator]) {
      await chain.impersonateAccount({ address });
      await chain.setBalance({ address, value: parseEther("10") });
    }
    for (const to of [alice, bob, carol]) {
      await send({ ...token, functionName: "mint", args: [to, 1_000_000_000n], account: operator });
    }
    others = await reserves();
  });
  afterAll(async () => {
    for (const address of [alice, bob, carol, stranger, operator]) await chain.stopImpersonatingAccount({ address });
    await chain.revert({ id: before });
  });

  it("two people deposit, one withdraws, and the platform publishes what it owes", async () => {
    await deposit(alice, aliceAccount, 700_000_000n);
    await deposit(bob, bobAccount, 300_000_000n);
    anchored = await anchor([
      { account: aliceAccount, exitTo: alice, balance: 700_000_000n },
      { account: bobAccount, exitTo: bob, balance: 300_000_000n },
      { account: accountOf("all others"), exitTo: stranger, balance: others },
    ]);
    const id = keccak256(aliceAccount);
    await send({
      ...vault,
      functionName: "withdraw",
      args: [id, aliceAccount, alice, 150_000_000n],
      account: operator,
    });
    await deposit(carol, carolAccount, 40_000_000n);
    operatorsMoney = await balanceOf(operator);

    const stored = await chain.readContract({
      ...vault,
      functionName: "anchorOf",
      args: [await chain.readContract({ ...vault, functionName: "latestEpoch" })],
    });
    const [first] = anchored.leaves as [SumLeaf];
    expect(verifySumProof(stored.root, stored.liabilities, first, sumProof(anchored.tree, 0))).toBe(true);
  });

  it("nobody exits while the platform is there", async () => {
    expect(await refusal({ ...vault, functionName: "declareExit", account: alice })).toBe("Vault_ExitNotOpen");
    expect(await refusal(exitOf(0))).toBe("Vault_ExitNotOpen");
  });

  it("after a day of silence anybody declares the exit, and the operator can do nothing any more", async () => {
    const exitPeriod = await chain.readContract({ ...vault, functionName: "exitPeriod" });
    await chain.increaseTime({ seconds: exitPeriod });
    await chain.mine({ blocks: 1 });
    await send({ ...vault, functionName: "declareExit", account: bob });
    const payment = [keccak256(bobAccount), bobAccount, operator, 1n];
    const root = [1_000_000n, keccak256(bobAccount), 1n, 0n, keccak256(bobAccount)];
    const refused = await Promise.all([
      refusal({ ...vault, functionName: "withdraw", args: payment, account: operator }),
      refusal({ ...vault, functionName: "queueWithdrawal", args: payment, account: operator }),
      refusal({ ...vault, functionName: "anchorRoot", args: root, account: operator }),
      refusal({ ...vault, functionName: "deposit", args: [bobAccount, 1n], account: bob }),
    ]);
    expect(new Set(refused)).toEqual(new Set(["Vault_ExitDeclared"]));
  });

  it("everybody gets their own, once, whoever sends it", async () => {
    await send(exitOf(0));
    await send(exitOf(1, bob));
    expect(await balanceOf(alice)).toBe(1_000_000_000n);
    expect(await balanceOf(bob)).toBe(1_000_000_000n);
    expect(await refusal(exitOf(0))).toBe("Vault_LeafSpent");
    const [first] = anchored.leaves as [SumLeaf];
    const greedy = toExitArguments({ ...first, exitTo: stranger }, sumProof(anchored.tree, 0));
    expect(await refusal({ ...vault, functionName: "exit", args: greedy, account: stranger })).toBe(
      "Vault_ProofInvalid",
    );
  });

  it("a deposit that no root counted goes back, one that was counted does not", async () => {
    const last = await chain.readContract({ ...vault, functionName: "depositCount" });
    const refund = (index: bigint) => ({ ...vault, functionName: "refundDeposit", args: [index], account: stranger });
    await send(refund(last));
    expect(await balanceOf(carol)).toBe(1_000_000_000n);
    expect(await refusal(refund(last))).toBe("Vault_DepositAlreadyRefunded");
    expect(await refusal(refund(last - 1n))).toBe("Vault_DepositCounted");
  });

  it("what is left is exactly what the others are owed, and the operator has nothing of it", async () => {
    expect(await reserves()).toBe(others);
    expect(await balanceOf(operator)).toBe(operatorsMoney);
  });
});
