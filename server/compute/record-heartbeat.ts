import type { z } from "zod";
import type { heartbeatRequest } from "#core/schemas/node-protocol.ts";
import { db, sqlOf } from "#server/db.ts";
import type { NodeIdentity } from "./authenticate-node.ts";
import { storedDirectAddress } from "./direct/save-direct-address.ts";
import { dispatchSoon } from "./jobs/dispatch-jobs.ts";
import { forgetRentals } from "./jobs/list-rentals.ts";
import { saveRental } from "./jobs/save-rental.ts";
import { forgetMarket } from "./list-candidates.ts";
import { saveOffers } from "./save-offers.ts";
import { noteOtherGpus, saveGpus } from "./trust/hardware-claims.ts";
import { hashPeer } from "./trust/peer-hash.ts";

/** Notes that a node is there, what it is made of and what it offers now. A draining node is given nothing new. */
export async function recordHeartbeat(
  node: NodeIdentity,
  input: z.output<typeof heartbeatRequest>,
  peer: string,
): Promise<void> {
  let hasNewRoom = false;
  let hasOtherGpus = false;
  const isOtherMarket = await db.$transaction(async (tx) => {
    const before = await tx.computeNode.findUnique({
      where: { id: node.nodeId },
      select: { directUrl: true, directKey: true, status: true },
    });
    await tx.computeNode.updateMany({
      where: { id: node.nodeId, status: { not: "removed" } },
      data: {
        status: input.draining ? "draining" : "online",
        lastSeenAt: new Date(),
        hardware: input.hardware,
        version: input.version,
        capacity: input.capacity,
        region: input.region ?? null,
        peerHash: hashPeer(peer),
        ...storedDirectAddress(node.nodeId, input.direct, before),
      },
    });
    const current = await tx.computeOffer.findMany({ where: { nodeId: node.nodeId, isActive: true } });
    const same =
      current.length === input.offers.length &&
      input.offers.every((offer) =>
        current.some(
          (row) =>
            row.model === offer.model &&
            row.inputPrice === BigInt(offer.inputPrice) &&
            row.outputPrice === BigInt(offer.outputPrice) &&
            row.contextTokens === offer.contextTokens &&
            row.canContinue === offer.canContinue &&
            row.precision === offer.precision &&
            row.features.join() === offer.features.join(),
        ),
      );
    const isOtherRental = await saveRental(sqlOf(tx), node.nodeId, input.draining ? null : (input.rental ?? null));
    if (isOtherRental || before?.status !== "online") hasNewRoom = !input.draining;
    hasOtherGpus = await saveGpus(tx, node.nodeId, input.hardware);
    if (!same) await saveOffers(tx, node.nodeId, input.offers);
    return !same || before?.status !== (input.draining ? "draining" : "online");
  });
  if (hasOtherGpus) await noteOtherGpus(node.nodeId, input.hardware);
  if (isOtherMarket) forgetMarket();
  if (hasNewRoom) {
    forgetRentals();
    dispatchSoon();
  }
}
