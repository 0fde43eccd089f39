import { FEED_CARDS } from "#core/feed-cards.ts";
import type { Sql } from "#server/db.ts";
import { campaignAccount, HOT_ACCOUNT_SHARDS } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";
import { shardAccount } from "#server/ledger/shard-account.ts";

export const DEMO_CAMPAIGN_ID = "cmp_demo_feed";

/**
 * The campaign behind the feed on a development network. Running it again only brings the list of cards up to date.
 * Its money is not made here: whoever starts the network deposits into the Vault for the account in the answer.
 */
export async function seedDemoCampaign(sql: Sql): Promise<{ campaignId: string; account: string }> {
  const account = campaignAccount(DEMO_CAMPAIGN_ID);
  await ensureAccounts(sql, [{ code: account, asset: "USD" }]);
  await shardAccount(account, HOT_ACCOUNT_SHARDS, sql);
  await sql.query(
    `INSERT INTO reward_campaign (id, name, description, price_per_view, price_per_scroll, price_per_dwell_second,
        user_cap_per_day, device_cap_per_day, item_ids, starts_at)
      VALUES ($1, $2, $3, 1000, 100, 500, 2000000, 1500000, $4::text[], now())
      ON CONFLICT (id) DO UPDATE SET item_ids = excluded.item_ids, description = excluded.description`,
    [
      DEMO_CAMPAIGN_ID,
      "How Converge works",
      "Short cards about computing, models, proofs and privacy. It pays for the time you really look.",
      FEED_CARDS.map((card) => card.id),
    ],
  );
  return { campaignId: DEMO_CAMPAIGN_ID, account };
}
