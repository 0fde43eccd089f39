import { createTestClient, getAddress, http } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { computeEscrowAbi, testUsdAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { sendOutbox } from "#server/chain/send-outbox.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { getPersonalAccount } from "#server/wallets/get-account.ts";
import { createPerson, mined, outsideAccount, outsider } from "#server/wallets/testing/wallet-world.ts";
import { putPaperNode } from "../testing/paper-node.ts";
import { suspendNode } from "../trust/judge-node.ts";
import { registerStakeFailures, stakeLogHandlers } from "./chain-events.ts";
import { activeStakes, claimStake, dismissClaim, getStake, listClaims, settleClaims } from "./stakes.ts";

const { contracts } = loadDeployment();
const anvil = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL) });
let admin: Actor;

async function follow(): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    const { pending: isSending } = await sendOutbox();
    const { pending } = await indexChain(stakeLogHandlers);
    const head = await publicClient().getBlockNumber();
    const cursor = await db.chainCursor.findUnique({ where: { name: "main" } });
    if (!isSending && !pending && cursor?.blockNumber === head) return;
  }
  throw new Error("The chain did not come to rest.");
}

/** A provider with a node, and a stake that somebody put behind its own account. */
async function newProvider(amount: bigint) {
  const person = await createPerson();
  const account = await getPersonalAccount(person.actor.userId);
  if (!account) throw new Error("The person has no account");
  const from = { account: await outsideAccount(), chain: null };
  const { TestUSD: address, ComputeEscrow: escrow } = contracts;
  await mined(
    await outsider.writeContract({
      ...from,
      address,
      abi: testUsdAbi,
      functionName: "approve",
      args: [escrow, amount],
    }),
  );
  await mined(
    await outsider.writeContract({
      ...from,
      address: escrow,
      abi: computeEscrowAbi,
      functionName: "stake",
      args: [account.address, amount],
    }),
  );
  await follow();
  const nodeId = await putPaperNode(person.actor.userId, `stake/${newId("model").slice(-8)}`);
  return { ...person, address: account.address, nodeId };
}

/** What the escrow paid to the Vault in the newest blocks; other tests move money there, too. */
async function paidToVault(): Promise<bigint[]> {
  const head = await publicClient().getBlockNumber();
  const events = await publicClient().getContractEvents({
    address: contracts.TestUSD,
    abi: testUsdAbi,
    eventName: "Transfer",
    args: { from: contracts.ComputeEscrow, to: contracts.Vault },
    fromBlock: head > 200n ? head - 200n : 0n,
  });
  return events.map(({ args }) => args.value ?? 0n);
}

beforeAll(async () => {
  registerStakeFailures();
  const userId = newId("user");
  await db.user.create({ data: { id: userId, name: "Stakes", roles: ["user", "admin"] } });
  admin = { userId, roles: ["user", "admin"], via: "session", scopes: [] };
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("a stake", () => {
  it("is seen behind its provider's nodes, as the contract has it", async () => {
    const provider = await newProvider(5_000_000n);
    const stake = await getStake(provider.actor);
    expect(stake).toMatchObject({ active: "5000000", total: "5000000", claims: [] });
    expect(stake.addresses).toMatchObject([{ address: provider.address.toLowerCase(), total: "5000000" }]);
    expect((await activeStakes([provider.actor.userId])).get(provider.actor.userId)).toBe(5_000_000n);
    const held = await publicClient().readContract({
      address: contracts.ComputeEscrow,
      abi: computeEscrowAbi,
      functionName: "activeStakeOf",
      args: [provider.address],
    });
    expect(held).toBe(5_000_000n);
  });

  it("is claimed only for a node that is out for cause, and only as far as it goes", async () => {
    const provider = await newProvider(1_000_000n);
    const claim = { nodeId: provider.nodeId, units: "400000", reason: "It served another model." };
    await expect(claimStake(admin, claim)).rejects.toMatchObject({ code: "NODE_NOT_SUSPENDED" });
    await suspendNode(provider.nodeId, "wrong-model", {});
    await expect(claimStake(admin, { ...claim, units: "1000001" })).rejects.toMatchObject({
      code: "STAKE_TOO_LOW",
      details: { available: "1000000" },
    });
  });

  it("claimed and not contested goes to the Vault when the time to answer is over; given up, it is free again", async () => {
    const provider = await newProvider(2_000_000n);
    await suspendNode(provider.nodeId, "wrong-model", {});
    const claim = { nodeId: provider.nodeId, reason: "It served another model." };
    const [taken, spared] = [
      await claimStake(admin, { ...claim, units: "600000" }),
      await claimStake(admin, { ...claim, units: "300000" }),
    ];
    expect(taken.status).toBe("ordered");
    await expect(dismissClaim(admin, { id: spared.id })).rejects.toMatchObject({ code: "CLAIM_CLOSED" });
    await follow();
    expect(await getStake(provider.actor)).toMatchObject({ active: "1100000", total: "2000000" });
    await dismissClaim(admin, { id: spared.id });
    await settleClaims();
    await follow();
    const own = async (id: string) => (await listClaims()).data.find((one) => one.id === id);
    expect(await own(spared.id)).toMatchObject({ status: "dismissed", slashed: "0" });
    expect(await own(taken.id)).toMatchObject({ status: "open", slashed: null });
    await anvil.increaseTime({ seconds: 61 });
    await anvil.mine({ blocks: 1 });
    await Promise.all([settleClaims(), settleClaims()]);
    await follow();
    expect(await own(taken.id)).toMatchObject({ status: "upheld", slashed: "600000" });
    expect((await paidToVault()).filter((amount) => amount === 600_000n)).toHaveLength(1);
    expect(await getStake(provider.actor)).toMatchObject({ active: "1400000", total: "1400000" });
    const held = await publicClient().readContract({
      address: contracts.ComputeEscrow,
      abi: computeEscrowAbi,
      functionName: "stakeOf",
      args: [getAddress(provider.address)],
    });
    expect(held).toMatchObject({ total: 1_400_000n, locked: 0n });
    expect(await db.adminAction.count({ where: { subject: provider.nodeId } })).toBe(3);
  });
});
