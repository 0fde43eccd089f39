import { newId } from "#core/ids.ts";
import type { Hardware, OfferFeature } from "#core/schemas/node-protocol.ts";
import { db } from "#server/db.ts";

type Paper = {
  outputPrice?: bigint;
  inputPrice?: bigint;
  contextTokens?: number;
  /** Where it is called, when something is there to be called. */
  directUrl?: string;
  features?: OfferFeature[];
  canContinue?: boolean;
  isReference?: boolean;
  gpus?: Hardware["gpus"];
};

/** A node that is on paper only: it can be chosen and have money set aside for it, and answers only where it has a direct address. */
export async function putPaperNode(ownerId: string, model: string, paper: Paper = {}): Promise<string> {
  const id = newId("node");
  await db.computeNode.create({
    data: {
      id,
      ownerId,
      name: "On paper",
      publicKey: id,
      hardware: { cpuModel: "paper", cpuCores: 1, memoryBytes: 1, platform: "paper", gpus: paper.gpus ?? [] },
      isReference: paper.isReference ?? false,
      version: "test",
      capacity: 1_000,
      status: "online",
      // Hours ahead, so that it stays online without a sign of life.
      lastSeenAt: new Date(Date.now() + 10 * 3_600_000),
      directUrl: paper.directUrl ?? null,
      offers: {
        create: {
          id: newId("offer"),
          model,
          inputPrice: paper.inputPrice ?? 0n,
          outputPrice: paper.outputPrice ?? 1_000_000n,
          contextTokens: paper.contextTokens ?? 4_096,
          canContinue: paper.canContinue ?? true,
          features: paper.features ?? ["chat"],
        },
      },
    },
  });
  return id;
}
