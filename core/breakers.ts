import { z } from "zod";
import { bpsText } from "./market/market-view.ts";

/** What may stop an agent by itself, and by hand. */
export const BREAKER_KINDS = [
  "velocity",
  "failures",
  "counterparty",
  "drawdown",
  "slippage",
  "oracle",
  "manual",
] as const;
export const breakerKind = z.enum(BREAKER_KINDS);
export type BreakerKind = z.infer<typeof breakerKind>;

/**
 * What a breaker trips at, and below what it may arm again by itself: the two lie apart, or it would trip and arm in turns.
 *
 * velocity: actions within `seconds`. failures: of the last twenty that ended within `seconds`, those that failed.
 * counterparty: micro-dollars in one payment to an address that was never paid before. drawdown: hundredths of a percent
 * that prices took from what it holds since the highest within `seconds`; what it paid or was given does not count.
 * slippage: hundredths of a percent that a trade, tried out, would lose by the feeds. oracle: hundredths of a percent
 * between a feed and its pool, or a feed that is silent for longer than `seconds`; trades alone trip these two. manual:
 * nothing; a person trips it.
 */
export type BreakerSettings = {
  isOn: boolean;
  limit: bigint;
  rearmAt: bigint;
  seconds: number;
  /** How long it stays tripped at the least; null when only its owner arms it again. */
  holdSeconds: number | null;
};

export const BREAKER_DEFAULTS: Readonly<Record<BreakerKind, BreakerSettings>> = {
  velocity: { isOn: true, limit: 60n, rearmAt: 20n, seconds: 60, holdSeconds: 120 },
  failures: { isOn: true, limit: 8n, rearmAt: 2n, seconds: 3_600, holdSeconds: 600 },
  counterparty: { isOn: false, limit: 0n, rearmAt: 0n, seconds: 60, holdSeconds: null },
  drawdown: { isOn: true, limit: 2_000n, rearmAt: 1_000n, seconds: 86_400, holdSeconds: null },
  slippage: { isOn: true, limit: 300n, rearmAt: 300n, seconds: 60, holdSeconds: 300 },
  oracle: { isOn: true, limit: 500n, rearmAt: 200n, seconds: 180, holdSeconds: 60 },
  manual: { isOn: true, limit: 0n, rearmAt: 0n, seconds: 60, holdSeconds: null },
};

/** The most failures that are looked at. */
export const FAILURES_LOOKED_AT = 20;

const whole = z.string().regex(/^\d{1,18}$/);

/** Narrow enough that a breaker always means something. */
export const breakerInput = z
  .strictObject({
    kind: z.enum(["velocity", "failures", "counterparty", "drawdown", "slippage", "oracle"]),
    isOn: z.boolean(),
    limit: whole,
    rearmAt: whole,
    seconds: z.int().min(10).max(2_592_000),
    holdSeconds: z.int().min(10).max(2_592_000).nullable(),
  })
  .refine(({ limit, rearmAt }) => BigInt(rearmAt) <= BigInt(limit), {
    message: "It arms again below what it trips at.",
    path: ["rearmAt"],
  })
  .refine(({ kind, limit }) => kind !== "failures" || BigInt(limit) <= BigInt(FAILURES_LOOKED_AT), {
    message: `At most ${FAILURES_LOOKED_AT} failures are looked at.`,
    path: ["limit"],
  });
export type BreakerInput = z.output<typeof breakerInput>;

/** What an agent did lately and what the market did to it, as far as breakers look at it. */
export type Behaviour = {
  actions: bigint;
  failures: bigint;
  drawdownBps: bigint;
  /** The furthest that a pool is from its feed, and the age of the feed that is silent longest. */
  deviationBps: bigint;
  silentSeconds: number;
};

/** What a breaker measures now; null for one that measures nothing by itself. */
export function measure(kind: BreakerKind, behaviour: Behaviour): bigint | null {
  switch (kind) {
    case "velocity":
      return behaviour.actions;
    case "failures":
      return behaviour.failures;
    case "drawdown":
      return behaviour.drawdownBps;
    case "oracle":
      return behaviour.deviationBps;
    default:
      return null;
  }
}

/** The next action: to whom somebody new it pays, how much, and of a trade what it would lose; null of what is none. */
export type NextAction = { newRecipient: string | null; amount: bigint; lossBps: bigint | null; isTrade: boolean };

/** What a breaker makes of the next action, in the unit of its limit; null where it does not look at such an action. */
export function measureNext(kind: BreakerKind, next: Behaviour & NextAction): bigint | null {
  if (kind === "counterparty") return next.newRecipient === null ? null : next.amount;
  if (kind === "slippage") return next.lossBps;
  return measure(kind, next);
}

/** What a breaker measured when it let an action pass, beside its limit. */
export const breakerReading = z.strictObject({ kind: breakerKind, measured: z.string(), limit: z.string() });
export type BreakerReading = z.output<typeof breakerReading>;

/** Why the next action trips a breaker, or null. */
export function whyTripped(
  kind: BreakerKind,
  { isOn, limit, seconds }: BreakerSettings,
  next: Behaviour & NextAction,
): string | null {
  if (!isOn) return null;
  switch (kind) {
    case "velocity":
      return next.actions > limit ? `${next.actions} actions in ${seconds} s; at most ${limit}.` : null;
    case "failures":
      return next.failures >= limit
        ? `${next.failures} of the last ${FAILURES_LOOKED_AT} actions failed; at most ${limit - 1n}.`
        : null;
    case "counterparty":
      return next.newRecipient !== null && next.amount > limit
        ? `${next.amount} micro-dollars to ${next.newRecipient}, which was never paid before; at most ${limit}.`
        : null;
    case "drawdown":
      return next.drawdownBps > limit
        ? `What it holds fell by ${bpsText(next.drawdownBps)} within ${seconds} s; at most ${bpsText(limit)}.`
        : null;
    case "slippage":
      return next.lossBps !== null && next.lossBps > limit
        ? `A trade would lose ${bpsText(next.lossBps)} by the feeds; at most ${bpsText(limit)}.`
        : null;
    case "oracle":
      if (!next.isTrade) return null;
      if (next.silentSeconds > seconds)
        return `A price feed is silent for ${next.silentSeconds} s; at most ${seconds}.`;
      return next.deviationBps > limit
        ? `A pool is ${bpsText(next.deviationBps)} away from its feed; at most ${bpsText(limit)}.`
        : null;
    case "manual":
      return null;
  }
}

/** Whether a tripped breaker arms by itself now: its time is over, and what it measures has fallen far enough. */
export function mayRearm(
  kind: BreakerKind,
  { rearmAt, holdSeconds, seconds }: BreakerSettings,
  behaviour: Behaviour,
  trippedForSeconds: number,
): boolean {
  if (holdSeconds === null || trippedForSeconds < holdSeconds) return false;
  if (kind === "oracle" && behaviour.silentSeconds > seconds) return false;
  const now = measure(kind, behaviour);
  return now === null || now <= rearmAt;
}
