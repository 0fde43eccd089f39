import type { Hex } from "viem";
import type { Sql } from "#server/db.ts";

/** What happened on chain and when, as far as a receipt needs it. */
type Seen = { transactionHash: Hex; blockNumber: bigint; at: Date };

/** The registry recorded an output: final. Inferences that were not ordered here are somebody else's. */
export async function applyInferenceRecorded(sql: Sql, log: Seen & { inferenceId: Hex }): Promise<void> {
  // A proof given up as late that did arrive after all is recorded all the same: the chain is right.
  await sql.query(
    `UPDATE proof SET status = 'recorded', failure_code = NULL, transaction_hash = $2, block_number = $3, recorded_at = $4
      WHERE inference_id = $1 AND status IN ('proved', 'failed') AND proof IS NOT NULL`,
    [log.inferenceId.toLowerCase(), log.transactionHash, log.blockNumber, log.at],
  );
}

/** The requester used an output; it cannot be used again. */
export async function applyInferenceConsumed(sql: Sql, log: Seen & { inferenceId: Hex }): Promise<void> {
  await sql.query(`UPDATE proof SET consumed_at = $2, consumed_hash = $3 WHERE inference_id = $1`, [
    log.inferenceId.toLowerCase(),
    log.at,
    log.transactionHash,
  ]);
}
