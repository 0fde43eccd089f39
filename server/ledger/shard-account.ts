import { DomainError } from "#core/errors.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";

const SHARDS_MAX = 64;

/**
 * Spreads an account that everybody touches over several rows, so that batches at the same time take different ones.
 *
 * Balances and statements stay those of one account. A spending larger than a shard gathers from its siblings. An
 * account can get more shards later, never fewer.
 */
export async function shardAccount(code: string, shards: number, sql: Sql = sqlOf(pool)): Promise<void> {
  if (!Number.isInteger(shards) || shards < 1 || shards > SHARDS_MAX) {
    throw new DomainError("VALIDATION_FAILED", { param: "shards", message: `1 to ${SHARDS_MAX} shards.` });
  }
  await sql.query("SELECT ledger_shard_account($1, $2::int)", [code, String(shards)]);
}
