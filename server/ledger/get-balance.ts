import { DomainError } from "#core/errors.ts";
import { type Asset, isAsset } from "#core/money.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";

/** `posted` is what came in less what went out, `reserved` what is set aside of it, `available` what can be spent. */
export type Balance = { asset: Asset; posted: bigint; reserved: bigint; available: bigint };

type Row = { code: string; asset: string; posted: bigint; reserved: bigint };

/** The balances of several accounts from one snapshot; an account that does not exist is left out. */
export async function getBalances(codes: readonly string[], sql: Sql = sqlOf(pool)): Promise<Map<string, Balance>> {
  const rows = await sql.query<Row>(
    `SELECT a.code, a.asset, coalesce(shards.posted, a.credits_posted - a.debits_posted) AS posted,
       coalesce(shards.reserved, a.debits_pending) AS reserved
     FROM ledger_account a LEFT JOIN LATERAL (
       SELECT sum(s.credits_posted - s.debits_posted)::bigint AS posted, sum(s.debits_pending)::bigint AS reserved
       FROM ledger_account s WHERE s.id = ANY (a.shard_ids)
     ) shards ON true
     WHERE a.root_id IS NULL AND a.code IN (SELECT jsonb_array_elements_text($1::jsonb))`,
    [JSON.stringify(codes)],
  );
  return new Map(
    rows.map(({ code, asset, posted, reserved }) => {
      if (!isAsset(asset)) throw new Error(`The account ${code} holds an unknown asset: ${asset}`);
      return [code, { asset, posted, reserved, available: posted - reserved }];
    }),
  );
}

/** The balance of an account. Pass the caller's `sql` to see what its own transaction did. */
export async function getBalance(code: string, sql: Sql = sqlOf(pool)): Promise<Balance> {
  const balance = (await getBalances([code], sql)).get(code);
  if (!balance) throw new DomainError("ACCOUNT_NOT_FOUND");
  return balance;
}
