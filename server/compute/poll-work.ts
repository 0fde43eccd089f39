import type { z } from "zod";
import { type PollReply, type pollRequest, work } from "#core/schemas/node-protocol.ts";
import { pool, sqlOf } from "#server/db.ts";
import type { NodeIdentity } from "./authenticate-node.ts";
import { listening, onWake } from "./hub.ts";
import { listEndedLeases, takeLeases } from "./jobs/poll-leases.ts";
import { takeMemoryChallenges } from "./trust/memory.ts";

const WORK_IN_REPLY_MAX = 64;
const RECEIPTS_IN_REPLY_MAX = 20;
const ASK_AGAIN_SECONDS = 30;

/** Waits until there is something for the node, but no longer than it asked, and answers it. */
export async function pollWork(
  node: NodeIdentity,
  input: z.output<typeof pollRequest>,
  signal: AbortSignal,
): Promise<PollReply> {
  await listening();
  let wake = () => {};
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  // Registered before the first look, so that nothing can happen unseen between the look and the wait.
  const forget = onWake(node.nodeId, wake);
  try {
    const found = await collect(node, input);
    if (!isEmpty(found)) return await handOver(found, signal);
    const timer = setTimeout(wake, input.waitSeconds * 1000);
    signal.addEventListener("abort", wake, { once: true });
    await woken;
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
    if (signal.aborted) return EMPTY;
    return await handOver(await collect(node, input), signal);
  } finally {
    forget();
  }
}

const EMPTY: PollReply = { work: [], cancel: [], receipts: [], leases: [], endLeases: [], challenges: [] };
const isEmpty = (reply: PollReply) => Object.values(reply).every((list) => list.length === 0);

async function collect(
  node: NodeIdentity,
  { running, leases, challenges }: z.output<typeof pollRequest>,
): Promise<PollReply> {
  // A node that names no leases knows of none: it takes no jobs.
  const [claimed, cancel, receipts, orders, endLeases, proofs] = await Promise.all([
    claimWork(node.nodeId),
    running.length > 0 ? listEnded(node.nodeId, running) : [],
    takeReceipts(node.nodeId),
    leases ? takeLeases(node.nodeId, leases) : [],
    leases ? listEndedLeases(node.nodeId, leases) : [],
    challenges ? takeMemoryChallenges(node.nodeId) : [],
  ]);
  return { work: claimed, cancel, receipts, leases: orders, endLeases, challenges: proofs };
}

/** Takes what is queued for the node; two polls of one node never take the same row. */
async function claimWork(nodeId: string) {
  const rows = await sqlOf(pool).query<{ work: unknown }>(
    `UPDATE inference_attempt SET status = 'claimed'
     WHERE id IN (
       SELECT id FROM inference_attempt WHERE node_id = $1 AND status = 'queued'
       ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
     ) RETURNING work`,
    [nodeId, WORK_IN_REPLY_MAX],
  );
  return rows.map((row) => work.parse(row.work));
}

/** Of what the node says it is doing, what nobody waits for any more. */
async function listEnded(nodeId: string, running: readonly string[]): Promise<string[]> {
  const rows = await sqlOf(pool).query<{ id: string }>(
    `SELECT r.id FROM unnest($2::text[]) AS r(id)
     LEFT JOIN inference_attempt a ON a.id = r.id AND a.node_id = $1 AND a.status IN ('queued', 'claimed')
     WHERE a.id IS NULL`,
    [nodeId, running],
  );
  return rows.map((row) => row.id);
}

/** Receipts that wait for the node's signature; one that was not answered is asked for again later. */
async function takeReceipts(nodeId: string): Promise<PollReply["receipts"]> {
  return sqlOf(pool).query<{ id: string; body: string }>(
    `UPDATE inference_receipt_signature s SET asked_at = now()
     FROM inference_receipt r
     WHERE r.id = s.receipt_id AND (s.receipt_id, s.node_id) IN (
       SELECT receipt_id, node_id FROM inference_receipt_signature
       WHERE node_id = $1 AND signature IS NULL
         AND (asked_at IS NULL OR asked_at < now() - make_interval(secs => $3))
       LIMIT $2 FOR UPDATE SKIP LOCKED
     ) RETURNING r.id, r.body`,
    [nodeId, RECEIPTS_IN_REPLY_MAX, ASK_AGAIN_SECONDS],
  );
}

/** When the node hung up while its work was looked up, the work goes back for its next poll. */
async function handOver(reply: PollReply, signal: AbortSignal): Promise<PollReply> {
  if (!signal.aborted) return reply;
  const ids = reply.work.map((item) => item.attemptId);
  if (ids.length > 0) {
    await pool.query("UPDATE inference_attempt SET status = 'queued' WHERE id = ANY($1) AND status = 'claimed'", [ids]);
  }
  return EMPTY;
}
