import { newId } from "#core/ids.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { readCandidates } from "../list-candidates.ts";
import type { Candidate } from "../rank-offers.ts";
import { askNode } from "./ask-node.ts";
import { chargeDevice, finishChallenge, suspendNode, unverifyNode } from "./judge-node.ts";
import { newPrompt } from "./prompts.ts";

const ROUNDS = 3;
const TOKENS = 48;
/**
 * Two devices work beside each other; on one, the shorter answer is made before or after the longer one, or both take
 * turns. What the pair takes longer than its slower part alone, in hundredths of its quicker part, is 0 or 100.
 */
const SHARED_HUNDREDTHS = 60;
const AGAIN_AFTER_HOURS = 6;

export type Pair = { nodeId: string; otherId: string; model: string; otherModel: string };

/**
 * Another node that may be this one's card under a second identity: it lists a GPU too, and belongs to the same
 * provider, is heard from the same address, or names the same card. Each pair is tried once in some hours.
 */
export async function findPair(nodeId: string): Promise<Pair | null> {
  const rows = await sqlOf(pool).query<Pair>(
    `SELECT n.id AS "nodeId", o.id AS "otherId", mine.model, theirs.model AS "otherModel"
     FROM compute_node n
     JOIN compute_node o ON o.id <> n.id AND o.status = 'online' AND o.trust IN ('new', 'verified')
       AND (o.owner_id = n.owner_id OR o.peer_hash = n.peer_hash OR EXISTS (
         SELECT 1 FROM compute_gpu g JOIN compute_gpu h ON h.uuid = g.uuid AND h.is_present
         WHERE g.node_id = n.id AND g.is_present AND h.node_id = o.id))
     JOIN LATERAL (SELECT model FROM compute_offer WHERE node_id = n.id AND is_active ORDER BY random() LIMIT 1) mine ON true
     JOIN LATERAL (SELECT model FROM compute_offer WHERE node_id = o.id AND is_active ORDER BY random() LIMIT 1) theirs ON true
     WHERE n.id = $1
       AND jsonb_array_length(n.hardware->'gpus') > 0 AND jsonb_array_length(o.hardware->'gpus') > 0
       AND NOT EXISTS (SELECT 1 FROM compute_challenge c WHERE c.kind = 'contention' AND c.node_id IN (n.id, o.id)
         AND c.peer_ids && ARRAY[n.id, o.id] AND c.created_at > now() - make_interval(hours => $2))
     ORDER BY random() LIMIT 1`,
    [nodeId, AGAIN_AFTER_HOURS],
  );
  return rows[0] ?? null;
}

type Side = { node: Candidate; model: string };

const middle = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

/** How long a node takes for one answer; null when it gave none. */
async function timeOf({ node, model }: Side): Promise<number | null> {
  const answer = await askNode({ node, model, prompt: newPrompt(), maxTokens: TOKENS });
  return answer?.totalMs ?? null;
}

/** Each alone, then both at once, some times over; the middle of the excess in hundredths. Null when one fell out. */
async function measure(left: Side, right: Side): Promise<number | null> {
  const excesses: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [leftAlone, rightAlone] = [await timeOf(left), await timeOf(right)];
    const [leftBeside, rightBeside] = await Promise.all([timeOf(left), timeOf(right)]);
    if (leftAlone === null || rightAlone === null || leftBeside === null || rightBeside === null) return null;
    const longer = Math.max(leftBeside, rightBeside) - Math.max(leftAlone, rightAlone);
    excesses.push((longer * 100) / Math.min(leftAlone, rightAlone));
  }
  return Math.round(middle(excesses));
}

async function sideOf(nodeId: string, model: string): Promise<Side | null> {
  const node = (await readCandidates(model)).find((one) => one.nodeId === nodeId);
  // Somebody else's work on it would look like the other node's.
  return node && node.inFlight === 0 ? { node, model } : null;
}

/** Loads two nodes alone and together. Only what shows twice counts; then the later of the two identities is suspended. */
export async function runContention(pair: Pair): Promise<void> {
  const startedAt = performance.now();
  const { id } = await db.computeChallenge.create({
    data: {
      id: newId("challenge"),
      nodeId: pair.nodeId,
      kind: "contention",
      status: "running",
      peerIds: [pair.otherId],
      sentAt: new Date(),
    },
  });
  const excesses: number[] = [];
  for (let time = 0; time < 2; time += 1) {
    const [left, right] = await Promise.all([sideOf(pair.nodeId, pair.model), sideOf(pair.otherId, pair.otherModel)]);
    const excess = left && right ? await measure(left, right) : null;
    if (excess === null) break;
    excesses.push(excess);
    if (excess < SHARED_HUNDREDTHS) break;
  }
  const deviceMs = performance.now() - startedAt;
  const isOne = excesses.length === 2 && excesses.every((excess) => excess >= SHARED_HUNDREDTHS);
  const areTwo = excesses.some((excess) => excess < SHARED_HUNDREDTHS);
  await finishChallenge(id, {
    status: isOne ? "failed" : areTwo ? "passed" : "inconclusive",
    deviceMs,
    details: { excessHundredths: excesses },
  });
  if (isOne) await suspendLater(pair, id);
  await Promise.all([chargeDevice(pair.nodeId, deviceMs), chargeDevice(pair.otherId, deviceMs)]);
}

/**
 * Whoever was there first keeps the card. Of two providers that are heard from one address one could slow itself down to
 * harm the other: then both lose their verification, and the back office looks.
 */
async function suspendLater({ nodeId, otherId }: Pair, challengeId: string): Promise<void> {
  const nodes = await db.computeNode.findMany({
    where: { id: { in: [nodeId, otherId] } },
    orderBy: { joinedAt: "desc" },
    select: { id: true, ownerId: true },
  });
  const [later, earlier] = nodes;
  if (!later || !earlier) return;
  if (later.ownerId === earlier.ownerId) {
    await suspendNode(later.id, "shared-device", { challengeId, with: earlier.id });
    return;
  }
  await unverifyNode(later.id, "shared-device", { challengeId, with: earlier.id });
  await unverifyNode(earlier.id, "shared-device", { challengeId, with: later.id });
}
