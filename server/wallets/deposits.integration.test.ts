import { createTestClient, type Hex, http } from "viem";
import { encodeEventTopics } from "viem/utils";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { walletLogHandlers } from "./chain-events.ts";
import { countUnassignedTransfers, UNCLAIMED_ACCOUNT } from "./count-unassigned-transfers.ts";
import { depositRef } from "./deposit-accounts.ts";
import { listDeposits } from "./list-deposits.ts";
import { listUnassignedTransfers } from "./list-unassigned-transfers.ts";
import {
  createPerson,
  depositFor,
  followUntilQuiet,
  mined,
  outsideAccount,
  outsider,
  type Person,
} from "./testing/wallet-world.ts";

const { contracts } = loadDeployment();
const anvil = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL) });
const DEPTH = 6;
/** A token that says of every call that it moved the second argument from the caller to the first. */
const TRANSFER = encodeEventTopics({ abi: testUsdAbi, eventName: "Transfer" })[0];
const FOREIGN_TOKEN: Hex = `0x602435600052600435337f${TRANSFER.slice(2)}60206000a3600160005260206000f3`;

let person: Person;
const balance = async () => (await getBalance(userAccount(person.actor.userId))).posted;
const follow = async () => {
  while ((await indexChain(walletLogHandlers, { confirmations: DEPTH })).pending);
  await countUnassignedTransfers();
};
const reorganise = (depth: number) => anvil.request({ method: "anvil_reorg" as never, params: [depth, []] as never });
const unassigned = async () => (await listUnassignedTransfers({ limit: 50 })).data;
async function unclaimed(): Promise<bigint> {
  const known = await db.$queryRaw<
    { n: bigint }[]
  >`SELECT count(*) AS n FROM ledger_account WHERE code = ${UNCLAIMED_ACCOUNT}`;
  return known[0]?.n ? (await getBalance(UNCLAIMED_ACCOUNT)).posted : 0n;
}
async function sendTokens(token: Hex, amount: bigint): Promise<Hex> {
  const hash = await outsider.writeContract({
    account: await outsideAccount(),
    chain: null,
    address: token,
    abi: testUsdAbi,
    functionName: "transfer",
    args: [contracts.Vault, amount],
  });
  await mined(hash);
  return hash;
}

beforeEach(async () => {
  person = await createPerson();
  await followUntilQuiet();
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("a deposit", () => {
  it("is pending until it is deep enough, then credited once", async () => {
    const before = await unassigned();
    await anvil.mine({ blocks: DEPTH });
    await follow();
    await depositFor(userAccount(person.actor.userId), 5_000_000n);
    const seen = await listDeposits(person.actor);
    expect(seen).toMatchObject({ isChainAnswering: true, data: [{ status: "pending", amount: { units: "5000000" } }] });
    await anvil.mine({ blocks: DEPTH - 2 });
    await follow();
    expect(await balance()).toBe(0n);
    await anvil.mine({ blocks: 1 });
    await Promise.all([follow(), follow()]);
    await follow();
    expect(await balance()).toBe(5_000_000n);
    expect((await listDeposits(person.actor)).data).toMatchObject([{ status: "credited" }]);
    expect(await unassigned()).toEqual(before);
  });

  it("that a reorganisation takes back is not pending any more, and credited once when it comes again", async () => {
    await anvil.mine({ blocks: DEPTH });
    await follow();
    await depositFor(userAccount(person.actor.userId), 5_000_000n);
    await anvil.mine({ blocks: 2 });
    await follow();
    await reorganise(3);
    expect((await listDeposits(person.actor)).data).toEqual([]);
    await anvil.mine({ blocks: 2 });
    await follow();
    expect(await balance()).toBe(0n);
    await depositFor(userAccount(person.actor.userId), 5_000_000n);
    expect((await listDeposits(person.actor)).data).toMatchObject([{ status: "pending" }]);
    await anvil.mine({ blocks: DEPTH });
    await follow();
    expect(await balance()).toBe(5_000_000n);
    expect((await listDeposits(person.actor)).data).toMatchObject([{ status: "credited" }]);
  });

  it("of one base unit is credited like any other, and nobody sees another's", async () => {
    await depositFor(userAccount(person.actor.userId), 1n);
    await followUntilQuiet();
    expect(await balance()).toBe(1n);
    expect((await listDeposits((await createPerson()).actor)).data).toEqual([]);
  });
});

describe("what comes to the Vault without a deposit", () => {
  it("is counted as unclaimed, once, and listed with its sender", async () => {
    const before = await unclaimed();
    const hash = await sendTokens(contracts.TestUSD, 7n);
    await followUntilQuiet();
    await Promise.all([countUnassignedTransfers(), countUnassignedTransfers()]);
    expect(await unclaimed()).toBe(before + 7n);
    expect(await unassigned()).toContainEqual(
      expect.objectContaining({
        transactionHash: hash,
        amount: "7",
        reason: "no-deposit",
        isVaultToken: true,
        from: await outsideAccount(),
      }),
    );
  });

  it("is listed and not counted when it is another token", async () => {
    const before = await unclaimed();
    const token = "0x00000000000000000000000000000000000c0ffe";
    await anvil.setCode({ address: token, bytecode: FOREIGN_TOKEN });
    const hash = await sendTokens(token, 1_000n);
    await followUntilQuiet();
    expect(await unclaimed()).toBe(before);
    const found = (await unassigned()).find(({ transactionHash }) => transactionHash === hash);
    expect(found).toMatchObject({ isVaultToken: false, amount: "1000" });
    expect(found?.token.toLowerCase()).toBe(token);
  });

  it("is counted when it was deposited under a reference that nobody has", async () => {
    const before = await unclaimed();
    const from = { account: await outsideAccount(), chain: null };
    await mined(
      await outsider.writeContract({
        ...from,
        address: contracts.TestUSD,
        abi: testUsdAbi,
        functionName: "approve",
        args: [contracts.Vault, 9n],
      }),
    );
    const hash = await outsider.writeContract({
      ...from,
      address: contracts.Vault,
      abi: vaultAbi,
      functionName: "deposit",
      args: [depositRef("user:usr_nobody"), 9n],
    });
    await mined(hash);
    await followUntilQuiet();
    expect(await unclaimed()).toBe(before + 9n);
    expect((await unassigned()).filter(({ transactionHash }) => transactionHash === hash)).toMatchObject([
      { reason: "unknown-reference", amount: "9" },
    ]);
  });
});
