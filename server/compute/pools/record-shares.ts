import type { Sql } from "#server/db.ts";

/** Work is written down as finely as token prices are: in millionths of a micro-dollar. */
export const WORK_PER_MICRO_DOLLAR = 1_000_000n;

const POOL = /^pool:(.+)$/;

/**
 * Writes down the work behind a payment that goes to pools, in the payment's own transaction: there is no share without
 * money, and no money without its share.
 */
export async function recordShares(
  sql: Sql,
  done: readonly { payee: string; nodeId: string; work: bigint; refId: string }[],
): Promise<void> {
  const shares = done.flatMap(({ payee, nodeId, work, refId }) => {
    const poolId = POOL.exec(payee)?.[1];
    return poolId && work > 0n ? [{ pool_id: poolId, node_id: nodeId, work: work.toString(), ref_id: refId }] : [];
  });
  if (shares.length === 0) return;
  await sql.query(
    `INSERT INTO compute_pool_share (pool_id, node_id, owner_id, work, ref_id)
     SELECT s.pool_id, s.node_id, n.owner_id, sum(s.work)::bigint, s.ref_id
     FROM jsonb_to_recordset($1::jsonb) AS s (pool_id text, node_id text, work bigint, ref_id text)
     JOIN compute_node n ON n.id = s.node_id GROUP BY s.pool_id, s.node_id, n.owner_id, s.ref_id
     ON CONFLICT (ref_id, node_id) DO NOTHING`,
    [JSON.stringify(shares)],
  );
}
