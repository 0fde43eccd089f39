import type { RewardEvent } from "./event-batch.ts";

/** What a campaign pays, in micro-dollars. */
export type RewardPrices = { pricePerView: bigint; pricePerScroll: bigint; pricePerDwellSecond: bigint };

/** A single look longer than this pays for this long: nobody reads a short card for minutes. */
export const DWELL_MS_MAX = 60_000;

/**
 * What one event is worth before scores and caps.
 *
 * Seconds are counted down to whole ones, so that cutting one look into many never pays more than the look itself.
 */
export function priceEvent(prices: RewardPrices, event: Pick<RewardEvent, "kind" | "dwellMs">): bigint {
  if (event.kind === "view") return prices.pricePerView;
  if (event.kind === "scroll") return prices.pricePerScroll;
  const dwellMs = Math.min(event.dwellMs ?? 0, DWELL_MS_MAX);
  return prices.pricePerDwellSecond * BigInt(Math.floor(dwellMs / 1000));
}
