import type { FeedEvent } from "../zk/event-features.ts";

/** A value spread around `median` the way human pauses are: most near it, a few far above. */
function heavyTailed(random: () => number, median: number, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(sigma * normal);
}

/** A minute or two of somebody reading: uneven pauses, second looks, and other things to do now and then. */
export function readingWindow(random: () => number, length = 120): FeedEvent[] {
  const events: FeedEvent[] = [];
  let t = 1_000;
  let depth = 0;
  for (let i = 0; i < length; i++) {
    t += Math.max(8, Math.round(heavyTailed(random, 700, 0.9)));
    const itemId = `item-${Math.floor(depth / 640)}`;
    if (random() < 0.08) {
      const isAway = random() < 0.4;
      if (isAway) t += Math.round(heavyTailed(random, 9_000, 1));
      events.push({ t, kind: isAway ? "hidden" : "pause", dwellMs: 0, depth, itemId });
      continue;
    }
    const isSecondLook = random() < 0.12 && depth > 0;
    const kind = random() < 0.55 ? "scroll" : random() < 0.5 ? "dwell" : "view";
    if (kind !== "dwell")
      depth = Math.max(0, depth + Math.round(heavyTailed(random, 420, 0.7)) * (isSecondLook ? -1 : 1));
    const dwellMs = kind === "scroll" ? 0 : Math.round(heavyTailed(random, 2_200, 0.8));
    events.push({ t, kind, dwellMs, depth, itemId: `item-${Math.floor(depth / 640)}` });
  }
  return events;
}
