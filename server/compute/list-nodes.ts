import { DomainError } from "#core/errors.ts";
import { type NodeView, nodeStatus } from "#core/schemas/compute.ts";
import { hardware } from "#core/schemas/node-protocol.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

type PageInput = { limit: number; cursor?: string | undefined };
type NodePage = { data: NodeView[]; hasMore: boolean; nextCursor: string | null };

async function listPage(
  where: { ownerId: string } | { status: { in: string[] } },
  input: PageInput,
): Promise<NodePage> {
  const rows = await db.computeNode.findMany({
    where: { ...where, ...(input.cursor ? { id: { lt: input.cursor } } : {}) },
    include: { offers: { where: { isActive: true }, orderBy: { model: "asc" } } },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const shown = rows.slice(0, input.limit);
  const busy = await db.inferenceAttempt.groupBy({
    by: ["nodeId"],
    where: { nodeId: { in: shown.map((row) => row.id) }, status: { in: ["queued", "claimed"] } },
    _count: true,
  });
  const inFlightOf = new Map(busy.map((row) => [row.nodeId, row._count]));
  const data = shown.map(
    (row): NodeView => ({
      id: row.id,
      name: row.name,
      status: nodeStatus.parse(row.status),
      hardware: hardware.parse(row.hardware),
      version: row.version,
      capacity: row.capacity,
      inFlight: inFlightOf.get(row.id) ?? 0,
      publicKey: row.publicKey,
      tokensPerSecond: row.tokensPerSecond,
      firstTokenMs: row.firstTokenMs,
      attemptsSucceeded: row.attemptsSucceeded,
      attemptsFailed: row.attemptsFailed,
      joinedAt: row.joinedAt.toISOString(),
      lastSeenAt: row.lastSeenAt.toISOString(),
      offers: row.offers.map((offer) => ({
        model: offer.model,
        inputPrice: offer.inputPrice.toString(),
        outputPrice: offer.outputPrice.toString(),
        contextTokens: offer.contextTokens,
        canContinue: offer.canContinue,
      })),
    }),
  );
  const hasMore = rows.length > input.limit;
  return { data, hasMore, nextCursor: hasMore ? (data.at(-1)?.id ?? null) : null };
}

/** The public catalogue: who serves what, at which price, and how fast the platform measured it. */
export const listNodes = (input: PageInput): Promise<NodePage> =>
  listPage({ status: { in: ["online", "draining", "offline"] } }, input);

/** A provider's own nodes, removed ones too. */
export const listMyNodes = (actor: Actor, input: PageInput): Promise<NodePage> =>
  listPage({ ownerId: actor.userId }, input);

/** Takes a node out for good; its messages are refused from now on. Joining again takes a new token. */
export async function removeNode(actor: Actor, input: { id: string }): Promise<{ id: string }> {
  const { count } = await db.computeNode.updateMany({
    where: { id: input.id, ownerId: actor.userId },
    data: { status: "removed" },
  });
  if (count === 0) throw new DomainError("NOT_FOUND");
  return { id: input.id };
}
