import { type Address, encodeFunctionData, erc20Abi } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { listTokens, tradeRouter } from "#server/chain/market.ts";
import { db, pool } from "#server/db.ts";
import { callAsAgent, depositAsAgent } from "#server/wallets/act-as-agent.ts";
import { createPerson } from "#server/wallets/testing/wallet-world.ts";
import { pricesAt } from "./market/market-history.ts";
import { previewPolicy } from "./preview-policy.ts";
import { makeTrader, type Trader, traderPolicy } from "./testing/trading-world.ts";

const ONE = 10n ** 18n;
const DAY = 86_400;
const CAPS = { perTransaction: 1_000_000_000n, perWindow: 10_000_000_000n };
let trader: Trader;
let ether: Address;
let policy: PolicyInput;

/** A Tuesday of the last weeks, at noon in Vienna or close to it, far from any action of now. */
const tuesday = (() => {
  const noon = Math.floor(Date.now() / 1_000 / DAY) * DAY - 7 * DAY + 11 * 3_600;
  return noon - ((new Date(noon * 1_000).getUTCDay() + 5) % 7) * DAY;
})();

/** Something that the agent did, with its time put back. */
async function didAt(seconds: number, work: () => Promise<{ id: string }>): Promise<string> {
  const { id } = await work();
  await pool.query("UPDATE agent_activity SET created_at = to_timestamp($2) WHERE id = $1", [id, seconds]);
  return id;
}
const allowEther = (amount: bigint) => () =>
  callAsAgent(trader.owner.actor, {
    id: trader.agentId,
    calls: [
      {
        target: ether,
        data: encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [tradeRouter(), amount] }),
      },
    ],
  });
const deposit = (units: string) => () => depositAsAgent(trader.owner.actor, { id: trader.agentId, units });
const notePrice = (seconds: number, dollars: bigint) =>
  pool.query("INSERT INTO market_price (token, at, answer, pool_price) VALUES ($1, to_timestamp($2), $3, $3)", [
    ether,
    seconds,
    (dollars * 10n ** 8n).toString(),
  ]);
const preview = async (guards: PolicyInput["guards"]) =>
  (await previewPolicy(trader.owner.actor, { id: trader.agentId, policy: { ...policy, guards } })).dryRun;

const acted: Record<"deposit" | "cheap" | "dear" | "unpriced", string> = {
  deposit: "",
  cheap: "",
  dear: "",
  unpriced: "",
};

beforeAll(async () => {
  trader = await makeTrader(5_000_000n);
  policy = await traderPolicy(CAPS);
  const listed = (await listTokens()).find(({ symbol }) => symbol === "WETH");
  ether = listed?.token ?? loadDeployment().contracts.TestUSD;
  acted.deposit = await didAt(tuesday - 3 * DAY, deposit("1000000"));
  acted.cheap = await didAt(tuesday, allowEther(ONE));
  acted.dear = await didAt(tuesday + DAY, allowEther(ONE));
  acted.unpriced = await didAt(tuesday + 2 * DAY, allowEther(ONE));
  await notePrice(tuesday - 30, 1_000n);
  // Newer, and after it: nobody knew it then.
  await notePrice(tuesday + 5, 9_000n);
  await notePrice(tuesday + DAY - 180, 3_000n);
  await notePrice(tuesday + 2 * DAY - 181, 1_000n);
}, 60_000);
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("prices of the past", () => {
  it("are the newest that were noted before a moment, and none where the newest was too old", async () => {
    const prices = await pricesAt([tuesday, tuesday + DAY, tuesday + 2 * DAY, tuesday]);
    expect(prices.get(tuesday)?.get(ether)).toMatchObject({ answer: 1_000n * 10n ** 8n, decimals: 18 });
    expect(prices.get(tuesday + DAY)?.get(ether)).toMatchObject({ answer: 3_000n * 10n ** 8n });
    expect(prices.get(tuesday + 2 * DAY)).toBeUndefined();
    expect(await pricesAt([])).toEqual(new Map());
  });
});

describe("a policy tried on the past", () => {
  it("gives what rules and caps give where it has no guards", async () => {
    expect(await preview(undefined)).toMatchObject({
      tried: 4,
      stillAllowed: 4,
      changes: [],
      untried: { actions: 0, guards: [] },
      leftOut: 0,
    });
  });

  it("values each action by the price of then, and says of which it knows none", async () => {
    const usd = { perTransaction: "2000000000", perWindow: "8000000000" };
    const dryRun = await preview({ usd });
    expect(dryRun).toMatchObject({ tried: 3, stillAllowed: 2 });
    expect(dryRun.changes).toMatchObject([
      { id: acted.dear, kind: "action", would: "denied", rule: "usd-per-transaction", value: "$3000.00 > $2000.00" },
    ]);
    expect(dryRun.untried).toEqual({ actions: 1, guards: [{ guard: "usd", why: "price-not-noted", actions: 1 }] });
  });

  it("says what would have waited for people", async () => {
    const dryRun = await preview({ approvals: { over: "500000000", needed: 1, approvers: ["me"] } });
    expect(dryRun.changes).toMatchObject([
      { id: acted.cheap, would: "waits", rule: "approvals", fix: "1 of 1 approve of it first." },
      { id: acted.dear, would: "waits" },
    ]);
    expect(dryRun.untried.guards).toEqual([{ guard: "approvals", why: "price-not-noted", actions: 1 }]);
  });

  it("looks at the clock of each action's own moment", async () => {
    const hours = [{ days: [2], from: "09:00", to: "17:00", timeZone: "Europe/Vienna" }];
    const { changes, stillAllowed } = await preview({ hours });
    expect(stillAllowed).toBe(1);
    expect(changes.map(({ id, rule }) => [id, rule])).toEqual([
      [acted.deposit, "hours"],
      [acted.dear, "hours"],
      [acted.unpriced, "hours"],
    ]);
  });

  it("does not guess what a trial would have come to", async () => {
    const dryRun = await preview({ outcome: { lossBpsMax: 100 } });
    expect(dryRun).toMatchObject({
      tried: 0,
      changes: [],
      untried: { actions: 4, guards: [{ guard: "outcome", why: "trial-not-noted", actions: 4 }] },
    });
  });

  it("is a stranger's of nobody's agent", async () => {
    const stranger = await createPerson();
    const asked = previewPolicy(stranger.actor, { id: trader.agentId, policy });
    await expect(asked).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
