import { newId } from "#core/ids.ts";
import type { TrustReason } from "#core/schemas/trust.ts";
import type { Prisma } from "#generated/prisma/client.ts";
import { db, pool } from "#server/db.ts";
import { log } from "#server/log.ts";
import { forgetRentals } from "../jobs/list-rentals.ts";
import { forgetMarket } from "../list-candidates.ts";

/** A node is verified for as long as what it showed is not older than this. */
export const PROOF_DAYS = 7;
/** Speeds of so many last tests are held against those before them. */
const RECENT_SPEEDS = 3;
const EARLIER_SPEEDS_MIN = 5;
const EARLIER_SPEEDS_MAX = 20;
/** Half of its own earlier speed. */
const THROTTLED_HUNDREDTHS = 50;
/** The longest and the shortest pause between two tests of a node. */
const PAUSE_MS_MAX = 6 * 3_600_000;
const PAUSE_MS_MIN = 20_000;
/** A hundred times what a test took, and a little more, keeps tests below one hundredth of a device's time. */
const PAUSE_FACTOR_MIN = 105;
const PAUSE_FACTOR_MAX = 300;

/** When a node may be tested next after its device was kept busy for so long: at random, so that nobody can wait for it. */
export function pauseAfter(deviceMs: number, random: number = Math.random()): number {
  const factor = PAUSE_FACTOR_MIN + random * (PAUSE_FACTOR_MAX - PAUSE_FACTOR_MIN);
  const leastMs = PAUSE_MS_MIN * (1 + random);
  // The share of the device's time is the stronger rule: what is very long pauses for longer than the most.
  return Math.max(deviceMs * PAUSE_FACTOR_MIN, Math.min(PAUSE_MS_MAX, Math.max(leastMs, deviceMs * factor)));
}

/** Notes that a challenge took a device's time, and puts the node's next one off for it. */
export async function chargeDevice(nodeId: string, deviceMs: number): Promise<void> {
  await pool.query(
    `UPDATE compute_node SET next_challenge_at = greatest(next_challenge_at, now() + make_interval(secs => $2)) WHERE id = $1`,
    [nodeId, pauseAfter(deviceMs) / 1_000],
  );
}

export type Finished = {
  status: "passed" | "failed" | "inconclusive";
  deviceMs: number;
  tokensPerSecond?: number | null;
  details?: Prisma.InputJsonObject;
};

export async function finishChallenge(id: string, finished: Finished): Promise<void> {
  const { status, deviceMs, tokensPerSecond = null, details } = finished;
  await db.computeChallenge.update({
    where: { id },
    data: {
      status,
      deviceMs: Math.round(deviceMs),
      tokensPerSecond,
      endedAt: new Date(),
      ...(details ? { details } : {}),
    },
  });
}

/** Writes down what speaks against a node. */
export async function flagNode(nodeId: string, kind: TrustReason, details: Prisma.InputJsonObject): Promise<void> {
  await db.computeFlag.create({ data: { id: newId("flag"), nodeId, kind, details } });
}

/** Takes a node out of the market because there is evidence against it. The back office can put it back. */
export async function suspendNode(
  nodeId: string,
  reason: TrustReason,
  details: Prisma.InputJsonObject,
): Promise<boolean> {
  const { count } = await db.computeNode.updateMany({
    where: { id: nodeId, trust: { in: ["new", "verified"] } },
    data: { trust: "suspended", trustReason: reason, trustAt: new Date() },
  });
  if (count === 0) return false;
  await flagNode(nodeId, reason, details);
  log.warn({ event: "node.suspended", nodeId, reason });
  forgetMarket();
  forgetRentals();
  return true;
}

/** What a node showed counts no longer: it is tested anew, and soon. Nobody is taken out of the market for this. */
export async function unverifyNode(
  nodeId: string,
  reason: TrustReason,
  details: Prisma.InputJsonObject,
): Promise<void> {
  const { count } = await db.computeNode.updateMany({
    where: {
      id: nodeId,
      trust: { in: ["new", "verified"] },
      // Said once, not after every test for as long as it lasts.
      OR: [{ trustReason: null }, { trustReason: { not: reason } }, { trust: "verified" }],
    },
    data: {
      trust: "new",
      trustReason: reason,
      trustAt: new Date(),
      ...(reason === "gpu-changed" ? { nextChallengeAt: new Date() } : {}),
    },
  });
  if (count === 0) return;
  await flagNode(nodeId, reason, details);
  forgetRentals();
}

/**
 * Verifies a node that has shown everything its listing claims: that it serves the models it offers, and, where it takes
 * jobs, that it has memory to rent out. What it showed before its trust last changed does not count.
 */
export async function verifyNode(nodeId: string): Promise<void> {
  if (await isThrottled(nodeId)) return;
  const { rowCount } = await pool.query(
    `UPDATE compute_node n SET trust = 'verified', trust_reason = NULL, trust_at = now()
     WHERE n.id = $1 AND n.trust = 'new'
       AND (n.is_reference OR EXISTS (SELECT 1 FROM compute_challenge c WHERE c.node_id = n.id AND c.kind = 'fingerprint'
         AND c.status = 'passed' AND c.ended_at > coalesce(n.trust_at, n.joined_at) AND c.ended_at > now() - make_interval(days => $2)))
       AND (NOT EXISTS (SELECT 1 FROM compute_rental r WHERE r.node_id = n.id AND r.is_active)
         OR (n.proven_at > coalesce(n.trust_at, n.joined_at) AND n.proven_at > now() - make_interval(days => $2)))`,
    [nodeId, PROOF_DAYS],
  );
  if (rowCount === 0) return;
  forgetRentals();
  forgetMarket();
}

/** A node whose proofs are old, or were overtaken by a change of its listing, is verified no longer. */
export async function expireProofs(): Promise<void> {
  await pool.query(
    `UPDATE compute_node n SET trust = 'new', trust_at = now()
     WHERE n.trust = 'verified'
       AND ((NOT n.is_reference AND NOT EXISTS (SELECT 1 FROM compute_challenge c WHERE c.node_id = n.id
           AND c.kind = 'fingerprint' AND c.status = 'passed' AND c.ended_at > now() - make_interval(days => $1)))
         OR (EXISTS (SELECT 1 FROM compute_rental r WHERE r.node_id = n.id AND r.is_active)
           AND (n.proven_at IS NULL OR n.proven_at < now() - make_interval(days => $1))))`,
    [PROOF_DAYS],
  );
}

const middle = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;

/** Whether the newest speeds, newest first, are all far below what came before them. */
export function isFarSlower(speeds: readonly number[]): boolean {
  const recent = speeds.slice(0, RECENT_SPEEDS);
  const earlier = speeds.slice(RECENT_SPEEDS, RECENT_SPEEDS + EARLIER_SPEEDS_MAX);
  if (recent.length < RECENT_SPEEDS || earlier.length < EARLIER_SPEEDS_MIN) return false;
  const limit = (middle(earlier) * THROTTLED_HUNDREDTHS) / 100;
  return recent.every((speed) => speed < limit);
}

async function readSpeeds(nodeId: string): Promise<number[]> {
  const rows = await db.computeChallenge.findMany({
    where: { nodeId, kind: "relay-probe", tokensPerSecond: { not: null } },
    orderBy: { createdAt: "desc" },
    take: RECENT_SPEEDS + EARLIER_SPEEDS_MAX,
    select: { tokensPerSecond: true },
  });
  return rows.flatMap((row) => row.tokensPerSecond ?? []);
}

const isThrottled = async (nodeId: string): Promise<boolean> => isFarSlower(await readSpeeds(nodeId));

/** Holds a node's newest speeds against its own earlier ones. */
export async function judgeSpeed(nodeId: string): Promise<void> {
  const speeds = await readSpeeds(nodeId);
  if (!isFarSlower(speeds)) return;
  await unverifyNode(nodeId, "throttled", {
    recent: speeds.slice(0, RECENT_SPEEDS),
    earlier: middle(speeds.slice(RECENT_SPEEDS)),
  });
}
