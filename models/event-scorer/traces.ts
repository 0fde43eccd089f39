import type { FeedEvent } from "../../core/zk/event-features.ts";
import type { Random } from "./random.ts";

/** The kinds of scripts that the scorer is trained against, from naive to careful. */
export const SCRIPT_FAMILIES = ["metronome", "jitter", "burst", "replay", "imitator"] as const;
export type ScriptFamily = (typeof SCRIPT_FAMILIES)[number];

type Trace = FeedEvent[];

/** A person: heavy-tailed pauses, dwell by interest, uneven flicks, second looks, other things to do. */
export function humanTrace(random: Random, length: number): Trace {
  const gapMedian = random.between(250, 1800);
  const gapSigma = random.between(0.6, 1.2);
  const dwellMedian = random.between(700, 4500);
  const backRate = random.between(0.02, 0.2);
  const interruptRate = random.between(0.01, 0.12);
  const tableOfInterest = random.between(0.4, 1.2);
  const trace: Trace = [];
  let t = random.integer(0, 100_000);
  let depth = 0;
  let item = 0;
  for (let i = 0; i < length; i++) {
    t += Math.max(8, Math.round(random.logNormal(gapMedian, gapSigma)));
    if (random.uniform() < interruptRate) {
      const away = random.uniform() < 0.4;
      if (away) t += Math.round(random.logNormal(9000, 1));
      trace.push({ t, kind: away ? "hidden" : "pause", dwellMs: 0, depth, itemId: `item-${item}` });
      continue;
    }
    const isBack = random.uniform() < backRate && depth > 0;
    const step = Math.round(random.logNormal(420, 0.7)) * (isBack ? -1 : 1);
    const kind = random.uniform() < 0.55 ? "scroll" : random.uniform() < 0.5 ? "dwell" : "view";
    if (kind !== "dwell") depth = Math.max(0, depth + step);
    item = Math.floor(depth / 640);
    const dwellMs = kind === "scroll" ? 0 : Math.round(random.logNormal(dwellMedian, tableOfInterest));
    trace.push({ t, kind, dwellMs, depth, itemId: `item-${item}` });
  }
  return trace;
}

function metronome(random: Random, length: number): Trace {
  const period = random.integer(2, 40) * 50;
  const step = random.integer(100, 900);
  const dwellMs = random.integer(1, 40) * 100;
  const start = random.integer(0, 100_000);
  return Array.from({ length }, (_, i) => ({
    t: start + i * period,
    kind: i % 2 === 0 ? ("scroll" as const) : ("view" as const),
    dwellMs: i % 2 === 0 ? 0 : dwellMs,
    depth: i * step,
    itemId: `item-${Math.floor((i * step) / 640)}`,
  }));
}

function jitter(random: Random, length: number): Trace {
  const period = random.between(300, 2000);
  const share = random.between(0.05, 0.5);
  const step = random.integer(200, 800);
  const dwell = random.between(500, 4000);
  let t = random.integer(0, 100_000);
  return Array.from({ length }, (_, i) => {
    t += Math.round(period * random.between(1 - share, 1 + share));
    const isScroll = i % 2 === 0;
    return {
      t,
      kind: isScroll ? ("scroll" as const) : ("dwell" as const),
      dwellMs: isScroll ? 0 : Math.round(dwell * random.between(1 - share, 1 + share)),
      depth: i * step + random.integer(-20, 20) + 20,
      itemId: `item-${Math.floor((i * step) / 640)}`,
    };
  });
}

function burst(random: Random, length: number): Trace {
  let t = random.integer(0, 100_000);
  let depth = 0;
  return Array.from({ length }, (_, i) => {
    t += random.integer(5, 120);
    depth += random.integer(500, 1500);
    return { t, kind: "view" as const, dwellMs: random.integer(20, 400), depth, itemId: `item-${i}` };
  });
}

/** A recorded person played in a loop, with a little noise on the times. */
function replay(random: Random, length: number): Trace {
  const recorded = humanTrace(random, Math.max(6, Math.floor(length / random.integer(3, 6))));
  const last = recorded.at(-1);
  const first = recorded[0];
  if (!last || !first) return [];
  const span = last.t - first.t + 400;
  return Array.from({ length }, (_, i) => {
    const lap = Math.floor(i / recorded.length);
    const event = recorded[i % recorded.length] ?? first;
    return {
      ...event,
      t: event.t + lap * span + random.integer(0, 3),
      depth: event.depth + lap * last.depth,
      itemId: `${event.itemId}-${lap}`,
    };
  });
}

/** A careful script: heavy-tailed times like a person's, but it only ever scrolls on and never looks away. */
function imitator(random: Random, length: number): Trace {
  const gapMedian = random.between(300, 1500);
  const sigma = random.between(0.25, 0.8);
  const dwell = random.between(800, 3500);
  const dwellSigma = random.between(0.2, 0.8);
  const interruptRate = random.uniform() < 0.3 ? 0.02 : 0;
  let t = random.integer(0, 100_000);
  let depth = 0;
  return Array.from({ length }, () => {
    t += Math.max(8, Math.round(random.logNormal(gapMedian, sigma)));
    const isScroll = random.uniform() < 0.5;
    if (isScroll) depth += Math.round(random.logNormal(420, 0.35));
    const isPause = random.uniform() < interruptRate;
    return {
      t,
      kind: isPause ? ("pause" as const) : isScroll ? ("scroll" as const) : ("dwell" as const),
      dwellMs: isScroll || isPause ? 0 : Math.round(random.logNormal(dwell, dwellSigma)),
      depth,
      itemId: `item-${Math.floor(depth / 640)}`,
    };
  });
}

const SCRIPTS: Record<ScriptFamily, (random: Random, length: number) => Trace> = {
  metronome,
  jitter,
  burst,
  replay,
  imitator,
};

export const scriptTrace = (family: ScriptFamily, random: Random, length: number) => SCRIPTS[family](random, length);
