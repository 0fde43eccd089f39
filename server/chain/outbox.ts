import type { Address, Hex } from "viem";
import { newId } from "#core/ids.ts";
import type { Sql } from "#server/db.ts";

export const OUTBOX_CHANNEL = "converge_outbox";
export const CHAIN_CHANNEL = "converge_chain";

export type TransactionOrder = {
  /** One key, one transaction, however often it is ordered. */
  key: string;
  to: Address;
  data: Hex;
  /** Names what it is for; whoever ordered it hears of a failure under this name. */
  purpose: string;
  refId?: string;
  /** The gas limit, when it must not be estimated. */
  gas?: bigint;
  /** It gets its nonce after everything ordered before it and before everything ordered after it. */
  isBarrier?: boolean;
};

const ORDERS_LOCK = "hashtextextended('converge orders', 0)";

/**
 * Keeps everybody else from ordering while `work` runs: what it sees ordered is then exactly what comes before an order
 * of its own. The lock belongs to the connection, so a transaction that `work` begins sees all that was ordered.
 */
export async function whileNothingIsOrdered<Result>(sql: Sql, work: () => Promise<Result>): Promise<Result> {
  await sql.query(`SELECT pg_advisory_lock(${ORDERS_LOCK})::text`);
  try {
    return await work();
  } finally {
    await sql.query(`SELECT pg_advisory_unlock(${ORDERS_LOCK})`);
  }
}

/**
 * Waits until nobody keeps others from ordering, and keeps them from it until the caller's transaction ends. For whoever
 * decides on what they see whether to order: what an order of theirs comes after does not change in between.
 */
export async function holdOrders(sql: Sql): Promise<void> {
  await sql.query(`SELECT pg_advisory_xact_lock_shared(${ORDERS_LOCK})::text`);
}

/** Orders a transaction in the caller's transaction: it will be sent exactly when the caller commits, and once. */
export async function enqueueTransaction(sql: Sql, order: TransactionOrder): Promise<string> {
  await holdOrders(sql);
  const { key, to, data, gas = null, purpose, refId = null, isBarrier = false } = order;
  await sql.query(
    `INSERT INTO chain_transaction (id, key, "to", data, gas, purpose, ref_id, is_barrier)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key) DO NOTHING`,
    [newId("chainTransaction"), key, to, data, gas, purpose, refId, isBarrier],
  );
  const [row] = await sql.query<{ id: string }>("SELECT id FROM chain_transaction WHERE key = $1", [order.key]);
  if (!row) throw new Error("A transaction was ordered and is not there.");
  await sql.query("SELECT pg_notify($1, '')::text", [OUTBOX_CHANNEL]);
  return row.id;
}

/** A transaction that will have no effect on the chain: it was never sent, or it reverted. */
export type FailedTransaction = {
  id: string;
  key: string;
  purpose: string;
  refId: string | null;
  error: string;
  hash: Hex | null;
};
export type FailureHandler = (sql: Sql, transaction: FailedTransaction) => Promise<void>;

const failureHandlers = new Map<string, FailureHandler>();

/** Says what happens when a transaction of a purpose fails for good; it runs in the transaction that records the failure. */
export function registerFailureHandler(purpose: string, handler: FailureHandler): void {
  failureHandlers.set(purpose, handler);
}

export async function reportFailure(sql: Sql, transaction: FailedTransaction): Promise<void> {
  await failureHandlers.get(transaction.purpose)?.(sql, transaction);
}
