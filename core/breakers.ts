import { z } from "zod";

/** What may stop an agent by itself, and by hand. */
export const BREAKER_KINDS = ["velocity", "failures", "counterparty", "manual"] as const;
export const breakerKind = z.enum(BREAKER_KINDS);
export type BreakerKind = z.infer<typeof breakerKind>;

/**
 * What a breaker trips at, and below what it may arm again by itself: the two lie apart, or it would trip and arm in turns.
 *
 * velocity: actions within `seconds`. failures: of the last twenty that ended within `seconds`, those that failed.
 * counterparty: micro-dollars in one payment to an address that was never paid before. manual: nothing; a person trips it.
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
  manual: { isOn: true, limit: 0n, rearmAt: 0n, seconds: 60, holdSeconds: null },
};

/** The most failures that are looked at. */
export const FAILURES_LOOKED_AT = 20;

const whole = z.string().regex(/^\d{1,18}$/);

/** Narrow enough that a breaker always means something. */
export const breakerInput = z
  .strictObject({
    kind: z.enum(["velocity", "failures", "counterparty"]),
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

/** What an agent did lately, as far as breakers look at it. */
export type Behaviour = { actions: bigint; failures: bigint };

/** What a breaker measures now; null for one that measures nothing by itself. */
export function measure(kind: BreakerKind, behaviour: Behaviour): bigint | null {
  if (kind === "velocity") return behaviour.actions;
  return kind === "failures" ? behaviour.failures : null;
}

/** Why the next action trips a breaker, or null. */
export function whyTripped(
  kind: BreakerKind,
  { isOn, limit, seconds }: BreakerSettings,
  next: Behaviour & { newRecipient: string | null; amount: bigint },
): string | null {
  if (!isOn) return null;
  if (kind === "velocity" && next.actions > limit) return `${next.actions} actions in ${seconds} s; at most ${limit}.`;
  if (kind === "failures" && next.failures >= limit)
    return `${next.failures} of the last ${FAILURES_LOOKED_AT} actions failed; at most ${limit - 1n}.`;
  if (kind === "counterparty" && next.newRecipient !== null && next.amount > limit)
    return `${next.amount} micro-dollars to ${next.newRecipient}, which was never paid before; at most ${limit}.`;
  return null;
}

/** Whether a tripped breaker arms by itself now: its time is over, and what it measures has fallen far enough. */
export function mayRearm(
  kind: BreakerKind,
  { rearmAt, holdSeconds }: BreakerSettings,
  behaviour: Behaviour,
  trippedForSeconds: number,
): boolean {
  if (holdSeconds === null || trippedForSeconds < holdSeconds) return false;
  const now = measure(kind, behaviour);
  return now === null || now <= rearmAt;
}
