import type { BreakerView } from "#core/schemas/agent.ts";
import { spanWord, windowWord } from "./window-word.ts";

export type Breaker = BreakerView["data"][number];

export const NAMES: Record<Breaker["kind"], string> = {
  velocity: "Too many actions",
  failures: "Too many failures",
  counterparty: "A large payment to somebody new",
  manual: "By hand",
};

const dollars = (units: string): string => {
  const digits = units.padStart(7, "0");
  const cents = digits.slice(-6).replace(/0+$/, "").padEnd(2, "0");
  return `$${digits.slice(0, -6)}.${cents}`;
};

/** "2 minutes", "an hour". */
function lengthWord(seconds: number): string {
  const span = spanWord(seconds);
  if (/^\d/.test(span)) return span;
  return span === "hour" ? "an hour" : `a ${span}`;
}

/** When it trips, and when it arms again, in a sentence. */
export function breakerRule({ kind, limit, rearmAt, seconds, holdSeconds }: Breaker): string {
  if (kind === "manual") return "You trip it, and you arm it again.";
  const again =
    holdSeconds === null
      ? "You arm it again."
      : `It arms by itself after ${lengthWord(holdSeconds)}${kind === "counterparty" ? "" : `, at ${rearmAt} or fewer`}.`;
  if (kind === "velocity") return `More than ${limit} in ${windowWord(seconds)}. ${again}`;
  if (kind === "failures") return `${limit} of the last 20 in ${windowWord(seconds)}. ${again}`;
  return `More than ${dollars(limit)} to an address it never paid. ${again}`;
}
