import type { Address, Hex } from "viem";
import { createTestClient, http, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { encodeFunctionData } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gasSponsorAbi, testUsdAbi } from "#core/generated/abis.ts";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import type { PackedUserOperation } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { payAsAgent } from "./act-as-agent.ts";
import { confirmAgent, createAgent } from "./create-agent.ts";
import { operationFromJson } from "./operation-rows.ts";
import { fundAgent } from "./pause-agent.ts";
import { findBrokenRules } from "./testing/validation-rules.ts";
import { readEntities, traceValidation } from "./testing/validation-trace.ts";
import { createPerson, depositFor, followUntilQuiet, knowAddress, mined, outsider } from "./testing/wallet-world.ts";
import { prepareOperation, submitOperation } from "./user-operations.ts";

const { contracts, operator } = loadDeployment();
const wallet = privateKeyToAccount(generatePrivateKey());
const shop = privateKeyToAccount(generatePrivateKey()).address;
/** Of every kind of rule and limit that there is. */
const policy: PolicyInput = {
  perTransactionCap: "1000000",
  windowCap: "6000000",
  windowSeconds: 3_600,
  validUntil: new Date(Date.now() + 86_400_000).toISOString(),
  gasPerWindow: "100000000000000000",
  caps: [{ token: "0x0000000000000000000000000000000000000000", perTransaction: "1000", perWindow: "5000" }],
  guards: { hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: "00:00", to: "23:59", timeZone: "UTC" }] },
  rules: [
    {
      kind: "function",
      effect: "deny",
      target: contracts.TestUSD,
      function: "transfer(address to, uint256 amount)",
      where: [{ argument: "to", is: wallet.address }],
    },
    { kind: "pay", recipient: shop },
    { kind: "deposit" },
    { kind: "ether", recipient: shop, valueMax: "1000" },
  ],
};

const signedOperation = async (id: string | null): Promise<PackedUserOperation> =>
  operationFromJson((await db.userOperation.findUniqueOrThrow({ where: { id: id ?? "" } })).operation);

async function brokenBy(operation: PackedUserOperation): Promise<string[]> {
  const [trace, entities] = await Promise.all([traceValidation(operation, operator), readEntities(operation)]);
  expect(trace.phases).toHaveLength(operation.initCode === "0x" ? 2 : 3);
  return findBrokenRules(trace, entities);
}

/** An operation of a person's own account: it gives somebody leave over a dollar. */
async function ownOperation(person: Awaited<ReturnType<typeof createPerson>>, sign: (hash: Hex) => unknown) {
  const data = encodeFunctionData({ abi: testUsdAbi, functionName: "approve", args: [shop, 1_000_000n] });
  const prepared = await prepareOperation(person.actor, { calls: [{ target: contracts.TestUSD, data }] });
  const signature = (await sign(prepared.hash as Hex)) as ReturnType<typeof person.approve>;
  await submitOperation(person.actor, { id: prepared.id, signature });
  return signedOperation(prepared.id);
}

afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("ERC-7562 holds while our contracts validate", () => {
  it("an account's deployment and operation by its owner's passkey", async () => {
    const person = await createPerson();
    expect(await brokenBy(await ownOperation(person, person.approve))).toEqual([]);
    await followUntilQuiet();
    expect(await brokenBy(await ownOperation(person, person.approve))).toEqual([]);
    await followUntilQuiet();
  });

  it("an account's deployment and operation by its owner's wallet", async () => {
    const person = await createPerson({ wallet: wallet.address });
    const sign = async (hash: Hex) => ({ kind: "wallet", signature: await wallet.sign({ hash }) });
    expect(await brokenBy(await ownOperation(person, sign))).toEqual([]);
    await followUntilQuiet();
    expect(await brokenBy(await ownOperation(person, sign))).toEqual([]);
    await followUntilQuiet();
  });

  describe("an agent under a full policy", () => {
    let payment: PackedUserOperation;

    beforeAll(async () => {
      const owner = await createPerson();
      await depositFor(userAccount(owner.actor.userId), 20_000_000n);
      await followUntilQuiet();
      const { agent, operation } = await createAgent(owner.actor, { name: "Checked", policy });
      await confirmAgent(owner.actor, { id: agent.id, signature: owner.approve(operation.hash) });
      expect(await brokenBy(await signedOperation(operation.id))).toEqual([]);
      await followUntilQuiet();
      await knowAddress(owner, agent.account);
      await fundAgent(owner.actor, { id: agent.id, units: "8000000" });
      await followUntilQuiet();
      const started = await payAsAgent(owner.actor, { id: agent.id, recipient: shop, units: "300000" });
      payment = await signedOperation(started.operationId);
    });

    it("its payment", async () => {
      expect(await brokenBy(payment)).toEqual([]);
    });

    it("takes little of the gas that is offered for its validation", async () => {
      const { phases } = await traceValidation(payment, operator);
      const [byAccount, bySponsor] = phases.map(({ gasUsed }) => gasUsed);
      expect(byAccount).toBeLessThan(40_000);
      expect(bySponsor).toBeLessThan(150_000);
    });

    it("is refused by other bundlers as soon as the sponsor has no stake", async () => {
      await unlockStake();
      const broken = await brokenBy(payment);
      expect(broken.length).toBeGreaterThan(0);
      expect(broken.every((rule) => rule.startsWith("STO-031: the paymaster"))).toBe(true);
    });
  });
});

async function unlockStake(): Promise<void> {
  const chain = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL) });
  const sponsor = { address: contracts.GasSponsor, abi: gasSponsorAbi } as const;
  const sponsorOwner: Address = await outsider.readContract({ ...sponsor, functionName: "owner" });
  await chain.setBalance({ address: sponsorOwner, value: parseEther("1") });
  await mined(
    await outsider.writeContract({ ...sponsor, account: sponsorOwner, chain: null, functionName: "unlockStake" }),
  );
}
