import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeTrader, type Trader } from "#server/agents/testing/trading-world.ts";
import { db, pool } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { depositAsAgent } from "./act-as-agent.ts";
import { listAllAgents, releaseAgent, signerHealth, stopOneAgent } from "./agent-admin.ts";
import { listBreakers, tripBreaker } from "./breakers.ts";
import { createPerson } from "./testing/wallet-world.ts";

let trader: Trader;
let admin: Actor;

beforeAll(async () => {
  trader = await makeTrader(2_000_000n);
  admin = { ...(await createPerson()).actor, roles: ["admin"] };
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

const deposit = () => depositAsAgent(trader.owner.actor, { id: trader.agentId, units: "1000" });
const tripped = async () => (await listAllAgents({ limit: 50, only: "tripped" })).data.map(({ id }) => id);

describe("the back office of agents", () => {
  it("stops one agent, says so to its owner and in the book of what admins did, and lets it go on", async () => {
    await stopOneAgent(admin, { id: trader.agentId, reason: "a complaint" });
    await expect(deposit()).rejects.toMatchObject({
      code: "BREAKER_TRIPPED",
      details: { reason: "by the platform: a complaint" },
    });
    expect(await tripped()).toEqual([trader.agentId]);
    const { events } = await listBreakers(trader.owner.actor, { id: trader.agentId });
    expect(events[0]).toMatchObject({ what: "tripped", reason: "by the platform: a complaint" });
    await releaseAgent(admin, { id: trader.agentId });
    expect((await deposit()).status).toBe("submitted");
    expect(await tripped()).toEqual([]);
    const actions = await db.adminAction.findMany({ where: { subject: trader.agentId }, orderBy: { id: "asc" } });
    expect(actions.map(({ action }) => action)).toEqual(["agent.stop", "agent.release"]);
  });

  it("lists what each did and was refused, by pages", async () => {
    const other = await makeTrader(1_000_000n);
    await tripBreaker(other.owner.actor, { id: other.agentId, reason: "testing" });
    await expect(depositAsAgent(other.owner.actor, { id: other.agentId, units: "1000" })).rejects.toMatchObject({
      code: "BREAKER_TRIPPED",
    });
    const first = await listAllAgents({ limit: 1, only: "all" });
    expect(first).toMatchObject({
      hasMore: true,
      data: [{ id: other.agentId, refusedToday: 1, tripped: [{ kind: "manual" }] }],
    });
    const rest = await listAllAgents({ limit: 1, only: "all", cursor: first.nextCursor ?? "" });
    expect(rest.data[0]?.id).toBe(trader.agentId);
  });

  it("says whether the signer answers", async () => {
    expect(await signerHealth()).toMatchObject({ isUp: true, walletsToRotate: expect.any(Number), agentKeys: 2 });
  });

  it("knows no agent that is not there", async () => {
    const id = "agt_01hzy3k4m5n6p7q8r9s0t1v2w3";
    await expect(stopOneAgent(admin, { id, reason: "nobody" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
