import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { joinRequest } from "#core/schemas/node-protocol.ts";
import { db } from "#server/db.ts";
import { checkNodeSignature, type NodeMessage, spendNonce } from "./authenticate-node.ts";
import { hashJoinToken } from "./create-join-token.ts";
import { storedDirectAddress } from "./direct/save-direct-address.ts";
import { forgetMarket } from "./list-candidates.ts";
import { saveOffers } from "./save-offers.ts";
import { saveGpus } from "./trust/hardware-claims.ts";

/**
 * Makes a node of its provider's out of a one-time token.
 *
 * The message is signed with the key it brings, so nobody can register a key that is not theirs. A node that lost
 * only its id comes back under the same key with a new token and is the same node again.
 */
export async function joinNode(message: NodeMessage, input: z.output<typeof joinRequest>): Promise<{ nodeId: string }> {
  const { sentAt, nonce } = await checkNodeSignature(message, input.publicKey);
  await spendNonce(input.publicKey, nonce, sentAt);
  const joined = await db.$transaction(async (tx) => {
    const now = new Date();
    const hash = hashJoinToken(input.token);
    // One statement takes the token, so two nodes that use it at once cannot both have it.
    const used = await tx.computeJoinToken.updateManyAndReturn({
      where: { hash, usedAt: null, expiresAt: { gt: now } },
      data: { usedAt: now },
      select: { id: true, ownerId: true, isReference: true },
    });
    const token = used[0];
    const existing = await tx.computeNode.findUnique({ where: { publicKey: input.publicKey } });
    if (!token) {
      // The node that used this token asks again when the first answer was lost on the way.
      const own = existing && (await tx.computeJoinToken.findFirst({ where: { hash, nodeId: existing.id } }));
      if (!own || existing.status === "removed") throw new DomainError("JOIN_TOKEN_INVALID");
      return { nodeId: existing.id };
    }
    if (existing && existing.ownerId !== token.ownerId) throw new DomainError("NODE_KEY_TAKEN");
    const nodeId = existing?.id ?? newId("node");
    const state = {
      name: input.name,
      hardware: input.hardware,
      version: input.version,
      capacity: input.capacity,
      region: input.region ?? null,
      status: "online",
      lastSeenAt: now,
      // It is tested first, and trusted then.
      nextChallengeAt: now,
      ...(token.isReference ? { isReference: true } : {}),
      ...storedDirectAddress(nodeId, input.direct),
    };
    await tx.computeNode.upsert({
      where: { id: nodeId },
      create: { id: nodeId, ownerId: token.ownerId, publicKey: input.publicKey, ...state },
      update: state,
    });
    await saveGpus(tx, nodeId, input.hardware);
    await saveOffers(tx, nodeId, input.offers);
    await tx.computeJoinToken.update({ where: { id: token.id }, data: { nodeId } });
    return { nodeId };
  });
  forgetMarket();
  return joined;
}
