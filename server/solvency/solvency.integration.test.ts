import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vaultAbi } from "#core/generated/abis.ts";
import { checkBalanceProof } from "#core/solvency.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { RETRY_DELAYS_MS } from "#server/chain/retry-delays.ts";
import { sendOutbox } from "#server/chain/send-outbox.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { EXTERNAL_ACCOUNT, userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { getPersonalAccount } from "#server/wallets/get-account.ts";
import { requestWithdrawal } from "#server/wallets/request-withdrawal.ts";
import { settleClosedOrders } from "#server/wallets/settle-closed-orders.ts";
import {
  createPerson,
  depositFor,
  followUntilQuiet,
  knowAddress,
  type Person,
} from "#server/wallets/testing/wallet-world.ts";
import { getWithdrawal } from "#server/wallets/withdrawal-rows.ts";
import { registerSolvencyFailures } from "./chain-events.ts";
import { closeSolvencyEpoch } from "./close-solvency-epoch.ts";
import { listEpochs } from "./epoch-rows.ts";
import { getBalanceProof } from "./get-balance-proof.ts";
import { getSolvency } from "./get-solvency.ts";
import { backEverything, follow, giveUpLeftovers, reserves } from "./testing/solvency-world.ts";

const DOLLAR = 1_000_000n;
const { contracts } = loadDeployment();
const vault = { address: contracts.Vault, abi: vaultAbi } as const;
const close = () => closeSolvencyEpoch({ afterChangeMs: 0, atLatestMs: 0 });
const anchorOf = (epoch: bigint) => publicClient().readContract({ ...vault, functionName: "anchorOf", args: [epoch] });
const last = async () => (await listEpochs(sqlOf(pool), 1))[0];

let person: Person;
const code = () => userAccount(person.actor.userId);
const failed = async () => {
  const proof = await getBalanceProof(person.actor);
  const checks = checkBalanceProof(proof, await anchorOf(BigInt(proof.epoch)), await reserves());
  return checks.filter(({ isOk }) => !isOk);
};

beforeAll(async () => {
  registerSolvencyFailures();
  await giveUpLeftovers();
  person = await createPerson();
  await getPersonalAccount(person.actor.userId);
  await depositFor(code(), 10n * DOLLAR);
  await followUntilQuiet();
  await backEverything();
  await follow();
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("a solvency epoch", () => {
  it("is anchored with its sum, what it counted and the audit chain, and each owner can prove theirs", async () => {
    const { opened } = await close();
    expect(opened).not.toBeNull();
    await follow();
    const epoch = await last();
    const anchored = await anchorOf(epoch?.number ?? 0n);
    expect(epoch).toMatchObject({ number: opened, status: "anchored", root: anchored.root });
    expect(anchored).toMatchObject({
      liabilities: epoch?.liabilities,
      depositsCounted: await publicClient().readContract({ ...vault, functionName: "depositCount" }),
      auditHead: epoch?.headHash,
    });
    const proof = await getBalanceProof(person.actor);
    expect(proof.leaf.balance).toBe((10n * DOLLAR).toString());
    expect(proof.leaf.exitTo).toBe((await getPersonalAccount(person.actor.userId))?.address);
    expect(await failed()).toEqual([]);
    const view = await getSolvency();
    expect(view.data[0]).toMatchObject({
      status: "anchored",
      epoch: epoch?.number.toString(),
      reserves: (await reserves()).toString(),
    });
  });

  it("has a withdrawal that was ordered before it off the balance, and off the reserves", async () => {
    const to = privateKeyToAccount(generatePrivateKey()).address;
    await knowAddress(person, to);
    await requestWithdrawal(person.actor, { to, units: DOLLAR.toString() });
    await close();
    // Ordered after the root: in the balance, and sent behind it.
    await requestWithdrawal(person.actor, { to, units: (2n * DOLLAR).toString() });
    await follow();
    const proof = await getBalanceProof(person.actor);
    expect(proof.leaf.balance).toBe((9n * DOLLAR).toString());
    const nonces = await db.chainTransaction.findMany({
      orderBy: { nonce: "desc" },
      take: 3,
      where: { nonce: { not: null } },
    });
    expect(nonces.map(({ purpose }) => purpose)).toEqual(["withdrawal", "solvency-root", "withdrawal"]);
    const since = { functionName: "withdrawnSinceRoot", args: [proof.leaf.account] } as const;
    expect(await publicClient().readContract({ ...vault, ...since })).toBe(2n * DOLLAR);
    expect((await failed()).map(({ name }) => name).filter((name) => name !== "reserves")).toEqual([]);
  });

  it("overtakes nothing that waits to be tried again, and is overtaken by nothing", async () => {
    const order = (key: string, isBarrier = false) =>
      enqueueTransaction(sqlOf(pool), { key, to: contracts.Vault, data: "0xdeadbeef", purpose: "test", isBarrier });
    const [before] = [await order(`before:${person.actor.userId}`)];
    const barrier = await order(`barrier:${person.actor.userId}`, true);
    const after = await order(`after:${person.actor.userId}`);
    const { listQueued, giveUp } = await import("#server/chain/outbox-store.ts");
    const next = async () => (await listQueued(10)).filter(({ id }) => [before, barrier, after].includes(id));
    for (const id of [before, barrier, after]) {
      const [only, ...rest] = await next();
      expect([only?.id, rest]).toEqual([id, []]);
      if (only) await giveUp(only, "The test is over.");
    }
  });

  it("is not held up for ever by a payment that can never be estimated: that one fails, its money comes back, the root follows", async () => {
    const to = privateKeyToAccount(generatePrivateKey()).address;
    await knowAddress(person, to);
    const before = await getBalance(code());
    const { id } = await requestWithdrawal(person.actor, { to, units: DOLLAR.toString() });
    // With this little gas every node refuses to say what it would do, and that is no revert.
    await pool.query("UPDATE chain_transaction SET gas = 1 WHERE key = $1", [`withdrawal:${id}`]);
    const { opened } = await close();
    const rowOf = () => db.chainTransaction.findUniqueOrThrow({ where: { key: `withdrawal:${id}` } });
    let passes = 0;
    for (; (await rowOf()).status === "queued" && passes < 50; passes++) {
      expect((await last())?.status).toBe("built");
      await pool.query("UPDATE chain_transaction SET not_before = now() WHERE status = 'queued'");
      await sendOutbox();
    }
    expect(passes).toBe(RETRY_DELAYS_MS.troubles.length + 1);
    expect(await rowOf()).toMatchObject({ status: "failed", tries: 0, error: expect.stringContaining("gas") });
    await follow();
    expect(await last()).toMatchObject({ number: opened, status: "anchored" });
    await settleClosedOrders();
    expect((await getWithdrawal(person.actor, { id })).status).toBe("failed");
    expect(await getBalance(code())).toEqual(before);
    await close();
    await follow();
    expect(await failed()).toEqual([]);
  });

  it.each([
    ["built", 0],
    ["ordered", 1],
  ])("whose process dies when it is %s is anchored once", async (death, left) => {
    await postTransfers([transfer(code(), EXTERNAL_ACCOUNT, 1n)]);
    const before = await last();
    const program = join(import.meta.dirname, "testing", "close-and-die.ts");
    const child = spawn(process.execPath, [program, death], { stdio: ["ignore", "inherit", "inherit"] });
    expect((await once(child, "exit"))[1]).toBe("SIGKILL");
    const made = async () => (await listEpochs(sqlOf(pool), 5)).filter(({ number }) => number > (before?.number ?? 0n));
    expect(await made()).toHaveLength(left);
    await Promise.all([close(), close(), close()]);
    expect(await made()).toHaveLength(1);
    await follow();
    const [epoch] = await made();
    expect(epoch?.status).toBe("anchored");
    expect(await db.chainTransaction.count({ where: { key: `solvency-root:${epoch?.number}` } })).toBe(1);
    expect(await failed()).toEqual([]);
  });

  it("is not ordered while the ledger owes more than the Vault holds, and says so", async () => {
    const gap = 10n ** 12n;
    await postTransfers([transfer(EXTERNAL_ACCOUNT, code(), gap)]);
    expect(await close()).toEqual({ opened: null });
    const withheld = await last();
    expect(withheld?.status).toBe("underfunded");
    expect(await db.chainTransaction.count({ where: { key: `solvency-root:${withheld?.number}` } })).toBe(0);
    expect((await getSolvency()).status).toBe("underfunded");
    await postTransfers([transfer(code(), EXTERNAL_ACCOUNT, gap)]);
    expect((await close()).opened).toBe(withheld?.number);
    await follow();
    expect((await last())?.status).toBe("anchored");
  });

  it("comes when something changed or an hour passed, not before", async () => {
    const timing = { afterChangeMs: 0, atLatestMs: 3_600_000 };
    expect(await closeSolvencyEpoch(timing)).toEqual({ opened: null });
    await postTransfers([transfer(code(), EXTERNAL_ACCOUNT, 1n)]);
    expect(await closeSolvencyEpoch({ ...timing, afterChangeMs: 3_600_000 })).toEqual({ opened: null });
    const { sealBatches } = await import("#server/ledger/seal-batches.ts");
    await sealBatches();
    expect((await closeSolvencyEpoch(timing)).opened).not.toBeNull();
    await follow();
  });
});

let count = 0;
function transfer(debit: string, credit: string, amount: bigint) {
  const key = `solvency-test:${person.actor.userId}:${count++}`;
  return { key, debit, credit, amount, asset: "USD" as const, kind: "test" };
}
