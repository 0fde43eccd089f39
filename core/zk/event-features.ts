import type { FEATURE_COUNT } from "./mlp.ts";

/** What happened in the feed. `hidden` is the page leaving the screen, `pause` a touch that stops the scroll. */
export const FEED_EVENT_KINDS = ["view", "scroll", "dwell", "pause", "hidden"] as const;

/** One raw event of a feed: `t` in milliseconds, `depth` the scroll position in pixels; both whole numbers. */
export type FeedEvent = {
  t: number;
  kind: (typeof FEED_EVENT_KINDS)[number];
  dwellMs: number;
  depth: number;
  itemId: string;
};

/** Fewer events say nothing about rhythm; more are cut into several windows by the caller. */
export const WINDOW_EVENTS_MIN = 8;
export const WINDOW_EVENTS_MAX = 512;

/** Names of the features, in the order of the model's input. */
export const FEATURE_NAMES = [
  "gapMedian",
  "gapSpread",
  "gapEntropy",
  "gapRepeats",
  "gapOnTimerGrid",
  "gapLongShare",
  "dwellMedian",
  "dwellSpread",
  "dwellEntropy",
  "dwellShortShare",
  "speedMedian",
  "speedSpread",
  "stepRepeats",
  "reversalShare",
  "interruptionShare",
  "itemVariety",
] as const satisfies readonly string[] & { length: typeof FEATURE_COUNT };

const byte = (value: number) => Math.max(0, Math.min(255, Math.floor(value)));

/** floor(16 * log2(1 + value)) with a linear fraction: integer arithmetic only, the same on every machine. */
function logScale(value: number): number {
  const shifted = Math.floor(value) + 1;
  const exponent = 31 - Math.clz32(Math.min(shifted, 2 ** 31 - 1));
  return byte(16 * exponent + Math.floor((Math.min(shifted, 2 ** 31 - 1) * 16) / 2 ** exponent) - 16);
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const shareOf = (count: number, total: number) => (total === 0 ? 0 : byte((255 * count) / total));

/** Mean absolute deviation over the mean, 128 meaning that both are equal. */
function spreadOf(values: readonly number[]): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  if (total === 0) return 0;
  const deviation = values.reduce((sum, value) => sum + Math.abs(value * values.length - total), 0);
  return byte((128 * deviation) / (total * values.length));
}

/** Entropy of the values in buckets half an octave wide, in 1/48 bit. */
function entropyOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const buckets = new Map<number, number>();
  for (const value of values) {
    const bucket = logScale(value) >> 3;
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  const whole = logScale(values.length - 1);
  let sum = 0;
  for (const count of buckets.values()) sum += count * (whole - logScale(count - 1));
  return byte((3 * Math.max(0, sum)) / values.length);
}

function repeatShareOf(values: readonly number[]): number {
  return shareOf(values.length - new Set(values).size, values.length);
}

/**
 * The model's input for a window of events: 16 bytes, from whole numbers by whole-number arithmetic.
 *
 * The order of events with the same time is kept; everything else about a caller's order is ignored.
 */
export function featuresOf(window: readonly FeedEvent[]): number[] {
  const events = [...window].sort((a, b) => a.t - b.t);
  const gaps: number[] = [];
  const steps: number[] = [];
  const speeds: number[] = [];
  for (let i = 1; i < events.length; i++) {
    const before = events[i - 1];
    const after = events[i];
    if (!before || !after) continue;
    const gap = after.t - before.t;
    const step = after.depth - before.depth;
    gaps.push(gap);
    if (step !== 0) {
      steps.push(step);
      speeds.push(Math.floor((Math.abs(step) * 1000) / Math.max(1, gap)));
    }
  }
  const dwells = events.filter((event) => event.dwellMs > 0).map((event) => event.dwellMs);
  const gapMedian = medianOf(gaps);
  const reversals = steps.filter((step, i) => i > 0 && Math.sign(step) !== Math.sign(steps[i - 1] ?? step)).length;
  const interruptions = events.filter((event) => event.kind === "hidden" || event.kind === "pause").length;
  return [
    logScale(gapMedian),
    spreadOf(gaps),
    entropyOf(gaps),
    repeatShareOf(gaps),
    shareOf(gaps.filter((gap) => gap % 50 === 0).length, gaps.length),
    shareOf(gaps.filter((gap) => gap > 3 * gapMedian).length, gaps.length),
    logScale(medianOf(dwells)),
    spreadOf(dwells),
    entropyOf(dwells),
    shareOf(dwells.filter((dwell) => dwell < 300).length, dwells.length),
    logScale(medianOf(speeds)),
    spreadOf(speeds),
    repeatShareOf(steps),
    shareOf(reversals, steps.length),
    shareOf(interruptions, events.length),
    shareOf(new Set(events.map((event) => event.itemId)).size, events.length),
  ];
}
