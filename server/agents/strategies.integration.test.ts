import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apartBps, poolPrice } from "#core/market/market-view.ts";
import type { StrategySettingsInput } from "#core/strategies/settings.ts";
import { strategySettings } from "#core/strategies/settings.ts";
import { readMarket, readPortfolio } from "#server/chain/market.ts";
import { db, pool } from "#server/db.ts";
import { agentAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { tripBreaker } from "#server/wallets/breakers.ts";
import { listActivity } from "#server/wallets/get-agents.ts";
import { followUntilQuiet } from "#server/wallets/testing/wallet-world.ts";
import { noteMarketPrices } from "./market/market-history.ts";
import { simulateMarket } from "./market/simulate-market.ts";
import { getPortfolio } from "./portfolio.ts";
import { runBacktest } from "./run-backtest.ts";
import { runStrategies } from "./run-strategies.ts";
import { createStrategy, getMarket, listDecisions, listStrategies, setStrategy } from "./strategies.ts";
import { makeTrader, type Trader } from "./testing/trading-world.ts";

let trader: Trader;
let weth: `0x${string}`;

beforeAll(async () => {
  await simulateMarket(() => 0);
  const { data } = await getMarket();
  weth = data.find(({ symbol }) => symbol === "WETH")?.token as `0x${string}`;
  trader = await makeTrader(1_000_000_000n);
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

const begin = (settings: StrategySettingsInput, mode: "dry-run" | "live" = "live", who = trader) =>
  createStrategy(who.owner.actor, {
    id: who.agentId,
    name: settings.kind,
    settings: strategySettings.parse(settings),
    mode,
  });

/** As the worker does until nothing is due: every strategy looks, what it orders happens, and it looks again. */
async function turn(id: string, times = 3): Promise<void> {
  for (let i = 0; i < times; i++) {
    await pool.query("UPDATE agent_strategy SET next_at = now() WHERE id = $1", [id]);
    await runStrategies();
    await followUntilQuiet();
  }
}

const decisionsOf = async (id: string, who = trader) => (await listDecisions(who.owner.actor, { id, limit: 50 })).data;
const stop = (id: string) => setStrategy(trader.owner.actor, { id, status: "stopped" });

describe("the market", () => {
  it("is moved, and its pools follow the feeds", async () => {
    const before = await readMarket();
    for (let i = 0; i < 4; i++) await simulateMarket(() => 40);
    const after = await readMarket();
    for (const [index, token] of after.tokens.entries()) {
      expect(token.answer).toBeGreaterThan(before.tokens[index]?.answer ?? 0n);
      expect(apartBps(token.answer, poolPrice(token) ?? 0n)).toBeLessThan(40n);
    }
    for (let i = 0; i < 4; i++) await simulateMarket(() => -40);
  });
});

describe("strategies", () => {
  it("rebalance an account on the pools, once, and then hold", async () => {
    const { id } = await begin({ kind: "rebalance", targets: [{ token: weth, shareBps: 4_000 }], costBpsMax: 100 });
    await turn(id);
    const [decision, ...others] = await decisionsOf(id);
    expect(others).toEqual([]);
    expect(decision).toMatchObject({ outcome: "succeeded", refusal: null, intent: { kind: "swap" } });
    const { data, value } = await getPortfolio(trader.owner.actor, { id: trader.agentId });
    expect(BigInt(value)).toBeGreaterThan(995_000_000n);
    expect(data.find(({ symbol }) => symbol === "WETH")?.shareBps).toBeGreaterThan(3_950);
    const [strategy] = (await listStrategies(trader.owner.actor, { id: trader.agentId })).data;
    expect(strategy?.lastWhy).toMatch(/^Within the band of 5.00 %: WETH 39\.\d\d % of 40.00 %\.$/);
    const [did] = (await listActivity(trader.owner.actor, { id: trader.agentId, limit: 1 })).data;
    expect(did?.decision).toEqual({ strategyId: id, strategy: "rebalance", why: decision?.why });
    await stop(id);
  });

  it("act once although a worker died after ordering and two go on at a time", async () => {
    const { id } = await begin({ kind: "recurring-buy", token: weth, units: "10000000", everySeconds: 3_600 });
    const before = (await readPortfolio(trader.account)).usd;
    await pool.query("UPDATE agent_strategy SET next_at = now() WHERE id = $1", [id]);
    await runStrategies();
    // The worker died before it wrote down that it had ordered; its lease runs out under two others.
    await pool.query("UPDATE agent_decision SET activity_id = NULL, outcome = 'planned' WHERE strategy_id = $1", [id]);
    for (let i = 0; i < 3; i++) {
      await pool.query("UPDATE agent_strategy SET next_at = now(), lease_until = NULL WHERE id = $1", [id]);
      await Promise.all([runStrategies(), runStrategies()]);
      await followUntilQuiet();
    }
    expect(before - (await readPortfolio(trader.account)).usd).toBe(10_000_000n);
    const { rows } = await pool.query("SELECT count(*)::int AS count FROM agent_activity WHERE request_key LIKE $1", [
      `%strategy:${id}:%`,
    ]);
    expect(rows).toEqual([{ count: 1 }]);
    await stop(id);
  });

  it("ask the policy for everything: a refusal is told and nothing is remembered as done", async () => {
    const small = await makeTrader(50_000_000n, { perTransaction: 5_000_000n, perWindow: 6_000_000n });
    const { id } = await begin(
      { kind: "recurring-buy", token: weth, units: "20000000", everySeconds: 60 },
      "live",
      small,
    );
    await turn(id, 1);
    const [decision] = await decisionsOf(id, small);
    expect(decision).toMatchObject({
      outcome: "refused",
      refusal: { rule: "per-transaction-cap", refusedBy: "signer" },
    });
    expect((await readPortfolio(small.account)).usd).toBe(50_000_000n);
    const [strategy] = (await listStrategies(small.owner.actor, { id: small.agentId })).data;
    expect(strategy).toMatchObject({ status: "running" });
    expect(strategy?.lastWhy).toContain("Refused: per-transaction-cap.");
  });

  it("run dry without touching anything, and say what would become of it", async () => {
    const before = await readPortfolio(trader.account);
    const { id } = await begin({ kind: "recurring-buy", token: weth, units: "10000000", everySeconds: 60 }, "dry-run");
    await turn(id, 1);
    expect(await decisionsOf(id)).toMatchObject([{ outcome: "tried-dry", refusal: null }]);
    expect(await readPortfolio(trader.account)).toEqual(before);
    await stop(id);
  });

  it("fill a limit order at its price, and are done", async () => {
    const { tokens } = await readMarket();
    const price = (tokens.find(({ token }) => token === weth)?.answer ?? 0n) * 2n;
    const settings = {
      kind: "limit-order",
      side: "buy",
      token: weth,
      units: "5000000",
      price: price.toString(),
    } as const;
    const { id } = await begin({ ...settings, expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    await turn(id);
    expect(await decisionsOf(id)).toMatchObject([{ outcome: "succeeded" }]);
    const strategies = (await listStrategies(trader.owner.actor, { id: trader.agentId })).data;
    expect(strategies.find((one) => one.id === id)?.status).toBe("done");
    await expect(setStrategy(trader.owner.actor, { id, status: "running" })).rejects.toMatchObject({
      code: "STRATEGY_CLOSED",
    });
  });

  it("fill the balance here for what the agent buys", async () => {
    const { id } = await begin({ kind: "payer", keep: { below: "1000000", upTo: "3000000" } });
    await turn(id);
    expect((await getBalance(agentAccount(trader.agentId))).available).toBe(3_000_000n);
    await stop(id);
  });

  it("tell once when a price crosses a line", async () => {
    const { tokens } = await readMarket();
    const now = tokens.find(({ token }) => token === weth)?.answer ?? 0n;
    const { id } = await begin({ kind: "monitor", token: weth, above: (now - now / 100n).toString() });
    await turn(id);
    expect(await decisionsOf(id)).toMatchObject([{ isAlert: true, outcome: "noted", intent: null }]);
    await stop(id);
  });

  it("stop with a breaker, and say so", async () => {
    await tripBreaker(trader.owner.actor, { id: trader.agentId, reason: "looked at by its owner" });
    const { id } = await begin({ kind: "recurring-buy", token: weth, units: "1000000", everySeconds: 60 });
    await turn(id, 1);
    expect(await decisionsOf(id)).toMatchObject([
      { outcome: "refused", refusal: { refusedBy: "breaker", rule: "manual" } },
    ]);
    await stop(id);
  });

  it("are nobody else's to see, and no agent's key gives orders to itself", async () => {
    const stranger = await makeTrader(1_000_000n);
    const { id } = await begin({ kind: "monitor", token: weth, above: "1" }, "dry-run");
    await expect(listDecisions(stranger.owner.actor, { id, limit: 1 })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const asAgent = { ...trader.owner.actor, agentId: trader.agentId };
    const order = {
      id: trader.agentId,
      name: "x",
      settings: strategySettings.parse({ kind: "monitor", token: weth, above: "1" }),
    };
    await expect(createStrategy(asAgent, { ...order, mode: "live" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await stop(id);
  });
});

describe("a try on the past", () => {
  const start = { usd: "1000000000", held: [] };
  const settings = () => strategySettings.parse({ kind: "rebalance", targets: [{ token: weth, shareBps: 5_000 }] });

  it("is the same for the same seed, and another for another", async () => {
    const prices = { source: "walk" as const, seed: 7, steps: 200, stepSeconds: 3_600, stepBpsMax: 200 };
    const run = (seed: number) =>
      runBacktest({ settings: settings(), prices: { ...prices, seed }, start, depth: "1500000000000", gas: "0" });
    const [first, again, other] = [await run(7), await run(7), await run(8)];
    expect(first.points.map(({ value }) => value)).toEqual(again.points.map(({ value }) => value));
    expect(first.points.at(-1)?.value).not.toBe(other.points.at(-1)?.value);
    expect(first.tradeCount).toBeGreaterThan(0);
  });

  it("goes over the prices that were noted", async () => {
    for (let i = 0; i < 3; i++) {
      await pool.query("UPDATE market_price SET at = at - interval '10 minutes'");
      await simulateMarket(() => 30);
      await noteMarketPrices();
    }
    const result = await runBacktest({
      settings: settings(),
      prices: { source: "noted", hours: 1 },
      start,
      depth: "1500000000000",
      gas: "0",
    });
    expect(result.points).toHaveLength(3);
    expect(result.tradeCount).toBe(1);
  });

  it("says why there is nothing to go over", async () => {
    await pool.query("DELETE FROM market_price");
    await expect(
      runBacktest({ settings: settings(), prices: { source: "noted", hours: 1 }, start, depth: "1", gas: "0" }),
    ).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
  });
});
