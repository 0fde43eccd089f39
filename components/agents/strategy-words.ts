import { bpsText, priceText, unitsText } from "#core/market/market-view.ts";
import type { DecisionView, MarketOutput, StrategyView } from "#core/schemas/strategy.ts";
import type { StrategySettings } from "#core/strategies/settings.ts";
import type { StatusWords } from "../ui/badge.tsx";
import { shorten } from "../ui/identifier.tsx";
import { spanWord } from "./window-word.ts";

export const KINDS: Record<StrategySettings["kind"], string> = {
  monitor: "Watch a price",
  rebalance: "Keep shares",
  "recurring-buy": "Buy again and again",
  "limit-order": "Order at a price",
  payer: "Pay bills",
  model: "Language model",
};

export const STRATEGY_STATES: StatusWords<StrategyView["status"]> = {
  running: ["ok", "Running"],
  stopped: ["paused", "Stopped"],
  done: ["idle", "Done"],
};

export const OUTCOMES: StatusWords<DecisionView["outcome"]> = {
  planned: ["busy", "Planned"],
  noted: ["ok", "Noted"],
  "tried-dry": ["idle", "Dry run"],
  refused: ["bad", "Refused"],
  submitted: ["busy", "On its way"],
  succeeded: ["ok", "Done"],
  failed: ["bad", "Failed"],
};

type Symbols = Pick<MarketOutput, "usd" | "data"> | null;

/** What a token is called, or its address where nobody here knows it. */
export function symbolOf(token: string, market: Symbols): string {
  if (token.toLowerCase() === market?.usd.toLowerCase()) return "USD";
  const known = market?.data.find((one) => one.token.toLowerCase() === token.toLowerCase());
  return known?.symbol ?? shorten(token);
}

const dollars = (units: string): string => `$${unitsText(BigInt(units))}`;
const price = (answer: string): string => `$${priceText(BigInt(answer))}`;

/** What a strategy does, in a sentence. */
export function settingsWords(settings: StrategySettings, market: Symbols): string {
  switch (settings.kind) {
    case "monitor": {
      const lines = [
        settings.above && `above ${price(settings.above)}`,
        settings.below && `below ${price(settings.below)}`,
        settings.moveBps && `moved by ${bpsText(BigInt(settings.moveBps))} in ${spanWord(settings.windowSeconds)}`,
      ].filter(Boolean);
      return `Tells when ${symbolOf(settings.token, market)} is ${lines.join(" or ")}.`;
    }
    case "rebalance": {
      const shares = settings.targets.map(
        ({ token, shareBps }) => `${bpsText(BigInt(shareBps))} ${symbolOf(token, market)}`,
      );
      return `Keeps ${shares.join(", ")}, the rest in dollars, within ${bpsText(BigInt(settings.bandBps))}.`;
    }
    case "recurring-buy":
      return `Buys ${symbolOf(settings.token, market)} for ${dollars(settings.units)} every ${spanWord(settings.everySeconds)}.`;
    case "limit-order":
      return settings.side === "buy"
        ? `Buys ${symbolOf(settings.token, market)} for ${dollars(settings.units)} at ${price(settings.price)} or less.`
        : `Sells ${symbolOf(settings.token, market)} at ${price(settings.price)} or more.`;
    case "payer": {
      const keep = settings.keep && `keeps ${dollars(settings.keep.below)} here`;
      const bills = settings.bills.length > 0 && `pays ${settings.bills.map(({ label }) => label).join(", ")}`;
      const words = [keep, bills].filter(Boolean).join(" and ");
      return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
    }
    case "model":
      return settings.goal;
  }
}

/** What a decision wanted done, in a few words. */
export function intentWords(intent: DecisionView["intent"], market: Symbols): string | null {
  if (intent === null) return null;
  if (intent.kind === "swap")
    return `Sell ${symbolOf(intent.sell ?? "", market)} for ${symbolOf(intent.buy ?? "", market)}`;
  return intent.kind === "pay" ? `Pay ${dollars(intent.units ?? "0")}` : `Move ${dollars(intent.units ?? "0")} here`;
}
