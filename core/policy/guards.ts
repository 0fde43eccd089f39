import type { Address, Hex } from "viem";
import { getAddress, keccak256, stringToHex } from "viem/utils";
import { z } from "zod";
import { STALE_SECONDS } from "../market/listed.ts";
import { unitsText, unitsWorth } from "../market/market-view.ts";

const UNITS_MAX = 10n ** 18n;
const BYTES_OF_OWNER = [20, 84];

const units = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,18})$/, "Expected micro-dollars as digits.")
  .transform((text) => BigInt(text))
  .refine((value) => value <= UNITS_MAX, "The sum is too large.");
const amount = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,38})$/, "Expected base units as digits.")
  .transform((text) => BigInt(text));
const clock = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "Expected a time such as 09:00.");
const hexBytes = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})+$/)
  .transform((text) => text.toLowerCase() as Hex)
  .refine((text) => BYTES_OF_OWNER.includes((text.length - 2) / 2), "An approver is a wallet or a passkey.");
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text): Address => getAddress(text));

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What all tokens together may be worth, by the price feeds. */
export const usdGuard = z.strictObject({ perTransaction: units, perWindow: units });

/** A time of the week in which it may act; one that ends before it begins goes over midnight. */
export const hoursGuard = z.strictObject({
  /** 1 is Monday. */
  days: z.array(z.int().min(1).max(7)).min(1).max(7),
  from: clock,
  to: clock,
  timeZone: z.string().min(1).max(64).refine(isTimeZone, "Expected the name of a time zone, such as Europe/Vienna."),
});

/** What a batch must come to when it is tried out before it is signed. */
export const outcomeGuard = z.strictObject({
  /** What a trade may lose at the most, by the price feeds, in hundredths of a percent of what is given. */
  lossBpsMax: z.int().min(1).max(10_000).nullable(),
  /** What the account has to have left of tokens, in base units. */
  floors: z.array(z.strictObject({ token: address, atLeast: amount })).max(8),
});

/** Whose approval anything worth more needs: so many different ones of these. */
export const approvalsGuard = z
  .strictObject({
    over: units,
    needed: z.int().min(1).max(8),
    approvers: z
      .array(z.strictObject({ owner: hexBytes, name: z.string().min(1).max(80) }))
      .min(1)
      .max(8),
  })
  .refine(({ needed, approvers }) => needed <= approvers.length, "More approvals are wanted than there are approvers.")
  .refine(({ approvers }) => new Set(approvers.map(({ owner }) => owner)).size === approvers.length, {
    message: "An approver is named once.",
  });

/** Whom it may pay by authorizations that it signs for its purse (x402), in micro-dollars. */
export const purchasesGuard = z.strictObject({
  payees: z.array(address).min(1).max(32),
  perPayment: units,
  perWindow: units,
});

/**
 * Limits that a contract cannot see to: they need prices, a clock on the wall, a look ahead, or people. The signer keeps
 * them; the account on the chain remembers their hash, so that none is changed without its owner's signature.
 */
export const guardsSchema = z.strictObject({
  usd: usdGuard.nullable(),
  hours: z.array(hoursGuard).max(8),
  outcome: outcomeGuard.nullable(),
  approvals: approvalsGuard.nullable(),
  /** Without it nothing is bought. */
  purchases: purchasesGuard.nullable().default(null),
  /** Who besides its owner has to agree to a policy that allows more dollars in a window than this. */
  changes: approvalsGuard.nullable().default(null),
});
export type Guards = z.output<typeof guardsSchema>;

const approvalsToJson = ({ over, needed, approvers }: NonNullable<Guards["approvals"]>) => ({
  over: over.toString(),
  needed,
  approvers: approvers.map(({ owner, name }) => ({ owner, name })),
});

/** Plain JSON with decimal texts, always in this order; `guardsSchema` reads it back. */
export function guardsToJson({
  usd,
  hours,
  outcome,
  approvals,
  purchases,
  changes,
}: Guards): z.input<typeof guardsSchema> {
  return {
    usd: usd && { perTransaction: usd.perTransaction.toString(), perWindow: usd.perWindow.toString() },
    hours: hours.map(({ days, from, to, timeZone }) => ({ days: [...days], from, to, timeZone })),
    outcome: outcome && {
      lossBpsMax: outcome.lossBpsMax,
      floors: outcome.floors.map(({ token, atLeast }) => ({ token, atLeast: atLeast.toString() })),
    },
    approvals: approvals && approvalsToJson(approvals),
    purchases: purchases && {
      payees: [...purchases.payees],
      perPayment: purchases.perPayment.toString(),
      perWindow: purchases.perWindow.toString(),
    },
    changes: changes && approvalsToJson(changes),
  };
}

/** Names guards: keccak256 of their JSON. */
export const hashGuards = (guards: Guards): Hex => keccak256(stringToHex(JSON.stringify(guardsToJson(guards))));

const DAYS: Readonly<Record<string, number>> = { Mon: 1, Tue: 2, Wed: 3, Thu: 4, Fri: 5, Sat: 6, Sun: 7 };

/** Made once for each stretch of hours: a replay of the past asks them thousands of times, and making one is slow. */
const clocks = new WeakMap<object, Intl.DateTimeFormat>();

function clockOf(hours: z.output<typeof hoursGuard>): Intl.DateTimeFormat {
  const known = clocks.get(hours);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: hours.timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  clocks.set(hours, made);
  return made;
}

/** The day of the week and the time of the day at the hours' place; daylight saving is the place's own. */
function localTime(hours: z.output<typeof hoursGuard>, nowSeconds: number): { day: number; time: string } {
  const parts = clockOf(hours).formatToParts(new Date(nowSeconds * 1_000));
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return { day: DAYS[part("weekday")] ?? 0, time: `${part("hour")}:${part("minute")}` };
}

const dayBefore = (day: number): number => (day === 1 ? 7 : day - 1);

/** Whether a time lies in a stretch of the week: from its first minute until before its last. */
export function isWithinHours(hours: z.output<typeof hoursGuard>, nowSeconds: number): boolean {
  const { days, from, to } = hours;
  const { day, time } = localTime(hours, nowSeconds);
  if (from < to) return days.includes(day) && time >= from && time < to;
  // Over midnight, or around the clock: what began the day before lasts into this one.
  return (days.includes(day) && time >= from) || (days.includes(dayBefore(day)) && time < to);
}

export type Price = { decimals: number; answer: bigint; answeredAtSeconds: number };

/** What is known when guards are asked. Prices name ether too, under the zero address. */
export type GuardFacts = {
  nowSeconds: number;
  usd: Address;
  prices: ReadonlyMap<Address, Price>;
  /** Micro-dollars that were signed for in the window so far, by the prices of then. */
  usdInWindow: bigint;
  /** What the account had and would have of each token; "fails" when the batch would not go through at all. */
  outcome: ReadonlyMap<Address, { before: bigint; after: bigint }> | "fails" | null;
};

export type GuardRule =
  | "hours"
  | "price-unknown"
  | "price-stale"
  | "usd-per-transaction"
  | "usd-per-window"
  | "outcome-fails"
  | "outcome-loss"
  | "outcome-floor"
  | "approvals";

export type GuardVerdict =
  | { allowed: true; usd: bigint | null; approvalsNeeded: number }
  | { allowed: false; rule: GuardRule; value: string; fix: string };

type Denial = Extract<GuardVerdict, { allowed: false }>;
const deny = (rule: GuardRule, value: string, fix: string): Denial => ({ allowed: false, rule, value, fix });

/** Whether anything here needs to know what things are worth. */
export const needsPrices = ({ usd, approvals, outcome }: Guards): boolean =>
  usd !== null || approvals !== null || outcome?.lossBpsMax != null;

/** Micro-dollars that an amount of a token is worth, or why nobody knows. */
function worth(token: Address, units: bigint, { usd, prices, nowSeconds }: GuardFacts): bigint | Denial {
  if (token === usd) return units;
  const price = prices.get(token);
  if (!price)
    return deny("price-unknown", `no price of ${token}`, "Spend what has a price, or the owner takes this limit away.");
  const age = nowSeconds - price.answeredAtSeconds;
  if (price.answer <= 0n || age > STALE_SECONDS)
    return deny("price-stale", `the price of ${token} is ${age} s old`, "Wait until the feed gives a new price.");
  // Rounded up: a limit holds for what it may be worth.
  return unitsWorth(units, price.decimals, price.answer) + 1n;
}

function judgeUsd({ usd }: Guards, spent: bigint, { usdInWindow }: GuardFacts): Denial | null {
  if (!usd) return null;
  if (spent > usd.perTransaction)
    return deny(
      "usd-per-transaction",
      `$${unitsText(spent)} > $${unitsText(usd.perTransaction)}`,
      `Spend what is worth at most $${unitsText(usd.perTransaction)} at a time.`,
    );
  if (usdInWindow + spent > usd.perWindow) {
    const left = usd.perWindow > usdInWindow ? usd.perWindow - usdInWindow : 0n;
    return deny(
      "usd-per-window",
      `$${unitsText(usdInWindow)} + $${unitsText(spent)} > $${unitsText(usd.perWindow)}`,
      `What is worth $${unitsText(left)} is left in this window.`,
    );
  }
  return null;
}

function judgeOutcome({ outcome }: Guards, facts: GuardFacts): Denial | null {
  if (!outcome) return null;
  if (facts.outcome === null || facts.outcome === "fails")
    return deny("outcome-fails", "tried out, it does not go through", "Change the calls so that they succeed.");
  for (const { token, atLeast } of outcome.floors) {
    const left = facts.outcome.get(token)?.after ?? 0n;
    if (left < atLeast)
      return deny("outcome-floor", `${left} of ${token} left`, `Leave at least ${atLeast} of it in the account.`);
  }
  if (outcome.lossBpsMax === null) return null;
  let [given, got] = [0n, 0n];
  for (const [token, { before, after }] of facts.outcome) {
    if (before === after) continue;
    const value = worth(token, before > after ? before - after : after - before, facts);
    if (typeof value !== "bigint") return value;
    if (before > after) given += value;
    else got += value;
  }
  // Nothing came back: that was no trade, and its caps are what holds it.
  if (got === 0n || got >= given) return null;
  const lossBps = ((given - got) * 10_000n) / given;
  if (lossBps <= BigInt(outcome.lossBpsMax)) return null;
  return deny(
    "outcome-loss",
    `$${unitsText(given)} for $${unitsText(got)}`,
    `A trade may lose ${outcome.lossBpsMax} hundredths of a percent: trade less at a time, or elsewhere.`,
  );
}

/**
 * Whether guards let a batch through that the policy allows, what it is worth where that counts, and how many approvals
 * it needs.
 */
export function evaluateGuards(guards: Guards, spent: ReadonlyMap<Address, bigint>, facts: GuardFacts): GuardVerdict {
  if (guards.hours.length > 0 && !guards.hours.some((hours) => isWithinHours(hours, facts.nowSeconds)))
    return deny(
      "hours",
      new Date(facts.nowSeconds * 1_000).toISOString(),
      `It acts ${guards.hours.map(({ days, from, to, timeZone }) => `on days ${days.join(", ")} from ${from} to ${to}, ${timeZone}`).join("; ")}.`,
    );
  const denial = judgeOutcome(guards, facts);
  if (denial) return denial;
  if (!guards.usd && !guards.approvals) return { allowed: true, usd: null, approvalsNeeded: 0 };
  let value = 0n;
  for (const [token, units] of spent) {
    const one = worth(token, units, facts);
    if (typeof one !== "bigint") return one;
    value += one;
  }
  const over = judgeUsd(guards, value, facts);
  if (over) return over;
  const { approvals } = guards;
  return { allowed: true, usd: value, approvalsNeeded: approvals && value > approvals.over ? approvals.needed : 0 };
}

export type Purchase = { to: Address; amount: bigint };

/** Whether guards let a payment from the purse through; without guards, or without this one, none is. */
export function evaluatePurchase(
  guards: Guards | null,
  { to, amount }: Purchase,
  { nowSeconds, boughtInWindow }: { nowSeconds: number; boughtInWindow: bigint },
): { allowed: true } | { allowed: false; rule: string; value: string; fix: string } {
  const no = (rule: string, value: string, fix: string) => ({ allowed: false, rule, value, fix }) as const;
  if (!guards?.purchases)
    return no("purchases", "none are allowed", "The owner allows purchases, and names who may be paid.");
  const { payees, perPayment, perWindow } = guards.purchases;
  if (!payees.includes(to)) return no("purchase-payee", to, `It may buy from ${payees.join(", ")}.`);
  if (guards.hours.length > 0 && !guards.hours.some((hours) => isWithinHours(hours, nowSeconds)))
    return no("hours", new Date(nowSeconds * 1_000).toISOString(), "It buys when it may act.");
  if (amount > perPayment)
    return no("purchase-cap", `$${unitsText(amount)} > $${unitsText(perPayment)}`, "Buy something that costs less.");
  if (guards.approvals && amount > guards.approvals.over)
    return no(
      "approvals",
      `$${unitsText(amount)}`,
      "What needs approval is not bought by itself: pay it from the account.",
    );
  if (boughtInWindow + amount > perWindow)
    return no(
      "purchase-window",
      `$${unitsText(boughtInWindow)} + $${unitsText(amount)} > $${unitsText(perWindow)}`,
      "Wait until earlier purchases have left the window.",
    );
  return { allowed: true };
}

/** Where purchases are written down, apart from what the account spends. */
export const PURSE: Address = "0x0000000000000000000000000000000000000402";

/** Where the value in dollars is written down beside the tokens: ISO 4217's number of the dollar, as ERC-7726 has it. */
export const USD_VALUE: Address = "0x0000000000000000000000000000000000000348";

const sameOrFewer = (inner: readonly string[], outer: readonly string[]): boolean =>
  inner.every((one) => outer.includes(one));

/** Whether `inner` lets nothing through that `outer` did not. A yes is certain. */
export function areGuardsWithin(inner: Guards | null, outer: Guards | null): boolean {
  // Without guards nothing is bought: who adds some may not add that.
  if (!outer) return inner?.purchases == null;
  if (!inner) return false;
  const hours = (guards: Guards) => guards.hours.map((one) => JSON.stringify(one));
  const areHours = outer.hours.length === 0 || (inner.hours.length > 0 && sameOrFewer(hours(inner), hours(outer)));
  const isUsd =
    !outer.usd ||
    (inner.usd !== null &&
      inner.usd.perTransaction <= outer.usd.perTransaction &&
      inner.usd.perWindow <= outer.usd.perWindow);
  const isWithin =
    isOutcomeWithin(inner, outer) && areApprovalsWithin(inner, outer) && arePurchasesWithin(inner, outer);
  return areHours && isUsd && isWithin;
}

/** Unlike the others this one allows: none is the narrowest. */
function arePurchasesWithin({ purchases: inner }: Guards, outer: Guards): boolean {
  if (!inner) return true;
  const held = outer.purchases;
  if (!held) return false;
  return (
    sameOrFewer(inner.payees, held.payees) && inner.perPayment <= held.perPayment && inner.perWindow <= held.perWindow
  );
}

function isOutcomeWithin({ outcome: inner }: Guards, { outcome: outer }: Guards): boolean {
  if (!outer) return true;
  if (!inner) return false;
  const isLoss = outer.lossBpsMax === null || (inner.lossBpsMax !== null && inner.lossBpsMax <= outer.lossBpsMax);
  const areFloors = outer.floors.every(({ token, atLeast }) =>
    inner.floors.some((floor) => floor.token === token && floor.atLeast >= atLeast),
  );
  return isLoss && areFloors;
}

type ApprovalsGuard = z.output<typeof approvalsGuard>;

/** Whether it asks at least as much of at most the same people. */
function isAskingWithin(inner: ApprovalsGuard | null, outer: ApprovalsGuard | null): boolean {
  if (!outer) return true;
  if (!inner) return false;
  const owners = (guard: ApprovalsGuard) => guard.approvers.map(({ owner }) => owner);
  return inner.over <= outer.over && inner.needed >= outer.needed && sameOrFewer(owners(inner), owners(outer));
}

const areApprovalsWithin = (inner: Guards, outer: Guards): boolean =>
  isAskingWithin(inner.approvals, outer.approvals) && isAskingWithin(inner.changes, outer.changes);

/**
 * How many others have to agree before a policy takes another's place: when it allows more dollars in a window than the
 * first one says, or asks less of others about the next change.
 */
export function othersNeeded(before: Guards | null, after: Guards | null, dollarsInWindow: bigint): number {
  const asked = before?.changes;
  if (!asked) return 0;
  const isLoosened = !isAskingWithin(after?.changes ?? null, asked);
  return dollarsInWindow > asked.over || isLoosened ? asked.needed : 0;
}
