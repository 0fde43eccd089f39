import type { Hex } from "viem";
import type { PastAction } from "#core/policy/dry-run.ts";
import { decodeExecution } from "#core/policy/execution.ts";
import { pool, sqlOf } from "#server/db.ts";

/** A refusal that no policy changes: of a breaker, of the chain, of a pause. */
export const HELD_ELSEWHERE = `coalesce(refusal ->> 'refusedBy' IN ('breaker', 'contract') OR refusal ->> 'rule' IN ('paused', 'revoked'), false)`;

/** The newest of the last days; how many there are, and `max` of them, oldest first. */
export type Span = { days: number; max: number };
export type Newest<Item> = { count: number; items: Item[] };

type Done = Pick<PastAction, "id" | "wasDone" | "waited" | "isHeldElsewhere"> & { at: Date; count: number };
export type PastExecution = Omit<Extract<PastAction, { kind: "action" }>, "prices">;

/**
 * What an agent did, waits for and was refused, by the exact bytes. What came to nothing without anybody's refusal is not
 * among it, nor what was done before the bytes were kept.
 */
export async function pastActions(agentId: string, { days, max }: Span): Promise<Newest<PastExecution>> {
  const rows = await sqlOf(pool).query<Done & { callData: Hex }>(
    `SELECT id, created_at AS at, call_data AS "callData", count(*) OVER ()::int AS count,
       status IN ('submitted', 'succeeded') AS "wasDone",
       status = 'awaiting-approval' OR coalesce(refusal ->> 'refusedBy' = 'approver', false)
         OR EXISTS (SELECT 1 FROM agent_approval WHERE activity_id = agent_activity.id) AS waited,
       ${HELD_ELSEWHERE} AS "isHeldElsewhere"
     FROM agent_activity
     WHERE agent_id = $1 AND call_data IS NOT NULL
       AND status IN ('submitted', 'succeeded', 'awaiting-approval', 'refused')
       AND created_at > now() - make_interval(days => $2)
     ORDER BY created_at DESC LIMIT $3`,
    [agentId, days, max],
  );
  const items = rows.reverse().map((row) => ({
    kind: "action" as const,
    id: row.id,
    atSeconds: Math.floor(row.at.getTime() / 1_000),
    wasDone: row.wasDone,
    waited: row.waited,
    isHeldElsewhere: row.isHeldElsewhere,
    execution: decodeExecution(row.callData),
  }));
  return { count: rows[0]?.count ?? 0, items };
}
