import type { RewardEvent } from "#core/event-batch.ts";
import type { EventRejection } from "#core/schemas/reward.ts";

/** A device's clock may run this far ahead of ours. */
export const FUTURE_MS_MAX = 5 * 60_000;
/** Events kept offline are taken in for a week. */
export const AGE_MS_MAX = 7 * 24 * 3_600_000;
/** Two looks may overlap by this much before one of them cannot be true. */
const OVERLAP_MS_MAX = 250;
/** Below this score a batch is kept and paid nothing. */
export const SCORE_MIN = 50;

/** Says, for each event that cannot be true, why. Every rule looks at this batch only, so order of arrival is no matter. */
export function findRejections(
  events: readonly RewardEvent[],
  known: { itemIds: ReadonlySet<string>; nowMs: number },
): Map<string, EventRejection> {
  const rejections = new Map<string, EventRejection>();
  for (const event of events) {
    if (event.atMs > known.nowMs + FUTURE_MS_MAX) rejections.set(event.id, "FROM_THE_FUTURE");
    else if (event.atMs < known.nowMs - AGE_MS_MAX) rejections.set(event.id, "TOO_OLD");
    else if (!known.itemIds.has(event.itemId)) rejections.set(event.id, "UNKNOWN_ITEM");
    else if (event.kind === "dwell" && event.dwellMs === undefined) rejections.set(event.id, "DWELL_MISSING");
  }

  // One pair of eyes looks at one card at a time: of two looks that overlap, the later one is refused.
  const looks = events
    .filter((event) => event.kind === "dwell" && !rejections.has(event.id))
    .sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  let lookedUntilMs = Number.NEGATIVE_INFINITY;
  for (const look of looks) {
    if (look.atMs - (look.dwellMs ?? 0) < lookedUntilMs - OVERLAP_MS_MAX) rejections.set(look.id, "DWELL_OVERLAPS");
    else lookedUntilMs = look.atMs;
  }
  return rejections;
}

/**
 * How much a batch looks like a person reading, 0 to 100.
 *
 * Hands are uneven and slow: a machine gives itself away by keeping time exactly, or by outrunning what a thumb can
 * do. Only views and scrolls are timed, since looks are cut by our own clock.
 */
export function scoreBatch(events: readonly RewardEvent[]): number {
  const timesMs = events
    .filter((event) => event.kind !== "dwell")
    .map((event) => event.atMs)
    .sort((a, b) => a - b);
  if (timesMs.length < 8) return 100;

  const gaps: number[] = [];
  let before = timesMs[0] ?? 0;
  for (const time of timesMs.slice(1)) {
    gaps.push(time - before);
    before = time;
  }
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  const unevenness = mean === 0 ? 0 : Math.sqrt(variance) / mean;

  let score = 100;
  if (unevenness < 0.05) score -= 60;
  else if (unevenness < 0.15) score -= 30;
  if (mean < 80) score -= 60;
  else if (mean < 150) score -= 30;
  return Math.max(0, score);
}
