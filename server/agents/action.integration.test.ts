import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DomainError } from "#core/errors.ts";
import { strategySettings } from "#core/strategies/settings.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db, pool } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { createApiKey } from "#server/identity/api-keys.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { payAsAgent } from "#server/wallets/act-as-agent.ts";
import { approveAction, listApprovals } from "#server/wallets/approvals.ts";
import { armBreaker, setBreaker } from "#server/wallets/breakers.ts";
import { confirmAgent, createAgent } from "#server/wallets/create-agent.ts";
import { getAction } from "#server/wallets/get-action.ts";
import { listActivity } from "#server/wallets/get-agents.ts";
import { fundAgent } from "#server/wallets/pause-agent.ts";
import {
  createPerson,
  depositFor,
  followUntilQuiet,
  knowAddress,
  type Person,
} from "#server/wallets/testing/wallet-world.ts";
import { simulateMarket } from "./market/simulate-market.ts";
import { runStrategies } from "./run-strategies.ts";
import { createStrategy, listDecisions } from "./strategies.ts";

const shop = privateKeyToAccount(generatePrivateKey()).address;
const { contracts, operator } = loadDeployment();
let owner: Person;
let friend: Person;
let agentId: string;
let account: string;

const pay = (units: number, actor: Actor = owner.actor) =>
  payAsAgent(actor, { id: agentId, recipient: shop, units: String(units) });
const read = (actionId: string) => getAction(owner.actor, { id: agentId, actionId });

async function refused(work: Promise<unknown>) {
  const error = await work.then(
    () => null,
    (thrown: DomainError) => thrown,
  );
  return read(String(error?.details.actionId));
}

beforeAll(async () => {
  await simulateMarket(() => 0);
  [owner, friend] = await Promise.all([createPerson(), createPerson()]);
  await depositFor(userAccount(owner.actor.userId), 20_000_000n);
  await followUntilQuiet();
  const { agent, operation } = await createAgent(owner.actor, {
    name: "Watched",
    policy: {
      perTransactionCap: "6000000",
      windowCap: "12000000",
      windowSeconds: 3_600,
      validUntil: new Date(Date.now() + 86_400_000).toISOString(),
      guards: {
        usd: { perTransaction: "8000000", perWindow: "20000000" },
        outcome: { floors: [{ token: contracts.TestUSD, atLeast: "1" }] },
        approvals: { over: "3000000", needed: 1, approvers: [friend.actor.userId] },
      },
      rules: [{ kind: "pay", recipient: shop }],
    },
  });
  ({ id: agentId, account } = agent);
  await confirmAgent(owner.actor, { id: agentId, signature: owner.approve(operation.hash) });
  await followUntilQuiet();
  await knowAddress(owner, account);
  await fundAgent(owner.actor, { id: agentId, units: "9000000" });
  await followUntilQuiet();
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("an action's timeline", () => {
  it("of a success: who asked, what was judged, signed, mined, and what it moved", async () => {
    const { id } = await pay(1_000_000);
    const before = await read(id);
    expect(before).toMatchObject({
      status: "submitted",
      outcome: null,
      transaction: { minedAt: null, blockNumber: null },
    });
    await followUntilQuiet();
    const action = await read(id);
    expect(action).toMatchObject({
      status: "succeeded",
      agent: { id: agentId, name: "Watched", account },
      askedBy: { kind: "person", name: "Wallet test" },
      calls: [{ target: contracts.TestUSD, value: "0" }],
      approval: null,
      judged: {
        policyNumber: 1,
        windowSeconds: 3_600,
        rules: [{ number: 1, rule: { target: contracts.TestUSD, counterparty: shop.toLowerCase() } }],
        usd: { value: "1000000", before: "0", after: "1000000" },
        outcome: [{ symbol: "USD", before: "9000000", after: "8000000" }],
      },
      signed: {
        caps: [
          {
            symbol: "USD",
            decimals: 6,
            spent: "1000000",
            before: "0",
            after: "1000000",
            perTransaction: "6000000",
            perWindow: "12000000",
          },
        ],
      },
      transaction: { sender: operator, payer: contracts.GasSponsor, isSponsored: true },
      outcome: { movements: [{ symbol: "USD", from: account, to: shop, amount: "1000000", isIn: false }] },
    });
    expect(action.breakers?.map(({ kind }) => kind)).toEqual(["velocity", "failures", "drawdown"]);
    expect(action.outcome?.events.map(({ name, contract }) => `${contract}: ${name}`)).toEqual(
      expect.arrayContaining(["Its account: AgentSpent", "GasSponsor: Sponsored"]),
    );
    expect(BigInt(action.operation?.nonce ?? 0)).toBeGreaterThan(0n);
    const times = [action.createdAt, action.judged?.at, action.signed?.at, action.transaction?.sentAt];
    expect(times).toEqual([...times].sort());
  });

  it("of a second one: what counted before it in the window", async () => {
    const { id } = await pay(500_000);
    await followUntilQuiet();
    const [cap] = (await read(id)).signed?.caps ?? [];
    expect(cap).toMatchObject({ before: "1000000", spent: "500000", after: "1500000" });
  });

  it("of a strategy's turn: its reason, also where it was refused, and the turn leads to it", async () => {
    const bill = { label: "rent", recipient: shop, units: "6500000", everySeconds: 86_400 };
    const settings = strategySettings.parse({ kind: "payer", bills: [bill] });
    const strategy = await createStrategy(owner.actor, { id: agentId, name: "Bills", settings, mode: "live" });
    await runStrategies();
    const [decision] = (await listDecisions(owner.actor, { id: strategy.id, limit: 1 })).data;
    expect(decision).toMatchObject({ outcome: "refused", activityId: expect.stringMatching(/^pay_/) });
    const action = await read(decision?.activityId ?? "");
    expect(action).toMatchObject({
      status: "refused",
      askedBy: {
        kind: "strategy",
        strategyId: strategy.id,
        name: "Bills",
        turn: 0,
        why: decision?.why,
        proposal: null,
      },
      decision: { strategyId: strategy.id },
    });
  });

  it("of a denial: the rule, its value and what to do, and nothing after it", async () => {
    const action = await refused(pay(7_000_000));
    expect(action).toMatchObject({
      status: "refused",
      refusal: { refusedBy: "signer", rule: "per-transaction-cap" },
      askedBy: { kind: "person" },
      judged: null,
      signed: null,
      operation: null,
      transaction: null,
      outcome: null,
    });
    expect(action.refusal?.fix).toMatch(/^Spend at most 6000000/);
  });

  it("of one that trips a breaker: the policy had allowed it", async () => {
    const velocity = {
      id: agentId,
      kind: "velocity",
      isOn: true,
      rearmAt: "0",
      seconds: 60,
      holdSeconds: null,
    } as const;
    await setBreaker(owner.actor, { ...velocity, limit: "0" });
    const action = await refused(pay(100_000));
    await setBreaker(owner.actor, { ...velocity, limit: "60" });
    await armBreaker(owner.actor, { id: agentId, kind: "velocity" });
    expect(action).toMatchObject({ refusal: { refusedBy: "breaker", rule: "velocity" }, judged: { policyNumber: 1 } });
  });

  it("of an agent's own key, over the Model Context Protocol", async () => {
    const { key } = await createApiKey(owner.actor, { name: "robot", scopes: ["agents:write"], agentId });
    const actor: Actor = { ...owner.actor, via: "api_key", apiKeyId: key.id, agentId, door: "mcp" };
    const { id } = await pay(100_000, actor);
    await followUntilQuiet();
    expect((await read(id)).askedBy).toEqual({
      kind: "key",
      keyId: key.id,
      name: "robot",
      isAgents: true,
      isMcp: true,
    });
    expect(await getAction(actor, { id: agentId, actionId: id })).toMatchObject({ id });
  });

  it("of one that people approve: how many, of which hash, who and when", async () => {
    const { id } = await pay(3_500_000);
    const waiting = await read(id);
    expect(waiting).toMatchObject({
      status: "awaiting-approval",
      approval: { needed: 1 },
      approvals: [],
      signed: null,
    });
    const request = (await listApprovals(friend.actor)).data.find((one) => one.id === id);
    expect(waiting.approval?.hash).toBe(request?.toSign?.hash);
    expect(waiting.operation?.hash).toBe(request?.userOperationHash);
    await approveAction(friend.actor, { id, signature: friend.approve(request?.toSign?.hash ?? "") });
    await followUntilQuiet();
    const done = await read(id);
    expect(done).toMatchObject({
      status: "succeeded",
      approvals: [{ name: "Wallet test" }],
      approval: { until: null },
    });
    expect(done.judged?.at && done.judged.at < (done.approvals[0]?.at ?? "")).toBe(true);
    expect(done.signed?.at && done.signed.at >= (done.approvals[0]?.at ?? "")).toBe(true);
  });

  it("of one that fails on the chain: the contract's reason, and no money moved", async () => {
    const [first, second] = [await pay(2_200_000), await pay(2_100_000)];
    await followUntilQuiet();
    expect((await read(first.id)).status).toBe("succeeded");
    const action = await read(second.id);
    expect(action).toMatchObject({ status: "failed", outcome: { movements: [], events: [{ name: "Sponsored" }] } });
    expect(action.error).toMatch(/^ERC20InsufficientBalance\(/);
    expect(action.transaction?.blockNumber).toMatch(/^\d+$/);
  });

  it("is shown without what was not recorded", async () => {
    const { id } = await pay(100_000);
    await followUntilQuiet();
    await pool.query(
      "UPDATE agent_activity SET asked_by = NULL, judged = NULL, breakers = NULL, signed = NULL WHERE id = $1",
      [id],
    );
    await pool.query("UPDATE user_operation SET block_number = NULL, mined_at = NULL, payer = NULL WHERE ref_id = $1", [
      id,
    ]);
    expect(await read(id)).toMatchObject({
      status: "succeeded",
      askedBy: null,
      judged: null,
      breakers: null,
      signed: null,
      outcome: null,
      transaction: { blockNumber: null, payer: null, isSponsored: false },
    });
  });

  it("is nobody else's to see", async () => {
    const { id } = (await listActivity(owner.actor, { id: agentId, limit: 1 })).data[0] ?? { id: "" };
    const code = await getAction(friend.actor, { id: agentId, actionId: id }).catch((error: DomainError) => error.code);
    expect(code).toBe("NOT_FOUND");
  });
});

describe("what an agent did", () => {
  it("is listed by status and kind, by pages", async () => {
    const all = (await listActivity(owner.actor, { id: agentId, limit: 100 })).data;
    const refusals = all.filter(({ status }) => status === "refused").map(({ id }) => id);
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listActivity(owner.actor, { id: agentId, limit: 1, status: "refused", cursor });
      listed.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(listed).toEqual(refusals);
    expect((await listActivity(owner.actor, { id: agentId, limit: 100, kind: "deposit" })).data).toEqual([]);
    expect((await listActivity(owner.actor, { id: agentId, limit: 100, kind: "payment" })).data).toHaveLength(
      all.length,
    );
  });
});
