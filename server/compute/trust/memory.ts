import { type Argon2Parameters, argon2, randomBytes } from "node:crypto";
import { freemem } from "node:os";
import { promisify } from "node:util";
import { newId } from "#core/ids.ts";
import type { MemoryChallenge } from "#core/schemas/trust.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { NodeIdentity } from "../authenticate-node.ts";
import { wakeNode } from "../hub.ts";
import { chargeDevice, finishChallenge, suspendNode, unverifyNode, verifyNode } from "./judge-node.ts";

/**
 * Argon2d fills memory in an order that depends on what was filled before: with half of it the work grows many times, and
 * a disk in its place is slower by a factor of ten and more. One pass is enough; the nonce makes each result new.
 */
export const memoryProof = (nonce: string, memoryMb: number): Argon2Parameters => ({
  message: Buffer.from(nonce, "hex"),
  nonce: Buffer.from(nonce, "hex").subarray(0, 16),
  parallelism: 1,
  tagLength: 32,
  memory: memoryMb * 1_024,
  passes: 1,
});

/** What the platform checks by itself. Larger ones are given to nodes of two owners at once, whose results must agree. */
const PLATFORM_MB_MAX = 256;
/** How many times as much as a check takes must be free here before a disagreement is settled by the platform. */
const PLATFORM_FREE_FACTOR = 4;
/** Of results that agree, so many are checked all the same. */
const SPOT_CHECKS = 0.25;
const SMALLEST_MB = 64;
/** So much of what is free is asked for at most, in hundredths. */
const FREE_HUNDREDTHS = 80;
/** A node that is in memory fills far more than this a second; one that swaps far less. */
const SLOWEST_MB_PER_SECOND = 100;
const GRACE_MS = 4_000;
const MISSES_MAX = 3;

const deadlineMs = (memoryMb: number): number => GRACE_MS + (memoryMb * 1_000) / SLOWEST_MB_PER_SECOND;

type Free = { nodeId: string; ownerId: string; freeMb: number; provenMb: number };

/** The nodes that rent out memory and are there, with what of it is free. */
async function readFree(nodeId: string | null): Promise<Free[]> {
  return sqlOf(pool).query<Free>(
    `SELECT n.id AS "nodeId", n.owner_id AS "ownerId", coalesce(n.proven_memory_mb, 0) AS "provenMb",
       r.memory_mb - coalesce((SELECT sum(l.memory_mb)::int FROM job_lease l
         WHERE l.node_id = n.id AND l.status IN ('starting', 'running', 'delivering')), 0) AS "freeMb"
     FROM compute_rental r JOIN compute_node n ON n.id = r.node_id
     WHERE r.is_active AND n.status = 'online' AND n.trust IN ('new', 'verified') AND ($1::text IS NULL OR n.id = $1)
       AND NOT EXISTS (SELECT 1 FROM compute_challenge c WHERE c.node_id = n.id AND c.kind = 'memory'
         AND c.status IN ('queued', 'running', 'answered'))`,
    [nodeId],
  );
}

/** A size between the smallest and the most, small ones as likely as large ones. */
const sizeUpTo = (mostMb: number): number => Math.round(SMALLEST_MB * (mostMb / SMALLEST_MB) ** Math.random());

/**
 * Asks a node to fill memory. The first time it is as much as the platform can check; then more, together with a node
 * of another owner. True when something was asked.
 */
export async function askForMemory(nodeId: string): Promise<boolean> {
  const [node] = await readFree(nodeId);
  const mostMb = Math.floor(((node?.freeMb ?? 0) * FREE_HUNDREDTHS) / 100);
  if (!node || mostMb < SMALLEST_MB) return false;
  const nonce = randomBytes(32).toString("hex");
  if (node.provenMb === 0 || mostMb <= PLATFORM_MB_MAX) {
    await queue(nodeId, nonce, Math.min(mostMb, PLATFORM_MB_MAX), null);
    return true;
  }
  const others = (await readFree(null)).filter(
    (one) => one.ownerId !== node.ownerId && one.provenMb > 0 && one.freeMb >= SMALLEST_MB,
  );
  const other = others[Math.floor(Math.random() * others.length)];
  const sharedMb = Math.min(mostMb, Math.floor(((other?.freeMb ?? 0) * FREE_HUNDREDTHS) / 100));
  if (!other || sharedMb <= PLATFORM_MB_MAX) {
    await queue(nodeId, nonce, PLATFORM_MB_MAX, null);
    return true;
  }
  const memoryMb = sizeUpTo(sharedMb);
  const twins = [newId("challenge"), newId("challenge")] as const;
  await queue(nodeId, nonce, memoryMb, twins[1], twins[0]);
  await queue(other.nodeId, nonce, memoryMb, twins[0], twins[1]);
  return true;
}

async function queue(
  nodeId: string,
  nonce: string,
  memoryMb: number,
  twinId: string | null,
  id: string = newId("challenge"),
): Promise<void> {
  await db.computeChallenge.create({
    data: { id, nodeId, kind: "memory", status: "queued", nonce, memoryMb, twinId },
  });
  wakeNode(nodeId);
}

/** What a node that asks for work is to prove; its time runs from here. */
export async function takeMemoryChallenges(nodeId: string): Promise<MemoryChallenge[]> {
  return sqlOf(pool).query<MemoryChallenge>(
    `UPDATE compute_challenge SET status = 'running', sent_at = now()
     WHERE node_id = $1 AND kind = 'memory' AND status = 'queued'
     RETURNING id, nonce, memory_mb AS "memoryMb"`,
    [nodeId],
  );
}

/** Takes a node's answer, once; it is checked by the worker. */
export async function receiveMemoryProof(
  node: NodeIdentity,
  input: { id: string; digest: string | null; reason: string | null },
): Promise<{ accepted: boolean }> {
  const { rowCount } = await pool.query(
    `UPDATE compute_challenge SET status = 'answered', answer = $3, ended_at = now(),
       device_ms = (extract(epoch FROM now() - sent_at) * 1000)::int,
       details = details || jsonb_strip_nulls(jsonb_build_object('reason', $4::text))
     WHERE id = $1 AND node_id = $2 AND kind = 'memory' AND status = 'running'`,
    [input.id, node.nodeId, input.digest, input.reason],
  );
  return { accepted: rowCount === 1 };
}

type Answered = {
  id: string;
  nodeId: string;
  nonce: string;
  memoryMb: number;
  answer: string | null;
  deviceMs: number;
  twinId: string | null;
};

const compute = promisify(argon2);

async function expectedOf({ nonce, memoryMb }: Answered): Promise<string> {
  return (await compute("argon2d", memoryProof(nonce, memoryMb))).toString("hex");
}

/** Judges what nodes answered, and gives up what they did not. A loop of the worker's; safe to run anywhere and twice. */
export async function judgeMemory(): Promise<void> {
  await giveUpSilent();
  const rows = await sqlOf(pool).query<Answered>(
    `SELECT id, node_id AS "nodeId", nonce, memory_mb AS "memoryMb", answer, device_ms AS "deviceMs", twin_id AS "twinId"
     FROM compute_challenge c WHERE kind = 'memory' AND status = 'answered'
       AND (twin_id IS NULL OR EXISTS (SELECT 1 FROM compute_challenge t WHERE t.id = c.twin_id AND t.status NOT IN ('queued', 'running')))
     ORDER BY created_at LIMIT 20`,
    [],
  );
  for (const row of rows) await judge(row);
}

async function judge(row: Answered): Promise<void> {
  const finish = async (status: "passed" | "failed" | "inconclusive", finding?: string) => {
    await finishChallenge(row.id, {
      status,
      deviceMs: row.deviceMs,
      details: finding ? { finding } : {},
    });
    await chargeDevice(row.nodeId, row.deviceMs);
  };
  if (row.answer === null || row.deviceMs > deadlineMs(row.memoryMb)) {
    await finish("inconclusive", row.answer === null ? "The node did not do it." : "It took as long as a disk would.");
    return countMisses(row.nodeId);
  }
  const twin = row.twinId ? await db.computeChallenge.findUnique({ where: { id: row.twinId } }) : null;
  let isRight = twin?.answer === row.answer;
  const canCheck = row.memoryMb <= PLATFORM_MB_MAX || freemem() > row.memoryMb * PLATFORM_FREE_FACTOR * 2 ** 20;
  // Two that agree may have agreed beforehand; now and then the platform looks itself.
  if (!isRight || (canCheck && Math.random() < SPOT_CHECKS)) {
    if (!canCheck) return finish("inconclusive", "Nobody could tell whose result is right.");
    isRight = (await expectedOf(row)) === row.answer;
  }
  await finish(isRight ? "passed" : "failed");
  if (!isRight) {
    await suspendNode(row.nodeId, "memory-inflated", { challengeId: row.id, memoryMb: row.memoryMb });
    return;
  }
  await pool.query(
    `UPDATE compute_node SET proven_at = now(), proven_memory_mb = CASE
       WHEN proven_at > coalesce(trust_at, joined_at) THEN greatest(proven_memory_mb, $2) ELSE $2 END WHERE id = $1`,
    [row.nodeId, row.memoryMb],
  );
  await verifyNode(row.nodeId);
}

async function giveUpSilent(): Promise<void> {
  const silent = await sqlOf(pool).query<{ id: string; nodeId: string; deviceMs: number }>(
    `UPDATE compute_challenge SET status = 'inconclusive', ended_at = now(), details = '{"finding": "The node did not answer."}'
     WHERE kind = 'memory' AND ((status = 'running' AND sent_at < now() - make_interval(secs => ($1 + memory_mb * $2) / 1000.0))
       OR (status = 'queued' AND created_at < now() - interval '2 minutes'))
     RETURNING id, node_id AS "nodeId", (extract(epoch FROM now() - coalesce(sent_at, now())) * 1000)::int AS "deviceMs"`,
    [GRACE_MS * 2, (1_000 * 2) / SLOWEST_MB_PER_SECOND],
  );
  for (const { nodeId, deviceMs } of silent) {
    await chargeDevice(nodeId, deviceMs);
    if (deviceMs > 0) await countMisses(nodeId);
  }
}

/** A test missed may be a busy moment; several in a row are a claim that was not shown. */
async function countMisses(nodeId: string): Promise<void> {
  const last = await db.computeChallenge.findMany({
    where: { nodeId, kind: "memory", status: { in: ["passed", "failed", "inconclusive"] } },
    orderBy: { createdAt: "desc" },
    take: MISSES_MAX,
    select: { status: true },
  });
  if (last.length === MISSES_MAX && last.every(({ status }) => status === "inconclusive"))
    await unverifyNode(nodeId, "memory-unproven", { misses: MISSES_MAX });
}
