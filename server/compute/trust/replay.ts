import { newId } from "#core/ids.ts";
import { db, pool } from "#server/db.ts";
import { log } from "#server/log.ts";
import type { AttemptInput } from "../attempt.ts";
import type { Candidate } from "../rank-offers.ts";
import { answerTo } from "./ask-node.ts";
import { compareAnswers } from "./compare-answers.ts";
import { chargeDevice } from "./judge-node.ts";

/** Of the requests that have one right answer, so many in a thousand are repeated on a second node. */
const PER_THOUSAND = 20;
const CHARACTERS_MIN = 16;

export type Replayed = {
  model: string;
  work: AttemptInput["work"];
  /** Who answered, what was delivered of it, and who else might have. */
  node: Pick<Candidate, "nodeId" | "ownerId" | "precision">;
  text: string;
  others: readonly Candidate[];
};

/**
 * Repeats a request that leaves nothing to chance on a node of another owner, and compares. A difference accuses nobody:
 * both nodes are tested soon, with questions of the platform's own. Nothing of the request is kept.
 */
export async function replay({ model, work, node, text, others }: Replayed): Promise<void> {
  if (Math.random() * 1_000 >= PER_THOUSAND || text.length < CHARACTERS_MIN) return;
  const second = others.find(
    (one) =>
      one.nodeId !== node.nodeId &&
      one.ownerId !== node.ownerId &&
      one.precision === node.precision &&
      one.inFlight < one.capacity &&
      work.logprobs === null,
  );
  if (!second) return;
  const startedAt = performance.now();
  const withAlternatives = second.features.includes("logprobs") ? 5 : null;
  const answer = await answerTo(second, model, { ...work, logprobs: withAlternatives });
  const deviceMs = Math.round(performance.now() - startedAt);
  await chargeDevice(second.nodeId, deviceMs);
  if (answer === null) return;
  // What the caller's own stop texts cut off was never delivered.
  const cut = { ...answer, text: answer.text.slice(0, Math.max(text.length, 1)) };
  const { verdict } = compareAnswers(cut, text);
  await db.computeChallenge.create({
    data: {
      id: newId("challenge"),
      nodeId: node.nodeId,
      kind: "replay",
      status: verdict === "different" ? "inconclusive" : "passed",
      peerIds: [second.nodeId],
      details: { model, verdict },
      endedAt: new Date(),
    },
  });
  if (verdict !== "different") return;
  log.info({ event: "replay.differs", nodeId: node.nodeId, peerId: second.nodeId });
  await pool.query(`UPDATE compute_node SET next_challenge_at = now() WHERE id = ANY($1)`, [
    [node.nodeId, second.nodeId],
  ]);
}
