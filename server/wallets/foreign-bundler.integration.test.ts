import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTRY_POINT_ADDRESS, type PackedUserOperation } from "#core/user-operation.ts";
import { db, pool, withTransaction } from "#server/db.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getPayment, PORTS, payAsAgent } from "./act-as-agent.ts";
import { confirmAgent, createAgent } from "./create-agent.ts";
import { tokenBalance } from "./get-account.ts";
import { getAgent, listActivity } from "./get-agents.ts";
import { operationFromJson } from "./operation-rows.ts";
import { fundAgent } from "./pause-agent.ts";
import { type ForeignBundler, startForeignBundler, toWire } from "./testing/foreign-bundler.ts";
import { createPerson, depositFor, followUntilQuiet, knowAddress, type Person } from "./testing/wallet-world.ts";

const shop = privateKeyToAccount(generatePrivateKey()).address;
let owner: Person;
let agentId: string;
let account: Hex;
let bundler: ForeignBundler;

type Receipt = { success: boolean; userOpHash: Hex; receipt: { transactionHash: Hex; from: Hex } };

const submit = (operation: PackedUserOperation): Promise<Hex> =>
  bundler.ask("eth_sendUserOperation", [toWire(operation), ENTRY_POINT_ADDRESS]);

async function receiptOf(hash: Hex): Promise<Receipt> {
  const ask = () => bundler.ask<Receipt | null>("eth_getUserOperationReceipt", [hash]);
  await expect.poll(ask, { timeout: 20_000 }).not.toBeNull();
  const receipt = await ask();
  if (!receipt) throw new Error("The receipt is gone.");
  return receipt;
}

const orderedOperation = async (id: string): Promise<PackedUserOperation> =>
  operationFromJson((await db.userOperation.findUniqueOrThrow({ where: { id } })).operation);

/** The agent's operation goes to the other bundler instead of into our outbox. */
const order: typeof PORTS.order = async (id, signature, alongside) => {
  await submit({ ...(await orderedOperation(id)), signature });
  await withTransaction(async (sql) => {
    await sql.query("UPDATE user_operation SET status = 'submitted' WHERE id = $1", [id]);
    await alongside?.(sql);
  });
};

const pay = (units: number, ports = PORTS) =>
  payAsAgent(owner.actor, { id: agentId, recipient: shop, units: String(units) }, ports);

beforeAll(async () => {
  [owner, bundler] = await Promise.all([createPerson(), startForeignBundler()]);
  await depositFor(userAccount(owner.actor.userId), 20_000_000n);
  await followUntilQuiet();
});
afterAll(async () => {
  await bundler?.stop();
  await db.$disconnect();
  await pool.end();
});

describe("another bundler", () => {
  it("serves the entry point of our accounts", async () => {
    expect(await bundler.ask("eth_supportedEntryPoints", [])).toEqual([ENTRY_POINT_ADDRESS]);
  });

  it("deploys an agent's account with its owner's passkey", async () => {
    const created = await createAgent(owner.actor, {
      name: "Elsewhere",
      policy: {
        perTransactionCap: "1000000",
        windowCap: "6000000",
        windowSeconds: 3_600,
        validUntil: new Date(Date.now() + 86_400_000).toISOString(),
        rules: [{ kind: "pay", recipient: shop }],
      },
    });
    agentId = created.agent.id;
    account = created.agent.account as Hex;
    await confirmAgent(owner.actor, { id: agentId, signature: owner.approve(created.operation.hash) });
    const hash = await submit(await orderedOperation(created.operation.id));
    expect(hash).toBe(created.operation.hash);
    expect(await receiptOf(hash)).toMatchObject({ success: true, userOpHash: hash });
    await followUntilQuiet();
    expect((await getAgent(owner.actor, { id: agentId })).status).toBe("active");
    await knowAddress(owner, account);
    await fundAgent(owner.actor, { id: agentId, units: "8000000" });
    await followUntilQuiet();
  });

  it("includes what our signer signed, and our indexer settles it like any other", async () => {
    const started = await pay(300_000, { ...PORTS, order });
    expect(started.status).toBe("submitted");
    const { hash } = await db.userOperation.findUniqueOrThrow({ where: { id: started.operationId ?? "" } });
    const { success, receipt } = await receiptOf(hash as Hex);
    expect(success).toBe(true);
    await followUntilQuiet();
    const done = await getPayment(owner.actor, { id: agentId, paymentId: started.id });
    expect(done).toMatchObject({ status: "succeeded", transactionHash: receipt.transactionHash });
    expect((await listActivity(owner.actor, { id: agentId, limit: 1 })).data).toMatchObject([{ id: started.id }]);
    expect(await tokenBalance(shop)).toBe(300_000n);
    // Not our operator sent it.
    expect(await db.chainTransaction.count({ where: { refId: started.operationId } })).toBe(0);
  });

  it("may take an operation that our outbox sends too: it is paid once and shown once", async () => {
    const started = await pay(200_000);
    const operation = await orderedOperation(started.operationId ?? "");
    const { receipt } = await receiptOf(await submit(operation));
    await followUntilQuiet();
    const done = await getPayment(owner.actor, { id: agentId, paymentId: started.id });
    expect(done).toMatchObject({ status: "succeeded", transactionHash: receipt.transactionHash });
    expect(await tokenBalance(shop)).toBe(500_000n);
  });

  it("says what an operation needs, and that is less than ours offers", async () => {
    const started = await pay(100_000);
    const operation = toWire(await orderedOperation(started.operationId ?? ""));
    const estimate = await bundler.ask<Record<string, Hex>>("eth_estimateUserOperationGas", [
      operation,
      ENTRY_POINT_ADDRESS,
    ]);
    for (const limit of [
      "verificationGasLimit",
      "callGasLimit",
      "preVerificationGas",
      "paymasterVerificationGasLimit",
      "paymasterPostOpGasLimit",
    ] as const)
      expect(BigInt(operation[limit]), limit).toBeGreaterThanOrEqual(BigInt(estimate[limit] ?? "0x0"));
    await followUntilQuiet();
  });

  it("refuses an operation with somebody else's signature by the code of ERC-7769", async () => {
    const started = await pay(100_000);
    const operation = await orderedOperation(started.operationId ?? "");
    const forged = { ...operation, callData: operation.callData.replace(/.$/, "1") as Hex };
    await expect(submit(forged)).rejects.toMatchObject({ code: -32_507 });
    await followUntilQuiet();
  });
});
