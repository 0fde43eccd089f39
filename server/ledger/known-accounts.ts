import { type Asset, isAsset } from "#core/money.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
import { arrayLiteral } from "./array-literal.ts";

/** What of an account never changes; only shards can be added to it. */
export type KnownAccount = {
  asset: Asset;
  /** The account itself first, then the other rows it is spread over. */
  shards: readonly { id: bigint; code: string }[];
};

const ACCOUNTS_MAX = 50_000;
const KEPT_MS = 300_000;

// What is remembered is checked by whoever uses it: the ledger compares each id with the code it is taken for.
const known = new Map<string, KnownAccount & { until: number }>();

/** Those of the codes whose accounts have to be looked up. */
export function unknownAmong(codes: Iterable<string>): string[] {
  const now = Date.now();
  const missing: string[] = [];
  for (const code of codes) {
    const account = known.get(code);
    if (!account || account.until < now) missing.push(code);
  }
  return missing;
}

export const knownAccount = (code: string): KnownAccount | undefined => known.get(code);

/** Reads accounts and remembers them. One that does not exist stays unknown. */
export async function learnAccounts(codes: readonly string[], sql: Sql = sqlOf(pool)): Promise<void> {
  const rows = await sql.query<{ code: string; asset: string; ids: string }>(
    `SELECT code, asset, array_to_string(coalesce(shard_ids, ARRAY[id]), ',') AS ids FROM ledger_account
     WHERE code = ANY ($1::text[]) AND root_id IS NULL`,
    [arrayLiteral(codes)],
  );
  if (known.size + rows.length > ACCOUNTS_MAX) known.clear();
  const until = Date.now() + KEPT_MS;
  for (const { code, asset, ids } of rows) {
    if (!isAsset(asset)) throw new Error(`An account holds an unknown asset: ${code}`);
    const shards = ids
      .split(",")
      .map((id, index) => ({ id: BigInt(id), code: index === 0 ? code : `${code}/${index}` }));
    known.set(code, { asset, shards, until });
  }
}

/** Forgets accounts, because they turned out not to be what they were taken for. */
export function forgetAccounts(codes: Iterable<string>): void {
  for (const code of codes) known.delete(code);
}
