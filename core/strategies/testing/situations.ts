import type { Address } from "viem";
import { amountWorth, type MarketToken, type MarketView } from "../../market/market-view.ts";
import type { Situation } from "../decision.ts";

export const USD: Address = "0x1000000000000000000000000000000000000001";
export const WETH: Address = "0x2000000000000000000000000000000000000002";
export const TBTC: Address = "0x3000000000000000000000000000000000000003";
export const ONE_WETH = 10n ** 18n;
/** Dollars with the eight digits of a feed. */
export const dollars = (whole: number): bigint => BigInt(whole) * 100_000_000n;
export const units = (whole: number): bigint => BigInt(whole) * 1_000_000n;

const coin = (
  token: Address,
  symbol: string,
  decimals: number,
  answer: bigint,
  depth = units(1_000_000),
): MarketToken => ({
  token,
  symbol,
  decimals,
  answer,
  answeredAtSeconds: 1_000_000,
  reserveUsd: depth,
  reserveToken: amountWorth(depth, decimals, answer),
});

export function marketOf(change: Partial<MarketView> & { weth?: Partial<MarketToken> } = {}): MarketView {
  const { weth, ...view } = change;
  return {
    atSeconds: 1_000_000,
    usd: USD,
    tokens: [{ ...coin(WETH, "WETH", 18, dollars(3_000)), ...weth }, coin(TBTC, "tBTC", 8, dollars(100_000))],
    gasUnits: 0n,
    answerAgo: () => null,
    ...view,
  };
}

export const situationOf = (change: Partial<Situation> = {}): Situation => ({
  market: marketOf(),
  portfolio: { usd: units(10_000), held: new Map() },
  balanceHere: 0n,
  state: {},
  ...change,
});
