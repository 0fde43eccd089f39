import type { Address, Hex } from "viem";
import { vaultAbi } from "#core/generated/abis.ts";
import { checkNode } from "#server/chain/check-node.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { lastAppliedBlock } from "#server/chain/index-chain.ts";
import { nextNonce } from "#server/chain/user-operations.ts";
import { pool, sqlOf, withTransaction } from "#server/db.ts";
import { releaseReservationIn } from "#server/ledger/reservations.ts";
import { operationFromJson } from "./operation-rows.ts";
import { closeAllAbandoned } from "./plan-action.ts";

const PAGE_SIZE = 100;
/** An order that the outbox has closed: never sent, or reverted. Final ones are told of by their events. */
const ORDER_CLOSED = "t.status IN ('failed', 'reverted')";

type ClosedOperation = { id: string; sender: Address; operation: unknown };
type ClosedWithdrawal = {
  id: string;
  chainId: Hex;
  reservationId: string;
  error: string | null;
  hash: string | null;
  block: bigint | null;
};

/**
 * Settles what the outbox has closed and what nobody carried on, so that nothing waits for ever. A job and a loop: safe
 * at any time and twice.
 *
 * A closed order does not say that nothing happened: a bundle is public once it was sent, and anybody may carry its
 * operation to the chain; a node that forgot a receipt makes the outbox try again what was done. So the chain is asked
 * which of both it was, and money is given back only when it says that it did not move.
 */
export async function settleClosedOrders(): Promise<{ settled: number }> {
  let settled = await closeAllAbandoned();
  const operations = await listClosedOperations();
  const withdrawals = await listClosedWithdrawals();
  if (operations.length + withdrawals.length === 0) return { settled };
  // A node that is behind does not know yet what was paid: money would be given back that has left.
  const head = await checkNode(await lastAppliedBlock());
  for (const operation of operations) if (await settleOperation(operation)) settled++;
  for (const withdrawal of withdrawals) if (await settleWithdrawal(withdrawal, head)) settled++;
  return { settled };
}

const listClosedOperations = () =>
  sqlOf(pool).query<ClosedOperation>(
    `SELECT o.id, o.sender, o.operation FROM user_operation o JOIN chain_transaction t ON t.key = 'user-operation:' || o.id
      WHERE o.status = 'submitted' AND ${ORDER_CLOSED} ORDER BY o.created_at LIMIT ${PAGE_SIZE}`,
  );

/** The operation failed when its nonce is unused, or used by something else. False when that is not known yet. */
async function settleOperation({ id, sender, operation }: ClosedOperation): Promise<boolean> {
  const { nonce } = operationFromJson(operation);
  const nonceKey = nonce >> 64n;
  if ((await nextNonce(sender, nonceKey)) > nonce) {
    // Used. Were it by this operation, its event would have been applied with the block; until then nobody knows.
    const applied = await lastAppliedBlock();
    if (applied === null || (await nextNonce(sender, nonceKey, applied)) <= nonce) return false;
  }
  const failed = await sqlOf(pool).query(
    `WITH closed AS (
       UPDATE user_operation o SET status = 'failed', error = coalesce(o.error, t.error, 'Not sent'), transaction_hash = t.hash,
              updated_at = now()
         FROM chain_transaction t
        WHERE o.id = $1 AND o.status = 'submitted' AND t.key = 'user-operation:' || o.id RETURNING o.id)
     UPDATE agent_activity SET status = 'failed', updated_at = now()
      WHERE user_operation_id = $1 AND status = 'submitted' AND EXISTS (SELECT 1 FROM closed) RETURNING id`,
    [id],
  );
  return failed.length > 0;
}

const listClosedWithdrawals = () =>
  sqlOf(pool).query<ClosedWithdrawal>(
    `SELECT w.id, w.chain_id AS "chainId", w.reservation_id AS "reservationId", t.error, t.hash, t.block_number AS block
       FROM withdrawal w JOIN chain_transaction t ON t.key = 'withdrawal:' || w.id
      WHERE w.status = 'requested' AND ${ORDER_CLOSED} ORDER BY w.requested_at LIMIT ${PAGE_SIZE}`,
  );

/** The money goes back to the balance it was set aside in, unless the Vault did pay: then its event captures it. */
async function settleWithdrawal(withdrawal: ClosedWithdrawal, head: bigint): Promise<boolean> {
  const { id, chainId, reservationId, error, hash, block } = withdrawal;
  if (block !== null && block > head) return false;
  const isPaid = await publicClient().readContract({
    address: loadDeployment().contracts.Vault,
    abi: vaultAbi,
    functionName: "isPaid",
    args: [chainId],
    blockNumber: head,
  });
  if (isPaid) return false;
  return withTransaction(async (sql) => {
    const failed = await sql.query(
      `UPDATE withdrawal SET status = 'failed', error = $2, transaction_hash = $3, settled_at = now()
        WHERE id = $1 AND status = 'requested' RETURNING id`,
      [id, error, hash],
    );
    if (failed.length === 0) return false;
    await releaseReservationIn(sql, { reservationId, key: `withdrawal-failed:${id}` });
    return true;
  });
}
