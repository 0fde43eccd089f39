import { toWire, usd } from "#core/money.ts";
import { pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

type Row = { id: string; name: string; cap: bigint; is_open: boolean; last_day: bigint; total: bigint };

/** What the caller earned: in the last 24 hours (the window that caps use) and ever, by campaign and together. */
export async function getEarnings(actor: Actor) {
  const rows = await sqlOf(pool).query<Row>(
    `SELECT c.id, c.name, c.user_cap_per_day AS cap,
        now() >= c.starts_at AND (c.ends_at IS NULL OR now() < c.ends_at) AS is_open,
        coalesce(sum(b.credited) FILTER (WHERE b.received_at > now() - interval '24 hours'), 0)::bigint AS last_day,
        coalesce(sum(b.credited), 0)::bigint AS total
      FROM reward_campaign c LEFT JOIN reward_batch b ON b.campaign_id = c.id AND b.user_id = $1 AND b.credited > 0
      GROUP BY c.id ORDER BY c.created_at`,
    [actor.userId],
  );
  const sum = (pick: (row: Row) => bigint) => toWire(usd(rows.reduce((total, row) => total + pick(row), 0n)));
  return {
    lastDay: sum((row) => row.last_day),
    total: sum((row) => row.total),
    leftToday: sum((row) => (row.is_open && row.cap > row.last_day ? row.cap - row.last_day : 0n)),
    byCampaign: rows.map((row) => ({
      campaignId: row.id,
      name: row.name,
      lastDay: toWire(usd(row.last_day)),
      total: toWire(usd(row.total)),
    })),
  };
}
