import { type Address, createWalletClient, http, isHex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { beforeAll, describe, expect, test } from "vitest";
import { rewardsDistributorAbi, testUsdAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { sendOutbox } from "#server/chain/send-outbox.ts";
import { pool, sqlOf, withTransaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { CASHOUT_ACCOUNT, userAccount, VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { ensureAccounts, ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { anchorBudget } from "#server/solvency/testing/solvency-world.ts";
import { isRootAwaited } from "#server/wallets/root-cover.ts";
import { rewardLogHandlers } from "./chain-events.ts";
import { closeEpoch, retryEpochLater } from "./close-epoch.ts";
import { getCashOut } from "./list-cash-outs.ts";
import { listClaims } from "./list-claims.ts";
import { promiseCashOut } from "./promise-cash-out.ts";

const sql = sqlOf(pool);

const isChainThere = await publicClient()
  .getChainId()
  .then(() => true)
  .catch(() => false);

/** The development chain's first account is unlocked: it made the contracts and holds the test dollars. */
async function sendAsDeployer() {
  const wallet = createWalletClient({ transport: http(env.CHAIN_RPC_URL) });
  const [account] = await wallet.getAddresses();
  if (!account) throw new Error("The development chain has accounts");
  return { wallet, account };
}

async function mineOf(hash: `0x${string}`) {
  const receipt = await publicClient().waitForTransactionReceipt({ hash });
  expect(receipt.status).toBe("success");
}

/** Somebody with dollars: on the ledger, and in the Vault behind it. */
async function personWith(units: bigint) {
  const actor: Actor = { userId: newId("user"), roles: ["user"], via: "session", scopes: ALL_SCOPES };
  const code = userAccount(actor.userId);
  await ensureAccounts(sql, [{ code, asset: "USD", ownerId: actor.userId }]);
  await postTransfers([
    { key: newId("transfer"), debit: VAULT_ACCOUNT, credit: code, amount: units, asset: "USD", kind: "deposit" },
  ]);
  const { wallet, account } = await sendAsDeployer();
  const { TestUSD, Vault } = loadDeployment().contracts;
  await mineOf(
    await wallet.writeContract({
      account,
      chain: null,
      address: TestUSD,
      abi: testUsdAbi,
      functionName: "transfer",
      args: [Vault, units],
    }),
  );
  return { actor, address: privateKeyToAddress(generatePrivateKey()) };
}

const cashOut = (actor: Actor, address: Address, units: bigint, key: string = newId("cashOut")) =>
  withTransaction((tx) => promiseCashOut(tx, { id: newId("cashOut"), userId: actor.userId, address, units, key }));

async function sendUntilMined(): Promise<void> {
  while ((await sendOutbox()).pending);
}
async function indexUntilHead(): Promise<void> {
  while ((await indexChain(rewardLogHandlers)).pending);
}
/** Everything the worker does, until no epoch is under way. */
async function settle(): Promise<void> {
  for (let pass = 0; pass < 20; pass++) {
    await closeEpoch();
    await sendUntilMined();
    await indexUntilHead();
    const [open] = await sql.query(
      `SELECT 1 FROM reward_epoch WHERE status <> 'final' UNION ALL SELECT 1 FROM reward_cash_out WHERE epoch_number IS NULL`,
    );
    if (!open) return;
  }
  throw new Error("The epochs did not settle");
}

const balanceOf = (address: Address) =>
  publicClient().readContract({
    address: loadDeployment().contracts.TestUSD,
    abi: testUsdAbi,
    functionName: "balanceOf",
    args: [address],
  });
const readDistributor = (functionName: "epoch" | "cumulativeTotal" | "totalClaimed") =>
  publicClient().readContract({
    address: loadDeployment().contracts.RewardsDistributor,
    abi: rewardsDistributorAbi,
    functionName,
  });

async function claimFor(actor: Actor): Promise<void> {
  const { wallet, account } = await sendAsDeployer();
  for (const claim of (await listClaims(actor)).data) {
    const proof = claim.proof.filter((step) => isHex(step));
    if (!isHex(claim.address) || !isHex(claim.distributor)) throw new Error("A claim has addresses");
    const { request } = await publicClient().simulateContract({
      account,
      address: claim.distributor,
      abi: rewardsDistributorAbi,
      functionName: "claim",
      args: [claim.address, BigInt(claim.cumulative.units), proof],
    });
    await mineOf(await wallet.writeContract({ ...request, chain: null }));
  }
}

describe.runIf(isChainThere)("an epoch", () => {
  beforeAll(async () => {
    await ensurePlatformAccounts();
    await anchorBudget(100_000_000n);
  });

  test("carries a cash-out from the balance to the person's own account, and the books close", async () => {
    const { actor, address } = await personWith(5_000_000n);
    const owedBefore = (await getBalance(CASHOUT_ACCOUNT)).posted;
    const id = await cashOut(actor, address, 2_000_000n);
    expect(await getCashOut(actor, { id })).toMatchObject({ status: "requested", amount: { units: "2000000" } });
    await settle();
    expect(await getCashOut(actor, { id })).toMatchObject({ status: "ready" });
    expect((await getBalance(CASHOUT_ACCOUNT)).posted).toBe(owedBefore);

    await claimFor(actor);
    await indexUntilHead();
    expect(await balanceOf(address)).toBe(2_000_000n);
    expect((await getBalance(userAccount(actor.userId))).posted).toBe(3_000_000n);
    expect(await getCashOut(actor, { id })).toMatchObject({ status: "arrived", arrivedAt: expect.any(String) });
    await expect(claimFor(actor)).rejects.toThrow("RewardsDistributor_NothingToClaim");
  });

  test("adds to what an address was promised before, and pays the difference", async () => {
    const { actor, address } = await personWith(3_000_000n);
    await cashOut(actor, address, 1_000_000n);
    await settle();
    const second = await cashOut(actor, address, 500_000n);
    await settle();
    expect((await listClaims(actor)).data).toMatchObject([
      { cumulative: { units: "1500000" }, paid: { units: "0" }, claimable: { units: "1500000" } },
    ]);
    await claimFor(actor);
    await indexUntilHead();
    expect(await balanceOf(address)).toBe(1_500_000n);
    expect(await getCashOut(actor, { id: second })).toMatchObject({ status: "arrived" });
  });

  test("has one root and one payment, wherever the worker dies and however often it starts over", async () => {
    const { actor, address } = await personWith(1_000_000n);
    const before = await readDistributor("epoch");
    await cashOut(actor, address, 700_000n);
    const ordered = () =>
      sql.query<{ key: string }>(
        `SELECT t.key FROM chain_transaction t JOIN reward_epoch e ON t.purpose = 'epoch' AND t.ref_id = e.number::text
          WHERE e.number = (SELECT max(number) FROM reward_epoch) ORDER BY t.created_at, t.key`,
      );
    const restart = async () => {
      const passes = await Promise.all([closeEpoch(), closeEpoch(), closeEpoch()]);
      return passes.filter(({ opened }) => opened !== null).length;
    };

    expect(await restart()).toBe(1);
    expect(await restart()).toBe(0);
    expect(await ordered()).toHaveLength(1);
    await sendUntilMined();
    expect(await readDistributor("epoch")).toBe(before);
    // The money is mined and nobody has read it yet: a new life must neither pay again nor publish early.
    expect(await restart()).toBe(0);
    expect(await ordered()).toHaveLength(1);
    await indexUntilHead();
    expect(await restart()).toBe(0);
    expect(await ordered()).toHaveLength(2);
    await sendUntilMined();
    expect(await restart()).toBe(0);
    await indexUntilHead();
    expect(await ordered()).toHaveLength(2);
    expect(await readDistributor("epoch")).toBe(before + 1n);
    expect((await listClaims(actor)).data).toMatchObject([{ claimable: { units: "700000" } }]);
  });

  test("that failed for good is ordered again later, and still pays once", async () => {
    const { actor, address } = await personWith(1_000_000n);
    await cashOut(actor, address, 100_000n);
    const { opened } = await closeEpoch();
    await withTransaction((tx) => retryEpochLater(tx, { refId: String(opened) }));
    await closeEpoch();
    await sql.query(`UPDATE reward_epoch SET retry_at = now() WHERE number = $1`, [opened]);
    const totalBefore = await readDistributor("cumulativeTotal");
    await settle();
    expect((await readDistributor("cumulativeTotal")) - totalBefore).toBe(100_000n);
    const { RewardsDistributor } = loadDeployment().contracts;
    expect(await balanceOf(RewardsDistributor)).toBe(
      (await readDistributor("cumulativeTotal")) - (await readDistributor("totalClaimed")),
    );
  });

  test("settles many people's cash-outs at once and conserves every unit", async () => {
    const people = [];
    for (let i = 0; i < 5; i++) people.push(await personWith(1_000_000n));
    await Promise.all(people.map(({ actor, address }, i) => cashOut(actor, address, BigInt(i + 1) * 11_111n)));
    await settle();
    for (const { actor } of people) await claimFor(actor);
    await indexUntilHead();
    for (const [i, { actor, address }] of people.entries()) {
      expect(await balanceOf(address)).toBe(BigInt(i + 1) * 11_111n);
      expect((await getBalance(userAccount(actor.userId))).posted).toBe(1_000_000n - BigInt(i + 1) * 11_111n);
    }
  });
});

describe.runIf(isChainThere)("a cash-out", () => {
  test("happens once for a key, and another amount under the key is refused", async () => {
    const { actor, address } = await personWith(1_000_000n);
    const ids = await Promise.all(Array.from({ length: 8 }, () => cashOut(actor, address, 300_000n, "same-key-1")));
    expect(new Set(ids).size).toBe(1);
    expect((await getBalance(userAccount(actor.userId))).posted).toBe(700_000n);
    await expect(cashOut(actor, address, 1n, "same-key-1")).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
  });

  test("above the balance is refused and promises nothing", async () => {
    const { actor, address } = await personWith(1_000_000n);
    await expect(cashOut(actor, address, 1_000_001n)).rejects.toMatchObject({ code: "INSUFFICIENT_FUNDS" });
    const promised = await sql.query(`SELECT 1 FROM reward_cash_out WHERE user_id = $1`, [actor.userId]);
    expect(promised).toEqual([]);
  });

  test("of somebody else is not found", async () => {
    const [mine, other] = [await personWith(1_000_000n), await personWith(1n)];
    const id = await cashOut(mine.actor, mine.address, 10n);
    await expect(getCashOut(other.actor, { id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe.runIf(isChainThere)("an epoch's money", () => {
  test("beyond what the last root leaves over for those whom no exit can pay waits for the next root, and goes then", async () => {
    const each = 9_000_000_000n;
    const { actor, address } = await personWith(20n * each);
    await settle();
    const ordersOf = (epoch: number | null) =>
      sql.query(`SELECT 1 FROM chain_transaction WHERE key = $1`, [`epoch-fund:${epoch}:0`]);
    // Whatever campaigns have in the last root here, at some point it is used up.
    let id = "";
    let opened: number | null = null;
    for (let epoch = 0; epoch < 20; epoch++) {
      id = await cashOut(actor, address, each);
      ({ opened } = await closeEpoch());
      if ((await ordersOf(opened)).length === 0) break;
      await settle();
    }
    await sendUntilMined();
    await closeEpoch();
    expect(await ordersOf(opened)).toEqual([]);
    expect(await isRootAwaited(sql)).toBe(true);

    await anchorBudget(1n);
    await closeEpoch();
    expect(await ordersOf(opened)).toHaveLength(1);
    expect(await isRootAwaited(sql)).toBe(false);
    await settle();
    expect(await getCashOut(actor, { id })).toMatchObject({ status: "ready" });
  });
});
