import { dollars } from "#core/journey/amounts.ts";
import { bpsText } from "#core/market/market-view.ts";
import type { BreakerView } from "#core/schemas/agent.ts";
import { spanWord, windowWord } from "./window-word.ts";

export type Breaker = BreakerView["data"][number];

export const NAMES: Record<Breaker["kind"], string> = {
  velocity: "Too many actions",
  failures: "Too many failures",
  counterparty: "A large payment to somebody new",
  drawdown: "A fall in value",
  slippage: "A trade that loses too much",
  oracle: "A price that cannot be trusted",
  manual: "By hand",
};

/** "2 minutes", "an hour". */
function lengthWord(seconds: number): string {
  const span = spanWord(seconds);
  if (/^\d/.test(span)) return span;
  return span === "hour" ? "an hour" : `a ${span}`;
}

const percent = (bps: string): string => bpsText(BigInt(bps));

/** Breakers that measure nothing while nothing is done: their time alone arms them. */
const UNMEASURED = new Set<Breaker["kind"]>(["counterparty", "slippage"]);

function trips({ kind, limit, seconds }: Breaker): string {
  switch (kind) {
    case "velocity":
      return `More than ${limit} in ${windowWord(seconds)}.`;
    case "failures":
      return `${limit} of the last 20 in ${windowWord(seconds)}.`;
    case "counterparty":
      return `More than ${dollars(limit)} to an address it never paid.`;
    case "drawdown":
      return `Prices took more than ${percent(limit)} of what it holds in ${windowWord(seconds)}.`;
    case "slippage":
      return `A trade would lose more than ${percent(limit)} by the price feeds.`;
    case "oracle":
      return `A pool is more than ${percent(limit)} from its feed, or a feed is silent for ${lengthWord(seconds)}.`;
    case "manual":
      return "";
  }
}

/** When it trips, and when it arms again, in a sentence. */
export function breakerRule(breaker: Breaker): string {
  const { kind, rearmAt, holdSeconds } = breaker;
  if (kind === "manual") return "You trip it, and you arm it again.";
  const shown = kind === "drawdown" || kind === "oracle" ? percent(rearmAt) : rearmAt;
  const again =
    holdSeconds === null
      ? "You arm it again."
      : `It arms by itself after ${lengthWord(holdSeconds)}${UNMEASURED.has(kind) ? "" : `, at ${shown} or ${kind === "oracle" || kind === "drawdown" ? "less" : "fewer"}`}.`;
  return `${trips(breaker)} ${again}`;
}

/** What it measures now, as it is written. */
export const measuredWord = ({ kind, measured }: Breaker): string | null =>
  measured === null ? null : kind === "drawdown" || kind === "oracle" ? percent(measured) : measured;
