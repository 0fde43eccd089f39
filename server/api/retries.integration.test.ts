import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { encodeFunctionData } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testUsdAbi } from "#core/generated/abis.ts";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db, pool } from "#server/db.ts";
import { createApiKey } from "#server/identity/api-keys.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { confirmAgent, createAgent } from "#server/wallets/create-agent.ts";
import { tokenBalance } from "#server/wallets/get-account.ts";
import { fundAgent } from "#server/wallets/pause-agent.ts";
import {
  createPerson,
  depositFor,
  followUntilQuiet,
  knowAddress,
  type Person,
} from "#server/wallets/testing/wallet-world.ts";
import { handleRest } from "./rest.ts";
import { appRouter } from "./root.ts";
import { createCallerFactory } from "./trpc.ts";

// What a retry meets after a crash between a change and the record of its answer: the procedure itself, a second time.
const payee = privateKeyToAccount(generatePrivateKey()).address;
let person: Person;
let agentId: string;
let token: string;

const callerWith = (idempotencyKey: string) =>
  createCallerFactory(appRouter)({ actor: person.actor, requestId: "req_retries", idempotencyKey });
type Caller = ReturnType<typeof callerWith>;

beforeAll(async () => {
  person = await createPerson();
  await knowAddress(person, payee);
  await depositFor(userAccount(person.actor.userId), 20_000_000n);
  await followUntilQuiet();
  const policy: PolicyInput = {
    perTransactionCap: "1000000",
    windowCap: "6000000",
    windowSeconds: 3600,
    validUntil: new Date(Date.now() + 86_400_000).toISOString(),
    rules: [{ kind: "pay", recipient: payee }, { kind: "deposit" }],
  };
  const { agent, operation } = await createAgent(person.actor, { name: "Retried", policy });
  agentId = agent.id;
  await confirmAgent(person.actor, { id: agentId, signature: person.approve(operation.hash) });
  await fundAgent(person.actor, { id: agentId, units: "5000000" });
  await followUntilQuiet();
  token = (await createApiKey(person.actor, { name: "retries", scopes: ["agents:write"] })).token;
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

/** How much was set in motion so far: rows that move money, and what left the balance. */
async function moved(): Promise<string> {
  const { userId } = person.actor;
  const { available } = await getBalance(userAccount(userId));
  const counts = await Promise.all([
    db.withdrawal.count({ where: { userId } }),
    db.rewardCashOut.count({ where: { userId } }),
    db.agentActivity.count({ where: { agentId } }),
    db.chainTransaction.count(),
  ]);
  return [available, ...counts].join(" ");
}

const MONEY: [string, (caller: Caller, units: string) => Promise<{ id: string }>][] = [
  ["a withdrawal", (caller, units) => caller.account.requestWithdrawal({ to: payee, units })],
  ["money for an agent", (caller, units) => caller.agent.fundAgent({ id: agentId, units })],
  ["an agent's payment", (caller, units) => caller.agent.pay({ id: agentId, recipient: payee, units })],
  ["an agent's deposit", (caller, units) => caller.agent.deposit({ id: agentId, units })],
  ["a cash-out", (caller, units) => caller.reward.requestCashOut({ units })],
];

describe("a change whose answer was lost", () => {
  it.each(MONEY)("%s is made once, and its key takes nothing else", async (name, change) => {
    const key = `lost ${name}`.replaceAll(" ", "-");
    const before = await moved();
    const first = await change(callerWith(key), "1000");
    const after = await moved();
    expect(after).not.toBe(before);
    const repeats = await Promise.all([1, 2, 3].map(() => change(callerWith(key), "1000")));
    expect(repeats.map(({ id }) => id)).toEqual([first.id, first.id, first.id]);
    await expect(change(callerWith(key), "1001")).rejects.toMatchObject({ cause: { code: "IDEMPOTENCY_KEY_REUSED" } });
    expect(await moved()).toBe(after);
    expect((await change(callerWith(`${key}-2`), "1000")).id).not.toBe(first.id);
  });

  it("calls of contracts are made once too", async () => {
    await followUntilQuiet();
    const args = [payee, 77n] as const;
    const data = encodeFunctionData({ abi: testUsdAbi, functionName: "transfer", args });
    const payload = { id: agentId, calls: [{ target: loadDeployment().contracts.TestUSD, data }] };
    const before = await tokenBalance(payee);
    const first = await callerWith("lost-calls").agent.callContracts(payload);
    expect((await callerWith("lost-calls").agent.callContracts(payload)).id).toBe(first.id);
    await followUntilQuiet();
    expect((await callerWith("lost-calls").agent.callContracts(payload)).status).toBe("succeeded");
    expect((await tokenBalance(payee)) - before).toBe(77n);
  });
});

describe("the REST door after a crash", () => {
  const pay = (units: string) =>
    handleRest(
      new Request(`http://localhost/api/v1/agents/${agentId}/payments`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "idempotency-key": "rest-crash",
        },
        body: JSON.stringify({ recipient: payee, units }),
      }),
    );

  it("takes a dead process's request over and answers with the payment that was made", async () => {
    const before = await tokenBalance(payee);
    const first = await (await pay("2500")).json();
    await pool.query(
      "UPDATE idempotent_request SET status = NULL, body = NULL, locked_until = now() - interval '1 second' WHERE key = 'rest-crash'",
    );
    const again = await pay("2500");
    expect([again.status, (await again.json()).id]).toEqual([200, first.id]);
    // Even with every stored answer gone, the key still belongs to that payment.
    await pool.query("DELETE FROM idempotent_request WHERE key = 'rest-crash'");
    expect((await pay("2501")).status).toBe(409);
    await followUntilQuiet();
    expect((await (await pay("2500")).json()).status).toBe("succeeded");
    expect((await tokenBalance(payee)) - before).toBe(2_500n);
  });
});
