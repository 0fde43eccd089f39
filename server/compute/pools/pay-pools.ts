import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { poolAccount, userAccount } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";
import { splitPool, type Work } from "./pool-payout.math.ts";

/** Less than this is not worth a posting for everybody; it waits for more. */
const PAYOUT_UNITS_MIN = 100n;
/** Work older than what any window reaches, and paid, is let go after this. */
const KEPT_DAYS = 30;

type Due = { id: string; ownerId: string; scheme: string; feeBps: number; windowWork: bigint; round: number };

/** Shares out what pools took in. A loop; each pool's row is locked, so that two workers pay once. */
export async function payPools(): Promise<{ paid: number }> {
  const due = await sqlOf(pool).query<{ id: string }>(
    `SELECT p.id FROM compute_pool p JOIN ledger_account a ON a.code = 'pool:' || p.id
     WHERE a.credits_posted - a.debits_posted - a.debits_pending >= $1`,
    [PAYOUT_UNITS_MIN],
  );
  let paid = 0;
  for (const { id } of due) paid += await withTransaction((sql) => payPool(sql, id));
  await pool.query(
    `DELETE FROM compute_pool_share s USING compute_pool p WHERE p.id = s.pool_id AND s.created_at < now() - make_interval(days => $1)
       AND (p.scheme = 'pplns' OR s.round IS NOT NULL)`,
    [KEPT_DAYS],
  );
  return { paid };
}

async function payPool(sql: Sql, poolId: string): Promise<number> {
  const [row] = await sql.query<Due>(
    `SELECT id, owner_id AS "ownerId", scheme, fee_bps AS "feeBps", window_work AS "windowWork", round
     FROM compute_pool WHERE id = $1 FOR UPDATE`,
    [poolId],
  );
  if (!row) return 0;
  const account = poolAccount(poolId);
  const [money] = await sql.query<{ balance: bigint }>(
    "SELECT (credits_posted - debits_posted - debits_pending)::bigint AS balance FROM ledger_account WHERE code = $1",
    [account],
  );
  const round = row.round + 1;
  const works = row.scheme === "pps" ? await takeUnpaid(sql, poolId, round) : await newestWork(sql, row);
  const { fee, parts } = splitPool(money?.balance ?? 0n, BigInt(row.feeBps), works);
  if (parts.length === 0) return 0;
  await sql.query("UPDATE compute_pool SET round = $2 WHERE id = $1", [poolId, round]);
  await sql.query(
    `INSERT INTO compute_pool_payout (pool_id, round, owner_id, work, amount)
     SELECT $1, $2, owner_id, work, amount FROM jsonb_to_recordset($3::jsonb) AS p (owner_id text, work bigint, amount bigint)`,
    [
      poolId,
      round,
      JSON.stringify(
        parts.map(({ ownerId, work, amount }) => ({ owner_id: ownerId, work: `${work}`, amount: `${amount}` })),
      ),
    ],
  );
  const payees = [row.ownerId, ...parts.map(({ ownerId }) => ownerId)];
  await ensureAccounts(
    sql,
    payees.map((ownerId) => ({ code: userAccount(ownerId), asset: "USD" as const, ownerId })),
  );
  const common = { debit: account, asset: "USD" as const, refId: poolId };
  const transfers = parts.map(({ ownerId, amount }) => ({
    ...common,
    key: `pool-payout:${poolId}:${round}:${ownerId}`,
    credit: userAccount(ownerId),
    amount,
    kind: "pool-payout",
  }));
  if (fee > 0n)
    transfers.push({
      ...common,
      key: `pool-fee:${poolId}:${round}`,
      credit: userAccount(row.ownerId),
      amount: fee,
      kind: "pool-fee",
    });
  await postTransfersIn(sql, transfers);
  return transfers.length;
}

/** Work that was not paid yet, each piece once. */
const takeUnpaid = (sql: Sql, poolId: string, round: number): Promise<Work[]> =>
  sql.query<Work>(
    `WITH taken AS (UPDATE compute_pool_share SET round = $2 WHERE pool_id = $1 AND round IS NULL RETURNING owner_id, work)
     SELECT owner_id AS "ownerId", sum(work)::bigint AS work FROM taken GROUP BY owner_id ORDER BY owner_id`,
    [poolId, round],
  );

/** The newest work of all members, back to where the window is full; the piece that fills it counts whole. */
export const newestWork = (sql: Sql, { id, windowWork }: Pick<Due, "id" | "windowWork">): Promise<Work[]> =>
  sql.query<Work>(
    `WITH newest AS (
       SELECT owner_id, work, sum(work) OVER (ORDER BY id DESC) - work AS before FROM compute_pool_share
       WHERE pool_id = $1 ORDER BY id DESC LIMIT 100000)
     SELECT owner_id AS "ownerId", sum(work)::bigint AS work FROM newest WHERE before < $2 GROUP BY owner_id ORDER BY owner_id`,
    [id, windowWork],
  );
