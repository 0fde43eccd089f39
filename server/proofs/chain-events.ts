import { inferenceRegistryAbi } from "#core/generated/abis.ts";
import { type LogHandler, onEvent } from "#server/chain/index-chain.ts";
import type { FailureHandler } from "#server/chain/outbox.ts";

/** The purpose under which proofs are sent to the registry. */
export const RECORD_INFERENCE = "record-inference";

/** Whether the registry still takes proofs of a model. */
const modelLogHandlers: readonly LogHandler[] = [
  onEvent({
    contract: "InferenceRegistry",
    abi: inferenceRegistryAbi,
    event: "ModelTakenDown",
    apply: async (sql, log) => {
      await sql.query("UPDATE proving_model SET taken_down_reason = $2 WHERE registry_model_id = $1", [
        log.args.modelId.toLowerCase(),
        log.args.reason,
      ]);
    },
  }),
  onEvent({
    contract: "InferenceRegistry",
    abi: inferenceRegistryAbi,
    event: "ModelLifted",
    apply: async (sql, log) => {
      await sql.query("UPDATE proving_model SET taken_down_reason = NULL WHERE registry_model_id = $1", [
        log.args.modelId.toLowerCase(),
      ]);
    },
  }),
  onEvent({
    contract: "InferenceRegistry",
    abi: inferenceRegistryAbi,
    event: "VersionRetired",
    apply: async (sql, log) => {
      await sql.query(
        "UPDATE proving_model SET retired_at = $3 WHERE registry_model_id = $1 AND registry_version = $2",
        [log.args.modelId.toLowerCase(), log.args.version, log.at],
      );
    },
  }),
  onEvent({
    contract: "InferenceRegistry",
    abi: inferenceRegistryAbi,
    event: "VerifierWithdrawn",
    apply: async (sql, log) => {
      await sql.query("UPDATE proving_model SET withdrawn_reason = $2 WHERE lower(verifier_address) = lower($1)", [
        log.args.verifier,
        log.args.reason,
      ]);
    },
  }),
];

/** What the registry says about proofs: recorded means final, consumed means used by its requester, once. */
export const proofLogHandlers: readonly LogHandler[] = [
  onEvent({
    contract: "InferenceRegistry",
    abi: inferenceRegistryAbi,
    event: "InferenceRecorded",
    // A proof given up as late that arrived after all is recorded all the same: the chain is right. Inferences
    // that were not ordered here match no row.
    apply: async (sql, log) => {
      await sql.query(
        `UPDATE proof SET status = 'recorded', failure_code = NULL, transaction_hash = $2, block_number = $3, recorded_at = $4
          WHERE inference_id = $1 AND status IN ('proved', 'failed') AND proof IS NOT NULL`,
        [log.args.inferenceId.toLowerCase(), log.transactionHash, log.blockNumber, log.at],
      );
    },
  }),
  onEvent({
    contract: "InferenceRegistry",
    abi: inferenceRegistryAbi,
    event: "InferenceConsumed",
    apply: async (sql, log) => {
      await sql.query(`UPDATE proof SET consumed_at = $2, consumed_hash = $3 WHERE inference_id = $1`, [
        log.args.inferenceId.toLowerCase(),
        log.at,
        log.transactionHash,
      ]);
    },
  }),
  ...modelLogHandlers,
];

/** The registry refused a proof, or its transaction was given up: it will not be recorded. */
export const failRecording: FailureHandler = async (sql, transaction) => {
  await sql.query(
    `UPDATE proof SET status = 'failed', failure_code = 'NOT_RECORDED' WHERE id = $1 AND status = 'proved'`,
    [transaction.refId],
  );
};
