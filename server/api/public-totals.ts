import type { PublicTotals } from "#core/schemas/public-totals.ts";
import { log } from "#server/log.ts";
import { getPublicTotals } from "#server/operations/public-totals.ts";

/** For pages that stay up when the database does not: the figures, or null. */
export async function findPublicTotals(): Promise<PublicTotals | null> {
  try {
    return await getPublicTotals();
  } catch (error) {
    log.warn({ event: "public-totals.unavailable", err: error });
    return null;
  }
}
