import { FEED_CARDS, type FeedCard } from "#core/feed-cards.ts";

export type DealtCard = FeedCard & { key: string; round: number };

/** The cards in endless rounds: the first as written, every later one in an order of its own. */
export function dealCards(count: number): DealtCard[] {
  const dealt: DealtCard[] = [];
  for (let round = 0; dealt.length < count; round++) {
    for (const card of orderOf(round)) {
      if (dealt.length === count) break;
      dealt.push({ ...card, key: `${round}-${card.id}`, round });
    }
  }
  return dealt;
}

/** Steps through the cards by a stride that shares no factor with their number, so every round holds each card once. */
function orderOf(round: number): readonly FeedCard[] {
  if (round === 0) return FEED_CARDS;
  const strides = [5, 7, 11, 13, 17, 19, 23, 25, 29, 31].filter((stride) => isCoprime(stride, FEED_CARDS.length));
  const stride = strides[round % strides.length] ?? 1;
  return FEED_CARDS.map((_, i) => FEED_CARDS[(i * stride + round * 3) % FEED_CARDS.length]).filter(
    (card) => card !== undefined,
  );
}

function isCoprime(left: number, right: number): boolean {
  return right === 0 ? left === 1 : isCoprime(right, left % right);
}
