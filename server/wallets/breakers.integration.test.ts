import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signerClient } from "#server/chain/signer-client.ts";
import { pool } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { payAsAgent } from "./act-as-agent.ts";
import { armBreaker, listBreakers, rearmBreakers, setBreaker, tripBreaker } from "./breakers.ts";
import { confirmAgent, createAgent } from "./create-agent.ts";
import { tokenBalance } from "./get-account.ts";
import { listActivity } from "./get-agents.ts";
import { fundAgent } from "./pause-agent.ts";
import { createPerson, depositFor, followUntilQuiet, type Person } from "./testing/wallet-world.ts";

const address = () => privateKeyToAccount(generatePrivateKey()).address;
const [known, unknown] = [address(), address()];
let owner: Person;

async function newAgent(): Promise<string> {
  const { agent, operation } = await createAgent(owner.actor, {
    name: "Broken",
    policy: {
      perTransactionCap: "1000000",
      windowCap: "5000000",
      windowSeconds: 3600,
      validUntil: new Date(Date.now() + 86_400_000).toISOString(),
      rules: [
        { kind: "pay", recipient: known },
        { kind: "pay", recipient: unknown },
      ],
    },
  });
  await confirmAgent(owner.actor, { id: agent.id, signature: owner.approve(operation.hash) });
  await followUntilQuiet();
  await fundAgent(owner.actor, { id: agent.id, units: "2000000" });
  await followUntilQuiet();
  return agent.id;
}
const pay = (id: string, recipient = known, units = "1000") => payAsAgent(owner.actor, { id, recipient, units });
const stateOf = async (id: string, kind: string) =>
  (await listBreakers(owner.actor, { id })).data.find((one) => one.kind === kind);

beforeAll(async () => {
  owner = await createPerson();
  await depositFor(userAccount(owner.actor.userId), 20_000_000n);
  await followUntilQuiet();
});
afterAll(() => pool.end());

describe("a breaker of an agent", () => {
  it("trips on too many actions, at the signer too, says why, and arms itself when it has calmed down", async () => {
    const id = await newAgent();
    await setBreaker(owner.actor, {
      id,
      kind: "velocity",
      isOn: true,
      limit: "2",
      rearmAt: "1",
      seconds: 60,
      holdSeconds: 10,
    });
    await pay(id);
    await pay(id);
    await expect(pay(id)).rejects.toMatchObject({ code: "BREAKER_TRIPPED", details: { breaker: "velocity" } });
    // Around the server's own check: the signer refuses by itself.
    await expect(
      signerClient.evaluateExecution({ agentId: id, callData: `0x${"00".repeat(4)}` }),
    ).rejects.toMatchObject({ code: "BREAKER_TRIPPED" });
    const { data } = await listActivity(owner.actor, { id, limit: 1 });
    expect(data[0]).toMatchObject({ status: "refused", refusal: { refusedBy: "breaker", rule: "velocity" } });
    expect(await stateOf(id, "velocity")).toMatchObject({ reason: expect.stringContaining("at most 2") });
    await rearmBreakers();
    expect((await stateOf(id, "velocity"))?.trippedAt).not.toBeNull();
    await pool.query("UPDATE agent_breaker SET tripped_at = now() - interval '1 hour' WHERE agent_id = $1", [id]);
    await rearmBreakers();
    // Its time is over, and it would trip at once again: it waits until less is done.
    expect((await stateOf(id, "velocity"))?.trippedAt).not.toBeNull();
    await pool.query("UPDATE agent_activity SET created_at = created_at - interval '1 hour' WHERE agent_id = $1", [id]);
    await rearmBreakers();
    expect((await stateOf(id, "velocity"))?.trippedAt).toBeNull();
    await followUntilQuiet();
    await pay(id);
    const { events } = await listBreakers(owner.actor, { id });
    expect(events.map(({ kind, what }) => `${kind} ${what}`)).toEqual(["velocity armed", "velocity tripped"]);
  });

  it("trips on the first large payment to somebody new, and waits for its owner", async () => {
    const id = await newAgent();
    await setBreaker(owner.actor, {
      id,
      kind: "counterparty",
      isOn: true,
      limit: "5000",
      rearmAt: "0",
      seconds: 60,
      holdSeconds: null,
    });
    await pay(id, known, "5000");
    await followUntilQuiet();
    await pay(id, known, "400000");
    await expect(pay(id, unknown, "5001")).rejects.toMatchObject({ details: { breaker: "counterparty" } });
    expect(await tokenBalance(unknown)).toBe(0n);
    await pool.query("UPDATE agent_breaker SET tripped_at = now() - interval '1 year' WHERE agent_id = $1", [id]);
    await rearmBreakers();
    await expect(pay(id)).rejects.toMatchObject({ code: "BREAKER_TRIPPED" });
    await armBreaker(owner.actor, { id, kind: "counterparty" });
    await pay(id);
  });

  it("trips by hand, holds with others, and is nobody's but its owner's", async () => {
    const id = await newAgent();
    await tripBreaker(owner.actor, { id, reason: "Something is odd" });
    await expect(pay(id)).rejects.toMatchObject({ code: "BREAKER_TRIPPED", details: { reason: "Something is odd" } });
    const agentsOwn: Actor = { ...owner.actor, via: "api_key", agentId: id };
    await expect(armBreaker(agentsOwn, { id, kind: "manual" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(armBreaker((await createPerson()).actor, { id, kind: "manual" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await armBreaker(owner.actor, { id, kind: "manual" });
    await pay(id);
  });

  it("lets nothing through that is asked after the stop has answered, however busy the signer is", async () => {
    const id = await newAgent();
    let hasStopped = false;
    const seen = { before: 0, after: 0, refused: 0 };
    const work = async () => {
      for (let tries = 0; tries < 300 && seen.refused < 20; tries += 1) {
        const isAskedAfter = hasStopped;
        // Calldata that no policy takes: past the halt it is refused for that, and at the halt for the halt.
        const code = await signerClient.evaluateExecution({ agentId: id, callData: "0x00000000" }).then(
          () => "allowed",
          (error: { code: string }) => error.code,
        );
        if (code === "BREAKER_TRIPPED") seen.refused += 1;
        else if (isAskedAfter) seen.after += 1;
        else seen.before += 1;
      }
    };
    const running = Promise.all(Array.from({ length: 8 }, work));
    await tripBreaker(owner.actor, { id, reason: "Stop now" });
    hasStopped = true;
    await running;
    expect(seen.after).toBe(0);
    expect(seen.refused).toBeGreaterThan(0);
  });
});
