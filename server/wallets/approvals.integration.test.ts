import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { simulateMarket } from "#server/agents/market/simulate-market.ts";
import { previewPolicy } from "#server/agents/preview-policy.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db, pool } from "#server/db.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getPayment, payAsAgent } from "./act-as-agent.ts";
import { policyFromJson } from "./agent-policy.ts";
import { approveAction, listApprovals, rejectAction } from "./approvals.ts";
import { confirmAgent, createAgent } from "./create-agent.ts";
import { explainAction } from "./explain-action.ts";
import { tokenBalance } from "./get-account.ts";
import { getAgent } from "./get-agents.ts";
import { fundAgent } from "./pause-agent.ts";
import { agreeToPolicy } from "./policies/policy-agreements.ts";
import { adoptPolicy, preparePolicy, proposePolicy } from "./policies/policy-versions.ts";
import { prepareGrantOf } from "./prepare-grant.ts";
import { createPerson, depositFor, followUntilQuiet, knowAddress, type Person } from "./testing/wallet-world.ts";
import { submitOperation } from "./user-operations.ts";

const shop = privateKeyToAccount(generatePrivateKey()).address;
let owner: Person;
let first: Person;
let second: Person;
let stranger: Person;
let agentId: string;
let policy: PolicyInput;

beforeAll(async () => {
  await simulateMarket(() => 0);
  [owner, first, second, stranger] = await Promise.all([
    createPerson(),
    createPerson(),
    createPerson(),
    createPerson(),
  ]);
  await depositFor(userAccount(owner.actor.userId), 100_000_000n);
  await followUntilQuiet();
  policy = {
    perTransactionCap: "50000000",
    windowCap: "90000000",
    windowSeconds: 3_600,
    validUntil: new Date(Date.now() + 86_400_000).toISOString(),
    guards: {
      usd: { perTransaction: "40000000", perWindow: "80000000" },
      approvals: { over: "5000000", needed: 2, approvers: ["me", first.actor.userId, second.actor.userId] },
    },
    rules: [{ kind: "pay", recipient: shop }],
  };
  const { agent, operation } = await createAgent(owner.actor, { name: "Careful", policy });
  agentId = agent.id;
  await confirmAgent(owner.actor, { id: agentId, signature: owner.approve(operation.hash) });
  await followUntilQuiet();
  await knowAddress(owner, agent.account);
  await fundAgent(owner.actor, { id: agentId, units: "90000000" });
  await followUntilQuiet();
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

const pay = (units: number) => payAsAgent(owner.actor, { id: agentId, recipient: shop, units: String(units) });
const requestFor = async (person: Person, id: string) =>
  (await listApprovals(person.actor)).data.find((one) => one.id === id);

async function approve(person: Person, id: string): Promise<unknown> {
  const request = await requestFor(person, id);
  if (!request?.toSign) throw new Error("Nothing to sign.");
  return approveAction(person.actor, { id, signature: person.approve(request.toSign.hash) });
}

describe("what is worth more than a line", () => {
  it("is paid at once below the line", async () => {
    expect((await pay(5_000_000)).status).toBe("submitted");
    await followUntilQuiet();
    expect(await tokenBalance(shop)).toBe(5_000_000n);
  });

  it("is told before it is asked for", async () => {
    const planned = (units: string) => explainAction(owner.actor, { id: agentId, payment: { recipient: shop, units } });
    expect(await planned("6000000")).toMatchObject({ allowed: true, approvalsNeeded: 2 });
    expect(await planned("5000000")).toMatchObject({ allowed: true, approvalsNeeded: 0 });
  });

  it("waits for as many people as the policy says, who see the calls, the effects and the hash", async () => {
    const { id, status } = await pay(6_000_000);
    expect(status).toBe("awaiting-approval");
    const request = await requestFor(first, id);
    expect(request).toMatchObject({ needed: 2, approved: [], effects: [{ symbol: "USD", change: "-6000000" }] });
    expect(request?.calls).toHaveLength(1);
    expect(await requestFor(stranger, id)).toBeUndefined();

    await approve(first, id);
    await followUntilQuiet();
    expect(await tokenBalance(shop)).toBe(5_000_000n);
    expect((await requestFor(first, id))?.toSign).toBeNull();
    await approve(second, id);
    await followUntilQuiet();
    expect(await tokenBalance(shop)).toBe(11_000_000n);
    const paid = await getPayment(owner.actor, { id: agentId, paymentId: id });
    expect(paid).toMatchObject({ status: "succeeded", decision: null, approvals: [{}, {}] });
    expect((await listApprovals(first.actor)).data).toEqual([]);
  });

  it("is sent once when the last two sign at the same time", async () => {
    const before = await tokenBalance(shop);
    const { id } = await pay(6_000_009);
    const requests = await Promise.all([first, second, owner].map((person) => requestFor(person, id)));
    const results = await Promise.allSettled(
      [first, second, owner].map((person, n) =>
        approveAction(person.actor, { id, signature: person.approve(requests[n]?.toSign?.hash ?? "") }),
      ),
    );
    await followUntilQuiet();
    expect((await tokenBalance(shop)) - before).toBe(6_000_009n);
    expect(results.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(2);
    expect(requests[0]?.owner).toMatchObject({ id: owner.actor.userId, isYou: false });
  });

  it("one person's signature counts once, however often it comes (W10)", async () => {
    const { id } = await pay(6_000_001);
    const request = await requestFor(first, id);
    const signature = () => first.approve(request?.toSign?.hash ?? "");
    for (let i = 0; i < 3; i++) await approveAction(first.actor, { id, signature: signature() });
    expect((await requestFor(second, id))?.approved).toHaveLength(1);
    expect((await getPayment(owner.actor, { id: agentId, paymentId: id })).status).toBe("awaiting-approval");
    await rejectAction(second.actor, { id, reason: "not this one" });
  });

  it("a signature of something else counts for nothing at the signer", async () => {
    const { id } = await pay(6_000_002);
    await approve(first, id);
    const forged = approveAction(second.actor, { id, signature: second.approve(`0x${"11".repeat(32)}`) });
    await expect(forged).rejects.toMatchObject({
      code: "POLICY_DENIED",
      details: { rule: "approvals", value: "1 of 2" },
    });
    expect((await getPayment(owner.actor, { id: agentId, paymentId: id })).status).toBe("awaiting-approval");
    // The true one, later, is taken.
    const request = await requestFor(owner, id);
    await approveAction(owner.actor, { id, signature: owner.approve(request?.toSign?.hash ?? "") });
    await followUntilQuiet();
    expect((await getPayment(owner.actor, { id: agentId, paymentId: id })).status).toBe("succeeded");
  });

  it("is over when one says no, and nobody else may say anything", async () => {
    const { id } = await pay(6_000_003);
    await expect(rejectAction(stranger.actor, { id, reason: "because" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const approval = approveAction(stranger.actor, { id, signature: stranger.approve(`0x${"22".repeat(32)}`) });
    await expect(approval).rejects.toMatchObject({ code: "NOT_FOUND" });
    const { status, refusal } = await rejectAction(first.actor, { id, reason: "too much" });
    expect({ status, refusal }).toMatchObject({
      status: "refused",
      refusal: { refusedBy: "approver", rule: "rejected", value: "too much" },
    });
  });
});

describe("guards", () => {
  it("hold what everything together is worth", async () => {
    await expect(pay(41_000_000)).rejects.toMatchObject({ details: { rule: "usd-per-transaction" } });
  });

  it("are tried on the past: what waited waits still, and what was rejected was people's to decide", async () => {
    const id = agentId;
    const { dryRun } = await previewPolicy(owner.actor, { id, policy });
    expect(dryRun).toMatchObject({ changes: [], untried: { actions: 0, guards: [] }, leftOut: 0 });
    expect(dryRun.stillWaiting).toBeGreaterThan(0);
    const { approvals: _, ...unasked } = policy.guards ?? {};
    const free = await previewPolicy(owner.actor, { id, policy: { ...policy, guards: unasked } });
    expect(free.dryRun.changes).toHaveLength(dryRun.stillWaiting);
    expect(free.dryRun.changes.every(({ waited, would }) => waited && would === "allowed")).toBe(true);
  });

  it("cannot be taken away by whoever has the web process: that is wider, and waits for the owner", async () => {
    const { guards: _, ...bare } = policy;
    expect((await previewPolicy(owner.actor, { id: agentId, policy: bare })).isNarrower).toBe(false);
    expect((await proposePolicy(owner.actor, { id: agentId, policy: bare })).status).toBe("staged");
    expect((await pay(6_000_004)).status).toBe("awaiting-approval");
  });

  it("can be made tighter at once", async () => {
    const tighter = {
      ...policy,
      guards: { ...policy.guards, usd: { perTransaction: "1000000", perWindow: "80000000" } },
    };
    expect((await proposePolicy(owner.actor, { id: agentId, policy: tighter })).isNarrower).toBe(true);
    await expect(pay(1_000_001)).rejects.toMatchObject({ details: { rule: "usd-per-transaction" } });
  });

  it("name nobody as an approver who cannot sign", async () => {
    const nobody = { over: "1", needed: 1, approvers: ["usr_01hzy3k4m5n6p7q8r9s0t1v2w3"] };
    await expect(
      createAgent(owner.actor, { name: "x", policy: { ...policy, guards: { approvals: nobody } } }),
    ).rejects.toMatchObject({ code: "POLICY_INVALID" });
  });
});

describe("a policy that wants others than its owner", () => {
  const limits = (windowCap: string): PolicyInput => ({
    perTransactionCap: "1000000",
    windowCap,
    windowSeconds: 3_600,
    validUntil: new Date(Date.now() + 86_400_000).toISOString(),
    guards: { changes: { over: "5000000", needed: 1, approvers: [first.actor.userId, second.actor.userId] } },
    rules: [{ kind: "pay", recipient: shop }],
  });
  const capOf = async (id: string) => (await getAgent(owner.actor, { id })).policy.windowCap.units;
  /** What the worker does when the chain has a policy. */
  const follow = async (id: string) => {
    await followUntilQuiet();
    await adoptPolicy({ agentId: id });
  };

  async function guarded(): Promise<string> {
    const { agent, operation } = await createAgent(owner.actor, { name: "Guarded", policy: limits("2000000") });
    await confirmAgent(owner.actor, { id: agent.id, signature: owner.approve(operation.hash) });
    await follow(agent.id);
    return agent.id;
  }

  it("is its owner's alone up to the line", async () => {
    const id = await guarded();
    const { number, others } = await proposePolicy(owner.actor, { id, policy: limits("5000000") });
    expect(others.needed).toBe(0);
    await pool.query("UPDATE agent_policy_version SET effective_at = now() WHERE agent_id = $1", [id]);
    const { operation } = await preparePolicy(owner.actor, { id, number });
    await submitOperation(owner.actor, { id: operation.id, signature: owner.approve(operation.hash) });
    await follow(id);
    expect(await capOf(id)).toBe("5000000");
  });

  it("waits above it, at the door and at the signer, until another agreed to exactly this one", async () => {
    const id = await guarded();
    const { number, others } = await proposePolicy(owner.actor, { id, policy: limits("5000001") });
    expect(others).toEqual({ needed: 1, agreed: [] });
    await pool.query("UPDATE agent_policy_version SET effective_at = now() WHERE agent_id = $1", [id]);
    await expect(preparePolicy(owner.actor, { id, number })).rejects.toMatchObject({ code: "POLICY_NEEDS_OTHERS" });
    // The owner puts it on the chain past the door: the signer goes on with the policy of before.
    const version = await db.agentPolicyVersion.findUniqueOrThrow({
      where: { agentId_number: { agentId: id, number } },
    });
    const agent = await db.agent.findUniqueOrThrow({ where: { id } });
    const granted = await prepareGrantOf(agent, policyFromJson(version.policy));
    await submitOperation(owner.actor, { id: granted.id, signature: owner.approve(granted.hash) });
    await follow(id);
    expect(await capOf(id)).toBe("2000000");
    await expect(signerClient.adoptAgentPolicy({ agentId: id })).rejects.toMatchObject({ code: "SIGNER_REFUSED" });

    const request = (await listApprovals(first.actor)).policies.find(({ agent: { id: agentId } }) => agentId === id);
    expect(request).toMatchObject({ number, needed: 1, agreed: [], owner: { isYou: false } });
    expect(request?.changes.some(({ what }) => what === "cap")).toBe(true);
    expect((await listApprovals(stranger.actor)).policies).toEqual([]);
    const sign = (person: Person, hash: string) =>
      agreeToPolicy(person.actor, { id, number, signature: person.approve(hash) });
    await expect(sign(stranger, request?.toSign?.hash ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await sign(second, `0x${"33".repeat(32)}`);
    await adoptPolicy({ agentId: id });
    expect(await capOf(id)).toBe("2000000");
    expect(await sign(first, request?.toSign?.hash ?? "")).toMatchObject({ needed: 1 });
    await adoptPolicy({ agentId: id });
    expect(await capOf(id)).toBe("5000001");
  });

  it("wants others to be asked less, too", async () => {
    const id = await guarded();
    const { guards: _, ...bare } = limits("2000000");
    const { others } = await proposePolicy(owner.actor, { id, policy: bare });
    expect(others.needed).toBe(1);
  });
});
