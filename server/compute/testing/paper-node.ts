import { newId } from "#core/ids.ts";
import { db } from "#server/db.ts";

/** A node that is on paper only: it can be chosen and have money set aside for it, and never answers. */
export async function putPaperNode(ownerId: string, model: string, outputPrice = 1_000_000n): Promise<string> {
  const id = newId("node");
  await db.computeNode.create({
    data: {
      id,
      ownerId,
      name: "On paper",
      publicKey: id,
      hardware: {},
      version: "test",
      capacity: 1_000,
      status: "online",
      // An hour ahead, so that it stays online without a sign of life.
      lastSeenAt: new Date(Date.now() + 3_600_000),
      offers: {
        create: {
          id: newId("offer"),
          model,
          inputPrice: 0n,
          outputPrice,
          contextTokens: 4_096,
          canContinue: true,
        },
      },
    },
  });
  return id;
}
