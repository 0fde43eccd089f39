import type { Address } from "viem";
import { unitsText } from "../market/market-view.ts";
import { evaluatePolicy, type Spent } from "./evaluate-policy.ts";
import type { Execution } from "./execution.ts";
import {
  evaluateGuards,
  evaluatePurchase,
  type Guards,
  type Price,
  PURSE,
  type Purchase,
  USD_VALUE,
} from "./guards.ts";
import type { AgentPolicy } from "./policy.ts";
import { ETHER } from "./token-spending.ts";

/** Something that an agent wanted, and what became of it. */
export type PastAction = {
  id: string;
  atSeconds: number;
  wasDone: boolean;
  /** Whether people were asked for their approval. */
  waited: boolean;
  /** Whether something refused it that no policy changes: a breaker, a pause, the chain. */
  isHeldElsewhere: boolean;
} & (
  | {
      kind: "action";
      execution: Execution;
      /** What was noted of prices at that moment; ether too, under the zero address. */
      prices: ReadonlyMap<Address, Price>;
    }
  /** What was to be paid from the purse; null where that was not written down. */
  | { kind: "purchase"; purchase: Purchase | null }
);

export const OUTCOMES = ["allowed", "waits", "denied"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const UNTRIED_GUARDS = ["usd", "approvals", "outcome", "purchases"] as const;
/** What would have to be known of the past, and was not written down. */
export const UNTRIED_WHYS = ["price-not-noted", "trial-not-noted", "payment-not-noted"] as const;
export type Untried = { guard: (typeof UNTRIED_GUARDS)[number]; why: (typeof UNTRIED_WHYS)[number] };

type Why = { rule: string; value: string; fix: string };

/** What would become of an action under another policy, where that differs. */
export type DryRunChange = Pick<PastAction, "id" | "kind" | "atSeconds" | "wasDone" | "waited"> & {
  would: Outcome;
  rule: string | null;
  value: string | null;
  fix: string | null;
};

export type DryRun = {
  /** How many could be judged to the end. */
  tried: number;
  stillAllowed: number;
  stillWaiting: number;
  stillDenied: number;
  changes: DryRunChange[];
  /** Those that nothing denies which could be tried, and that a guard might have denied which could not. */
  untried: { actions: number; guards: (Untried & { actions: number })[] };
};

/** What is known of the market whatever the time: the dollar token, and the tokens that have a price feed. */
export type DryRunContext = {
  account: Address;
  nowSeconds: number;
  market: { usd: Address; priced: ReadonlySet<Address> };
};

/** What counts in the window before an action: as the signer writes it down, by token, purse and value in dollars. */
type Counted = { spent: Spent; isValued: boolean };

type Judgement =
  | { would: "denied"; why: Why }
  | { would: "allowed" | "waits" | "untried"; why: Why | null; untried: readonly Untried[]; counted: Counted };

const denied = ({ rule, value, fix }: Why): Judgement => ({ would: "denied", why: { rule, value, fix } });

const allowed = (spent: Spent) => ({
  would: "allowed" as const,
  why: null,
  untried: [],
  counted: { spent, isValued: true },
});

const asked = ({ over, needed, approvers }: NonNullable<Guards["approvals"]>, usd: bigint): Why => ({
  rule: "approvals",
  value: `$${unitsText(usd)} > $${unitsText(over)}`,
  fix: `${needed} of ${approvers.length} approve of it first.`,
});

/** What guards say of a batch that rules and caps allow, by what is known of its moment. */
function judgeGuards(
  guards: Guards,
  spent: Spent,
  { atSeconds, prices }: Extract<PastAction, { kind: "action" }>,
  before: Counted,
  { market: { usd, priced } }: DryRunContext,
): Judgement {
  const isPriced = [...spent.keys()].every((token) => token === usd || !priced.has(token) || prices.has(token));
  const triable = { ...guards, outcome: null, ...(isPriced ? {} : { usd: null, approvals: null }) };
  const usdInWindow = before.spent.get(USD_VALUE) ?? 0n;
  const facts = { nowSeconds: atSeconds, usd, prices, usdInWindow, outcome: null };
  const verdict = evaluateGuards(triable, spent, facts);
  if (!verdict.allowed) return denied(verdict);
  const untried: Untried[] = [
    ...(guards.usd && !(isPriced && before.isValued) ? [{ guard: "usd", why: "price-not-noted" } as const] : []),
    ...(guards.approvals && !isPriced ? [{ guard: "approvals", why: "price-not-noted" } as const] : []),
    // What a batch came to when it was tried out is not kept.
    ...(guards.outcome ? [{ guard: "outcome", why: "trial-not-noted" } as const] : []),
  ];
  const counted = {
    spent: verdict.usd === null ? spent : new Map([...spent, [USD_VALUE, verdict.usd]]),
    isValued: isPriced,
  };
  if (untried.length > 0) return { would: "untried", why: null, untried, counted };
  if (verdict.approvalsNeeded === 0 || !guards.approvals || verdict.usd === null) return { ...allowed(spent), counted };
  return { would: "waits", why: asked(guards.approvals, verdict.usd), untried, counted };
}

/** Without anything that allows purchases each is denied, whatever it was for. */
const SOMETHING: Purchase = { to: ETHER, amount: 0n };

function judgePurchase(
  { guards }: AgentPolicy,
  purchase: Purchase | null,
  nowSeconds: number,
  before: Spent,
): Judgement {
  if (!purchase && guards?.purchases) {
    const untried = [{ guard: "purchases", why: "payment-not-noted" }] as const;
    return { ...allowed(new Map()), would: "untried", untried };
  }
  const boughtInWindow = before.get(PURSE) ?? 0n;
  const verdict = evaluatePurchase(guards, purchase ?? SOMETHING, { nowSeconds, boughtInWindow });
  return verdict.allowed ? allowed(new Map([[PURSE, purchase?.amount ?? 0n]])) : denied(verdict);
}

function judge(policy: AgentPolicy, action: PastAction, before: Counted, context: DryRunContext): Judgement {
  if (action.kind === "purchase") return judgePurchase(policy, action.purchase, action.atSeconds, before.spent);
  const { account, nowSeconds } = context;
  const state = { account, paused: false, spentInWindow: before.spent };
  const verdict = evaluatePolicy(policy, action.execution, state, nowSeconds);
  if (!verdict.allowed) return denied(verdict);
  return policy.guards ? judgeGuards(policy.guards, verdict.spent, action, before, context) : allowed(verdict.spent);
}

function sumOf(done: readonly Counted[]): Counted {
  const spent = new Map<Address, bigint>();
  for (const one of done) for (const [token, amount] of one.spent) spent.set(token, (spent.get(token) ?? 0n) + amount);
  return { spent, isValued: done.every(({ isValued }) => isValued) };
}

const outcomeOf = ({ wasDone, waited }: PastAction): Outcome => {
  if (waited) return "waits";
  return wasDone ? "allowed" : "denied";
};

/** Adds up what came of the actions. */
class Tally {
  readonly result: DryRun = {
    tried: 0,
    stillAllowed: 0,
    stillWaiting: 0,
    stillDenied: 0,
    changes: [],
    untried: { actions: 0, guards: [] },
  };

  add(action: PastAction, would: Outcome, why: Why | null): void {
    this.result.tried += 1;
    if (would === outcomeOf(action)) {
      if (would === "allowed") this.result.stillAllowed += 1;
      else if (would === "waits") this.result.stillWaiting += 1;
      else this.result.stillDenied += 1;
      return;
    }
    const { id, kind, atSeconds, wasDone, waited } = action;
    const { rule = null, value = null, fix = null } = why ?? {};
    this.result.changes.push({ id, kind, atSeconds, wasDone, waited, would, rule, value, fix });
  }

  addUntried(untried: readonly Untried[]): void {
    const { untried: sum } = this.result;
    sum.actions += 1;
    for (const one of untried) {
      const known = sum.guards.find(({ guard, why }) => guard === one.guard && why === one.why);
      if (known) known.actions += 1;
      else sum.guards.push({ ...one, actions: 1 });
    }
  }
}

/**
 * Goes through what an agent did, bought and was refused, oldest first, as if it had had another policy: each action is
 * judged by the time and the prices of its own moment, with what the same policy would have let through in the window
 * before it.
 *
 * What was not written down is not made up: where a guard would have to know it, the action is counted as not tried,
 * unless something else denies it anyway. What is not tried, and what would have waited for people, counts in the window
 * if it was done.
 */
export function dryRun(policy: AgentPolicy, past: readonly PastAction[], context: DryRunContext): DryRun {
  const tally = new Tally();
  let done: (Counted & { atSeconds: number })[] = [];
  // Its times are those of the future: the past is judged as if it were now.
  const timely = { ...policy, validAfter: 0, validUntil: Math.max(policy.validUntil, context.nowSeconds) };
  for (const action of past) {
    const { atSeconds } = action;
    done = done.filter((one) => one.atSeconds > atSeconds - policy.windowSeconds);
    if (action.isHeldElsewhere) {
      tally.add(action, "denied", null);
      continue;
    }
    const judgement = judge(timely, action, sumOf(done), context);
    if (judgement.would === "untried") tally.addUntried(judgement.untried);
    else tally.add(action, judgement.would, judgement.why);
    if (judgement.would === "allowed" || (judgement.would !== "denied" && action.wasDone))
      done.push({ atSeconds, ...judgement.counted });
  }
  return tally.result;
}
