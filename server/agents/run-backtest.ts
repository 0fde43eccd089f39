import { type Address, getAddress } from "viem";
import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import type { BacktestView, backtestInput } from "#core/schemas/strategy.ts";
import { seededRandom } from "#core/simulated-reader.ts";
import { backtest, type PricePoint } from "#core/strategies/backtest.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { type ListedToken, listTokens, readMarket } from "#server/chain/market.ts";
import { priceSeries } from "./market/market-history.ts";

type Input = z.output<typeof backtestInput>;

const POINTS_MAX = 2_000;
const POINTS_SHOWN = 400;
const TRADES_SHOWN = 200;

/** A made-up past: every price goes its own way from where it is now, each step as likely up as down. */
async function walk(prices: Extract<Input["prices"], { source: "walk" }>): Promise<PricePoint[]> {
  const { tokens } = await readMarket();
  const random = seededRandom(prices.seed);
  const answers = new Map<Address, bigint>(tokens.map(({ token, answer }) => [token, answer]));
  const startSeconds = Math.floor(Date.now() / 1_000) - prices.steps * prices.stepSeconds;
  return Array.from({ length: prices.steps }, (_, step) => {
    for (const [token, answer] of answers) {
      const bps = BigInt(Math.floor(random() * (2 * prices.stepBpsMax + 1)) - prices.stepBpsMax);
      answers.set(token, answer + (answer * bps) / 10_000n);
    }
    return { atSeconds: startSeconds + step * prices.stepSeconds, answers: new Map(answers) };
  });
}

/** Every so many of a list, with the last. */
function thinned<Item>(items: readonly Item[], most: number): Item[] {
  const every = Math.max(1, Math.ceil(items.length / most));
  return items.filter((_, index) => index % every === 0 || index === items.length - 1);
}

const startOf = ({ start }: Input, tokens: readonly ListedToken[]) => {
  const held = start.held.map(({ token, amount }) => {
    const listed = tokens.find((one) => one.token.toLowerCase() === token.toLowerCase());
    if (!listed)
      throw new DomainError("VALIDATION_FAILED", { param: "start.held", message: `${token} is not traded here.` });
    return [listed.token, BigInt(amount)] as const;
  });
  return { usd: BigInt(start.usd), held: new Map(held) };
};

/** Tries a strategy on the past, before it gets an agent's money. Nothing is kept. */
export async function runBacktest(input: Input): Promise<BacktestView> {
  const { settings, prices } = input;
  if (settings.kind === "model")
    throw new DomainError("VALIDATION_FAILED", {
      param: "settings",
      message: "A model's answers to the past are not known. Let it run dry for a while instead.",
    });
  const tokens = await listTokens();
  const series = prices.source === "noted" ? await priceSeries(prices.hours, POINTS_MAX) : await walk(prices);
  if (series.length < 2)
    throw new DomainError("VALIDATION_FAILED", {
      param: "prices",
      message: "No prices were noted in that time yet. Take a made-up walk, or wait.",
    });
  const { points, trades, alerts, paid, gas, drawdownBps } = backtest({
    settings,
    usd: getAddress(loadDeployment().contracts.TestUSD),
    tokens,
    series,
    start: startOf(input, tokens),
    depthUnits: BigInt(input.depth),
    gasUnits: BigInt(input.gas),
  });
  const at = (seconds: number) => new Date(seconds * 1_000).toISOString();
  return {
    points: thinned(points, POINTS_SHOWN).map(({ atSeconds, value, untouched }) => ({
      at: at(atSeconds),
      value: value.toString(),
      untouched: untouched.toString(),
    })),
    trades: trades.slice(-TRADES_SHOWN).map(({ atSeconds, why, sell, buy, amountIn, out }) => ({
      at: at(atSeconds),
      why,
      sell,
      buy,
      amountIn: amountIn.toString(),
      out: out.toString(),
    })),
    tradeCount: trades.length,
    alerts: alerts.slice(-TRADES_SHOWN).map(({ atSeconds, why }) => ({ at: at(atSeconds), why })),
    paid: paid.toString(),
    gas: gas.toString(),
    drawdownBps: Number(drawdownBps),
  };
}
