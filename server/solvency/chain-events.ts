import { vaultAbi } from "#core/generated/abis.ts";
import { type LogHandler, onEvent } from "#server/chain/index-chain.ts";
import { type FailureHandler, registerFailureHandler } from "#server/chain/outbox.ts";
import { log } from "#server/log.ts";
import { addJob } from "#server/queue.ts";
import { SOLVENCY_PURPOSE } from "./close-solvency-epoch.ts";

const rootAnchored = onEvent({
  contract: "Vault",
  abi: vaultAbi,
  event: "RootAnchored",
  apply: async (sql, { args, transactionHash, blockNumber, at }) => {
    const [ours] = await sql.query(
      `UPDATE solvency_epoch SET status = 'anchored', transaction_hash = $3, block_number = $4, anchored_at = $5, reserves = $6,
         error = NULL WHERE number = $1 AND root = $2 RETURNING number`,
      [args.epoch, args.root.toLowerCase(), transactionHash, blockNumber, at, args.reserves],
    );
    // What waited for this root is looked at again: withdrawals by their own loop, the money of rewards by this.
    if (ours) await addJob(sql, "close-epoch", {}, { jobKey: "close-epoch" });
    else
      log.error(
        { event: "solvency.foreign-root", epoch: args.epoch, root: args.root, transactionHash },
        "a root was anchored that this ledger did not make; whoever holds the operator's key has to be found",
      );
  },
});

/** What the solvency room hears of the chain. */
export const solvencyLogHandlers: readonly LogHandler[] = [rootAnchored];

/** An anchor that was refused for good is not sent again: the next epoch has newer balances. */
const failEpoch: FailureHandler = async (sql, { refId, error }) => {
  await sql.query("UPDATE solvency_epoch SET status = 'failed', error = $2 WHERE number = $1 AND status = 'built'", [
    refId,
    error,
  ]);
  await sql.query(
    `DELETE FROM solvency_leaf WHERE epoch_number = (SELECT number FROM solvency_epoch WHERE number = $1 AND status = 'failed')`,
    [refId],
  );
  log.error({ event: "solvency.anchor-failed", epoch: refId, reason: error }, "a solvency root was not anchored");
};

/** Hears of anchors that failed for good. The worker calls it once when it starts. */
export const registerSolvencyFailures = (): void => registerFailureHandler(SOLVENCY_PURPOSE, failEpoch);
