import { getAddress } from "viem/utils";
import {
  amountWorth,
  bpsText,
  type MarketToken,
  portfolioValue,
  unitsText,
  unitsWorth,
} from "../market/market-view.ts";
import { act, type Decision, hold, type Situation } from "./decision.ts";
import { findToken, quote, whyNotTradeable } from "./quote.ts";
import type { RuleSettings } from "./settings.ts";

type Rebalance = Extract<RuleSettings, { kind: "rebalance" }>;
type Position = { token: MarketToken; value: bigint; share: bigint; target: bigint; off: bigint };

/** How often a trade that costs too much is halved before it is left. */
const HALVINGS = 6;

const shareOf = (value: bigint, whole: bigint): bigint => (whole === 0n ? 0n : (value * 10_000n) / whole);
const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

function positionsOf(settings: Rebalance, { market, portfolio }: Situation, whole: bigint): Position[] | string {
  const positions: Position[] = [];
  for (const { token: address, shareBps } of settings.targets) {
    const token = findToken(market, getAddress(address));
    if (typeof token === "string") return token;
    const problem = whyNotTradeable(token, market.atSeconds);
    if (problem) return problem;
    const value = unitsWorth(portfolio.held.get(token.token) ?? 0n, token.decimals, token.answer);
    const target = BigInt(shareBps);
    positions.push({ token, value, share: shareOf(value, whole), target, off: value - (whole * target) / 10_000n });
  }
  return positions;
}

/** Sells what is furthest over its share, or buys what is furthest under it, back to the share itself. */
export function decideRebalance(settings: Rebalance, situation: Situation): Decision {
  const { market, portfolio, state } = situation;
  const whole = portfolioValue(portfolio, market);
  if (whole === 0n) return hold("There is nothing to divide yet.", state);
  const positions = positionsOf(settings, situation, whole);
  if (typeof positions === "string") return hold(positions, state);
  const shares = positions
    .map(({ token, share, target }) => `${token.symbol} ${bpsText(share)} of ${bpsText(target)}`)
    .join(", ");
  const [furthest] = positions.toSorted((a, b) => (absolute(b.off) > absolute(a.off) ? 1 : -1));
  if (!furthest || absolute(furthest.off) * 10_000n <= whole * BigInt(settings.bandBps))
    return hold(`Within the band of ${bpsText(BigInt(settings.bandBps))}: ${shares}.`, state);
  return trade(settings, situation, furthest, shares);
}

function trade(settings: Rebalance, situation: Situation, { token, off }: Position, shares: string): Decision {
  const { market, portfolio, state } = situation;
  const side = off > 0n ? "sell" : "buy";
  const most = settings.tradeMax === undefined ? absolute(off) : BigInt(settings.tradeMax);
  let units = absolute(off) < most ? absolute(off) : most;
  if (side === "buy" && units > portfolio.usd) units = portfolio.usd;
  let costBps = 0n;
  for (let halving = 0; halving <= HALVINGS; halving++, units /= 2n) {
    if (units < BigInt(settings.tradeMin))
      return hold(
        costBps === 0n
          ? `A trade of $${unitsText(units)} is too small: ${shares}.`
          : `Not at a cost of ${bpsText(costBps)}: ${shares}.`,
        state,
      );
    const amountIn = side === "buy" ? units : amountWorth(units, token.decimals, token.answer);
    const offer = quote(market, token, side, amountIn, settings.slippageBps);
    if (!offer) break;
    costBps = offer.costBps;
    if (costBps > BigInt(settings.costBpsMax)) continue;
    const verb = side === "buy" ? "Buy" : "Sell";
    return act(
      `${verb} ${token.symbol} for $${unitsText(units)} at a cost of ${bpsText(costBps)}: ${shares}.`,
      offer.intent,
      state,
    );
  }
  return hold(`Not at a cost of ${bpsText(costBps)}: ${shares}.`, state);
}
