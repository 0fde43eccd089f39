import { Logger, type Runner, run } from "graphile-worker";
import { requestDueReconciliation } from "#server/books/request-reconciliation.ts";
import { pool, sqlOf } from "#server/db.ts";
import { ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { log } from "#server/log.ts";
import { BEAT_SECONDS, beat } from "#server/operations/beat.ts";
import { ensureWithdrawalCap } from "#server/wallets/withdrawal-limits.ts";
import { followChain } from "./follow-chain.ts";
import { runLoops } from "./run-loops.ts";
import { CRON, LOOPS, TASKS } from "./tasks.ts";

// The worker process: the queue's tasks, the clock's tasks, and the loops that follow the chain. Any number may run.
const startedAt = new Date();
const CONCURRENCY = 4;
/** A worker that starts has the books compared, unless that was done within this time. */
const RECONCILED_WITHIN_MS = 10 * 60_000;

/** The queue's own words as lines of ours; that a job went well is nothing to tell anybody. */
const queueLogger = new Logger(() => (level, message, meta) => {
  const as = level === "warning" ? "warn" : level === "info" ? "debug" : level;
  log[as]({ event: "queue", ...(meta?.error ? { err: meta.error } : {}) }, message);
});

async function startRunner(): Promise<Runner> {
  return run({
    pgPool: pool,
    taskList: TASKS,
    concurrency: CONCURRENCY,
    crontab: CRON,
    noHandleSignals: true,
    pollInterval: 1_000,
    logger: queueLogger,
  });
}

await ensurePlatformAccounts(sqlOf(pool));
await ensureWithdrawalCap();
const runner = await startRunner();
await requestDueReconciliation(RECONCILED_WITHIN_MS);
const stopLoops = runLoops(LOOPS);
const stopFollowing = followChain();
const beating = setInterval(() => {
  // With the database away the readiness check says so by itself; the next beat comes when it is back.
  beat("worker", startedAt).catch((error: Error) => log.warn({ event: "beat.failed", err: error }));
}, BEAT_SECONDS * 1000);
await beat("worker", startedAt);
log.info({ event: "worker.started", tasks: Object.keys(TASKS).length });

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  clearInterval(beating);
  await Promise.all([stopLoops(), stopFollowing()]);
  await runner.stop();
  await pool.end();
  process.exit(0);
}
process.on("SIGTERM", () => void stop());
process.on("SIGINT", () => void stop());
