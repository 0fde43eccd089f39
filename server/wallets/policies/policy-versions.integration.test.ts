import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { previewPolicy } from "#server/agents/preview-policy.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { pool } from "#server/db.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { payAsAgent } from "../act-as-agent.ts";
import { confirmAgent, createAgent } from "../create-agent.ts";
import { tokenBalance } from "../get-account.ts";
import { getAgent } from "../get-agents.ts";
import { fundAgent } from "../pause-agent.ts";
import { createPerson, depositFor, followUntilQuiet, type Person } from "../testing/wallet-world.ts";
import { submitOperation } from "../user-operations.ts";
import { adoptPolicy, listPolicies, preparePolicy, proposePolicy, withdrawPolicy } from "./policy-versions.ts";

const address = () => privateKeyToAccount(generatePrivateKey()).address;
const [first, second] = [address(), address()];
const validUntil = new Date(Date.now() + 86_400_000).toISOString();
const policyOf = (change: Partial<PolicyInput> = {}): PolicyInput => ({
  perTransactionCap: "1000000",
  windowCap: "3000000",
  windowSeconds: 3600,
  validUntil,
  rules: [{ kind: "pay", recipient: first }],
  ...change,
});
let owner: Person;
let id: string;

const pay = (recipient: string, units: string) => payAsAgent(owner.actor, { id, recipient, units });
/** What the worker's job does once the chain has the owner's grant. */
const follow = async () => {
  await followUntilQuiet();
  await adoptPolicy({ agentId: id });
};
async function sign(number: number): Promise<void> {
  const { operation } = await preparePolicy(owner.actor, { id, number });
  await submitOperation(owner.actor, { id: operation.id, signature: owner.approve(operation.hash) });
  await follow();
}
const statuses = async () =>
  (await listPolicies(owner.actor, { id })).data.map(({ number, status }) => [number, status]);
const passTimelock = (number: number) =>
  pool.query("UPDATE agent_policy_version SET effective_at = now() WHERE agent_id = $1 AND number = $2", [id, number]);

beforeAll(async () => {
  owner = await createPerson();
  await depositFor(userAccount(owner.actor.userId), 20_000_000n);
  await followUntilQuiet();
  const created = await createAgent(owner.actor, { name: "Changing", policy: policyOf() });
  id = created.agent.id;
  await confirmAgent(owner.actor, { id, signature: owner.approve(created.operation.hash) });
  await follow();
  await fundAgent(owner.actor, { id, units: "8000000" });
  await followUntilQuiet();
  await pay(first, "900000");
  await expect(pay(second, "100000")).rejects.toMatchObject({ code: "POLICY_DENIED" });
  await followUntilQuiet();
}, 60_000);
afterAll(() => pool.end());

describe("changing a policy", () => {
  it("is shown before, with what it would have changed of the last thirty days", async () => {
    const narrower = await previewPolicy(owner.actor, { id, policy: policyOf({ perTransactionCap: "500000" }) });
    expect(narrower).toMatchObject({ isNarrower: true, waitSeconds: 0 });
    expect(narrower.changes).toMatchObject([{ what: "cap" }]);
    expect(narrower.dryRun).toMatchObject({ tried: 2, stillDenied: 1 });
    expect(narrower.dryRun.changes).toMatchObject([{ wasDone: true, rule: "per-transaction-cap" }]);
    const rules = [...policyOf().rules, { kind: "pay" as const, recipient: second }];
    const wider = await previewPolicy(owner.actor, { id, policy: policyOf({ rules }) });
    expect(wider.isNarrower).toBe(false);
    expect(wider.waitSeconds).toBeGreaterThan(0);
    expect(wider.changes).toEqual([{ what: "rule", before: null, after: expect.stringContaining("allow 0xa9059cbb") }]);
    expect(wider.dryRun.changes).toMatchObject([{ wasDone: false, rule: null }]);
    expect(await statuses()).toEqual([[1, "active"]]);
  });

  it("narrower holds at once, before the chain has heard of it, and is not undone by what the chain still has", async () => {
    const version = await proposePolicy(owner.actor, { id, policy: policyOf({ perTransactionCap: "500000" }) });
    expect(version).toMatchObject({ number: 2, isNarrower: true, status: "waiting-owner" });
    await expect(pay(first, "500001")).rejects.toMatchObject({ code: "POLICY_DENIED" });
    await expect(signerClient.adoptAgentPolicy({ agentId: id })).rejects.toMatchObject({
      code: "POLICY_WIDENING_REFUSED",
    });
    await expect(pay(first, "500001")).rejects.toMatchObject({ code: "POLICY_DENIED" });
    await sign(2);
    expect(await statuses()).toEqual([
      [2, "active"],
      [1, "replaced"],
    ]);
    await pay(first, "500000");
    await followUntilQuiet();
    expect(await tokenBalance(first)).toBe(1_400_000n);
  });

  it("wider waits for its time and for its owner, and holds when the chain has it", async () => {
    const rules = [...policyOf().rules, { kind: "pay" as const, recipient: second }];
    const wanted = policyOf({ rules });
    const staged = await proposePolicy(owner.actor, { id, policy: wanted });
    expect(staged).toMatchObject({ number: 3, isNarrower: false, status: "staged" });
    await expect(preparePolicy(owner.actor, { id, number: 3 })).rejects.toMatchObject({ code: "POLICY_STAGED" });
    await expect(pay(second, "100000")).rejects.toMatchObject({ code: "POLICY_DENIED" });
    await passTimelock(3);
    // Time alone changes nothing: the signer believes the chain, and nobody has signed.
    await adoptPolicy({ agentId: id });
    await expect(pay(second, "100000")).rejects.toMatchObject({ code: "POLICY_DENIED" });
    await sign(3);
    expect((await statuses())[0]).toEqual([3, "active"]);
    await pay(second, "100000");
    await followUntilQuiet();
    expect(await tokenBalance(second)).toBe(100_000n);
    expect((await getAgent(owner.actor, { id })).policy.rules).toHaveLength(2);
    // What was spent still counts under the new policy.
    expect((await getAgent(owner.actor, { id })).spentInWindow.units).toBe("1500000");
  });

  it("is withdrawn as long as the chain does not have it, one at a time, and never the same again", async () => {
    const policy = policyOf({ windowCap: "9000000" });
    await expect(
      proposePolicy(owner.actor, {
        id,
        policy: policyOf({ rules: [...policyOf().rules, { kind: "pay", recipient: second }] }),
      }),
    ).rejects.toMatchObject({
      code: "POLICY_UNCHANGED",
    });
    const staged = await proposePolicy(owner.actor, { id, policy });
    const next = await proposePolicy(owner.actor, { id, policy: policyOf({ windowCap: "8000000" }) });
    expect((await statuses()).slice(0, 2)).toEqual([
      [next.number, "staged"],
      [staged.number, "withdrawn"],
    ]);
    expect(await withdrawPolicy(owner.actor, { id, number: next.number })).toMatchObject({ status: "withdrawn" });
    await passTimelock(next.number);
    await expect(preparePolicy(owner.actor, { id, number: next.number })).rejects.toMatchObject({
      code: "OPERATION_CLOSED",
    });
    const stranger = await createPerson();
    await expect(listPolicies(stranger.actor, { id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(proposePolicy(stranger.actor, { id, policy })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
