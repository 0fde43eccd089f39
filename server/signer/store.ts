import pg from "pg";
import { type Address, zeroAddress } from "viem";
import { DomainError } from "#core/errors.ts";
import { env } from "#server/env.ts";
import { log } from "#server/log.ts";

/** One row of `signer_wallet`. */
export type WalletRow = {
  id: string;
  purpose: WalletPurpose;
  address: string;
  key_id: string;
  key_version: number;
  wrapped_data_key: Buffer;
  encrypted_key: Buffer;
  grant_text: string | null;
  grant_mac: Buffer | null;
};

export type WalletPurpose = "operator" | "agent" | "receipt" | "voucher";
export type Connection = pg.PoolClient;

const pool = new pg.Pool({
  connectionString: env.DATABASE_URL,
  max: 8,
  connectionTimeoutMillis: 10_000,
  statement_timeout: 15_000,
  application_name: "converge-signer",
});
pool.on("error", (error) => log.warn({ err: error }, "an idle database connection of the signer was lost"));

export const closeStore = (): Promise<void> => pool.end();

/** Runs `work` in one transaction of the signer's own connection. */
export async function inTransaction<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
  const connection = await pool.connect();
  let broken: Error | undefined;
  try {
    await connection.query("BEGIN");
    const result = await work(connection);
    await connection.query("COMMIT");
    return result;
  } catch (error) {
    await connection.query("ROLLBACK").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    connection.release(broken);
  }
}

const COLUMNS = "id, purpose, address, key_id, key_version, wrapped_data_key, encrypted_key, grant_text, grant_mac";

export async function findWallet(connection: Connection, id: string): Promise<WalletRow | null> {
  const { rows } = await connection.query<WalletRow>(`SELECT ${COLUMNS} FROM signer_wallet WHERE id = $1`, [id]);
  return rows[0] ?? null;
}

/** The rows there are, locked: whatever is decided about a wallet is decided one at a time. In one order, so that nobody waits in a circle. */
export async function lockWallets(connection: Connection, ids: readonly string[]): Promise<Map<string, WalletRow>> {
  const { rows } = await connection.query<WalletRow>(
    `SELECT ${COLUMNS} FROM signer_wallet WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

const UNIQUE_VIOLATION = "23505";

/** Adds a wallet unless one with this id exists. Another with its key is refused, whoever's it is. */
export async function insertWallet(connection: Connection, row: WalletRow, agentId: string | null): Promise<void> {
  const inserted = connection.query(
    `INSERT INTO signer_wallet (id, purpose, agent_id, address, key_id, key_version, wrapped_data_key, encrypted_key, grant_text, grant_mac)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING`,
    [
      row.id,
      row.purpose,
      agentId,
      row.address,
      row.key_id,
      row.key_version,
      row.wrapped_data_key,
      row.encrypted_key,
      row.grant_text,
      row.grant_mac,
    ],
  );
  await inserted.catch((cause: { code?: string }) => {
    throw cause.code === UNIQUE_VIOLATION ? new DomainError("KEY_TAKEN", {}, { cause }) : cause;
  });
}

export async function updateGrant(connection: Connection, id: string, text: string, mac: Buffer): Promise<void> {
  await connection.query("UPDATE signer_wallet SET grant_text = $2, grant_mac = $3 WHERE id = $1", [id, text, mac]);
}

/** The ids of the key-encryption keys under which wallets are stored. */
export async function listKeyIds(): Promise<string[]> {
  const { rows } = await pool.query<{ key_id: string }>("SELECT DISTINCT key_id FROM signer_wallet");
  return rows.map((row) => row.key_id);
}

/** How many wallets are stored under another key-encryption key than this. */
export async function countUnderOtherKeys(keyId: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM signer_wallet WHERE key_id <> $1",
    [keyId],
  );
  return rows[0]?.count ?? 0;
}

/** Some wallets that are stored under other keys than this, locked; those that somebody uses at the moment are left for later. */
export async function lockUnderOtherKeys(
  connection: Connection,
  input: { keyId: string; after: string; limit: number },
): Promise<WalletRow[]> {
  const { rows } = await connection.query<WalletRow>(
    `SELECT ${COLUMNS} FROM signer_wallet WHERE key_id <> $1 AND id > $2 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED`,
    [input.keyId, input.after, input.limit],
  );
  return rows;
}

export async function updateKey(
  connection: Connection,
  row: Pick<WalletRow, "id" | "key_id" | "wrapped_data_key" | "grant_mac">,
): Promise<void> {
  await connection.query("UPDATE signer_wallet SET key_id = $2, wrapped_data_key = $3, grant_mac = $4 WHERE id = $1", [
    row.id,
    row.key_id,
    row.wrapped_data_key,
    row.grant_mac,
  ]);
}

/** One look at what was spent: of a wallet, in a window of so many seconds that ends now, leaving out one nonce. */
export type SpendingAsked = { walletId: string; windowSeconds: number; exceptNonce: bigint | null };

/** What was signed for wallets in their windows, by token; one map for each that is asked about. */
export async function sumSpends(
  connection: Connection,
  asked: readonly SpendingAsked[],
): Promise<Map<Address, bigint>[]> {
  const { rows } = await connection.query<{ place: number; token: Address; spent: string }>(
    `SELECT asked.place::int AS place, spend.token, sum(spend.amount)::text AS spent
     FROM unnest($1::text[], $2::int8[], $3::numeric[]) WITH ORDINALITY AS asked (wallet_id, seconds, except_nonce, place)
     JOIN signer_spend spend ON spend.wallet_id = asked.wallet_id
       AND spend.signed_at > statement_timestamp() - make_interval(secs => asked.seconds)
       AND spend.nonce IS DISTINCT FROM asked.except_nonce
     GROUP BY asked.place, spend.token`,
    [
      asked.map(({ walletId }) => walletId),
      asked.map(({ windowSeconds }) => windowSeconds),
      asked.map(({ exceptNonce }) => exceptNonce?.toString() ?? null),
    ],
  );
  const sums = asked.map(() => new Map<Address, bigint>());
  for (const { place, token, spent } of rows) sums[place - 1]?.set(token, BigInt(spent));
  return sums;
}

export type Spend = {
  walletId: string;
  nonce: bigint;
  userOperationHash: string;
  spent: ReadonlyMap<Address, bigint>;
};

/** One row for each wallet, nonce and token: of what is signed for one nonce the largest counts. */
function spendRows(spends: readonly Spend[]) {
  const rows = new Map<string, { walletId: string; nonce: string; token: Address; hash: string; amount: bigint }>();
  for (const { walletId, nonce, userOperationHash, spent } of spends) {
    // One that spends nothing leaves a row all the same: what was signed is written down.
    for (const [token, amount] of spent.size > 0 ? spent : [[zeroAddress, 0n] as const]) {
      const key = `${walletId} ${nonce} ${token}`;
      const before = rows.get(key)?.amount ?? 0n;
      const larger = amount > before ? amount : before;
      rows.set(key, { walletId, nonce: nonce.toString(), token, hash: userOperationHash, amount: larger });
    }
  }
  return [...rows.values()];
}

/**
 * Records what signatures may spend.
 *
 * The chain executes one operation a nonce, so a second signature for a nonce raises its amount of each token to the
 * larger of the two. The time is the clock's and not the transaction's, which may have begun long before it got the lock.
 */
export async function recordSpends(connection: Connection, spends: readonly Spend[]): Promise<void> {
  const rows = spendRows(spends);
  if (rows.length === 0) return;
  await connection.query(
    `INSERT INTO signer_spend (wallet_id, nonce, token, user_operation_hash, amount, signed_at)
     SELECT s.wallet_id, s.nonce, s.token, s.hash, s.amount, clock_timestamp()
     FROM unnest($1::text[], $2::numeric[], $3::text[], $4::text[], $5::numeric[]) AS s (wallet_id, nonce, token, hash, amount)
     ON CONFLICT (wallet_id, nonce, token) DO UPDATE
       SET user_operation_hash = excluded.user_operation_hash,
           amount = greatest(signer_spend.amount, excluded.amount),
           signed_at = excluded.signed_at`,
    [
      rows.map(({ walletId }) => walletId),
      rows.map(({ nonce }) => nonce),
      rows.map(({ token }) => token),
      rows.map(({ hash }) => hash),
      rows.map(({ amount }) => amount.toString()),
    ],
  );
}
