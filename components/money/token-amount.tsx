import { formatUnits } from "viem/utils";
import { shorten } from "../ui/identifier.tsx";
import { Amount } from "./amount.tsx";

type TokenAmountProps = {
  /** Base units. */
  units: string;
  token: string;
  /** Null where the token is not known here: its base units are shown then. */
  symbol: string | null;
  decimals: number | null;
};

/** An amount of a token on the chain, exact; dollars as everywhere. */
export function TokenAmount({ units, token, symbol, decimals }: TokenAmountProps) {
  if (symbol === "USD") return <Amount units={units} />;
  const isKnown = symbol !== null && decimals !== null;
  return (
    <data value={units} className={isKnown ? "tabular whitespace-nowrap" : "tabular break-all"}>
      {isKnown ? `${formatUnits(BigInt(units), decimals)} ${symbol}` : `${units} base units of ${shorten(token)}`}
    </data>
  );
}
