import { DomainError } from "#core/errors.ts";
import type { Prisma } from "#generated/prisma/client.ts";
import { db, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { recordAdminAction } from "#server/identity/record-admin-action.ts";
import { forgetRentals } from "../jobs/list-rentals.ts";
import { forgetMarket } from "../list-candidates.ts";

type Change = {
  action: "node.ban" | "node.reinstate" | "node.reference";
  data: Prisma.ComputeNodeUpdateManyMutationInput;
  details: Record<string, string | boolean>;
};

/** Changes what the platform thinks of a node, and writes down who did it and why, together. */
async function decide(actor: Actor, id: string, { action, data, details }: Change): Promise<{ id: string }> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.computeNode.updateMany({ where: { id, status: { not: "removed" } }, data });
    if (count === 0) throw new DomainError("NOT_FOUND");
    await recordAdminAction(sqlOf(tx), { userId: actor.userId, action, subject: id, details });
  });
  forgetMarket();
  forgetRentals();
  return { id };
}

/** Takes a node out for good: it is given nothing, and the sweep takes its leases back at once. */
export const banNode = (actor: Actor, { id, reason }: { id: string; reason: string }) =>
  decide(actor, id, {
    action: "node.ban",
    data: { trust: "banned", trustReason: reason, trustAt: new Date() },
    details: { reason },
  });

/** Lets a suspended or banned node back in, as a new one: it is tested first. */
export const reinstateNode = (actor: Actor, { id, reason }: { id: string; reason: string }) =>
  decide(actor, id, {
    action: "node.reinstate",
    data: { trust: "new", trustReason: null, trustAt: new Date(), nextChallengeAt: new Date() },
    details: { reason },
  });

/** Says whether a node is one of the operator's own, whose answers others are held against. */
export const setReference = (actor: Actor, { id, isReference }: { id: string; isReference: boolean }) =>
  decide(actor, id, { action: "node.reference", data: { isReference }, details: { isReference } });
