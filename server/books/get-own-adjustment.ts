import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import type { ownAdjustmentOutput } from "#core/schemas/adjustment.ts";
import { pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

type Row = {
  id: string;
  reason: string;
  reference: string | null;
  contentHash: string;
  transferCount: number;
  proposedBy: string;
  proposedAt: Date;
  approvedBy: string;
  approvedAt: Date;
};

/**
 * A posted adjustment for somebody whose money it moved: who proposed and who approved it, why, and the hash of what was
 * approved. Everybody else's is answered like one that is not there; an agent's key sees those of its agent.
 */
export async function getOwnAdjustment(
  actor: Actor,
  input: { id: string },
): Promise<z.infer<typeof ownAdjustmentOutput>> {
  const [row] = await sqlOf(pool).query<Row>(
    `SELECT a.id, a.reason, a.reference, a.content_hash AS "contentHash", proposer.name AS "proposedBy", a.proposed_at AS "proposedAt",
       approver.name AS "approvedBy", a.decided_at AS "approvedAt",
       (SELECT count(*)::int FROM adjustment_transfer t WHERE t.adjustment_id = a.id) AS "transferCount"
     FROM adjustment a JOIN "user" proposer ON proposer.id = a.proposed_by JOIN "user" approver ON approver.id = a.decided_by
     WHERE a.id = $1 AND a.status = 'posted' AND EXISTS (
       SELECT FROM adjustment_transfer t, unnest(ARRAY[t.debit, t.credit]) AS touched (code) WHERE t.adjustment_id = a.id
         AND (($3::text IS NULL AND code = 'user:' || $2)
           OR code IN (SELECT 'agent:' || g.id FROM agent g WHERE g.user_id = $2 AND ($3::text IS NULL OR g.id = $3))))`,
    [input.id, actor.userId, actor.agentId ?? null],
  );
  if (!row) throw new DomainError("NOT_FOUND");
  return {
    object: "own_adjustment",
    ...row,
    proposedAt: row.proposedAt.toISOString(),
    approvedAt: row.approvedAt.toISOString(),
  };
}
