import { type Asset, isAsset } from "#core/money.ts";
import { pool, sqlOf } from "#server/db.ts";

/** The whole ledger in one asset. `owed` is what all accounts together could take out; `backing` what stands behind it. Leases on the chain are in neither. */
export type LedgerTotals = {
  asset: Asset;
  debits: bigint;
  credits: bigint;
  reserved: bigint;
  owed: bigint;
  backing: bigint;
  accounts: number;
  isBalanced: boolean;
};

type Row = {
  asset: string;
  debits: string;
  credits: string;
  reserved: string;
  owed: string;
  backing: string;
  accounts: number;
};

/** Per asset: debits equal credits, or the ledger is broken. */
export async function ledgerTotals(): Promise<LedgerTotals[]> {
  const rows = await sqlOf(pool).query<Row>(
    `SELECT asset, sum(debits_posted)::text AS debits, sum(credits_posted)::text AS credits,
       sum(debits_pending)::text AS reserved,
       coalesce(sum(credits_posted::numeric - debits_posted) FILTER (WHERE NOT may_overdraw AND NOT starts_with(code, 'escrow:')), 0)::text AS owed,
       coalesce(sum(debits_posted::numeric - credits_posted) FILTER (WHERE may_overdraw AND code <> 'platform:escrow'), 0)::text AS backing,
       (count(*) FILTER (WHERE root_id IS NULL))::int AS accounts
     FROM ledger_account GROUP BY asset ORDER BY asset`,
  );
  return rows.map((row) => {
    if (!isAsset(row.asset)) throw new Error(`The ledger holds an unknown asset: ${row.asset}`);
    const [debits, credits] = [BigInt(row.debits), BigInt(row.credits)];
    return {
      asset: row.asset,
      debits,
      credits,
      reserved: BigInt(row.reserved),
      owed: BigInt(row.owed),
      backing: BigInt(row.backing),
      accounts: row.accounts,
      isBalanced: debits === credits,
    };
  });
}
