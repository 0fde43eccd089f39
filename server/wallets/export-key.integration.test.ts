import { privateKeyToAddress } from "viem/accounts";
import { toHex } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXPORT_PURPOSE } from "#core/key-export.ts";
import { makeRecipient } from "#core/sealed-key.ts";
import { makeTrader, type Trader } from "#server/agents/testing/trading-world.ts";
import { db, pool } from "#server/db.ts";
import { exportKey, prepareExport } from "./export-key.ts";
import { getAgent } from "./get-agents.ts";
import { createPerson } from "./testing/wallet-world.ts";

let trader: Trader;
beforeAll(async () => {
  trader = await makeTrader(1_000_000n);
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("an agent's key", () => {
  it("is its owner's to take, sealed to a key of the page, and the agent says since when it is out", async () => {
    const { owner, agentId: id } = trader;
    const { recipient, open } = await makeRecipient(EXPORT_PURPOSE);
    const { hash, expiresAt } = await prepareExport(owner.actor, { id, recipient });
    const sealed = await exportKey(owner.actor, { id, recipient, expiresAt, signature: owner.approve(hash) });
    const agent = await getAgent(owner.actor, { id });
    const secret = toHex(await open(sealed));
    expect(privateKeyToAddress(secret)).toBe(agent.key);
    expect(JSON.stringify(sealed)).not.toContain(secret.slice(2));
    expect(agent.exportedAt).not.toBeNull();
    // Another page does not open it.
    const other = await makeRecipient(EXPORT_PURPOSE);
    await expect(other.open(sealed)).rejects.toThrow();
  });

  it("is given for the owner's signature alone: for this key, this recipient, in time", async () => {
    const { owner, agentId: id } = trader;
    const [mine, thieves] = [await makeRecipient(EXPORT_PURPOSE), await makeRecipient(EXPORT_PURPOSE)];
    const { hash, expiresAt } = await prepareExport(owner.actor, { id, recipient: mine.recipient });
    const signature = owner.approve(hash);
    const take = (change: object) =>
      exportKey(owner.actor, { id, recipient: mine.recipient, expiresAt, signature, ...change });
    await expect(take({ recipient: thieves.recipient })).rejects.toMatchObject({ code: "SIGNATURE_INVALID" });
    await expect(take({ expiresAt: expiresAt - 1 })).rejects.toMatchObject({ code: "SIGNATURE_INVALID" });
    await expect(take({ expiresAt: expiresAt + 3_600 })).rejects.toMatchObject({ code: "OPERATION_CLOSED" });
    const stranger = await createPerson();
    await expect(take({ signature: stranger.approve(hash) })).rejects.toMatchObject({ code: "SIGNATURE_INVALID" });
    await expect(
      exportKey(stranger.actor, { id, recipient: mine.recipient, expiresAt, signature }),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
