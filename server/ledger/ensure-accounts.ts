import { DomainError } from "#core/errors.ts";
import { type Asset, isAsset } from "#core/money.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
import {
  EXTERNAL_EUR_ACCOUNT,
  HOT_ACCOUNT_SHARDS,
  HOT_PLATFORM_ACCOUNTS,
  mayOverdraw,
  PLATFORM_ACCOUNTS,
} from "./account-codes.ts";
import { shardAccount } from "./shard-account.ts";

export type AccountInput = { code: string; asset: Asset; ownerId?: string };

const CODE_PATTERN = /^[a-z]+:[0-9A-Za-z_:.-]{1,200}$/;

/** Makes the accounts that do not exist yet. Safe to call again; the asset of an account never changes. */
export async function ensureAccounts(sql: Sql, accounts: readonly AccountInput[]): Promise<void> {
  for (const { code, asset } of accounts) {
    if (!CODE_PATTERN.test(code)) throw new DomainError("VALIDATION_FAILED", { param: "code", code });
    if (!isAsset(asset)) throw new DomainError("ASSET_UNKNOWN");
  }
  const wanted = JSON.stringify(
    accounts.map(({ code, asset, ownerId }) => ({
      code,
      asset,
      owner_id: ownerId ?? null,
      may_overdraw: mayOverdraw(code),
    })),
  );
  await sql.query("SELECT ledger_open_accounts($1::jsonb)", [wanted]);
  const [other] = await sql.query<{ code: string }>(
    `SELECT a.code FROM jsonb_to_recordset($1::jsonb) AS w (code text, asset text)
     JOIN ledger_account a ON a.code = w.code WHERE a.asset <> w.asset LIMIT 1`,
    [wanted],
  );
  if (other) throw new DomainError("ASSET_UNKNOWN", { message: `The account ${other.code} holds another asset.` });
}

/** Makes the platform's own accounts; every process may call it when it starts. */
export async function ensurePlatformAccounts(sql: Sql = sqlOf(pool)): Promise<void> {
  await ensureAccounts(sql, [
    ...PLATFORM_ACCOUNTS.map((code) => ({ code, asset: "USD" as const })),
    { code: EXTERNAL_EUR_ACCOUNT, asset: "EUR" as const },
  ]);
  // Asked first, because spreading an account waits for whoever posts to it.
  const single = await sql.query<{ code: string }>(
    "SELECT code FROM ledger_account WHERE code = ANY ($1::text[]) AND coalesce(cardinality(shard_ids), 1) < $2",
    [HOT_PLATFORM_ACCOUNTS, HOT_ACCOUNT_SHARDS],
  );
  for (const { code } of single) await shardAccount(code, HOT_ACCOUNT_SHARDS, sql);
}
