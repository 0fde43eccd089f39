import type { z } from "zod";
import type { priceHistoryInput } from "#core/schemas/market.ts";
import { pool, sqlOf } from "#server/db.ts";
import { TIMING } from "./timing.ts";

const KEPT_DAYS = 90;

/** Writes down what everything is offered for now: one point an hour, with the lowest price seen in it. A loop. */
export async function notePrices(): Promise<void> {
  await pool.query(
    `WITH here AS (
       SELECT id FROM compute_node WHERE status = 'online' AND trust IN ('new', 'verified')
         AND last_seen_at > now() - make_interval(secs => $1)
     ), prices AS (
       SELECT 'gpu-hour' AS kind, g->>'model' AS key, r.price_per_gpu_hour AS price FROM compute_rental r
         JOIN here ON here.id = r.node_id CROSS JOIN LATERAL jsonb_array_elements(r.gpus) g WHERE r.is_active
       UNION ALL SELECT 'core-hour', 'CPU', r.price_per_core_hour FROM compute_rental r
         JOIN here ON here.id = r.node_id WHERE r.is_active
       UNION ALL SELECT 'input-tokens', o.model, o.input_price FROM compute_offer o
         JOIN here ON here.id = o.node_id WHERE o.is_active
       UNION ALL SELECT 'output-tokens', o.model, o.output_price FROM compute_offer o
         JOIN here ON here.id = o.node_id WHERE o.is_active
     )
     INSERT INTO compute_price_point (kind, key, at, price_min, offers)
     SELECT kind, key, date_trunc('hour', now()), min(price), count(*)::int FROM prices GROUP BY kind, key
     ON CONFLICT (kind, key, at) DO UPDATE SET price_min = least(compute_price_point.price_min, excluded.price_min),
       offers = greatest(compute_price_point.offers, excluded.offers)`,
    [TIMING.nodeOfflineAfterMs / 1_000],
  );
  await pool.query(`DELETE FROM compute_price_point WHERE at < now() - make_interval(days => $1)`, [KEPT_DAYS]);
}

export async function priceHistory({ kind, key, days }: z.output<typeof priceHistoryInput>) {
  const rows = await sqlOf(pool).query<{ at: Date; priceMin: bigint; offers: number }>(
    `SELECT at, price_min AS "priceMin", offers FROM compute_price_point
     WHERE kind = $1 AND key = $2 AND at > now() - make_interval(days => $3) ORDER BY at`,
    [kind, key, days],
  );
  return {
    data: rows.map(({ at, priceMin, offers }) => ({ at: at.toISOString(), priceMin: priceMin.toString(), offers })),
  };
}
