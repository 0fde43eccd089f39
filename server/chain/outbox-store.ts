import type { Address, Hex } from "viem";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { CHAIN_CHANNEL, reportFailure } from "./outbox.ts";

export type OutboxRow = {
  id: string;
  key: string;
  to: Address;
  data: Hex;
  gas: bigint | null;
  purpose: string;
  refId: string | null;
  tries: number;
  troubles: number;
};

/** A transaction with its nonce and price: everything its bytes follow from. */
export type SendingRow = OutboxRow & {
  nonce: number;
  gasLimit: bigint;
  maxFee: bigint;
  priorityFee: bigint;
  sentAt: Date;
};
export type Attempt = { hash: Hex; raw: Hex; createdAt: Date };

const FIELDS = `id, key, "to", data, gas, purpose, ref_id AS "refId", tries, troubles`;
const SENDING_FIELDS = `${FIELDS}, nonce, gas_limit AS "gasLimit", max_fee AS "maxFee", priority_fee AS "priorityFee", sent_at AS "sentAt"`;

/** Nothing overtakes a barrier, and a barrier overtakes nothing, until the one before has its nonce or is given up. */
const MUST_WAIT = `EXISTS (SELECT FROM chain_transaction before WHERE before.status = 'queued'
  AND before.sequence < chain_transaction.sequence AND (before.is_barrier OR chain_transaction.is_barrier))`;

export const listQueued = (limit: number): Promise<OutboxRow[]> =>
  sqlOf(pool).query(
    `SELECT ${FIELDS} FROM chain_transaction WHERE status = 'queued' AND not_before <= now() AND NOT ${MUST_WAIT} ORDER BY sequence LIMIT $1`,
    [limit],
  );

export const listSending = (limit: number): Promise<SendingRow[]> =>
  sqlOf(pool).query(
    `SELECT ${SENDING_FIELDS} FROM chain_transaction WHERE status = 'sending' ORDER BY nonce LIMIT $1`,
    [limit],
  );

export const listAttempts = (id: string): Promise<Attempt[]> =>
  sqlOf(pool).query(
    `SELECT hash, raw, created_at AS "createdAt" FROM chain_attempt WHERE transaction_id = $1 ORDER BY created_at DESC, hash`,
    [id],
  );

/**
 * Gives a queued transaction the sender's next nonce. The sender's row lock makes nonces gapless and unique with any
 * number of workers; null when another worker was first, or something has to be sent before it.
 */
export async function assignNonce(input: {
  id: string;
  sender: Address;
  chainNonce: number;
  gasLimit: bigint;
  maxFee: bigint;
  priorityFee: bigint;
}): Promise<SendingRow | null> {
  return withTransaction(async (sql) => {
    await sql.query("INSERT INTO chain_sender (address, next_nonce) VALUES ($1, $2) ON CONFLICT (address) DO NOTHING", [
      input.sender,
      input.chainNonce,
    ]);
    const [sender] = await sql.query<{ nextNonce: number }>(
      `SELECT next_nonce AS "nextNonce" FROM chain_sender WHERE address = $1 FOR UPDATE`,
      [input.sender],
    );
    if (!sender) throw new Error("The sender's row is not there.");
    const nonce = Math.max(sender.nextNonce, input.chainNonce);
    const [row] = await sql.query<SendingRow>(
      `UPDATE chain_transaction SET status = 'sending', nonce = $2, gas_limit = $3, max_fee = $4, priority_fee = $5,
              sent_at = now(), updated_at = now()
        WHERE id = $1 AND status = 'queued' AND NOT ${MUST_WAIT} RETURNING ${SENDING_FIELDS}`,
      [input.id, nonce, input.gasLimit, input.maxFee, input.priorityFee],
    );
    if (!row) return null;
    await sql.query("UPDATE chain_sender SET next_nonce = $2 WHERE address = $1", [input.sender, nonce + 1]);
    return row;
  });
}

export async function recordAttempt(id: string, attempt: { hash: Hex; raw: Hex }): Promise<void> {
  await withTransaction(async (sql) => {
    await sql.query(
      "INSERT INTO chain_attempt (hash, transaction_id, raw) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING",
      [attempt.hash, id, attempt.raw],
    );
    await sql.query("UPDATE chain_transaction SET hash = $2, updated_at = now() WHERE id = $1", [id, attempt.hash]);
  });
}

/** Raises the price, unless another worker did so already. */
export async function reprice(row: SendingRow, maxFee: bigint, priorityFee: bigint): Promise<SendingRow | null> {
  const [raised] = await sqlOf(pool).query<SendingRow>(
    `UPDATE chain_transaction SET max_fee = $3, priority_fee = $4, updated_at = now()
      WHERE id = $1 AND status = 'sending' AND max_fee = $2 RETURNING ${SENDING_FIELDS}`,
    [row.id, row.maxFee, maxFee, priorityFee],
  );
  return raised ?? null;
}

export async function touchSent(id: string): Promise<void> {
  await pool.query("UPDATE chain_transaction SET sent_at = now() WHERE id = $1", [id]);
}

const wakeReaders = (sql: Sql) => sql.query("SELECT pg_notify($1, '')::text", [CHAIN_CHANNEL]);

export type Receipt = { hash: Hex; blockNumber: bigint; blockHash: Hex; gasUsed: bigint; gasPrice: bigint };

/** Closes a transaction that is on the chain deep enough. */
export async function settle(row: SendingRow, receipt: Receipt, revertReason: string | null): Promise<void> {
  await withTransaction(async (sql) => {
    const [changed] = await sql.query(
      `UPDATE chain_transaction SET status = $2, hash = $3, block_number = $4, block_hash = $5, gas_used = $6, gas_price = $7,
              error = $8, updated_at = now()
        WHERE id = $1 AND status = 'sending' RETURNING id`,
      [
        row.id,
        revertReason === null ? "final" : "reverted",
        receipt.hash,
        receipt.blockNumber,
        receipt.blockHash,
        receipt.gasUsed,
        receipt.gasPrice,
        revertReason,
      ],
    );
    if (changed && revertReason !== null) await reportFailure(sql, { ...row, error: revertReason, hash: receipt.hash });
    await wakeReaders(sql);
  });
}

/** Closes a transaction that was never sent and will not be. */
export async function giveUp(row: OutboxRow, error: string): Promise<void> {
  await withTransaction(async (sql) => {
    const [changed] = await sql.query(
      `UPDATE chain_transaction SET status = 'failed', error = $2, updated_at = now()
        WHERE id = $1 AND status = 'queued' RETURNING id`,
      [row.id, error],
    );
    if (changed) await reportFailure(sql, { ...row, error, hash: null });
  });
}

/** Tries it again later, and counts why. */
export async function postpone(
  row: OutboxRow,
  counter: "tries" | "troubles",
  error: string,
  delayMs: number,
): Promise<void> {
  await pool.query(
    `UPDATE chain_transaction SET ${counter} = ${counter} + 1, error = $2, not_before = now() + make_interval(secs => $3::float8 / 1000), updated_at = now()
      WHERE id = $1 AND status = 'queued'`,
    [row.id, error, delayMs],
  );
}

/** Back into the queue: its nonce went to something else for good, so none of its signed forms can ever count. */
export async function requeue(row: SendingRow): Promise<void> {
  await withTransaction(async (sql) => {
    await sql.query("DELETE FROM chain_attempt WHERE transaction_id = $1", [row.id]);
    await sql.query(
      `UPDATE chain_transaction SET status = 'queued', nonce = NULL, hash = NULL, sent_at = NULL, updated_at = now()
        WHERE id = $1 AND status = 'sending'`,
      [row.id],
    );
  });
}
