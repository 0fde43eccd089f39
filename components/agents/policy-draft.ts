import { amountWorth } from "#core/market/market-view.ts";
import { tradingCaps, tradingRules } from "#core/policy/trading.ts";
import type { PolicyInput, RuleInput } from "#core/schemas/agent-policy.ts";
import type { TemplatePolicy, TemplateRule } from "#core/schemas/policy-template.ts";
import type { MarketOutput } from "#core/schemas/strategy.ts";
import { isAddress } from "../money/is-address.ts";

/** One line of the form: whom the agent may pay, and the proof it takes, if any. */
export type PayeeDraft = { id: number; recipient: string; proofModelId: string | null; outputMin: string };

/** What a policy says that the form has no field for: it came with a template, and is signed as it is. */
export type PolicyMore = Pick<TemplatePolicy, "caps" | "gasPerWindow"> & {
  guards?: Omit<NonNullable<TemplatePolicy["guards"]>, "approvals"> | undefined;
  rules: Extract<TemplateRule, RuleInput & { kind: "call" | "function" }>[];
};

/** How much, how long and what for, whoever it is. */
export type PolicyTerms = {
  perTransactionCap: string;
  windowCap: string;
  windowSeconds: string;
  days: string;
  mayDeposit: boolean;
  mayTrade: boolean;
  /** Micro-dollars above which its owner is asked, or the empty text for never. */
  askOver: string;
  more: PolicyMore;
};

export type PolicyDraft = PolicyTerms & { name: string; payees: readonly PayeeDraft[] };

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
  more: { rules: [] },
  payees: [],
};

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
  if (!draft.mayDeposit && !draft.mayTrade && [...draft.payees, ...draft.more.rules].length === 0)
    return "Allow at least one thing: what no rule names is denied.";
  return null;
}

/** How much of each token may be sold: what its template says, or what the dollar limits are worth of it today. */
function capsFor(draft: PolicyTerms, market: MarketOutput | null): NonNullable<PolicyInput["caps"]> {
  const { caps = [] } = draft.more;
  if (!draft.mayTrade || !market) return caps;
  const isNamed = (token: string) => caps.some((cap) => cap.token.toLowerCase() === token.toLowerCase());
  const others = market.data.filter(({ token }) => !isNamed(token));
  return [
    ...caps,
    ...tradingCaps(
      others.map(({ token, decimals, price }) => {
        const worth = (units: string) => amountWorth(BigInt(units), decimals, BigInt(price));
        return { token, perTransaction: worth(draft.perTransactionCap), perWindow: worth(draft.windowCap) };
      }),
    ),
  ];
}

const guardsFor = ({ more, askOver }: PolicyTerms): NonNullable<PolicyInput["guards"]> => ({
  ...more.guards,
  ...(askOver === "" ? {} : { approvals: { over: askOver, needed: 1, approvers: ["me" as const] } }),
});

/** Whom and what for, in the order in which it is read. */
function rulesOf(draft: PolicyDraft, market: MarketOutput | null, payRules: readonly RuleInput[]): RuleInput[] {
  const trades =
    draft.mayTrade && market ? tradingRules({ ...market, tokens: market.data.map(({ token }) => token) }) : [];
  return [...(draft.mayDeposit ? [{ kind: "deposit" as const }] : []), ...payRules, ...draft.more.rules, ...trades];
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
  const [caps, guards] = [capsFor(draft, market), guardsFor(draft)];
  return {
    perTransactionCap: draft.perTransactionCap,
    windowCap: draft.windowCap,
    windowSeconds: Number(draft.windowSeconds),
    validUntil: new Date(nowMs + Number(draft.days) * DAY_MS).toISOString(),
    ...(caps.length > 0 ? { caps } : {}),
    ...(draft.more.gasPerWindow === undefined ? {} : { gasPerWindow: draft.more.gasPerWindow }),
    ...(Object.keys(guards).length > 0 ? { guards } : {}),
    rules: rulesOf(draft, market, payRules),
  };
}
