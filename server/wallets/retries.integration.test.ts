import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { sendOutbox } from "#server/chain/send-outbox.ts";
import { bundleOf } from "#server/chain/user-operations.ts";
import { db, pool } from "#server/db.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { getPayment, PORTS, payAsAgent } from "./act-as-agent.ts";
import { walletLogHandlers } from "./chain-events.ts";
import { confirmAgent, createAgent } from "./create-agent.ts";
import { tokenBalance } from "./get-account.ts";
import { operationFromJson } from "./operation-rows.ts";
import { fundAgent } from "./pause-agent.ts";
import { requestWithdrawal } from "./request-withdrawal.ts";
import { settleClosedOrders } from "./settle-closed-orders.ts";
import { DEATHS, type Death } from "./testing/act-and-die.ts";
import {
  createPerson,
  depositFor,
  followUntilQuiet,
  knowAddress,
  mined,
  outsideAccount,
  outsider,
  type Person,
} from "./testing/wallet-world.ts";
import { submitOperation } from "./user-operations.ts";
import { getWithdrawal } from "./withdrawal-rows.ts";

const address = () => privateKeyToAccount(generatePrivateKey()).address;
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: DomainError) => error.code,
  );

let owner: Person;
const payee = address();

/** An agent that may pay the payee, on the chain and with money. */
async function createPayer(caps: { perTransactionCap: string; windowCap: string }): Promise<string> {
  const policy: PolicyInput = {
    ...caps,
    windowSeconds: 3600,
    validUntil: new Date(Date.now() + 86_400_000).toISOString(),
    rules: [{ kind: "pay", recipient: payee }],
  };
  const { agent, operation } = await createAgent(owner.actor, { name: "Payer", policy });
  await confirmAgent(owner.actor, { id: agent.id, signature: owner.approve(operation.hash) });
  await fundAgent(owner.actor, { id: agent.id, units: "2000000" });
  await followUntilQuiet();
  return agent.id;
}

type Payment = { id: string; recipient: string; units: string; key: string };

/** Starts the payment in a process that is killed at the named place. */
async function payAndDie(input: Payment, death: Death): Promise<void> {
  const program = join(import.meta.dirname, "testing", "act-and-die.ts");
  const child = spawn(process.execPath, [program, JSON.stringify({ actor: owner.actor, input, death })], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [, signal] = await once(child, "exit");
  expect(signal).toBe("SIGKILL");
}

/** Lets the time for carrying a plan on pass. */
const expire = (agentId: string) =>
  pool.query(`UPDATE user_operation SET expires_at = now() WHERE agent_id = $1 AND status = 'prepared'`, [agentId]);

const countActivities = (agentId: string) => db.agentActivity.count({ where: { agentId } });

beforeAll(async () => {
  owner = await createPerson();
  await depositFor(userAccount(owner.actor.userId), 60_000_000n);
  await followUntilQuiet();
});
afterAll(() => pool.end());

describe("a payment whose process dies", () => {
  it.each(DEATHS)("%s is made once by the retry", async (death) => {
    const agentId = await createPayer({ perTransactionCap: "100000", windowCap: "100000" });
    const before = await tokenBalance(payee);
    const input = { id: agentId, recipient: payee, units: "100000", key: newId("request") };
    await payAndDie(input, death);
    // Two retries at once, as of an impatient client; the policy has room for one payment only.
    const [first, second] = await Promise.all([payAsAgent(owner.actor, input), payAsAgent(owner.actor, input)]);
    expect(second.id).toBe(first.id);
    await followUntilQuiet();
    const repeat = await payAsAgent(owner.actor, input);
    expect(repeat).toMatchObject({ id: first.id, status: "succeeded", operationId: first.operationId });
    await followUntilQuiet();
    expect((await tokenBalance(payee)) - before).toBe(100_000n);
    expect(await countActivities(agentId)).toBe(1);
  });

  it("and is not retried is closed unsent, keeps its key, and leaves the whole policy to the next", async () => {
    const agentId = await createPayer({ perTransactionCap: "90000", windowCap: "100000" });
    const before = await tokenBalance(payee);
    const input = { id: agentId, recipient: payee, units: "90000", key: "abandoned" };
    await payAndDie(input, "after it is signed");
    await settleClosedOrders();
    expect((await db.agentActivity.findFirstOrThrow({ where: { agentId } })).status).toBe("planned");
    await expire(agentId);
    await settleClosedOrders();
    expect(await payAsAgent(owner.actor, input)).toMatchObject({
      status: "failed",
      error: expect.stringContaining("Not sent"),
      transactionHash: null,
    });
    // The next operation has the nonce of the one that was signed and not sent, so it has its budget too, once.
    const next = await payAsAgent(owner.actor, { ...input, key: "next", units: "80000" });
    expect(await codeOf(payAsAgent(owner.actor, { ...input, key: "one more", units: "80000" }))).toBe("POLICY_DENIED");
    await followUntilQuiet();
    expect((await getPayment(owner.actor, { id: agentId, paymentId: next.id })).status).toBe("succeeded");
    expect((await tokenBalance(payee)) - before).toBe(80_000n);
  });
});

describe("one key", () => {
  it("is one payment for all who send it at once, and an error with other content", async () => {
    const agentId = await createPayer({ perTransactionCap: "1000000", windowCap: "2000000" });
    const before = await tokenBalance(payee);
    const input = { id: agentId, recipient: payee, units: "300000", key: "crowd" };
    const views = await Promise.all(Array.from({ length: 8 }, () => payAsAgent(owner.actor, input)));
    expect(new Set(views.map(({ id }) => id)).size).toBe(1);
    expect(await codeOf(payAsAgent(owner.actor, { ...input, units: "300001" }))).toBe("IDEMPOTENCY_KEY_REUSED");
    await followUntilQuiet();
    expect((await tokenBalance(payee)) - before).toBe(300_000n);
    // Without a key every request is its own.
    await payAsAgent(owner.actor, { id: agentId, recipient: payee, units: "1" });
    await payAsAgent(owner.actor, { id: agentId, recipient: payee, units: "1" });
    await followUntilQuiet();
    expect((await tokenBalance(payee)) - before).toBe(300_002n);
  });

  it("is free again after a refusal, and another person's is another", async () => {
    const agentId = await createPayer({ perTransactionCap: "1000", windowCap: "2000" });
    const input = { id: agentId, recipient: payee, units: "1001", key: "refused" };
    expect(await codeOf(payAsAgent(owner.actor, input))).toBe("POLICY_DENIED");
    expect(await codeOf(payAsAgent(owner.actor, input))).toBe("POLICY_DENIED");
    expect((await payAsAgent(owner.actor, { ...input, units: "1000" })).status).toBe("submitted");
    expect(await countActivities(agentId)).toBe(3);
    await followUntilQuiet();
  });

  it("of a request that could not reach the signer is carried on, and without a key nothing is left waiting", async () => {
    const agentId = await createPayer({ perTransactionCap: "1000", windowCap: "2000" });
    const away = { ...PORTS, sign: () => Promise.reject(new DomainError("SIGNER_UNAVAILABLE")) };
    const input = { id: agentId, recipient: payee, units: "1000" };
    expect(await codeOf(payAsAgent(owner.actor, { ...input, key: "away" }, away))).toBe("SIGNER_UNAVAILABLE");
    expect((await payAsAgent(owner.actor, { ...input, key: "away" })).status).toBe("submitted");
    expect(await codeOf(payAsAgent(owner.actor, input, away))).toBe("SIGNER_UNAVAILABLE");
    const statuses = await db.agentActivity.findMany({ where: { agentId }, orderBy: { id: "asc" } });
    expect(statuses.map(({ status }) => status)).toEqual(["submitted", "failed"]);
    await followUntilQuiet();
  });
});

/** Sends what is ordered until the outbox has closed this order, without reading the chain's events. */
async function closeOrder(key: string): Promise<string> {
  for (let round = 0; round < 50; round++) {
    await pool.query("UPDATE chain_transaction SET not_before = now() WHERE status = 'queued'");
    await sendOutbox();
    const order = await db.chainTransaction.findUniqueOrThrow({ where: { key } });
    if (!["queued", "sending"].includes(order.status)) return order.status;
  }
  throw new Error("The order was not closed.");
}

describe("an order that failed", () => {
  it("is not taken for a payment that failed when somebody else carried the operation to the chain", async () => {
    const agentId = await createPayer({ perTransactionCap: "1000", windowCap: "2000" });
    const before = await tokenBalance(payee);
    const payment = await payAsAgent(owner.actor, { id: agentId, recipient: payee, units: "1000" });
    const row = await db.userOperation.findUniqueOrThrow({ where: { id: payment.operationId ?? "" } });
    const { to, data, gas } = bundleOf(operationFromJson(row.operation));
    await mined(await outsider.sendTransaction({ account: await outsideAccount(), chain: null, to, data, gas }));
    expect(await closeOrder(`user-operation:${row.id}`)).toBe("failed");
    await settleClosedOrders();
    expect((await getPayment(owner.actor, { id: agentId, paymentId: payment.id })).status).toBe("submitted");
    await indexChain(walletLogHandlers);
    await settleClosedOrders();
    expect((await getPayment(owner.actor, { id: agentId, paymentId: payment.id })).status).toBe("succeeded");
    expect((await tokenBalance(payee)) - before).toBe(1_000n);
  });

  it("is a payment that failed when its nonce was never used, and the money may be paid again", async () => {
    const agentId = await createPayer({ perTransactionCap: "1000", windowCap: "1000" });
    const before = await tokenBalance(payee);
    const input = { id: agentId, recipient: payee, units: "1000" };
    const payment = await payAsAgent(owner.actor, { ...input, key: "first" });
    await pool.query(
      "UPDATE chain_transaction SET status = 'failed', error = 'given up' WHERE key = $1 AND status = 'queued'",
      [`user-operation:${payment.operationId}`],
    );
    await settleClosedOrders();
    const failed = await payAsAgent(owner.actor, { ...input, key: "first" });
    expect(failed).toMatchObject({ id: payment.id, status: "failed", error: "given up" });
    await payAsAgent(owner.actor, { ...input, key: "second" });
    await followUntilQuiet();
    expect((await tokenBalance(payee)) - before).toBe(1_000n);
  });

  it("gives a withdrawal's money back only when the Vault did not pay", async () => {
    const person = await createPerson();
    const { actor } = person;
    await depositFor(userAccount(actor.userId), 1_000_000n);
    await followUntilQuiet();
    const to = address();
    await knowAddress(person, to);
    const { id } = await requestWithdrawal(actor, { to, units: "400000", key: "w" });
    // The node loses sight of a transaction that was mined: the outbox orders it again, and the Vault refuses that.
    const key = `withdrawal:${id}`;
    expect(await closeOrder(key)).toBe("final");
    await pool.query("UPDATE chain_transaction SET status = 'queued', nonce = NULL, hash = NULL WHERE key = $1", [key]);
    expect(await closeOrder(key)).toBe("failed");
    await settleClosedOrders();
    expect(await getBalance(userAccount(actor.userId))).toMatchObject({ available: 600_000n, reserved: 400_000n });
    await followUntilQuiet();
    expect(await getWithdrawal(actor, { id })).toMatchObject({ status: "paid" });
    expect(await getBalance(userAccount(actor.userId))).toMatchObject({ posted: 600_000n, reserved: 0n });
    expect(await tokenBalance(to)).toBe(400_000n);
  });
});

describe("an operation its owner signs", () => {
  it("is sent once however often and however fast the signature comes", async () => {
    const policy: PolicyInput = {
      perTransactionCap: "1",
      windowCap: "1",
      windowSeconds: 60,
      validUntil: new Date(Date.now() + 86_400_000).toISOString(),
      rules: [{ kind: "pay", recipient: payee }],
    };
    const { operation } = await createAgent(owner.actor, { name: "Signed at once", policy });
    const send = () =>
      submitOperation(owner.actor, { id: operation.id, signature: owner.approve(operation.hash as Hex) });
    const views = await Promise.all(Array.from({ length: 6 }, send));
    expect(new Set(views.map(({ hash }) => hash)).size).toBe(1);
    expect(await db.chainTransaction.count({ where: { refId: operation.id } })).toBe(1);
    await followUntilQuiet();
    expect((await send()).status).toBe("succeeded");
  });
});
