import type { Address } from "viem";

/** Digits behind the point of a price: dollars for one whole coin, as feeds give it. */
export const PRICE_DECIMALS = 8;
const PRICE_ONE = 10n ** BigInt(PRICE_DECIMALS);
const USD_ONE = 1_000_000n;

/** A token that can be traded for dollars, with its price by the feed and the pool where it is traded. */
export type MarketToken = {
  token: Address;
  symbol: string;
  decimals: number;
  /** Dollars for one whole coin, with {@link PRICE_DECIMALS} digits behind the point, and when the feed said so. */
  answer: bigint;
  answeredAtSeconds: number;
  /** What the pool has, in base units of each. */
  reserveToken: bigint;
  reserveUsd: bigint;
};

/** The market as it is at a moment. */
export type MarketView = {
  atSeconds: number;
  /** The dollar token. */
  usd: Address;
  tokens: readonly MarketToken[];
  /** What one trade costs in gas, in micro-dollars. */
  gasUnits: bigint;
  /** The feed's price so long ago, where it is known. */
  answerAgo: (token: Address, seconds: number) => bigint | null;
};

/** What an account has: dollars and other tokens in base units. */
export type Portfolio = { usd: bigint; held: ReadonlyMap<Address, bigint> };

/** Micro-dollars that an amount is worth at a price, rounded down. */
export const unitsWorth = (amount: bigint, decimals: number, answer: bigint): bigint =>
  (amount * answer * USD_ONE) / (10n ** BigInt(decimals) * PRICE_ONE);

/** Base units that so many micro-dollars are worth, rounded down. */
export const amountWorth = (units: bigint, decimals: number, answer: bigint): bigint =>
  answer <= 0n ? 0n : (units * 10n ** BigInt(decimals) * PRICE_ONE) / (answer * USD_ONE);

/** The pool's own price, as the feed would write it; null of a pool that is empty. */
export function poolPrice({ reserveToken, reserveUsd, decimals }: MarketToken): bigint | null {
  if (reserveToken === 0n) return null;
  return (reserveUsd * 10n ** BigInt(decimals) * PRICE_ONE) / (reserveToken * USD_ONE);
}

/** How far two prices lie apart, in hundredths of a percent of the first. */
export function apartBps(from: bigint, to: bigint): bigint {
  if (from === 0n) return 0n;
  const difference = to > from ? to - from : from - to;
  return (difference * 10_000n) / from;
}

/** Micro-dollars that everything is worth at the feed's prices. */
export const portfolioValue = ({ usd, held }: Portfolio, market: Pick<MarketView, "tokens">): bigint =>
  market.tokens.reduce(
    (sum, { token, decimals, answer }) => sum + unitsWorth(held.get(token) ?? 0n, decimals, answer),
    usd,
  );

/** "1234.56": a price as people read it. */
export function priceText(answer: bigint): string {
  const cents = answer / 1_000_000n;
  return `${cents / 100n}.${(cents % 100n).toString().padStart(2, "0")}`;
}

/** "1234.56": micro-dollars as people read them. */
export function unitsText(units: bigint): string {
  const cents = (units < 0n ? -units : units) / 10_000n;
  return `${units < 0n ? "-" : ""}${cents / 100n}.${(cents % 100n).toString().padStart(2, "0")}`;
}

/** "12.34 %" of hundredths of a percent. */
export const bpsText = (bps: bigint): string => `${bps / 100n}.${(bps % 100n).toString().padStart(2, "0")} %`;
