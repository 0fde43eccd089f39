import { setTimeout as sleep } from "node:timers/promises";
import { runIndexer, runOutbox } from "#server/chain/run.ts";
import { pool } from "#server/db.ts";
import { registerRewardFailures, rewardLogHandlers } from "#server/rewards/chain-events.ts";
import { closeEpoch } from "#server/rewards/close-epoch.ts";
import { walletLogHandlers } from "#server/wallets/chain-events.ts";

// The part of the worker that settles rewards, and nothing else: quick to start, to be killed often.
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
registerRewardFailures();

async function closeEpochs(): Promise<void> {
  while (!stopping.signal.aborted) {
    await closeEpoch();
    await sleep(20);
  }
}

process.stdout.write("ready\n");
await Promise.all([
  closeEpochs(),
  runOutbox(stopping.signal),
  runIndexer([...walletLogHandlers, ...rewardLogHandlers], stopping.signal),
]);
await pool.end();
