import { getAddress, isAddressEqual } from "viem/utils";
import { amountOut } from "../market/constant-product.ts";
import { STALE_SECONDS } from "../market/listed.ts";
import { apartBps, bpsText, type MarketToken, type MarketView, poolPrice, unitsWorth } from "../market/market-view.ts";
import type { Intent } from "./decision.ts";

/** Where the pool is further from the feed, one of the two is wrong and nobody trades. */
export const DEVIATION_BPS_MAX = 300n;

export function findToken(market: MarketView, token: string): MarketToken | string {
  const found = market.tokens.find((one) => isAddressEqual(one.token, getAddress(token)));
  return found ?? `Nothing is known of the token ${token}: it is not traded here.`;
}

/** Why nobody should trade a token now, or null. */
export function whyNotTradeable(token: MarketToken, atSeconds: number): string | null {
  const age = atSeconds - token.answeredAtSeconds;
  if (token.answer <= 0n || age > STALE_SECONDS) return `The feed's price of ${token.symbol} is ${age} s old.`;
  const pool = poolPrice(token);
  if (pool === null) return `The pool of ${token.symbol} is empty.`;
  const apart = apartBps(token.answer, pool);
  if (apart > DEVIATION_BPS_MAX) return `The pool of ${token.symbol} is ${bpsText(apart)} away from the feed.`;
  return null;
}

type Side = "buy" | "sell";
export type Quote = { intent: Extract<Intent, { kind: "swap" }>; out: bigint; costBps: bigint; units: bigint };

/**
 * A trade of `amountIn` (dollars when buying, the token when selling) as the pool would make it now: what comes out, and
 * what it costs against the feed's price in hundredths of a percent, fee, price impact and gas together.
 */
export function quote(
  market: MarketView,
  token: MarketToken,
  side: Side,
  amountIn: bigint,
  slippageBps: number,
): Quote | null {
  const [reserveIn, reserveOut] =
    side === "buy" ? [token.reserveUsd, token.reserveToken] : [token.reserveToken, token.reserveUsd];
  const out = amountOut(amountIn, reserveIn, reserveOut);
  if (out === 0n) return null;
  const [given, got] =
    side === "buy"
      ? [amountIn, unitsWorth(out, token.decimals, token.answer)]
      : [unitsWorth(amountIn, token.decimals, token.answer), out];
  if (given === 0n) return null;
  const lost = given - got + market.gasUnits;
  return {
    intent: {
      kind: "swap",
      sell: side === "buy" ? market.usd : token.token,
      buy: side === "buy" ? token.token : market.usd,
      amountIn,
      amountOutMin: (out * BigInt(10_000 - slippageBps)) / 10_000n,
    },
    out,
    costBps: lost > 0n ? (lost * 10_000n) / given : 0n,
    units: given,
  };
}
