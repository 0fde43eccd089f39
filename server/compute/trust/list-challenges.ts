import { type Page, type PageInput, toPage } from "#core/page.ts";
import { type ChallengeView, challengeKind, challengeStatus } from "#core/schemas/trust.ts";
import type { Prisma } from "#generated/prisma/client.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

/** The names of nodes, by their ids. */
export async function namesOf(nodeIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.computeNode.findMany({
    where: { id: { in: [...new Set(nodeIds)] } },
    select: { id: true, name: true },
  });
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** What a test found, in the words it was written down with; null where it found nothing. */
function findingOf(details: Prisma.JsonValue): string | null {
  const isObject = details !== null && typeof details === "object" && !Array.isArray(details);
  if (!isObject) return null;
  const { finding, reason, verdict } = details;
  for (const words of [finding, reason]) if (typeof words === "string") return words;
  return verdict === "different" ? "Another node answered otherwise; both are tested." : null;
}

async function listPage(where: Prisma.ComputeChallengeWhereInput, input: PageInput): Promise<Page<ChallengeView>> {
  const rows = await db.computeChallenge.findMany({
    where: { ...where, ...(input.cursor ? { id: { lt: input.cursor } } : {}) },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const { data, ...rest } = toPage(rows, input.limit);
  const names = await namesOf(data.map(({ nodeId }) => nodeId));
  return {
    data: data.map((row) => ({
      id: row.id,
      nodeId: row.nodeId,
      nodeName: names.get(row.nodeId) ?? row.nodeId,
      kind: challengeKind.parse(row.kind),
      status: challengeStatus.parse(row.status),
      peers: row.peerIds.length + (row.twinId === null ? 0 : 1),
      memoryMb: row.memoryMb,
      tokensPerSecond: row.tokensPerSecond,
      deviceMs: row.deviceMs,
      finding: findingOf(row.details),
      createdAt: row.createdAt.toISOString(),
      endedAt: row.endedAt?.toISOString() ?? null,
    })),
    ...rest,
  };
}

/** All tests of all nodes, for the back office. */
export const listChallenges = (input: PageInput): Promise<Page<ChallengeView>> => listPage({}, input);

/** The finished tests of a provider's own nodes: one that is under way looks like anybody's request, and stays so. */
export async function listMyChallenges(actor: Actor, input: PageInput): Promise<Page<ChallengeView>> {
  const nodes = await db.computeNode.findMany({ where: { ownerId: actor.userId }, select: { id: true } });
  const where = { nodeId: { in: nodes.map(({ id }) => id) }, endedAt: { not: null } };
  return listPage(where, input);
}
