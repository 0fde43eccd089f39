import { DomainError } from "#core/errors.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Candidate } from "./rank-offers.ts";
import { TIMING } from "./timing.ts";

type Snapshot = { candidates: Candidate[]; readAt: number; refreshing: Promise<Candidate[]> | null };

/**
 * The market is read at most this often for a model: what changes between two readings (a node's load, a breaker)
 * changes an order of preference, not what is charged.
 */
const FRESH_FOR_MS = 250;
/** A reading older than this is waited for instead of used. */
const USABLE_FOR_MS = 1_500;
const MODELS_MAX = 2_000;
// Next bundles each route on its own; what one learns of the market holds for all.
const shared = globalThis as typeof globalThis & {
  convergeMarket?: { snapshots: Map<string, Snapshot>; begunSince: Map<string, number> };
};
shared.convergeMarket ??= { snapshots: new Map(), begunSince: new Map() };
/** `begunSince`: attempts this process began since a node was last read, so that a burst spreads before the next reading. */
const { snapshots, begunSince } = shared.convergeMarket;

const keyOf = (model: string, nodeId: string): string => `${model} ${nodeId}`;

export function noteAttempt(model: string, nodeId: string): void {
  const key = keyOf(model, nodeId);
  begunSince.set(key, (begunSince.get(key) ?? 0) + 1);
}

/** The market changed in a way that the next request is to see: offers, a node that left, a breaker. */
export function forgetMarket(models?: readonly string[]): void {
  if (!models) snapshots.clear();
  for (const model of models ?? []) snapshots.delete(model);
}

/** The nodes that could answer for a model right now, with how busy each is. */
export async function listCandidates(model: string): Promise<Candidate[]> {
  const known = snapshots.get(model);
  const age = known ? performance.now() - known.readAt : Number.POSITIVE_INFINITY;
  // Where nobody served a model a moment ago, a node may have joined: that is asked each time.
  if (!known || age > USABLE_FOR_MS || known.candidates.length === 0) return refresh(model);
  if (age > FRESH_FOR_MS && known.refreshing === null) {
    known.refreshing = refresh(model).finally(() => {
      known.refreshing = null;
    });
    known.refreshing.catch(() => undefined);
  }
  return known.candidates.map((candidate) => {
    const begun = begunSince.get(keyOf(model, candidate.nodeId)) ?? 0;
    return begun === 0 ? candidate : { ...candidate, inFlight: candidate.inFlight + begun };
  });
}

async function refresh(model: string): Promise<Candidate[]> {
  const readAt = performance.now();
  const candidates = await readCandidates(model);
  for (const { nodeId } of candidates) begunSince.delete(keyOf(model, nodeId));
  snapshots.delete(model);
  if (candidates.length > 0) {
    snapshots.set(model, { candidates, readAt, refreshing: null });
    const oldest = snapshots.keys().next().value;
    if (snapshots.size > MODELS_MAX && oldest !== undefined) snapshots.delete(oldest);
    return candidates;
  }
  const everOffered = await db.computeOffer.findFirst({ where: { model }, select: { id: true } });
  throw new DomainError(everOffered ? "MODEL_UNAVAILABLE" : "MODEL_NOT_FOUND", { param: "model" });
}

/** As `listCandidates`, read now. */
export const readCandidates = (model: string): Promise<Candidate[]> =>
  sqlOf(pool).query<Candidate>(
    `SELECT o.id AS "offerId", n.id AS "nodeId", n.owner_id AS "ownerId", n.public_key AS "publicKey",
       coalesce('pool:' || m.pool_id, 'user:' || n.owner_id) AS payee,
       o.input_price AS "inputPrice", o.output_price AS "outputPrice", o.context_tokens AS "contextTokens",
       o.can_continue AS "canContinue", o.precision, o.features, n.region, n.capacity,
       o.tokens_per_second AS "tokensPerSecond", o.first_token_ms AS "firstTokenMs",
       o.failures, o.last_failure_at AS "lastFailureAt", o.open_until AS "openUntil",
       n.direct_url AS "directUrl", n.direct_key AS "directKey", n.trust, n.is_reference AS "isReference", coalesce(n.attested_until > now(), false) AS "isAttested",
       (SELECT count(*)::int FROM inference_attempt a WHERE a.node_id = n.id AND a.status IN ('queued', 'claimed')) AS "inFlight"
     FROM compute_offer o JOIN compute_node n ON n.id = o.node_id LEFT JOIN compute_pool_member m ON m.node_id = n.id
     WHERE o.model = $1 AND o.is_active AND n.status = 'online' AND n.trust IN ('new', 'verified')
       AND n.last_seen_at > now() - make_interval(secs => $2)`,
    [model, TIMING.nodeOfflineAfterMs / 1000],
  );
