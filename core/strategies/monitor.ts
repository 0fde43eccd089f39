import { STALE_SECONDS } from "../market/listed.ts";
import { apartBps, bpsText, priceText } from "../market/market-view.ts";
import { type Decision, hold, type Situation } from "./decision.ts";
import { findToken } from "./quote.ts";
import type { RuleSettings } from "./settings.ts";

type Monitor = Extract<RuleSettings, { kind: "monitor" }>;
/** A line counts as left only when the price is so far back over it: a price that trembles on it tells nobody twice. */
const HYSTERESIS_BPS = 20n;

/** Whether a price is beyond a line, once it was beyond it or not. */
function isBeyond(price: bigint, line: bigint, side: "above" | "below", was: boolean): boolean {
  const slack = was ? (line * HYSTERESIS_BPS) / 10_000n : 0n;
  return side === "above" ? price > line - slack : price < line + slack;
}

export function decideMonitor(settings: Monitor, { market, state }: Situation): Decision {
  const token = findToken(market, settings.token);
  if (typeof token === "string") return hold(token, state);
  const age = market.atSeconds - token.answeredAtSeconds;
  if (age > STALE_SECONDS) {
    // One that was silent when it began to look is no news.
    const isNew = state.stale === false;
    return hold(`The feed's price of ${token.symbol} is ${age} s old.`, { ...state, stale: true }, { isAlert: isNew });
  }
  const next: Record<string, string | number | boolean> = { ...state, stale: false };
  const alerts: string[] = [];
  for (const side of ["above", "below"] as const) {
    const line = settings[side];
    if (line === undefined) continue;
    const was = state[side] === true;
    next[side] = isBeyond(token.answer, BigInt(line), side, was);
    if (next[side] && !was) alerts.push(`went ${side} $${priceText(BigInt(line))}`);
  }
  const before = settings.moveBps === undefined ? null : market.answerAgo(token.token, settings.windowSeconds);
  if (settings.moveBps !== undefined && before !== null) {
    const moved = apartBps(before, token.answer);
    next.moved = moved >= BigInt(settings.moveBps);
    if (next.moved && state.moved !== true)
      alerts.push(`${token.answer > before ? "rose" : "fell"} by ${bpsText(moved)} in ${settings.windowSeconds} s`);
  }
  const now = `${token.symbol} is at $${priceText(token.answer)}`;
  return alerts.length === 0
    ? hold(`${now}.`, next)
    : hold(`${now}: it ${alerts.join(" and ")}.`, next, { isAlert: true });
}
