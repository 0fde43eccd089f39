import type { RewardEvent } from "./event-batch.ts";
import { newId } from "./ids.ts";

/** A small reproducible generator (mulberry32): the same seed reads the same way. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Events of somebody reading cards one after the other, for the journey, the tour and the benchmarks: a view, a
 * scroll, then a look of a few seconds, at the uneven pace of a person. They end shortly before `endsAtMs`.
 */
export function readCards(options: {
  itemIds: readonly string[];
  cards: number;
  endsAtMs: number;
  random?: () => number;
}): RewardEvent[] {
  const random = options.random ?? Math.random;
  const events: RewardEvent[] = [];
  let clockMs = 0;
  for (let card = 0; card < options.cards; card++) {
    const itemId = options.itemIds[card % options.itemIds.length];
    if (itemId === undefined) break;
    clockMs += 400 + Math.floor(random() * 900);
    events.push({ id: newId("event"), kind: "view", itemId, atMs: clockMs });
    const scrolledAtMs = clockMs + 250 + Math.floor(random() * 1500);
    events.push({
      id: newId("event"),
      kind: "scroll",
      itemId,
      atMs: scrolledAtMs,
      depth: 40 + Math.floor(random() * 60),
    });
    const dwellMs = 2000 + Math.floor(random() * 5000);
    clockMs += dwellMs;
    events.push({ id: newId("event"), kind: "dwell", itemId, atMs: clockMs, dwellMs });
  }
  const shiftMs = options.endsAtMs - clockMs;
  return events.map((event) => ({ ...event, atMs: event.atMs + shiftMs })).sort((a, b) => a.atMs - b.atMs);
}
