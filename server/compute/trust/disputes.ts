import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import {
  type DisputeView,
  disputeStatus,
  nodeTrust,
  type openDisputeInput,
  type resolveDisputeInput,
} from "#core/schemas/trust.ts";
import type { ComputeDispute, Prisma } from "#generated/prisma/client.ts";
import { db, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { recordAdminAction } from "#server/identity/record-admin-action.ts";
import { forgetRentals } from "../jobs/list-rentals.ts";
import { forgetMarket } from "../list-candidates.ts";

async function viewsOf(rows: readonly ComputeDispute[]): Promise<DisputeView[]> {
  const nodes = await db.computeNode.findMany({
    where: { id: { in: rows.map(({ nodeId }) => nodeId) } },
    select: { id: true, name: true, trust: true, trustReason: true },
  });
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  return rows.map((row) => {
    const node = nodeOf.get(row.nodeId);
    return {
      id: row.id,
      nodeId: row.nodeId,
      nodeName: node?.name ?? row.nodeId,
      challengeId: row.challengeId,
      trust: nodeTrust.parse(node?.trust ?? "new"),
      trustReason: node?.trustReason ?? null,
      statement: row.statement,
      status: disputeStatus.parse(row.status),
      resolution: row.resolution,
      createdAt: row.createdAt.toISOString(),
      resolvedAt: row.resolvedAt?.toISOString() ?? null,
    };
  });
}

async function listPage(where: Prisma.ComputeDisputeWhereInput, input: PageInput): Promise<Page<DisputeView>> {
  const rows = await db.computeDispute.findMany({
    where: { ...where, ...(input.cursor ? { id: { lt: input.cursor } } : {}) },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const { data, ...rest } = toPage(rows, input.limit);
  return { data: await viewsOf(data), ...rest };
}

export const listMyDisputes = (actor: Actor, input: PageInput): Promise<Page<DisputeView>> =>
  listPage({ ownerId: actor.userId }, input);
export const listDisputes = (input: PageInput): Promise<Page<DisputeView>> => listPage({}, input);

async function viewOf(row: ComputeDispute): Promise<DisputeView> {
  const [view] = await viewsOf([row]);
  if (!view) throw new DomainError("NOT_FOUND");
  return view;
}

/** Objects to the suspension of one's own node. One objection at a time; it names the test the suspension rests on. */
export async function openDispute(actor: Actor, input: z.output<typeof openDisputeInput>): Promise<DisputeView> {
  const row = await db.$transaction(async (tx) => {
    // Locked, so that a double click opens one.
    await tx.$queryRaw`SELECT id FROM compute_node WHERE id = ${input.nodeId} FOR UPDATE`;
    const node = await tx.computeNode.findFirst({ where: { id: input.nodeId, ownerId: actor.userId } });
    if (!node) throw new DomainError("NOT_FOUND");
    if (node.trust !== "suspended" && node.trust !== "banned") throw new DomainError("NODE_NOT_SUSPENDED");
    const open = await tx.computeDispute.findFirst({ where: { nodeId: node.id, status: "open" } });
    if (open) throw new DomainError("DISPUTE_OPEN", { disputeId: open.id });
    const cause = await tx.computeChallenge.findFirst({
      where: { nodeId: node.id, status: "failed" },
      orderBy: { createdAt: "desc" },
      select: { id: true },
    });
    return tx.computeDispute.create({
      data: {
        id: newId("dispute"),
        nodeId: node.id,
        ownerId: actor.userId,
        challengeId: cause?.id ?? null,
        statement: input.statement,
      },
    });
  });
  return viewOf(row);
}

/** Decides an objection, once. A reversed suspension makes the node new again: it is tested before it is verified. */
export async function resolveDispute(actor: Actor, input: z.output<typeof resolveDisputeInput>): Promise<DisputeView> {
  const isReversed = input.decision === "reverse";
  const row = await db.$transaction(async (tx) => {
    const [decided] = await tx.computeDispute.updateManyAndReturn({
      where: { id: input.id, status: "open" },
      data: {
        status: isReversed ? "reversed" : "upheld",
        resolution: input.resolution,
        resolvedBy: actor.userId,
        resolvedAt: new Date(),
      },
    });
    if (!decided) {
      const exists = await tx.computeDispute.findUnique({ where: { id: input.id }, select: { id: true } });
      throw new DomainError(exists ? "DISPUTE_CLOSED" : "NOT_FOUND");
    }
    if (isReversed) {
      await tx.computeNode.updateMany({
        where: { id: decided.nodeId, trust: { in: ["suspended", "banned"] } },
        data: { trust: "new", trustReason: null, trustAt: new Date(), nextChallengeAt: new Date() },
      });
    }
    await recordAdminAction(sqlOf(tx), {
      userId: actor.userId,
      action: isReversed ? "dispute.reverse" : "dispute.uphold",
      subject: decided.nodeId,
      details: { disputeId: decided.id, resolution: input.resolution },
    });
    return decided;
  });
  forgetMarket();
  forgetRentals();
  return viewOf(row);
}
