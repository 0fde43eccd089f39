import pg from "pg";
import { type Address, zeroAddress } from "viem";
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

/** The row, locked: whatever is decided about this wallet is decided one at a time. */
export async function lockWallet(connection: Connection, id: string): Promise<WalletRow | null> {
  const { rows } = await connection.query<WalletRow>(`SELECT ${COLUMNS} FROM signer_wallet WHERE id = $1 FOR UPDATE`, [
    id,
  ]);
  return rows[0] ?? null;
}

/** Adds a wallet unless one with this id exists; says whether it did. */
export async function insertWallet(connection: Connection, row: WalletRow, agentId: string | null): Promise<boolean> {
  const result = await connection.query(
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
  return result.rowCount === 1;
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

/** What was signed for a wallet in the window that ends now, by token, leaving out one nonce. */
export async function sumSpends(
  connection: Connection,
  input: { walletId: string; windowSeconds: number; exceptNonce: bigint | null },
): Promise<Map<Address, bigint>> {
  const { rows } = await connection.query<{ token: Address; spent: string }>(
    `SELECT token, sum(amount)::text AS spent FROM signer_spend
     WHERE wallet_id = $1 AND signed_at > clock_timestamp() - make_interval(secs => $2) AND nonce IS DISTINCT FROM $3::numeric
     GROUP BY token`,
    [input.walletId, input.windowSeconds, input.exceptNonce?.toString() ?? null],
  );
  return new Map(rows.map(({ token, spent }) => [token, BigInt(spent)]));
}

/**
 * Records what a signature may spend.
 *
 * The chain executes one operation a nonce, so a second signature for a nonce raises its amount of each token to the
 * larger of the two. The time is the clock's and not the transaction's, which may have begun long before it got the lock.
 */
export async function recordSpend(
  connection: Connection,
  spend: { walletId: string; nonce: bigint; userOperationHash: string; spent: ReadonlyMap<Address, bigint> },
): Promise<void> {
  // One that spends nothing leaves a row all the same: what was signed is written down.
  const spent = spend.spent.size > 0 ? [...spend.spent] : [[zeroAddress, 0n] as const];
  await connection.query(
    `INSERT INTO signer_spend (wallet_id, nonce, token, user_operation_hash, amount, signed_at)
     SELECT $1, $2::numeric, s.token, $3, s.amount, clock_timestamp() FROM unnest($4::text[], $5::numeric[]) AS s (token, amount)
     ON CONFLICT (wallet_id, nonce, token) DO UPDATE
       SET user_operation_hash = excluded.user_operation_hash,
           amount = greatest(signer_spend.amount, excluded.amount),
           signed_at = excluded.signed_at`,
    [
      spend.walletId,
      spend.nonce.toString(),
      spend.userOperationHash,
      spent.map(([token]) => token),
      spent.map(([, amount]) => amount.toString()),
    ],
  );
}
