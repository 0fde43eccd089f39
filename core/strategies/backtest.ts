import type { Address } from "viem";
import { amountOut } from "../market/constant-product.ts";
import {
  amountWorth,
  type MarketToken,
  type MarketView,
  type Portfolio,
  portfolioValue,
} from "../market/market-view.ts";
import { decide } from "./decide.ts";
import type { Intent, StrategyState } from "./decision.ts";
import type { RuleSettings } from "./settings.ts";

/** The prices of a moment, by token. */
export type PricePoint = { atSeconds: number; answers: ReadonlyMap<Address, bigint> };

export type BacktestInput = {
  settings: RuleSettings;
  usd: Address;
  tokens: readonly Pick<MarketToken, "token" | "symbol" | "decimals">[];
  series: readonly PricePoint[];
  start: Portfolio;
  /** Micro-dollars on the dollar side of each pool: what a trade's price impact follows from. */
  depthUnits: bigint;
  gasUnits: bigint;
};

export type BacktestTrade = {
  atSeconds: number;
  why: string;
  sell: Address;
  buy: Address;
  amountIn: bigint;
  out: bigint;
};
export type BacktestResult = {
  /** What the whole was worth, and what it would have been worth untouched. */
  points: { atSeconds: number; value: bigint; untouched: bigint }[];
  trades: BacktestTrade[];
  alerts: { atSeconds: number; why: string }[];
  /** Micro-dollars paid out to others or moved into the balance here. */
  paid: bigint;
  /** Micro-dollars of gas, taken off the dollars. */
  gas: bigint;
  /** The furthest fall from a highest value, in hundredths of a percent. */
  drawdownBps: bigint;
};

/**
 * Runs a strategy over past prices. At every price the pools stand at the feed's price with the given depth, as if others
 * had traded them there, so that a trade pays the fee and its own price impact and leaves nothing behind.
 */
export function backtest(input: BacktestInput): BacktestResult {
  const result: BacktestResult = { points: [], trades: [], alerts: [], paid: 0n, gas: 0n, drawdownBps: 0n };
  let portfolio: Portfolio = { usd: input.start.usd, held: new Map(input.start.held) };
  let state: StrategyState = {};
  let balanceHere = 0n;
  let highest = 0n;
  let isDone = false;
  for (const [index, point] of input.series.entries()) {
    const market = marketAt(input, point, index);
    if (!isDone) {
      const decision = decide(input.settings, { market, portfolio, balanceHere, state });
      const applied = decision.intent ? apply(decision.intent, portfolio, market) : { portfolio, out: 0n };
      if (decision.isAlert) result.alerts.push({ atSeconds: point.atSeconds, why: decision.why });
      if (applied) {
        isDone = decision.isDone;
        state = decision.state;
        portfolio = applied.portfolio;
        if (decision.intent) book(result, decision.intent, decision.why, applied.out, market);
        if (decision.intent?.kind === "deposit") balanceHere += decision.intent.units;
      }
    }
    const value = portfolioValue(portfolio, market) - result.gas;
    result.points.push({ atSeconds: point.atSeconds, value, untouched: portfolioValue(input.start, market) });
    // What was paid to others is spent and not lost.
    const kept = value + result.paid;
    if (kept > highest) highest = kept;
    const fall = highest === 0n ? 0n : ((highest - kept) * 10_000n) / highest;
    if (fall > result.drawdownBps) result.drawdownBps = fall;
  }
  return result;
}

function book(result: BacktestResult, intent: Intent, why: string, out: bigint, market: MarketView): void {
  result.gas += market.gasUnits;
  if (intent.kind === "swap") {
    const { sell, buy, amountIn } = intent;
    result.trades.push({ atSeconds: market.atSeconds, why, sell, buy, amountIn, out });
  } else result.paid += intent.units;
}

function marketAt({ usd, tokens, series, depthUnits, gasUnits }: BacktestInput, point: PricePoint, index: number) {
  const market: MarketView = {
    atSeconds: point.atSeconds,
    usd,
    gasUnits,
    tokens: tokens.map((token) => {
      const answer = point.answers.get(token.token) ?? 0n;
      return {
        ...token,
        answer,
        answeredAtSeconds: point.atSeconds,
        reserveUsd: depthUnits,
        reserveToken: amountWorth(depthUnits, token.decimals, answer),
      };
    }),
    answerAgo: (token, seconds) => {
      for (let i = index; i >= 0; i--) {
        const past = series[i];
        if (past && past.atSeconds <= point.atSeconds - seconds) return past.answers.get(token) ?? null;
      }
      return null;
    },
  };
  return market;
}

/** What an account has after an intent; null when the pool would not give what was asked for at the least. */
function apply(intent: Intent, portfolio: Portfolio, market: MarketView): { portfolio: Portfolio; out: bigint } | null {
  const held = new Map(portfolio.held);
  if (intent.kind !== "swap") return { portfolio: { usd: portfolio.usd - intent.units, held }, out: 0n };
  const isBuy = intent.sell === market.usd;
  const token = market.tokens.find((one) => one.token === (isBuy ? intent.buy : intent.sell));
  if (!token) return null;
  const [reserveIn, reserveOut] = isBuy
    ? [token.reserveUsd, token.reserveToken]
    : [token.reserveToken, token.reserveUsd];
  const out = amountOut(intent.amountIn, reserveIn, reserveOut);
  if (out < intent.amountOutMin) return null;
  const before = held.get(token.token) ?? 0n;
  held.set(token.token, isBuy ? before + out : before - intent.amountIn);
  return { portfolio: { usd: isBuy ? portfolio.usd - intent.amountIn : portfolio.usd + out, held }, out };
}
