import { newId } from "#core/ids.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { log } from "#server/log.ts";
import type { AttemptInput } from "../attempt.ts";
import type { Candidate } from "../rank-offers.ts";
import { answerTo } from "./ask-node.ts";
import { compareAnswers } from "./compare-answers.ts";

/** Of the requests that have one right answer, so many in a thousand are repeated on a second node. */
const PER_THOUSAND = 20;
const CHARACTERS_MIN = 16;
const ALTERNATIVES = 5;
/** Tests of all kinds take less than a hundredth of a device's time; replays leave room for the others. */
const SHARE_MAX = 0.005;

export type Replayed = {
  model: string;
  work: AttemptInput["work"];
  /** Who answered, what was delivered of it, and who else might have. */
  node: Pick<Candidate, "nodeId" | "ownerId" | "precision">;
  text: string;
  others: readonly Candidate[];
};

async function hasTimeForTests(nodeId: string): Promise<boolean> {
  const [spent] = await sqlOf(pool).query<{ share: number }>(
    `SELECT coalesce(sum(c.device_ms), 0)::float8 / 1000 / extract(epoch FROM least(interval '1 day', now() - n.joined_at)) AS share
     FROM compute_node n LEFT JOIN compute_challenge c ON c.node_id = n.id AND c.created_at > now() - interval '1 day'
     WHERE n.id = $1 GROUP BY n.joined_at`,
    [nodeId],
  );
  return spent !== undefined && spent.share < SHARE_MAX;
}

/**
 * Repeats a request that leaves nothing to chance on a node of another owner, and compares. A difference accuses nobody:
 * both nodes are tested soon, with questions of the platform's own. Nothing of the request is kept.
 */
export async function replay({ model, work, node, text, others }: Replayed): Promise<void> {
  if (Math.random() * 1_000 >= PER_THOUSAND || text.length < CHARACTERS_MIN || work.logprobs !== null) return;
  const second = others.find(
    (one) => one.ownerId !== node.ownerId && one.precision === node.precision && one.inFlight < one.capacity,
  );
  if (!second || !(await hasTimeForTests(second.nodeId))) return;
  const startedAt = performance.now();
  const withAlternatives = second.features.includes("logprobs") ? ALTERNATIVES : null;
  const answer = await answerTo(second, model, { ...work, logprobs: withAlternatives });
  const deviceMs = Math.round(performance.now() - startedAt);
  const verdict = answer === null ? null : compareAnswers(answer, text).verdict;
  // It stands with the node whose device it took.
  await db.computeChallenge.create({
    data: {
      id: newId("challenge"),
      nodeId: second.nodeId,
      kind: "replay",
      status: verdict === null || verdict === "different" ? "inconclusive" : "passed",
      peerIds: [node.nodeId],
      details: { model, verdict },
      deviceMs,
      endedAt: new Date(),
    },
  });
  if (verdict !== "different") return;
  log.info({ event: "replay.differs", nodeId: node.nodeId, peerId: second.nodeId });
  await pool.query(`UPDATE compute_node SET next_challenge_at = now() WHERE id = ANY($1)`, [
    [node.nodeId, second.nodeId],
  ]);
}
