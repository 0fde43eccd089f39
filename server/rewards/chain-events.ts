import type { Address, Hex } from "viem";
import type { Sql } from "#server/db.ts";
import { CASHOUT_ACCOUNT, VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";
import { addJob } from "#server/queue.ts";
import { publishEpoch } from "./close-epoch.ts";

/** What happened on chain and when, as far as a receipt needs it. */
type Seen = { transactionHash: Hex; at: Date };

/**
 * The Vault paid an epoch's money to the distributor: what we owed on paper is now owed by the contract. The ledger
 * lets go of it, and only now the root is ordered. Withdrawals that are not an epoch's are somebody else's.
 */
export async function applyEpochFunded(sql: Sql, log: Seen & { withdrawalId: Hex }): Promise<void> {
  const [epoch] = await sql.query<{ number: number; root: Hex; cumulativeTotal: bigint; delta: bigint }>(
    `UPDATE reward_epoch SET status = 'publishing', funded_at = $2, funded_hash = $3
      WHERE withdrawal_id = $1 AND status = 'funding'
      RETURNING number, root, cumulative_total AS "cumulativeTotal", delta`,
    [log.withdrawalId, log.at, log.transactionHash],
  );
  if (!epoch) return;
  await postTransfersIn(sql, [
    {
      key: `epoch-settle:${epoch.number}`,
      debit: CASHOUT_ACCOUNT,
      credit: VAULT_ACCOUNT,
      amount: epoch.delta,
      asset: "USD",
      kind: "epoch_settlement",
      refId: String(epoch.number),
    },
  ]);
  await publishEpoch(sql, epoch);
}

/** The root is on chain: its claims can be collected, and whatever waited goes into the next epoch. */
export async function applyRootPublished(sql: Sql, log: Seen & { epoch: bigint; root: Hex }): Promise<void> {
  const [closed] = await sql.query(
    `UPDATE reward_epoch SET status = 'final', final_at = $3, final_hash = $4
      WHERE number = $1 AND root = $2 AND status = 'publishing' RETURNING number`,
    [Number(log.epoch), log.root.toLowerCase(), log.at, log.transactionHash],
  );
  if (closed) await addJob(sql, "close-epoch", {}, { jobKey: "close-epoch" });
}

/** Somebody was paid, by whoever called: every cash-out that the paid total covers has arrived. */
export async function applyClaimed(sql: Sql, log: Seen & { account: Address; cumulative: bigint }): Promise<void> {
  const address = log.account.toLowerCase();
  await sql.query(`UPDATE reward_claim SET paid = greatest(paid, $2), updated_at = now() WHERE address = $1`, [
    address,
    log.cumulative,
  ]);
  await sql.query(
    `UPDATE reward_cash_out c SET paid_at = $3, paid_hash = $4 FROM reward_leaf l
      WHERE c.address = $1 AND c.paid_at IS NULL AND l.address = c.address AND l.epoch_number = c.epoch_number
        AND l.cumulative <= $2`,
    [address, log.cumulative, log.at, log.transactionHash],
  );
}
