import { describe, expect, test } from "vitest";
import { FEED_CARDS } from "#core/feed-cards.ts";
import { dealCards } from "./feed-deck.ts";

describe("the feed's deck", () => {
  test("holds every card once a round, for many rounds, under keys that never repeat", () => {
    const dealt = dealCards(FEED_CARDS.length * 12);
    expect(new Set(dealt.map(({ key }) => key)).size).toBe(dealt.length);
    for (let round = 0; round < 12; round++) {
      const cards = dealt.filter((card) => card.round === round);
      expect(new Set(cards.map(({ id }) => id)).size).toBe(FEED_CARDS.length);
    }
  });

  test("has at least thirty cards that speak of no wallet, gas, transaction or chain", () => {
    expect(FEED_CARDS.length).toBeGreaterThanOrEqual(30);
    for (const { id, title, body } of FEED_CARDS) {
      expect(id).toMatch(/^[a-z0-9-]{1,64}$/);
      expect(`${title} ${body}`).not.toMatch(/wallet|\bgas\b|transaction|chain/i);
      expect(body.length).toBeLessThan(260);
    }
  });
});
