import { amountWorth, bpsText, priceText, unitsText, unitsWorth } from "../market/market-view.ts";
import { act, type Decision, hold, type Situation } from "./decision.ts";
import { findToken, quote, whyNotTradeable } from "./quote.ts";
import type { RuleSettings } from "./settings.ts";

type Recurring = Extract<RuleSettings, { kind: "recurring-buy" }>;
type Limit = Extract<RuleSettings, { kind: "limit-order" }>;

/** Buys for the same sum whenever its time has come. */
export function decideRecurring(settings: Recurring, { market, portfolio, state }: Situation): Decision {
  const spent = BigInt(state.spent ?? "0");
  const units = BigInt(settings.units);
  if (settings.totalMax !== undefined && spent + units > BigInt(settings.totalMax))
    return hold(`$${unitsText(spent)} are spent in all: done.`, state, { isDone: true });
  const due = Number(state.lastSeconds ?? 0) + settings.everySeconds;
  if (market.atSeconds < due) return hold(`The next purchase is due in ${due - market.atSeconds} s.`, state);
  const token = findToken(market, settings.token);
  if (typeof token === "string") return hold(token, state);
  const problem = whyNotTradeable(token, market.atSeconds);
  if (problem) return hold(problem, state);
  if (portfolio.usd < units)
    return hold(`$${unitsText(portfolio.usd)} are there, $${unitsText(units)} are needed.`, state);
  const offer = quote(market, token, "buy", units, settings.slippageBps);
  if (!offer || offer.costBps > BigInt(settings.costBpsMax))
    return hold(`Not at a cost of ${bpsText(offer?.costBps ?? 10_000n)}.`, state);
  return act(
    `Buy ${token.symbol} for $${unitsText(units)} at about $${priceText(token.answer)}, at a cost of ${bpsText(offer.costBps)}.`,
    offer.intent,
    { ...state, spent: (spent + units).toString(), lastSeconds: market.atSeconds },
  );
}

/** Trades once the pool gives the price or better, for the whole amount. */
export function decideLimit(settings: Limit, { market, portfolio, state }: Situation): Decision {
  if (state.filled === true) return hold("It is filled.", state, { isDone: true });
  if (market.atSeconds * 1_000 >= Date.parse(settings.expiresAt))
    return hold("It expired unfilled.", state, { isDone: true });
  const token = findToken(market, settings.token);
  if (typeof token === "string") return hold(token, state);
  const price = BigInt(settings.price);
  const { side } = settings;
  const amountIn = side === "buy" ? BigInt(settings.units) : BigInt(settings.amount);
  const there = side === "buy" ? portfolio.usd : (portfolio.held.get(token.token) ?? 0n);
  if (there < amountIn) return hold("The account does not hold what the order gives.", state);
  const wanted =
    side === "buy" ? amountWorth(amountIn, token.decimals, price) : unitsWorth(amountIn, token.decimals, price);
  const offer = quote(market, token, side, amountIn, 0);
  const line = `$${priceText(price)}`;
  if (!offer || offer.out < wanted)
    return hold(
      `The pool does not give ${line} for all of it; ${token.symbol} is at $${priceText(token.answer)}.`,
      state,
    );
  return act(
    `The pool gives ${line} or better: ${side} ${token.symbol} for $${unitsText(offer.units)}.`,
    // What the order asks for, and not what the pool gives at the moment: the price holds on the chain.
    { ...offer.intent, amountOutMin: wanted },
    { ...state, filled: true },
    { isDone: true },
  );
}
