import { toWire, usd } from "#core/money.ts";
import { type PageInput, toPage } from "#core/page.ts";
import { WITHHELD_REASONS } from "#core/schemas/reward.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

/** The caller's batches, newest first: what each held, what it was paid, and why not more. */
export async function listBatches(actor: Actor, input: PageInput) {
  // Ids begin with the time they were made, so their order is the order of arrival.
  const rows = await db.rewardBatch.findMany({
    where: { userId: actor.userId, ...(input.cursor ? { id: { lt: input.cursor } } : {}) },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const { data, ...rest } = toPage(rows, input.limit);
  return {
    data: data.map((row) => ({
      id: row.id,
      deviceId: row.deviceId,
      campaignId: row.campaignId,
      sequence: row.sequence,
      hash: row.hash,
      receivedAt: row.receivedAt.toISOString(),
      accepted: row.acceptedCount,
      duplicate: row.duplicateCount,
      rejected: row.rejectedCount,
      score: row.score,
      worth: toWire(usd(row.worth)),
      credited: toWire(usd(row.credited)),
      withheldReason: WITHHELD_REASONS.find((reason) => reason === row.withheldReason) ?? null,
    })),
    ...rest,
  };
}
