import { DomainError } from "./errors.ts";

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

/**
 * Reads an amount a person typed.
 *
 * Digits beyond the asset's precision are refused: `parseUnits` would round them, and someone who typed
 * 0.0000001 dollars must hear "too precise" rather than pay zero.
 */
export function parseAmount<A extends Asset>(asset: A, text: string): Amount<A> {
  const digits = /^(\d{1,13})(?:\.(\d+))?$/.exec(text.trim());
  if (!digits) throw new DomainError("AMOUNT_INVALID", { asset });
  const [, whole = "", fraction = ""] = digits;
  if (fraction.length > ASSET_DECIMALS[asset]) throw new DomainError("AMOUNT_TOO_PRECISE", { asset });
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

/** `units × numerator ÷ denominator`, rounded up: for what somebody owes, so that the payee is never short. */
export function mulDivUp(units: bigint, numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n || units < 0n || numerator < 0n) throw new DomainError("AMOUNT_INVALID");
  return (units * numerator + denominator - 1n) / denominator;
}

/** `units × numerator ÷ denominator`, rounded down: for a share of what was paid, so that shares never exceed it. */
export function mulDivDown(units: bigint, numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n || units < 0n || numerator < 0n) throw new DomainError("AMOUNT_INVALID");
  return (units * numerator) / denominator;
}
