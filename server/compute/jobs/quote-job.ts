import type { JobQuote, JobSpec } from "#core/schemas/job.ts";
import { pool, sqlOf } from "#server/db.ts";
import { hourlyPrice, mostCost } from "./job-metering.math.ts";
import { listRentals } from "./list-rentals.ts";
import { hasRoom, missesOf, rankRentals } from "./match-job.ts";

const NEAREST_MAX = 5;

/**
 * What a job would cost and who could take it, before anything is set aside; and for a job that waits, why it was not
 * matched: the nearest offers, and what would have to change for each.
 */
export async function quoteJob(spec: JobSpec): Promise<JobQuote> {
  const rentals = await listRentals(sqlOf(pool));
  const fitting = rankRentals(rentals, spec);
  const free = fitting.filter((rental) => hasRoom(rental, spec));
  const best = free[0] ?? fitting[0];
  const price = best && hourlyPrice(best, spec.resources);
  const nearest = rentals
    .map((rental) => ({ rental, misses: missesOf(rental, spec) }))
    .filter(({ misses }) => misses.length > 0)
    .sort((left, right) => left.misses.length - right.misses.length)
    .slice(0, NEAREST_MAX)
    .map(({ rental, misses }) => ({
      nodeId: rental.nodeId,
      nodeName: rental.nodeName,
      pricePerHour: hourlyPrice(rental, spec.resources).toString(),
      misses,
    }));
  return {
    fits: fitting.length,
    busy: fitting.length - free.length,
    cheapest:
      best && price !== undefined
        ? {
            nodeId: best.nodeId,
            pricePerHour: price.toString(),
            mostCost: mostCost(price, spec.timeLimitSeconds).toString(),
          }
        : null,
    nearest,
  };
}

/** One sentence for a job that waits. */
export function explainWait({ fits, busy, nearest }: JobQuote): string {
  if (fits > 0)
    return busy === fits
      ? `${fits} node(s) fit and all are busy.`
      : "A node that fits has room: it starts in a moment.";
  const first = nearest[0];
  if (!first) return "No node rents out anything right now.";
  return `No node fits. The nearest is ${first.nodeName}: ${first.misses.map(({ relax }) => relax).join(" ")}`;
}
