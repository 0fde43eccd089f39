import type { Address, Hex } from "viem";
import { rewardsDistributorAbi, vaultAbi } from "#core/generated/abis.ts";
import { type LogHandler, onEvent } from "#server/chain/index-chain.ts";
import { registerFailureHandler } from "#server/chain/outbox.ts";
import type { Sql } from "#server/db.ts";
import { CASHOUT_ACCOUNT, VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";
import { addJob } from "#server/queue.ts";
import { EPOCH_PURPOSE, markFunded, retryEpochLater } from "./close-epoch.ts";

/** What happened on chain and when, as far as a receipt needs it. */
type Seen = { transactionHash: Hex; at: Date };

/**
 * The Vault paid an epoch's money to the distributor: what we owed on paper is now owed by the contract. The ledger
 * lets go of it, and only now the root is ordered. Withdrawals that are not an epoch's are somebody else's.
 */
async function applyEpochFunded(sql: Sql, log: Seen & { withdrawalId: Hex }): Promise<void> {
  const epoch = await markFunded(sql, log);
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
}

/** The root is on chain: its claims can be collected, and whatever waited goes into the next epoch. */
async function applyRootPublished(sql: Sql, log: Seen & { epoch: bigint; root: Hex }): Promise<void> {
  const [closed] = await sql.query(
    `UPDATE reward_epoch SET status = 'final', final_at = $3, final_hash = $4
      WHERE number = $1 AND root = $2 AND status = 'publishing' RETURNING number`,
    [Number(log.epoch), log.root.toLowerCase(), log.at, log.transactionHash],
  );
  if (closed) await addJob(sql, "close-epoch", {}, { jobKey: "close-epoch" });
}

/** Somebody was paid, by whoever called: every cash-out that the paid total covers has arrived. */
async function applyClaimed(sql: Sql, log: Seen & { account: Address; cumulative: bigint }): Promise<void> {
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

/** What the rewards room hears of the chain. The worker hands these to the indexer. */
export const rewardLogHandlers: readonly LogHandler[] = [
  onEvent({
    contract: "Vault",
    abi: vaultAbi,
    event: "Withdrawn",
    apply: (sql, log) => applyEpochFunded(sql, { ...log, withdrawalId: log.args.withdrawalId }),
  }),
  onEvent({
    contract: "RewardsDistributor",
    abi: rewardsDistributorAbi,
    event: "RootPublished",
    apply: (sql, log) => applyRootPublished(sql, { ...log, epoch: log.args.epoch, root: log.args.root }),
  }),
  onEvent({
    contract: "RewardsDistributor",
    abi: rewardsDistributorAbi,
    event: "Claimed",
    apply: (sql, log) => applyClaimed(sql, { ...log, account: log.args.account, cumulative: log.args.cumulative }),
  }),
];

/** Hears of steps that failed for good. The worker calls it once when it starts. */
export function registerRewardFailures(): void {
  registerFailureHandler(EPOCH_PURPOSE, retryEpochLater);
}
