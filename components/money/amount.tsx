import { type Asset, isAsset } from "#core/money.ts";
import { splitAmount } from "./split-amount.ts";

const SYMBOLS: Record<Asset, string> = { USD: "$", EUR: "€" };

type AmountProps = {
  /** Base units as they travel: a decimal string, or a bigint. */
  units: string | bigint;
  asset?: string;
  /** Shows a plus before what came in. */
  isSigned?: boolean;
  className?: string;
};

/** The only place where an amount becomes text: exact, tabular, the digits past the cent set back. */
export function Amount({ units, asset = "USD", isSigned = false, className }: AmountProps) {
  if (!isAsset(asset)) throw new RangeError(`No way to show an amount of ${asset}`);
  const { sign, whole, cents, rest } = splitAmount(asset, BigInt(units), isSigned);
  return (
    <data
      value={String(units)}
      className={className ? `tabular whitespace-nowrap ${className}` : "tabular whitespace-nowrap"}
    >
      {sign}
      {SYMBOLS[asset]}
      {whole}.{cents}
      {rest && <span className="text-ink-3">{rest}</span>}
    </data>
  );
}
