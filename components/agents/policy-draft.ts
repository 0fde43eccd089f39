import { amountWorth } from "#core/market/market-view.ts";
import { tradingCaps, tradingRules } from "#core/policy/trading.ts";
import type { PolicyInput, RuleInput } from "#core/schemas/agent-policy.ts";
import type { MarketOutput } from "#core/schemas/strategy.ts";
import { isAddress } from "../money/is-address.ts";

/** One line of the form: whom the agent may pay, and the proof it takes, if any. */
export type PayeeDraft = { id: number; recipient: string; proofModelId: string | null; outputMin: string };

export type PolicyDraft = {
  name: string;
  perTransactionCap: string;
  windowCap: string;
  windowSeconds: string;
  days: string;
  mayDeposit: boolean;
  mayTrade: boolean;
  /** Micro-dollars above which its owner is asked, or the empty text for never. */
  askOver: string;
  payees: readonly PayeeDraft[];
};

export const WINDOWS = [
  { value: "3600", label: "any hour" },
  { value: "86400", label: "any day" },
  { value: "604800", label: "any 7 days" },
  { value: "2592000", label: "any 30 days" },
] as const;

export const LIFETIMES = [
  { value: "1", label: "1 day" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
] as const;

const PROOF_MAX_AGE_SECONDS = 3_600;
const DAY_MS = 86_400_000;

export const EMPTY_DRAFT: PolicyDraft = {
  name: "",
  perTransactionCap: "200000",
  windowCap: "500000",
  windowSeconds: "3600",
  days: "7",
  mayDeposit: true,
  mayTrade: false,
  askOver: "",
  payees: [],
};

/** What agents are usually for. Each is a beginning: everything of it can be changed. */
export const TEMPLATES = {
  payer: {
    label: "Payer",
    hint: "Pays for APIs and compute, in small sums.",
    patch: {
      perTransactionCap: "200000",
      windowCap: "500000",
      windowSeconds: "3600",
      mayDeposit: true,
      mayTrade: false,
      askOver: "",
    },
  },
  trader: {
    label: "Trader",
    hint: "Trades on the pools. What it buys stays in its account.",
    patch: {
      perTransactionCap: "100000000",
      windowCap: "500000000",
      windowSeconds: "86400",
      mayDeposit: false,
      mayTrade: true,
      askOver: "",
    },
  },
  treasurer: {
    label: "Treasurer",
    hint: "Keeps shares of a treasury, pays the bills you name, fills its balance here.",
    patch: {
      perTransactionCap: "1000000000",
      windowCap: "5000000000",
      windowSeconds: "86400",
      mayDeposit: true,
      mayTrade: true,
      askOver: "500000000",
    },
  },
} as const satisfies Record<string, { label: string; hint: string; patch: Partial<PolicyDraft> }>;
export type Template = keyof typeof TEMPLATES;
export const isTemplate = (value: string): value is Template => Object.hasOwn(TEMPLATES, value);

/** The first thing that keeps this draft from being a policy, in a sentence; null when nothing does. */
export function problemOf(draft: PolicyDraft, market: MarketOutput | null): string | null {
  if (draft.name.trim() === "") return "Give the agent a name.";
  if (draft.perTransactionCap === "" || draft.windowCap === "") return "Set both limits.";
  if (BigInt(draft.perTransactionCap) <= 0n || BigInt(draft.windowCap) <= 0n) return "A limit is more than zero.";
  if (BigInt(draft.perTransactionCap) > BigInt(draft.windowCap))
    return "One payment cannot be more than the window allows.";
  if (draft.payees.some((payee) => !isAddress(payee.recipient)))
    return "Each recipient is an address: 0x and 40 hexadecimal digits.";
  if (draft.payees.some((payee) => payee.proofModelId !== null && !/^\d{1,3}$/.test(payee.outputMin)))
    return "The least output of a proof is a number from 0 to 255.";
  if (draft.mayTrade && market === null) return "Nothing is traded on this chain, or the prices are not here yet.";
  if (!draft.mayDeposit && !draft.mayTrade && draft.payees.length === 0)
    return "Allow at least one thing: what no rule names is denied.";
  return null;
}

/** How much of each token may be sold: what the dollar limits are worth of it today. */
const capsFor = (draft: PolicyDraft, market: MarketOutput) =>
  tradingCaps(
    market.data.map(({ token, decimals, price }) => {
      const worth = (units: string) => amountWorth(BigInt(units), decimals, BigInt(price));
      return { token, perTransaction: worth(draft.perTransactionCap), perWindow: worth(draft.windowCap) };
    }),
  );

/** Whom and what for, in the order in which it is read. */
function rulesOf(draft: PolicyDraft, market: MarketOutput | null, payRules: readonly RuleInput[]): RuleInput[] {
  const trades =
    draft.mayTrade && market ? tradingRules({ ...market, tokens: market.data.map(({ token }) => token) }) : [];
  return [...(draft.mayDeposit ? [{ kind: "deposit" as const }] : []), ...payRules, ...trades];
}

export function toPolicy(draft: PolicyDraft, nowMs: number, market: MarketOutput | null): PolicyInput {
  const payRules = draft.payees.map(
    (payee): RuleInput => ({
      kind: "pay",
      recipient: payee.recipient,
      ...(payee.proofModelId === null
        ? {}
        : { proof: { modelId: payee.proofModelId, outputMin: payee.outputMin, maxAgeSeconds: PROOF_MAX_AGE_SECONDS } }),
    }),
  );
  return {
    perTransactionCap: draft.perTransactionCap,
    windowCap: draft.windowCap,
    windowSeconds: Number(draft.windowSeconds),
    validUntil: new Date(nowMs + Number(draft.days) * DAY_MS).toISOString(),
    ...(draft.mayTrade && market ? { caps: capsFor(draft, market) } : {}),
    ...(draft.askOver === ""
      ? {}
      : { guards: { approvals: { over: draft.askOver, needed: 1, approvers: ["me" as const] } } }),
    rules: rulesOf(draft, market, payRules),
  };
}
