import { newId } from "#core/ids.ts";
import type { Offer } from "#core/schemas/node-protocol.ts";
import type { Transaction } from "#server/db.ts";

/** Makes a node's offers exactly these; what it no longer names stays in the history, inactive. */
export async function saveOffers(tx: Transaction, nodeId: string, offers: readonly Offer[]): Promise<void> {
  const models = offers.map((offer) => offer.model);
  await tx.computeOffer.updateMany({
    where: { nodeId, isActive: true, model: { notIn: models } },
    data: { isActive: false, updatedAt: new Date() },
  });
  for (const offer of offers) {
    const terms = {
      inputPrice: BigInt(offer.inputPrice),
      outputPrice: BigInt(offer.outputPrice),
      contextTokens: offer.contextTokens,
      canContinue: offer.canContinue,
      precision: offer.precision,
      features: offer.features,
      isActive: true,
      updatedAt: new Date(),
    };
    await tx.computeOffer.upsert({
      where: { nodeId_model: { nodeId, model: offer.model } },
      create: { id: newId("offer"), nodeId, model: offer.model, ...terms },
      update: terms,
    });
  }
}
