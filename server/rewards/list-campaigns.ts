import { toWire, usd } from "#core/money.ts";
import type { Campaign } from "#core/schemas/reward.ts";
import { db } from "#server/db.ts";
import { campaignAccount } from "#server/ledger/account-codes.ts";
import { getBalances } from "#server/ledger/get-balance.ts";

/** Every campaign with what it pays and what is left of its money. Public. */
export async function listCampaigns(): Promise<{ data: Campaign[] }> {
  const [campaigns, spentRows] = await Promise.all([
    db.rewardCampaign.findMany({ orderBy: { createdAt: "desc" }, take: 100 }),
    db.rewardBatch.groupBy({ by: ["campaignId"], _sum: { credited: true } }),
  ]);
  const spentOf = new Map(spentRows.map((row) => [row.campaignId, row._sum.credited ?? 0n]));
  const balances = await getBalances(campaigns.map((campaign) => campaignAccount(campaign.id)));
  const now = new Date();
  return {
    data: campaigns.map((campaign): Campaign => {
      const available = balances.get(campaignAccount(campaign.id))?.available ?? 0n;
      return {
        id: campaign.id,
        name: campaign.name,
        description: campaign.description,
        status: statusOf(campaign, available, now),
        prices: {
          view: toWire(usd(campaign.pricePerView)),
          scroll: toWire(usd(campaign.pricePerScroll)),
          dwellSecond: toWire(usd(campaign.pricePerDwellSecond)),
        },
        userCapPerDay: toWire(usd(campaign.userCapPerDay)),
        deviceCapPerDay: toWire(usd(campaign.deviceCapPerDay)),
        budgetLeft: toWire(usd(available)),
        spent: toWire(usd(spentOf.get(campaign.id) ?? 0n)),
        itemIds: campaign.itemIds,
        startsAt: campaign.startsAt.toISOString(),
        endsAt: campaign.endsAt?.toISOString() ?? null,
      };
    }),
  };
}

function statusOf(
  campaign: { startsAt: Date; endsAt: Date | null },
  budgetLeft: bigint,
  now: Date,
): Campaign["status"] {
  if (campaign.startsAt > now) return "upcoming";
  if (campaign.endsAt && campaign.endsAt <= now) return "ended";
  return budgetLeft > 0n ? "active" : "exhausted";
}
