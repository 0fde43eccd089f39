import type { ErrorCode } from "./errors.ts";

/** Decimals of each asset. USD is counted in micro-dollars, one to one with the base units of the dollar token. */
export const ASSET_DECIMALS = { USD: 6, EUR: 6 } as const;
export type Asset = keyof typeof ASSET_DECIMALS;

/** Base units of an asset; never a `number`, never a float. */
export type Amount<A extends Asset = Asset> = { readonly asset: A; readonly units: bigint };

/** How an amount travels: decimal digits of base units, so that no JSON parser rounds it. */
export type WireAmount<A extends Asset = Asset> = { asset: A; units: string };

/** The largest amount the ledger's 64-bit columns hold: 9.2 trillion dollars. */
export const LEDGER_UNITS_MAX = 2n ** 63n - 1n;

export const isAsset = (value: string): value is Asset => Object.hasOwn(ASSET_DECIMALS, value);

export const usd = (units: bigint): Amount<"USD"> => ({ asset: "USD", units });

export const toWire = <A extends Asset>(amount: Amount<A>): WireAmount<A> => ({
  asset: amount.asset,
  units: amount.units.toString(),
});

/** Why a text is no amount. */
export type AmountProblem = Extract<ErrorCode, "AMOUNT_INVALID" | "AMOUNT_TOO_PRECISE">;

/**
 * Reads an amount a person typed; a text that is none is answered with the reason.
 *
 * Digits beyond the asset's precision are refused: `parseUnits` would round them, and someone who typed
 * 0.0000001 dollars must hear "too precise" rather than pay zero.
 */
export function parseAmount<A extends Asset>(asset: A, text: string): Amount<A> | AmountProblem {
  const digits = /^(\d{1,13})(?:\.(\d+))?$/.exec(text.trim());
  if (!digits) return "AMOUNT_INVALID";
  const [, whole = "", fraction = ""] = digits;
  if (fraction.length > ASSET_DECIMALS[asset]) return "AMOUNT_TOO_PRECISE";
  return { asset, units: BigInt(whole + fraction.padEnd(ASSET_DECIMALS[asset], "0")) };
}

/** The exact decimal text of an amount, without a symbol: `1234567` micro-dollars is `1.234567`. */
export function formatAmount(amount: Amount, options: { decimalsMin?: number } = {}): string {
  const decimals = ASSET_DECIMALS[amount.asset];
  const decimalsMin = options.decimalsMin ?? 2;
  const negative = amount.units < 0n;
  const digits = (negative ? -amount.units : amount.units).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, -decimals);
  const fraction = digits.slice(-decimals).replace(/0+$/, "").padEnd(decimalsMin, "0");
  return `${negative ? "-" : ""}${whole}${fraction ? `.${fraction}` : ""}`;
}

/**
 * Splits units by weights, each share rounded down.
 *
 * The residue is less than one unit a share. It belongs on the rounding account, so that the total stays exact.
 */
export function splitDown(units: bigint, weights: readonly bigint[]): { shares: bigint[]; residue: bigint } {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  const shares = weights.map((weight) => (units * weight) / whole);
  return { shares, residue: shares.reduce((rest, share) => rest - share, units) };
}
