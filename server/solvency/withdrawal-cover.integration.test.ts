import { type Address, createTestClient, type Hex, http, publicActions, walletActions, zeroAddress } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { parseEther } from "viem/utils";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { vaultAbi } from "#core/generated/abis.ts";
import { sumProof, toExitArguments } from "#core/merkle-sum.ts";
import { accountReference } from "#core/solvency.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { giveUp, listQueued } from "#server/chain/outbox-store.ts";
import { db, pool, sqlOf, withTransaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { isFundingCovered } from "#server/rewards/funding-cover.ts";
import { cancelWithdrawal } from "#server/wallets/close-withdrawal.ts";
import { getPersonalAccount } from "#server/wallets/get-account.ts";
import { requestWithdrawal } from "#server/wallets/request-withdrawal.ts";
import { isRootAwaited } from "#server/wallets/root-cover.ts";
import { sendDueWithdrawals } from "#server/wallets/send-due-withdrawals.ts";
import {
  createPerson,
  depositFor,
  followUntilQuiet,
  knowAddress,
  type Person,
} from "#server/wallets/testing/wallet-world.ts";
import { getWithdrawal } from "#server/wallets/withdrawal-rows.ts";
import { buildEpochTree } from "./build-epoch-tree.ts";
import { registerSolvencyFailures } from "./chain-events.ts";
import { closeSolvencyEpoch } from "./close-solvency-epoch.ts";
import { listEpochs, listLeaves } from "./epoch-rows.ts";
import { backEverything, follow, giveUpLeftovers } from "./testing/solvency-world.ts";

const DOLLAR = 1_000_000n;
const sql = sqlOf(pool);
const vault = { address: loadDeployment().contracts.Vault, abi: vaultAbi } as const;
const chain = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL), pollingInterval: 20 })
  .extend(publicActions)
  .extend(walletActions);

const close = () => closeSolvencyEpoch({ afterChangeMs: 0, atLatestMs: 0 });
const lastAnchored = async () => (await listEpochs(sql, 1, "anchored"))[0];
let rich: Person;
let poor: Person;
let to: Address;
let count = 0;

const code = ({ actor }: Person) => userAccount(actor.userId);
const ask = (units: bigint, person = poor) => requestWithdrawal(person.actor, { to, units: units.toString() });
const statusOf = async (id: string) => (await getWithdrawal(poor.actor, { id })).status;
const ordersOf = (id: string) => db.chainTransaction.count({ where: { key: `withdrawal:${id}` } });
const pay = (from: Person, whom: Person, amount: bigint) => {
  const key = `cover-test:${from.actor.userId}:${count++}`;
  return postTransfers([{ key, debit: code(from), credit: code(whom), amount, asset: "USD", kind: "test" }]);
};

async function anchor(): Promise<void> {
  expect((await close()).opened).not.toBeNull();
  await follow();
  expect((await listEpochs(sql, 1))[0]?.status).toBe("anchored");
}

/** What nobody may be able to say of any account: that more was paid out for it than the exit can take off. */
async function overdrawn(): Promise<string[]> {
  const epoch = await lastAnchored();
  const found: string[] = [];
  for (const leaf of await listLeaves(sql, epoch?.number ?? 0n)) {
    if (!leaf.code.startsWith("user:") && !leaf.code.startsWith("agent:")) continue;
    const ref = accountReference(env.CHAIN_ID, leaf.code);
    const withdrawn = await chain.readContract({ ...vault, functionName: "withdrawnSinceRoot", args: [ref] });
    const [since] = await sql.query<{ amount: bigint }>(
      "SELECT coalesce(sum(amount), 0)::bigint AS amount FROM deposit WHERE ref = $1 AND block_number > $2",
      [ref, epoch?.snapshotBlock],
    );
    if (withdrawn > leaf.balance + (since?.amount ?? 0n)) found.push(leaf.code);
  }
  return found;
}

beforeAll(async () => {
  registerSolvencyFailures();
  await giveUpLeftovers();
  await followUntilQuiet();
  await backEverything();
});
beforeEach(async () => {
  [rich, poor] = [await createPerson(), await createPerson()];
  to = privateKeyToAddress(generatePrivateKey());
  for (const person of [rich, poor]) {
    await getPersonalAccount(person.actor.userId);
    await knowAddress(person, to);
    await depositFor(code(person), 10n * DOLLAR);
  }
  await follow();
  await anchor();
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("a withdrawal beyond what its account has in the last root", () => {
  it("waits for the next root and is paid then; up to it, and up to what was deposited since, nothing waits", async () => {
    await pay(rich, poor, 5n * DOLLAR);
    const beyond = await ask(12n * DOLLAR);
    expect(beyond.status).toBe("waiting-root");
    expect(new Date(beyond.sendAt ?? 0).getTime()).toBeGreaterThan(Date.now());
    expect((await ask(3n * DOLLAR)).status).toBe("requested");
    await depositFor(code(rich), 2n * DOLLAR);
    await follow();
    expect((await ask(7n * DOLLAR, rich)).status).toBe("requested");
    expect(await isRootAwaited(sql)).toBe(true);
    await sendDueWithdrawals();
    expect(await ordersOf(beyond.id)).toBe(0);
    await follow();
    expect(await overdrawn()).toEqual([]);

    await anchor();
    await Promise.all([sendDueWithdrawals(), sendDueWithdrawals(), sendDueWithdrawals()]);
    expect(await ordersOf(beyond.id)).toBe(1);
    await follow();
    expect(await statusOf(beyond.id)).toBe("paid");
    expect(await getBalance(code(poor))).toMatchObject({ posted: 0n, reserved: 0n });
    expect(await overdrawn()).toEqual([]);
  });

  it("never lets two at once have the same money of the root", async () => {
    await pay(rich, poor, 5n * DOLLAR);
    const made = await Promise.all([ask(6n * DOLLAR), ask(6n * DOLLAR)]);
    expect(made.map(({ status }) => status).sort()).toEqual(["requested", "waiting-root"]);
    await Promise.all(Array.from({ length: 4 }, () => sendDueWithdrawals()));
    await follow();
    expect(await overdrawn()).toEqual([]);
    const waiting = made.find(({ status }) => status === "waiting-root")?.id ?? "";
    expect(await ordersOf(waiting)).toBe(0);
    await anchor();
    await sendDueWithdrawals();
    await follow();
    expect(await statusOf(waiting)).toBe("paid");
  });

  it("is taken back while it waits, and never sent", async () => {
    await pay(rich, poor, 5n * DOLLAR);
    const { id } = await ask(11n * DOLLAR);
    await Promise.all([cancelWithdrawal(poor.actor, { id }), sendDueWithdrawals()]);
    await anchor();
    await sendDueWithdrawals();
    expect(await statusOf(id)).toBe("cancelled");
    expect(await ordersOf(id)).toBe(0);
    expect(await getBalance(code(poor))).toMatchObject({ available: 15n * DOLLAR, reserved: 0n });
  });

  it("waits on when the root fails, and goes with the one after it", async () => {
    await pay(rich, poor, 5n * DOLLAR);
    const { id } = await ask(11n * DOLLAR);
    await close();
    const root = (await listQueued(50)).find(({ purpose }) => purpose === "solvency-root");
    if (root) await giveUp(root, "The test says so.");
    expect((await listEpochs(sql, 1))[0]?.status).toBe("failed");
    await sendDueWithdrawals();
    expect(await statusOf(id)).toBe("waiting-root");
    await anchor();
    await sendDueWithdrawals();
    await follow();
    expect(await statusOf(id)).toBe("paid");
  });

  it("waits while a root is on its way that counts less than the last, and while only the coming one covers it", async () => {
    await pay(poor, rich, 10n * DOLLAR);
    await close();
    await pay(rich, poor, 12n * DOLLAR);
    // The last root has ten for them and the coming one nothing; which of the two it will be is not decided.
    const both = await ask(2n * DOLLAR);
    const coming = await ask(15n * DOLLAR, rich).catch(() => null);
    expect([both.status, coming]).toEqual(["waiting-root", null]);
    const rest = await ask(8n * DOLLAR, rich);
    expect(rest.status).toBe("requested");
    await follow();
    expect(await overdrawn()).toEqual([]);
    await sendDueWithdrawals();
    expect(await statusOf(both.id)).toBe("waiting-root");
    await anchor();
    await sendDueWithdrawals();
    await follow();
    expect(await statusOf(both.id)).toBe("paid");
  });
});

describe("the money of rewards", () => {
  it("goes to the distributor up to what the root has for those whom no exit can pay, and not beyond", async () => {
    const epoch = await lastAnchored();
    const [row] = await sql.query<{ sum: bigint }>(
      `SELECT coalesce(sum(balance), 0)::bigint AS sum FROM solvency_leaf WHERE epoch_number = $1 AND exit_to = $2
        AND split_part(account_code, ':', 1) NOT IN ('user', 'agent')`,
      [epoch?.number, zeroAddress],
    );
    const leftOver = row?.sum ?? 0n;
    expect(await withTransaction((tx) => isFundingCovered(tx, leftOver))).toBe(true);
    expect(await withTransaction((tx) => isFundingCovered(tx, leftOver + 1n))).toBe(false);
  });
});

describe("a forced exit after people were paid what they had just been given", () => {
  let before: Hex;
  const sender = privateKeyToAddress(generatePrivateKey());
  afterAll(async () => {
    await chain.stopImpersonatingAccount({ address: sender });
    await chain.revert({ id: before });
  });

  it("pays every person and agent in full", async () => {
    await pay(rich, poor, 9n * DOLLAR);
    const { id } = await ask(19n * DOLLAR);
    await sendDueWithdrawals();
    await anchor();
    await sendDueWithdrawals();
    await follow();
    expect(await statusOf(id)).toBe("paid");

    before = await chain.snapshot();
    await chain.impersonateAccount({ address: sender });
    await chain.setBalance({ address: sender, value: parseEther("100") });
    await chain.increaseTime({ seconds: await chain.readContract({ ...vault, functionName: "exitPeriod" }) });
    await chain.mine({ blocks: 1 });
    const epoch = await lastAnchored();
    const accounts = await listLeaves(sql, epoch?.number ?? 0n);
    const tree = buildEpochTree(env.CHAIN_ID, epoch?.number ?? 0n, accounts);
    const paid = new Map<string, bigint>();
    for (const [place, { code: owner, exitTo, balance }] of accounts.entries()) {
      if (exitTo === zeroAddress) continue;
      const leaf = { account: accountReference(env.CHAIN_ID, owner), exitTo, balance };
      const args = toExitArguments(leaf, sumProof(tree, 2 * place));
      const hash = await chain.writeContract({ ...vault, chain: null, functionName: "exit", args, account: sender });
      const receipt = await chain.waitForTransactionReceipt({ hash });
      const [event] = await chain.getContractEvents({
        ...vault,
        eventName: "Exited",
        blockHash: receipt.blockHash,
        strict: true,
      });
      expect(event?.args.paid).toBe(event?.args.owed);
      paid.set(owner, event?.args.paid ?? -1n);
    }
    expect(paid.get(code(rich))).toBe(DOLLAR);
    expect(paid.get(code(poor))).toBe(0n);
  });
});
