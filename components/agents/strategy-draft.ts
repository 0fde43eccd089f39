import { parseUnits } from "viem/utils";
import { type StrategySettingsInput, strategySettings } from "#core/strategies/settings.ts";

/** The form of every kind at once: texts as they are typed, so that changing the kind loses nothing. */
export type StrategyDraft = {
  name: string;
  kind: StrategySettingsInput["kind"];
  token: string;
  above: string;
  below: string;
  movePercent: string;
  sharePercent: string;
  bandPercent: string;
  units: string;
  everySeconds: string;
  side: "buy" | "sell";
  amount: string;
  price: string;
  days: string;
  keepBelow: string;
  keepUpTo: string;
  goal: string;
  model: string;
};

export const EMPTY_STRATEGY: StrategyDraft = {
  name: "",
  kind: "rebalance",
  token: "",
  above: "",
  below: "",
  movePercent: "",
  sharePercent: "50",
  bandPercent: "5",
  units: "10000000",
  everySeconds: "86400",
  side: "buy",
  amount: "1",
  price: "",
  days: "7",
  keepBelow: "1000000",
  keepUpTo: "5000000",
  goal: "",
  model: "",
};

const NUMBER = /^\d{1,12}(?:\.\d{1,18})?$/;
const DAY_MS = 86_400_000;

/** A price with the eight digits of a feed; undefined for an empty text. */
const priceOf = (text: string): string | undefined =>
  text.trim() === "" ? undefined : NUMBER.test(text.trim()) ? parseUnits(text.trim(), 8).toString() : "?";

/** Hundredths of a percent; NaN of what is no number. */
const bpsOf = (text: string): number => (NUMBER.test(text.trim()) ? Number(parseUnits(text.trim(), 2)) : Number.NaN);

function inputOf(draft: StrategyDraft, decimals: number, nowMs: number): object {
  const { kind, token } = draft;
  switch (kind) {
    case "monitor": {
      const [above, below] = [priceOf(draft.above), priceOf(draft.below)];
      const move = draft.movePercent.trim() === "" ? {} : { moveBps: bpsOf(draft.movePercent) };
      return { kind, token, ...(above ? { above } : {}), ...(below ? { below } : {}), ...move };
    }
    case "rebalance":
      return {
        kind,
        targets: [{ token, shareBps: bpsOf(draft.sharePercent) }],
        bandBps: bpsOf(draft.bandPercent),
      };
    case "recurring-buy":
      return { kind, token, units: draft.units, everySeconds: Number(draft.everySeconds) };
    case "limit-order": {
      const expiresAt = new Date(nowMs + Number(draft.days) * DAY_MS).toISOString();
      const amount = NUMBER.test(draft.amount.trim()) ? parseUnits(draft.amount.trim(), decimals).toString() : "?";
      const given = draft.side === "buy" ? { units: draft.units } : { amount };
      return { kind, side: draft.side, token, ...given, price: priceOf(draft.price) ?? "", expiresAt };
    }
    case "payer":
      return { kind, keep: { below: draft.keepBelow, upTo: draft.keepUpTo } };
    case "model":
      return { kind, goal: draft.goal, model: draft.model, everySeconds: Number(draft.everySeconds) };
  }
}

const FIELDS: Readonly<Record<string, string>> = {
  token: "Choose a token.",
  targets: "A share is a number from 0 to 100.",
  bandBps: "The band is a percentage from 0.01 to 50.",
  above: "A price is a number, such as 2500 or 2500.50.",
  below: "A price is a number, such as 2500 or 2500.50.",
  price: "A price is a number, such as 2500 or 2500.50.",
  moveBps: "A move is a percentage from 0.01 to 100.",
  units: "Name a sum.",
  amount: "An amount is a number, such as 0.5.",
  keep: "It is filled up to more than what it is filled at.",
  goal: "Say what it is to do.",
  model: "Choose a model.",
};

/** The settings of a draft, or what keeps it from being any, in a sentence. */
export function readDraft(draft: StrategyDraft, decimals: number, nowMs: number): StrategySettingsInput | string {
  if (draft.kind !== "payer" && draft.kind !== "model" && draft.token === "") return FIELDS.token ?? "";
  const input = inputOf(draft, decimals, nowMs);
  const parsed = strategySettings.safeParse(input);
  if (parsed.success) return input as StrategySettingsInput;
  const [issue] = parsed.error.issues;
  return FIELDS[String(issue?.path[0] ?? "")] ?? issue?.message ?? "Something is missing.";
}
