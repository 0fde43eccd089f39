import { type Hex, parseAbi, zeroAddress, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { encodeFunctionData } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DomainError } from "#core/errors.ts";
import { inferenceRegistryAbi, testUsdAbi } from "#core/generated/abis.ts";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { inferenceIdOf, registryModelIdOf } from "#core/zk/inference-request.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { pool } from "#server/db.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { callAsAgent, depositAsAgent, getPayment, payAsAgent, simulateAsAgent } from "./act-as-agent.ts";
import { confirmAgent, createAgent } from "./create-agent.ts";
import { getAccount, tokenBalance } from "./get-account.ts";
import { getAgent, listActivity } from "./get-agents.ts";
import { fundAgent, pauseAgent, resumeAgent, syncAgentPause } from "./pause-agent.ts";
import { requestWithdrawal } from "./request-withdrawal.ts";
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
import { getOperation, prepareOperation, submitOperation } from "./user-operations.ts";
import { getWithdrawal } from "./withdrawal-rows.ts";

const address = () => privateKeyToAccount(generatePrivateKey()).address;
const refusal = async (work: Promise<unknown>): Promise<DomainError> => {
  const result = await work.then(
    () => null,
    (error: DomainError) => error,
  );
  if (!result) throw new Error("Nothing was refused.");
  return result;
};

let owner: Person;
let agentId: string;
let account: Hex;
let modelId: Hex;
const payee = address();
const gated = address();

/** A verifier that accepts everything: what is tested here is the account's demand for a proof, not the proof. */
async function registerOpenModel(): Promise<Hex> {
  const from = { account: await outsideAccount(), chain: null };
  const deployed = await outsider.waitForTransactionReceipt({
    // Constructor: returns the ten bytes behind it. Runtime: answers 1 to every call.
    hash: await outsider.sendTransaction({ ...from, data: "0x600a600c600039600a6000f3600160005260206000f3" }),
  });
  const registry = { address: loadDeployment().contracts.InferenceRegistry, abi: inferenceRegistryAbi } as const;
  const verifier = deployed.contractAddress ?? "0x";
  const terms = { verifier, architectureHash: zeroHash, outputCount: 1, isSigned: false, name: "open" };
  const weights = { commitment: zeroHash, accuracyFloat: 0, accuracyInteger: 0 };
  await mined(
    await outsider.writeContract({ ...from, ...registry, functionName: "registerModel", args: [terms, weights] }),
  );
  const { chainId, contracts } = loadDeployment();
  return registryModelIdOf({ chainId, address: contracts.InferenceRegistry }, { owner: from.account, ...terms });
}

async function recordInference(output: bigint, nonce: bigint): Promise<Hex> {
  const from = { account: await outsideAccount(), chain: null };
  const requests = [{ requester: account, consumer: zeroAddress }];
  const batch = { modelId, version: 1, nonce, deadline: 2n ** 40n, requests, inputHash: zeroHash, outputs: [output] };
  await mined(
    await outsider.writeContract({
      ...from,
      address: loadDeployment().contracts.InferenceRegistry,
      abi: inferenceRegistryAbi,
      functionName: "recordInference",
      args: [batch, "0x"],
    }),
  );
  return inferenceIdOf({ modelId, requester: account, nonce });
}

const pay = (units: bigint, to = payee, inferenceId?: Hex) =>
  payAsAgent(owner.actor, { id: agentId, recipient: to, units: units.toString(), inferenceId });

beforeAll(async () => {
  owner = await createPerson();
  modelId = await registerOpenModel();
  await depositFor(userAccount(owner.actor.userId), 20_000_000n);
  await followUntilQuiet();
  const policy: PolicyInput = {
    perTransactionCap: "1000000",
    windowCap: "6000000",
    windowSeconds: 3600,
    validUntil: new Date(Date.now() + 86_400_000).toISOString(),
    rules: [
      { kind: "pay", recipient: payee },
      { kind: "deposit" },
      { kind: "pay", recipient: gated, proof: { modelId, outputMin: "100", maxAgeSeconds: 3600 } },
    ],
  };
  const created = await createAgent(owner.actor, { name: "Tester", policy });
  agentId = created.agent.id;
  account = created.agent.account as Hex;
  const early = await refusal(pay(1n));
  expect(early.code).toBe("AGENT_NOT_READY");
  await confirmAgent(owner.actor, { id: agentId, signature: owner.approve(created.operation.hash) });
  await followUntilQuiet();
});
afterAll(() => pool.end());

describe("an agent on the chain", () => {
  it("becomes active by its owner's passkey, without gas of its own", async () => {
    const agent = await getAgent(owner.actor, { id: agentId });
    expect(agent).toMatchObject({ status: "active", accountBalance: { units: "0" }, spentInWindow: { units: "0" } });
    expect(agent.grantHash).toMatch(/^0x/);
  });

  it("is funded from the owner's balance, paid by the Vault once", async () => {
    await fundAgent(owner.actor, { id: agentId, units: "8000000", key: "fund-1" });
    await fundAgent(owner.actor, { id: agentId, units: "8000000", key: "fund-1" });
    expect((await getBalance(userAccount(owner.actor.userId))).available).toBe(12_000_000n);
    await followUntilQuiet();
    expect(await tokenBalance(account)).toBe(8_000_000n);
    expect(await getBalance(userAccount(owner.actor.userId))).toMatchObject({ posted: 12_000_000n, reserved: 0n });
  });

  it("pays what its policy allows", async () => {
    const started = await pay(900_000n);
    expect(started.status).toBe("submitted");
    await followUntilQuiet();
    const done = await getPayment(owner.actor, { id: agentId, paymentId: started.id });
    expect(done).toMatchObject({ status: "succeeded", amount: { units: "900000" } });
    expect(Number(done.gasUsed)).toBeGreaterThan(0);
    expect(await tokenBalance(payee)).toBe(900_000n);
  });

  it("is refused over its cap by the signer, and by the contract when asked around the signer", async () => {
    const bySigner = await refusal(pay(1_000_001n));
    expect(bySigner.code).toBe("POLICY_DENIED");
    expect(bySigner.details).toMatchObject({ rule: "per-transaction-cap", refusedBy: "signer" });
    const payment = { recipient: payee, units: "1000001" };
    expect(await simulateAsAgent(owner.actor, { id: agentId, payment })).toEqual({
      allowed: false,
      error: "AgentAccount_OverTransactionCap",
      args: [loadDeployment().contracts.TestUSD, "1000001", "1000000"],
      gas: null,
    });
    const { data } = await listActivity(owner.actor, { id: agentId, limit: 5 });
    expect(data[0]).toMatchObject({ status: "refused", refusal: { refusedBy: "signer", rule: "per-transaction-cap" } });
  });

  it("is refused strangers and other functions by both", async () => {
    const stranger = address();
    expect((await refusal(pay(1n, stranger))).details).toMatchObject({ rule: "not-allowed" });
    const simulated = await simulateAsAgent(owner.actor, { id: agentId, payment: { recipient: stranger, units: "1" } });
    expect(simulated.error).toBe("AgentAccount_CallNotAllowed");
    const abi = parseAbi(["function increaseAllowance(address spender, uint256 amount)"]);
    const data = encodeFunctionData({ abi, functionName: "increaseAllowance", args: [stranger, 1n] });
    const calls = [{ target: loadDeployment().contracts.TestUSD, data }];
    expect((await refusal(callAsAgent(owner.actor, { id: agentId, calls }))).code).toBe("POLICY_DENIED");
  });

  it("fills its own ledger balance, and no other", async () => {
    await depositAsAgent(owner.actor, { id: agentId, units: "500000" });
    await followUntilQuiet();
    expect((await getBalance(agentAccount(agentId))).available).toBe(500_000n);
  });

  it("opens a gated payment with a fresh proof, once", async () => {
    expect((await refusal(pay(100n, gated))).details).toMatchObject({ rule: "proof-required" });
    const low = await recordInference(99n, 1n);
    expect((await refusal(pay(100n, gated, low))).details).toMatchObject({ error: "InferenceRegistry_OutputRefused" });
    const good = await recordInference(100n, 2n);
    const opened = await pay(100n, gated, good);
    await followUntilQuiet();
    expect((await getPayment(owner.actor, { id: agentId, paymentId: opened.id })).status).toBe("succeeded");
    expect(await tokenBalance(gated)).toBe(100n);
    expect((await refusal(pay(100n, gated, good))).details).toMatchObject({
      error: "InferenceRegistry_AlreadyConsumed",
    });
  });

  it("pays in parallel lanes, and never more than the window however many ask", async () => {
    const before = await tokenBalance(payee);
    const { leftInWindow } = await getAgent(owner.actor, { id: agentId });
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => pay(800_000n)));
    await followUntilQuiet();
    const paid = (await tokenBalance(payee)) - before;
    const fits = BigInt(leftInWindow.units) / 800_000n;
    expect(paid).toBe(fits * 800_000n);
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(Number(fits));
  });

  it("signs nothing once paused, and resumes by its owner alone", async () => {
    await pauseAgent(owner.actor, { id: agentId });
    expect((await refusal(pay(1n))).code).toBe("AGENT_PAUSED");
    await followUntilQuiet();
    const simulated = await simulateAsAgent(owner.actor, { id: agentId, payment: { recipient: payee, units: "1" } });
    expect(simulated.error).toBe("AgentAccount_Paused");
    const { operation } = await resumeAgent(owner.actor, { id: agentId });
    await submitOperation(owner.actor, { id: operation.id, signature: owner.approve(operation.hash) });
    await followUntilQuiet();
    await syncAgentPause({ agentId });
    expect((await pay(1n)).status).toBe("submitted");
    await followUntilQuiet();
  });

  it("does not exist for a stranger, and grants its own key nothing", async () => {
    const stranger = await createPerson();
    for (const work of [
      () => getAgent(stranger.actor, { id: agentId }),
      () => payAsAgent(stranger.actor, { id: agentId, recipient: payee, units: "1" }),
      () => pauseAgent(stranger.actor, { id: agentId }),
    ]) {
      expect((await refusal(work())).code).toBe("NOT_FOUND");
    }
    const ownKey = { ...owner.actor, via: "api_key" as const, agentId };
    expect((await refusal(fundAgent(ownKey, { id: agentId, units: "1" }))).code).toBe("FORBIDDEN");
    expect((await refusal(requestWithdrawal(ownKey, { to: payee, units: "1" }))).code).toBe("FORBIDDEN");
  });

  it("refuses a signature of another passkey and leaves the operation open", async () => {
    const stranger = await createPerson();
    const policy: PolicyInput = {
      perTransactionCap: "1",
      windowCap: "1",
      windowSeconds: 60,
      validUntil: new Date(Date.now() + 86_400_000).toISOString(),
      rules: [{ kind: "pay", recipient: payee }],
    };
    const { agent, operation } = await createAgent(owner.actor, { name: "Second", policy });
    const forged = await refusal(
      confirmAgent(owner.actor, { id: agent.id, signature: stranger.approve(operation.hash) }),
    );
    expect(forged.code).toBe("OPERATION_REVERTED");
    await confirmAgent(owner.actor, { id: agent.id, signature: owner.approve(operation.hash) });
    await followUntilQuiet();
    expect((await getAgent(owner.actor, { id: agent.id })).status).toBe("active");
  });
});

describe("a person's own account", () => {
  it("is owned by a wallet that signs typed data, and the sponsor pays for it", async () => {
    const key = privateKeyToAccount(generatePrivateKey());
    const { actor } = await createPerson({ wallet: key.address });
    const empty = await getAccount(actor);
    expect(empty.account).toMatchObject({
      isDeployed: false,
      owner: { kind: "wallet", address: key.address },
      balance: { units: "0" },
    });
    await depositFor(userAccount(actor.userId), 3_000_000n);
    await followUntilQuiet();
    await requestWithdrawal(actor, { to: empty.account?.address ?? "", units: "3000000" });
    await followUntilQuiet();

    const data = encodeFunctionData({ abi: testUsdAbi, functionName: "transfer", args: [payee, 1_000_000n] });
    const prepared = await prepareOperation(actor, { calls: [{ target: loadDeployment().contracts.TestUSD, data }] });
    const { domain, types, primaryType, message } = prepared.typedData;
    const signature = await key.signTypedData({
      domain: { ...domain, verifyingContract: domain.verifyingContract as Hex },
      types,
      primaryType,
      message,
    });
    await submitOperation(actor, { id: prepared.id, signature: { kind: "wallet", signature } });
    await followUntilQuiet();
    const done = await getOperation(actor, { id: prepared.id });
    expect(done).toMatchObject({ status: "succeeded", error: null });
    expect((await getAccount(actor)).account).toMatchObject({ isDeployed: true, balance: { units: "2000000" } });
    expect(
      (await refusal(submitOperation(actor, { id: "uop_unknown", signature: { kind: "wallet", signature } }))).code,
    ).toBe("NOT_FOUND");
  });

  it("gets its money back when the Vault will not pay", async () => {
    const person = await createPerson();
    const { actor } = person;
    await knowAddress(person, payee);
    await depositFor(userAccount(actor.userId), 2_000_000_000_000n);
    await followUntilQuiet();
    // More than the Vault pays out in a day.
    const none = 2n ** 62n;
    const { id } = await requestWithdrawal(
      actor,
      { to: payee, units: "1500000000000" },
      { delayAbove: none, delayMs: 0, approvalAbove: none, approvalMs: 0 },
    );
    for (let round = 0; round < 6; round++) {
      await pool.query("UPDATE chain_transaction SET not_before = now() WHERE status = 'queued'");
      await followUntilQuiet();
    }
    expect(await getWithdrawal(actor, { id })).toMatchObject({
      status: "failed",
      error: expect.stringContaining("Vault_OverDailyCap"),
    });
    expect(await getBalance(userAccount(actor.userId))).toMatchObject({ available: 2_000_000_000_000n, reserved: 0n });
  });
});
