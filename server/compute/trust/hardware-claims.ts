import type { Hardware } from "#core/schemas/node-protocol.ts";
import type { Transaction } from "#server/db.ts";
import { pool, sqlOf } from "#server/db.ts";
import { TIMING } from "../timing.ts";
import { suspendNode, unverifyNode } from "./judge-node.ts";

/** A driver's number of a card, or of a part of one. */
const CARD_NUMBER = /^(GPU|MIG)-[0-9a-fA-F-]{30,}$/;
/** Two nodes show a card at once only after the second has been there for so long: a program that came back anew is no liar. */
const OVERLAP_SECONDS = 30;

const numbersOf = (hardware: Pick<Hardware, "gpus">): string[] =>
  [...new Set(hardware.gpus.map((gpu) => gpu.uuid).filter((uuid) => CARD_NUMBER.test(uuid)))].sort();

/** Writes down the cards a node says it has. True when it had said other ones before. */
export async function saveGpus(tx: Transaction, nodeId: string, hardware: Pick<Hardware, "gpus">): Promise<boolean> {
  const numbers = numbersOf(hardware);
  const known = await tx.computeGpu.findMany({ where: { nodeId, isPresent: true }, select: { uuid: true } });
  const before = known.map(({ uuid }) => uuid).sort();
  if (before.join() === numbers.join()) return false;
  await tx.computeGpu.updateMany({ where: { nodeId, uuid: { notIn: numbers } }, data: { isPresent: false } });
  for (const uuid of numbers) {
    const gpu = hardware.gpus.find((one) => one.uuid === uuid);
    if (!gpu) continue;
    const told = { name: gpu.name, memoryBytes: BigInt(gpu.memoryBytes), isPresent: true };
    await tx.computeGpu.upsert({
      where: { nodeId_uuid: { nodeId, uuid } },
      create: { nodeId, uuid, ...told },
      update: told,
    });
  }
  return before.length > 0;
}

/** Another card than before: what the node showed was of the old one. */
export const noteOtherGpus = (nodeId: string, hardware: Pick<Hardware, "gpus">): Promise<void> =>
  unverifyNode(nodeId, "gpu-changed", { cards: numbersOf(hardware).map(shortNumber) });

/** Enough of a card's number to tell it from others, and too little to claim it. */
export const shortNumber = (uuid: string): string => `…${uuid.slice(-4)}`;

/** One card shown by two nodes that are both there: the one that showed it later is taken out. */
export async function suspendDuplicates(): Promise<void> {
  const found = await sqlOf(pool).query<{ later: string; earlier: string; uuid: string }>(
    `SELECT l.node_id AS later, e.node_id AS earlier, l.uuid
     FROM compute_gpu l JOIN compute_gpu e ON e.uuid = l.uuid AND e.node_id <> l.node_id
       AND (e.first_seen_at, e.node_id) < (l.first_seen_at, l.node_id)
     JOIN compute_node ln ON ln.id = l.node_id JOIN compute_node en ON en.id = e.node_id
     WHERE l.is_present AND e.is_present AND ln.trust IN ('new', 'verified') AND en.trust IN ('new', 'verified')
       AND ln.status IN ('online', 'draining') AND en.status IN ('online', 'draining')
       AND ln.last_seen_at > now() - make_interval(secs => $1) AND en.last_seen_at > l.first_seen_at + make_interval(secs => $2)`,
    [TIMING.nodeOfflineAfterMs / 1_000, OVERLAP_SECONDS],
  );
  for (const { later, earlier, uuid } of found)
    await suspendNode(later, "gpu-duplicate", { with: earlier, card: shortNumber(uuid) });
}
