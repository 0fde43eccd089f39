import { registerFailureHandler } from "#server/chain/outbox.ts";
import { runIndexer, runOutbox } from "#server/chain/run.ts";
import { escrowLogHandlers, registerEscrowFailures } from "#server/compute/escrow/chain-events.ts";
import { registerStakeFailures, stakeLogHandlers } from "#server/compute/stake/chain-events.ts";
import { failRecording, proofLogHandlers, RECORD_INFERENCE } from "#server/proofs/chain-events.ts";
import { registerRewardFailures, rewardLogHandlers } from "#server/rewards/chain-events.ts";
import { registerSolvencyFailures, solvencyLogHandlers } from "#server/solvency/chain-events.ts";
import { walletFailureHandlers, walletLogHandlers } from "#server/wallets/chain-events.ts";

/** Sends what is ordered and applies what happened, until stopped; every pillar says what it wants to hear of. */
export function followChain(): () => Promise<void> {
  registerFailureHandler(RECORD_INFERENCE, failRecording);
  registerRewardFailures();
  registerSolvencyFailures();
  registerStakeFailures();
  registerEscrowFailures();
  for (const [purpose, handler] of Object.entries(walletFailureHandlers)) registerFailureHandler(purpose, handler);
  const stopping = new AbortController();
  const handlers = [
    ...walletLogHandlers,
    ...proofLogHandlers,
    ...rewardLogHandlers,
    ...solvencyLogHandlers,
    ...stakeLogHandlers,
    ...escrowLogHandlers,
  ];
  const running = Promise.all([runOutbox(stopping.signal), runIndexer(handlers, stopping.signal)]);
  return async () => {
    stopping.abort();
    await running;
  };
}
