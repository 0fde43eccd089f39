import { DomainError } from "#core/errors.ts";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import { type AdminNodeView, type NodeView, nodeStatus } from "#core/schemas/compute.ts";
import { type Hardware, hardware, offerFeature } from "#core/schemas/node-protocol.ts";
import { type NodeTrust, nodeTrust } from "#core/schemas/trust.ts";
import type { Prisma } from "#generated/prisma/client.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { forgetMarket } from "./list-candidates.ts";
import { shortNumber } from "./trust/hardware-claims.ts";

const attestationOf = (row: { attestedUntil: Date | null; attestedAs: string | null; measurement: string | null }) =>
  row.attestedUntil !== null && row.attestedUntil > new Date()
    ? { attestedAs: row.attestedAs, measurement: row.measurement }
    : { attestedAs: null, measurement: null };

/** Who knows a card's whole number could claim it: strangers see its end. */
const withoutNumbers = (told: Hardware): Hardware => ({
  ...told,
  gpus: told.gpus.map((gpu) => ({ ...gpu, uuid: shortNumber(gpu.uuid) })),
});

async function listPage(
  where: Prisma.ComputeNodeWhereInput,
  input: PageInput,
  isPublic = false,
): Promise<Page<NodeView & { ownerId: string }>> {
  const rows = await db.computeNode.findMany({
    where: { ...where, ...(input.cursor ? { id: { lt: input.cursor } } : {}) },
    include: { offers: { where: { isActive: true }, orderBy: { model: "asc" } } },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const { data, ...rest } = toPage(rows, input.limit);
  const busy = await db.inferenceAttempt.groupBy({
    by: ["nodeId"],
    where: { nodeId: { in: data.map((row) => row.id) }, status: { in: ["queued", "claimed"] } },
    _count: true,
  });
  const flags = await db.computeFlag.groupBy({
    by: ["nodeId"],
    where: { nodeId: { in: data.map((row) => row.id) } },
    _count: true,
  });
  const flagsOf = new Map(flags.map((row) => [row.nodeId, row._count]));
  const inFlightOf = new Map(busy.map((row) => [row.nodeId, row._count]));
  const views = data.map((row): NodeView & { ownerId: string } => ({
    id: row.id,
    ownerId: row.ownerId,
    name: row.name,
    status: nodeStatus.parse(row.status),
    hardware: isPublic ? withoutNumbers(hardware.parse(row.hardware)) : hardware.parse(row.hardware),
    version: row.version,
    capacity: row.capacity,
    inFlight: inFlightOf.get(row.id) ?? 0,
    region: row.region,
    isDirect: row.directUrl !== null,
    flags: flagsOf.get(row.id) ?? 0,
    trust: nodeTrust.parse(row.trust),
    trustReason: row.trustReason,
    isReference: row.isReference,
    provenMemoryMb: row.provenMemoryMb,
    ...attestationOf(row),
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
      precision: offer.precision,
      features: offer.features.flatMap((feature) => offerFeature.safeParse(feature).data ?? []),
      tokensPerSecond: offer.tokensPerSecond,
      firstTokenMs: offer.firstTokenMs,
    })),
  }));
  return { data: views, ...rest };
}

/** The public catalogue: who serves what, at which price, and how fast the platform measured it. */
export const listNodes = (input: PageInput): Promise<Page<NodeView>> =>
  listPage({ status: { in: ["online", "draining", "offline"] } }, input, true);

/** A provider's own nodes, removed ones too. */
export const listMyNodes = (actor: Actor, input: PageInput): Promise<Page<NodeView>> =>
  listPage({ ownerId: actor.userId }, input);

/** All nodes with whose they are, for the back office. */
export async function listAllNodes({
  trust,
  ...input
}: PageInput & { trust?: NodeTrust | undefined }): Promise<Page<AdminNodeView>> {
  const { data, ...rest } = await listPage(trust ? { trust } : {}, input);
  const owners = await db.user.findMany({
    where: { id: { in: data.map(({ ownerId }) => ownerId) } },
    select: { id: true, name: true },
  });
  const names = new Map(owners.map(({ id, name }) => [id, name]));
  return { data: data.map((node) => ({ ...node, ownerName: names.get(node.ownerId) ?? node.ownerId })), ...rest };
}

/** Takes a node out for good; its messages are refused from now on. Joining again takes a new token. */
export async function removeNode(actor: Actor, input: { id: string }): Promise<{ id: string }> {
  const { count } = await db.computeNode.updateMany({
    where: { id: input.id, ownerId: actor.userId },
    data: { status: "removed" },
  });
  if (count === 0) throw new DomainError("NOT_FOUND");
  forgetMarket();
  return { id: input.id };
}
