import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RewardEvent } from "#core/event-batch.ts";
import { priceEvent } from "#core/reward-pricing.ts";
import { readCards, seededRandom } from "#core/simulated-reader.ts";
import { findRejections, SCORE_MIN, scoreBatch } from "./score-batch.ts";

const NOW = 1_790_000_000_000;
const ITEMS = ["a-card", "b-card", "c-card"];
const known = { itemIds: new Set(ITEMS), nowMs: NOW };
const dwell = (id: string, atMs: number, dwellMs: number): RewardEvent => ({
  id,
  kind: "dwell",
  itemId: "a-card",
  atMs,
  dwellMs,
});

describe("a person's reading", () => {
  test("passes whole, whoever reads and however fast their thumb", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 160 }), (seed, cards) => {
        const events = readCards({ itemIds: ITEMS, cards, endsAtMs: NOW, random: seededRandom(seed) });
        expect(findRejections(events, known).size).toBe(0);
        expect(scoreBatch(events)).toBeGreaterThanOrEqual(SCORE_MIN);
      }),
    );
  });
});

describe("a machine's reading", () => {
  test("that keeps time exactly scores below the limit", () => {
    const events = Array.from(
      { length: 20 },
      (_, i): RewardEvent => ({ id: `e${i}`, kind: "view", itemId: "a-card", atMs: NOW - i * 700 }),
    );
    expect(scoreBatch(events)).toBeLessThan(SCORE_MIN);
  });

  test("that outruns a thumb scores below the limit", () => {
    const random = seededRandom(1);
    let atMs = NOW;
    const events = Array.from({ length: 50 }, (_, i): RewardEvent => {
      atMs -= Math.floor(random() * 100);
      return { id: `e${i}`, kind: "scroll", itemId: "a-card", atMs };
    });
    expect(scoreBatch(events)).toBeLessThan(SCORE_MIN);
  });
});

describe("an event that cannot be true", () => {
  test("is refused by name, and the good ones beside it are kept", () => {
    const events: RewardEvent[] = [
      { id: "future", kind: "view", itemId: "a-card", atMs: NOW + 6 * 60_000 },
      { id: "ancient", kind: "view", itemId: "a-card", atMs: NOW - 8 * 24 * 3_600_000 },
      { id: "unknown", kind: "view", itemId: "no-such-card", atMs: NOW },
      { id: "empty", kind: "dwell", itemId: "a-card", atMs: NOW },
      dwell("first", NOW - 10_000, 5000),
      dwell("inside", NOW - 9000, 5000),
      dwell("after", NOW - 4000, 5000),
    ];
    expect(Object.fromEntries(findRejections(events, known))).toEqual({
      future: "FROM_THE_FUTURE",
      ancient: "TOO_OLD",
      unknown: "UNKNOWN_ITEM",
      empty: "DWELL_MISSING",
      inside: "DWELL_OVERLAPS",
    });
  });
});

describe("a price", () => {
  const prices = { pricePerView: 1000n, pricePerScroll: 100n, pricePerDwellSecond: 500n };

  test("counts whole seconds, so a look cut into pieces never pays more", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 19 }), (pieces) => {
        const whole = priceEvent(
          prices,
          dwell(
            "whole",
            NOW,
            pieces.reduce((sum, piece) => sum + piece, 0),
          ),
        );
        const parts = pieces.reduce((sum, piece) => sum + priceEvent(prices, dwell("part", NOW, piece)), 0n);
        expect(parts <= whole).toBe(true);
      }),
    );
  });

  test("stops growing after a minute of one look", () => {
    expect(priceEvent(prices, dwell("long", NOW, 86_400_000))).toBe(30_000n);
  });
});
