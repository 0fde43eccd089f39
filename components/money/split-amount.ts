import { type Asset, formatAmount } from "#core/money.ts";

export type AmountParts = { sign: "" | "−" | "+"; whole: string; cents: string; rest: string };

/**
 * The exact digits of an amount, in the parts a screen shows: the whole with thousands apart, two decimals
 * always, and whatever is left of the precision. Nothing is rounded: a thousandth of a cent stays visible.
 */
export function splitAmount(asset: Asset, units: bigint, isSigned = false): AmountParts {
  const sign = units < 0n ? "−" : isSigned && units > 0n ? "+" : "";
  const [whole = "0", fraction = "00"] = formatAmount({ asset, units: units < 0n ? -units : units }).split(".");
  return {
    sign,
    whole: whole.replace(/\B(?=(\d{3})+$)/g, ","),
    cents: fraction.slice(0, 2),
    rest: fraction.slice(2),
  };
}
