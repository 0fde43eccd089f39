import type { Address } from "viem";
import { getAddress } from "viem/utils";
import type { PastAction } from "#core/policy/dry-run.ts";
import { pool, sqlOf } from "#server/db.ts";
import { HELD_ELSEWHERE, type Newest, type Span } from "#server/wallets/policies/past-actions.ts";

type PastPurchase = Extract<PastAction, { kind: "purchase" }>;
type Row = Pick<PastPurchase, "id" | "wasDone" | "isHeldElsewhere"> & {
  at: Date;
  payTo: Address | null;
  amount: bigint | null;
  count: number;
};

/**
 * What an agent signed payments for and was refused. A payment that its seller never took was signed all the same, and
 * counted. What was for nothing, or dearer than the agent itself wanted, never came before its policy.
 */
export async function pastPurchases(agentId: string, { days, max }: Span): Promise<Newest<PastPurchase>> {
  const rows = await sqlOf(pool).query<Row>(
    `SELECT id, created_at AS at, pay_to AS "payTo", amount, count(*) OVER ()::int AS count,
       status <> 'refused' AS "wasDone", ${HELD_ELSEWHERE} AS "isHeldElsewhere"
     FROM x402_purchase
     WHERE agent_id = $1 AND created_at > now() - make_interval(days => $2)
       AND (status IN ('authorized', 'paid', 'not-paid') OR (status = 'refused' AND refusal ->> 'rule' <> 'price'))
     ORDER BY created_at DESC LIMIT $3`,
    [agentId, days, max],
  );
  const items = rows.reverse().map((row) => ({
    kind: "purchase" as const,
    id: row.id,
    atSeconds: Math.floor(row.at.getTime() / 1_000),
    wasDone: row.wasDone,
    waited: false,
    isHeldElsewhere: row.isHeldElsewhere,
    purchase: row.payTo !== null && row.amount !== null ? { to: getAddress(row.payTo), amount: row.amount } : null,
  }));
  return { count: rows[0]?.count ?? 0, items };
}
