import type { Address } from "viem";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { developmentPriceFeedAbi } from "#core/generated/abis.ts";
import { strategySettings } from "#core/strategies/settings.ts";
import { listTokens, readMarket } from "#server/chain/market.ts";
import { db, pool } from "#server/db.ts";
import { callAsAgent, depositAsAgent } from "#server/wallets/act-as-agent.ts";
import {
  armBreaker,
  listBreakers,
  rearmBreakers,
  setBreaker,
  stopOwnAgents,
  tripFallen,
} from "#server/wallets/breakers.ts";
import { drawdownOf, noteAgentValues } from "#server/wallets/market-watch.ts";
import { followUntilQuiet, mined, outsideAccount, outsider } from "#server/wallets/testing/wallet-world.ts";
import { swapCalls } from "./intents.ts";
import { simulateMarket } from "./market/simulate-market.ts";
import { createStrategy } from "./strategies.ts";
import { makeTrader, type Trader } from "./testing/trading-world.ts";

let trader: Trader;
let usd: Address;
let weth: Address;

/** The feed alone says another price; the pools stay where they are. */
async function say(percent: bigint): Promise<void> {
  const [listed, { tokens }] = [await listTokens(), await readMarket()];
  const token = tokens.find(({ symbol }) => symbol === "WETH");
  const feed = listed.find(({ symbol }) => symbol === "WETH")?.feed;
  if (!token || !feed) throw new Error("No market.");
  await mined(
    await outsider.writeContract({
      account: await outsideAccount(),
      chain: null,
      address: feed,
      abi: developmentPriceFeedAbi,
      functionName: "update",
      args: [(token.answer * percent) / 100n],
    }),
  );
}

const buy = (amountIn: bigint) =>
  callAsAgent(trader.owner.actor, {
    id: trader.agentId,
    calls: swapCalls({ kind: "swap", sell: usd, buy: weth, amountIn, amountOutMin: 0n }, trader.account, new Date()),
  });
const breaker = async (kind: string) =>
  (await listBreakers(trader.owner.actor, { id: trader.agentId })).data.find((one) => one.kind === kind);

beforeAll(async () => {
  await simulateMarket(() => 0);
  const market = await readMarket();
  usd = market.usd;
  weth = market.tokens.find(({ symbol }) => symbol === "WETH")?.token ?? usd;
  trader = await makeTrader(200_000_000n);
});
beforeEach(async () => {
  for (let i = 0; i < 3; i++) await simulateMarket(() => 0);
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("breakers that watch the market", () => {
  it("stop trades while a feed and its pool disagree, let payments through, and arm when they agree again", async () => {
    await say(110n);
    await expect(buy(1_000_000n)).rejects.toMatchObject({ code: "BREAKER_TRIPPED", details: { breaker: "oracle" } });
    expect((await breaker("oracle"))?.reason).toMatch(/^A pool is 9\.\d\d % away from its feed; at most 5\.00 %\.$/);
    await armBreaker(trader.owner.actor, { id: trader.agentId, kind: "oracle" });
    expect((await depositAsAgent(trader.owner.actor, { id: trader.agentId, units: "1000000" })).status).toBe(
      "submitted",
    );
    await expect(buy(1_000_000n)).rejects.toMatchObject({ code: "BREAKER_TRIPPED" });
    await pool.query("UPDATE agent_breaker SET tripped_at = now() - interval '2 minutes' WHERE kind = 'oracle'");
    expect(await rearmBreakers()).toEqual({ armed: 0 });
    for (let i = 0; i < 3; i++) await simulateMarket(() => 0);
    expect(await rearmBreakers()).toEqual({ armed: 1 });
    expect((await buy(1_000_000n)).status).toBe("submitted");
    await followUntilQuiet();
  });

  it("stop a trade that would lose too much by the feeds, before it is signed", async () => {
    await setBreaker(trader.owner.actor, {
      id: trader.agentId,
      kind: "slippage",
      isOn: true,
      limit: "10",
      rearmAt: "10",
      seconds: 60,
      holdSeconds: null,
    });
    await expect(buy(5_000_000n)).rejects.toMatchObject({ code: "BREAKER_TRIPPED", details: { breaker: "slippage" } });
    await armBreaker(trader.owner.actor, { id: trader.agentId, kind: "slippage" });
    await pool.query("DELETE FROM agent_breaker WHERE kind = 'slippage'");
  });

  it("stop an agent whose holdings fell, and not one that only paid", async () => {
    const settings = strategySettings.parse({ kind: "monitor", token: weth, above: "1" });
    await createStrategy(trader.owner.actor, { id: trader.agentId, name: "Watch", settings, mode: "dry-run" });
    await buy(100_000_000n);
    await followUntilQuiet();
    await noteAgentValues();
    await depositAsAgent(trader.owner.actor, { id: trader.agentId, units: "50000000" });
    await followUntilQuiet();
    await noteAgentValues();
    expect(await drawdownOf(trader.agentId, 3_600)).toBeLessThan(100n);
    expect(await tripFallen()).toEqual({ tripped: 0 });
    await say(60n);
    await noteAgentValues();
    expect(await tripFallen()).toEqual({ tripped: 1 });
    expect((await breaker("drawdown"))?.reason).toMatch(/^What it holds fell by 2\d\.\d\d %/);
    await expect(buy(1n)).rejects.toMatchObject({ code: "BREAKER_TRIPPED", details: { breaker: "drawdown" } });
    expect(await tripFallen()).toEqual({ tripped: 0 });
  });

  it("stop all agents of a person at once", async () => {
    const other = await makeTrader(1_000_000n);
    expect(await stopOwnAgents(other.owner.actor, { reason: "going on holiday" })).toEqual({ stopped: 1 });
    await expect(depositAsAgent(other.owner.actor, { id: other.agentId, units: "1000" })).rejects.toMatchObject({
      code: "BREAKER_TRIPPED",
      details: { reason: "going on holiday" },
    });
    expect((await breaker("manual"))?.trippedAt).toBeNull();
  });
});
