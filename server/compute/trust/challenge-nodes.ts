import { pool, sqlOf } from "#server/db.ts";
import { findPair, runContention } from "./contention.ts";
import { runFingerprint } from "./fingerprint.ts";
import { suspendDuplicates } from "./hardware-claims.ts";
import { expireProofs } from "./judge-node.ts";
import { askForMemory, judgeMemory } from "./memory.ts";

/** Nodes tested at the same time by one worker. */
const AT_A_TIME = 4;
/** A worker that dies in the middle of a test gives its node free again after this. */
const HELD_SECONDS = 300;

/** A node that has shown what it claims is looked at this often, to the second at random. */
const VERIFIED_PAUSE_S = [600, 1_800] as const;
const NEW_PAUSE_S = [20, 40] as const;
/** Memory is filled anew after so many hours: it costs the platform as much as the node. */
const MEMORY_HOURS = 12;

type Due = { nodeId: string; model: string | null; isIdle: boolean; isVerified: boolean; owesMemory: boolean };

/** Takes nodes whose turn it is; another worker does not take them, too. */
function takeDue(): Promise<Due[]> {
  return sqlOf(pool).query<Due>(
    `UPDATE compute_node n SET next_challenge_at = now() + make_interval(secs => $2)
     WHERE n.id IN (
       SELECT id FROM compute_node WHERE status = 'online' AND trust IN ('new', 'verified')
         AND (next_challenge_at IS NULL OR next_challenge_at <= now())
       ORDER BY next_challenge_at NULLS FIRST LIMIT $1 FOR UPDATE SKIP LOCKED)
     RETURNING n.id AS "nodeId",
       (SELECT model FROM compute_offer o WHERE o.node_id = n.id AND o.is_active ORDER BY random() LIMIT 1) AS model,
       (SELECT count(*) FROM inference_attempt a WHERE a.node_id = n.id AND a.status IN ('queued', 'claimed')) < n.capacity AS "isIdle",
       n.trust = 'verified' AS "isVerified",
       EXISTS (SELECT 1 FROM compute_rental r WHERE r.node_id = n.id AND r.is_active) AND (n.proven_at IS NULL
         OR n.proven_at < coalesce(n.trust_at, n.joined_at) AND n.trust = 'new'
         OR n.proven_at < now() - make_interval(hours => $3) * (0.5 + random())) AS "owesMemory"`,
    [AT_A_TIME, HELD_SECONDS, MEMORY_HOURS],
  );
}

/** Sets when a node is next looked at, whatever a test said before. */
const putOff = (nodeId: string, seconds: number) =>
  pool.query(`UPDATE compute_node SET next_challenge_at = now() + make_interval(secs => $2) WHERE id = $1`, [
    nodeId,
    seconds,
  ]);

const between = ([least, most]: readonly [number, number]): number => least + Math.random() * (most - least);

async function challenge({ nodeId, model, isIdle, isVerified, owesMemory }: Due): Promise<void> {
  // Who is full with paid work is tested when there is room.
  if (!isIdle) {
    await putOff(nodeId, between([15, 45]));
    return;
  }
  // From here each test puts the next one off by what it cost.
  await putOff(nodeId, between(isVerified ? VERIFIED_PAUSE_S : NEW_PAUSE_S));
  if (owesMemory) await askForMemory(nodeId);
  const pair = await findPair(nodeId);
  if (pair) await runContention(pair);
  else if (model !== null) await runFingerprint(nodeId, model);
}

/** Attempts of tests whose worker died hold nobody's place. */
async function sweepTests(): Promise<void> {
  await pool.query(
    `UPDATE inference_attempt SET status = 'failed', error = 'The platform''s process ended.', work = NULL, ended_at = now()
     WHERE inference_id IS NULL AND status IN ('queued', 'claimed') AND created_at < now() - make_interval(secs => $1)`,
    [HELD_SECONDS],
  );
  await pool.query(
    `UPDATE compute_challenge SET status = 'inconclusive', ended_at = now()
     WHERE kind <> 'memory' AND status = 'running' AND created_at < now() - make_interval(secs => $1)`,
    [HELD_SECONDS * 2],
  );
}

/** Tests the nodes whose turn it is. A loop of the worker's. */
export async function challengeNodes(): Promise<void> {
  await suspendDuplicates();
  const due = await takeDue();
  await Promise.all(due.map(challenge));
}

/** Judges what was answered meanwhile, and lets old proofs go. Another loop of the worker's. */
export async function judgeNodes(): Promise<void> {
  await judgeMemory();
  await expireProofs();
  await sweepTests();
}
