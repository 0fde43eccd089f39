import { DomainError } from "#core/errors.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Candidate } from "./rank-offers.ts";
import { TIMING } from "./timing.ts";

/** The nodes that could answer for a model right now, with how busy each is. */
export async function listCandidates(model: string): Promise<Candidate[]> {
  const candidates = await sqlOf(pool).query<Candidate>(
    `SELECT n.id AS "nodeId", n.owner_id AS "ownerId", n.public_key AS "publicKey",
       o.input_price AS "inputPrice", o.output_price AS "outputPrice", o.context_tokens AS "contextTokens",
       o.can_continue AS "canContinue", n.capacity, n.tokens_per_second AS "tokensPerSecond", n.last_failure_at AS "lastFailureAt",
       (SELECT count(*)::int FROM inference_attempt a WHERE a.node_id = n.id AND a.status IN ('queued', 'claimed')) AS "inFlight"
     FROM compute_offer o JOIN compute_node n ON n.id = o.node_id
     WHERE o.model = $1 AND o.is_active AND n.status = 'online'
       AND n.last_seen_at > now() - make_interval(secs => $2)`,
    [model, TIMING.nodeOfflineAfterMs / 1000],
  );
  if (candidates.length > 0) return candidates;
  const everOffered = await db.computeOffer.findFirst({ where: { model }, select: { id: true } });
  throw new DomainError(everOffered ? "MODEL_UNAVAILABLE" : "MODEL_NOT_FOUND", { param: "model" });
}
