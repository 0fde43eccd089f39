import { DomainError } from "#core/errors.ts";
import { NODE_CLOCK_SKEW_MS, NODE_HEADERS, verifyNodeMessage } from "#core/node-signature.ts";
import { db, pool } from "#server/db.ts";

/** A message as it arrived: the body is the exact text that was signed. */
export type NodeMessage = { method: string; path: string; headers: Headers; body: string };
export type NodeIdentity = { nodeId: string; ownerId: string; publicKey: string };

const KNOWN_FOR_MS = 5_000;
const known = new Map<string, { identity: NodeIdentity; until: number }>();

async function findNode(nodeId: string): Promise<NodeIdentity | null> {
  const cached = known.get(nodeId);
  if (cached && cached.until > Date.now()) return cached.identity;
  const node = await db.computeNode.findFirst({
    where: { id: nodeId, status: { not: "removed" } },
    select: { ownerId: true, publicKey: true },
  });
  known.delete(nodeId);
  if (!node) return null;
  const identity = { nodeId, ...node };
  known.set(nodeId, { identity, until: Date.now() + KNOWN_FOR_MS });
  return identity;
}

/** Refuses a message whose signature, time or nonce is not right, for a key that is given. */
export async function checkNodeSignature(
  message: NodeMessage,
  publicKey: string,
): Promise<{ sentAt: Date; nonce: string }> {
  const timestamp = message.headers.get(NODE_HEADERS.timestamp) ?? "";
  const nonce = message.headers.get(NODE_HEADERS.nonce) ?? "";
  const signature = message.headers.get(NODE_HEADERS.signature) ?? "";
  if (!/^\d{13}$/.test(timestamp) || !/^[A-Za-z0-9_-]{16,64}$/.test(nonce))
    throw new DomainError("NODE_SIGNATURE_INVALID");
  const { method, path, body } = message;
  if (!(await verifyNodeMessage(publicKey, { method, path, timestamp, nonce, body }, signature))) {
    throw new DomainError("NODE_SIGNATURE_INVALID");
  }
  const sentAt = new Date(Number(timestamp));
  if (Math.abs(Date.now() - sentAt.getTime()) > NODE_CLOCK_SKEW_MS) {
    throw new DomainError("NODE_CLOCK_SKEWED", { serverTime: new Date().toISOString() });
  }
  return { sentAt, nonce };
}

/**
 * Remembers a nonce, and refuses one that was seen.
 *
 * The table is not written ahead, so a crash of the database empties it: whatever was sent before the database
 * started is refused too, and a node that meets this sends its message again with a new time and nonce.
 */
export async function spendNonce(nodeId: string, nonce: string, sentAt: Date): Promise<void> {
  const { rowCount } = await pool.query(
    `INSERT INTO compute_nonce (node_id, nonce, sent_at)
     SELECT $1, $2, $3::timestamptz WHERE $3::timestamptz > pg_postmaster_start_time()
     ON CONFLICT DO NOTHING`,
    [nodeId, nonce, sentAt.toISOString()],
  );
  if (rowCount !== 1) throw new DomainError("NODE_MESSAGE_REPLAYED");
}

/** Which node sent this message. A valid signature counts once. */
export async function authenticateNode(message: NodeMessage): Promise<NodeIdentity> {
  const nodeId = message.headers.get(NODE_HEADERS.node) ?? "";
  const node = /^node_[0-9a-z]{10,64}$/.test(nodeId) ? await findNode(nodeId) : null;
  if (!node) throw new DomainError("NODE_UNKNOWN");
  const { sentAt, nonce } = await checkNodeSignature(message, node.publicKey);
  await spendNonce(node.nodeId, nonce, sentAt);
  return node;
}
