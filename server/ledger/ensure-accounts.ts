import { DomainError } from "#core/errors.ts";
import { type Asset, isAsset } from "#core/money.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
import { mayOverdraw, PLATFORM_ACCOUNTS } from "./account-codes.ts";

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
  // Sorted, so that two transactions that make the same accounts wait for each other in one direction only.
  await sql.query(
    `INSERT INTO ledger_account (code, asset, owner_id, may_overdraw)
     SELECT w.code, w.asset, w.owner_id, w.may_overdraw
     FROM jsonb_to_recordset($1::jsonb) AS w (code text, asset text, owner_id text, may_overdraw boolean)
     WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.code = w.code)
     ORDER BY w.code
     ON CONFLICT (code) DO NOTHING`,
    [wanted],
  );
  const [other] = await sql.query<{ code: string }>(
    `SELECT a.code FROM jsonb_to_recordset($1::jsonb) AS w (code text, asset text)
     JOIN ledger_account a ON a.code = w.code WHERE a.asset <> w.asset LIMIT 1`,
    [wanted],
  );
  if (other) throw new DomainError("ASSET_UNKNOWN", { message: `The account ${other.code} holds another asset.` });
}

/** Makes the platform's own accounts; every process may call it when it starts. */
export async function ensurePlatformAccounts(sql: Sql = sqlOf(pool)): Promise<void> {
  await ensureAccounts(
    sql,
    PLATFORM_ACCOUNTS.map((code) => ({ code, asset: "USD" })),
  );
}
