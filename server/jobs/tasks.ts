import type { JobHelpers, TaskList } from "graphile-worker";
import { z } from "zod";
import { noteMarketPrices, sweepMarketPrices } from "#server/agents/market/market-history.ts";
import { driveMarket } from "#server/agents/market/simulate-market.ts";
import { settlePurchases } from "#server/agents/purchases.ts";
import { runStrategies } from "#server/agents/run-strategies.ts";
import { sweepIdempotentRequests } from "#server/api/idempotency.ts";
import { sweepRateLimits } from "#server/api/rate-limit.ts";
import { reconcile } from "#server/books/reconcile.ts";
import { requestReconciliation } from "#server/books/request-reconciliation.ts";
import { settleEscrows } from "#server/compute/escrow/settle-escrows.ts";
import { signVoucher } from "#server/compute/escrow/sign-voucher.ts";
import { sweepBlobs } from "#server/compute/jobs/blobs.ts";
import { sweepJobs } from "#server/compute/jobs/sweep-jobs.ts";
import { payPools } from "#server/compute/pools/pay-pools.ts";
import { notePrices } from "#server/compute/price-history.ts";
import { sweepAnswers } from "#server/compute/repeated-request.ts";
import { signReceipt } from "#server/compute/sign-receipt.ts";
import { settleClaims } from "#server/compute/stake/stakes.ts";
import { sweepInferences, sweepNodes } from "#server/compute/sweep-compute.ts";
import { challengeNodes, judgeNodes } from "#server/compute/trust/challenge-nodes.ts";
import { env } from "#server/env.ts";
import { openPartitions } from "#server/ledger/open-partitions.ts";
import { releaseExpiredReservations } from "#server/ledger/release-expired-reservations.ts";
import { sealBatches } from "#server/ledger/seal-batches.ts";
import { prove } from "#server/proofs/prove.ts";
import { recoverProofs } from "#server/proofs/recover-proofs.ts";
import { closeEpoch } from "#server/rewards/close-epoch.ts";
import { closeSolvencyEpoch } from "#server/solvency/close-solvency-epoch.ts";
import { rearmBreakers, tripFallen } from "#server/wallets/breakers.ts";
import { countUnassignedTransfers } from "#server/wallets/count-unassigned-transfers.ts";
import { noteAgentValues, sweepAgentValues } from "#server/wallets/market-watch.ts";
import { syncAgentPause } from "#server/wallets/pause-agent.ts";
import { adoptPolicy } from "#server/wallets/policies/policy-versions.ts";
import { sendDueWithdrawals } from "#server/wallets/send-due-withdrawals.ts";
import { settleClosedOrders } from "#server/wallets/settle-closed-orders.ts";
import type { Loop } from "./run-loops.ts";

/** A job's payload was written by us, but perhaps by an older version: it is read like any outside data. */
function task<Schema extends z.ZodType>(schema: Schema, work: (payload: z.output<Schema>) => Promise<unknown>) {
  return async (payload: unknown, _helpers: JobHelpers): Promise<void> => {
    await work(schema.parse(payload));
  };
}

/** What the queue can be asked to do. Every one is safe to run twice. */
export const TASKS: TaskList = {
  prove: task(z.object({ proofId: z.string() }), prove),
  "close-epoch": task(z.unknown(), closeEpoch),
  "compute-sign-receipt": task(z.object({ receiptId: z.string() }), ({ receiptId }) => signReceipt(receiptId)),
  "compute-sign-voucher": task(z.object({ escrowId: z.string() }), ({ escrowId }) => signVoucher(escrowId)),
  "adopt-agent-policy": task(z.object({ agentId: z.string() }), adoptPolicy),
  "sync-agent-pause": task(z.object({ agentId: z.string() }), syncAgentPause),
  "settle-closed-orders": task(z.unknown(), settleClosedOrders),
  "count-unassigned-transfers": task(z.unknown(), countUnassignedTransfers),
  "open-partitions": task(z.unknown(), openPartitions),
  reconcile: task(z.object({ id: z.string() }), ({ id }) => reconcile(id)),
  "request-reconciliation": task(z.unknown(), () => requestReconciliation(null)),
  "recover-proofs": task(z.unknown(), recoverProofs),
  "sweep-idempotent-requests": task(z.unknown(), sweepIdempotentRequests),
  "sweep-answers": task(z.unknown(), sweepAnswers),
  "sweep-agent-values": task(z.unknown(), sweepAgentValues),
  "sweep-blobs": task(z.unknown(), sweepBlobs),
  "sweep-market-prices": task(z.unknown(), sweepMarketPrices),
  "sweep-rate-limits": task(z.unknown(), sweepRateLimits),
};

/** By the clock, once in the whole platform however many workers run. */
export const CRON = `
* * * * * recover-proofs
7 * * * * open-partitions
47 * * * * request-reconciliation
17 * * * * sweep-idempotent-requests
27 * * * * sweep-answers
37 * * * * sweep-blobs
52 * * * * sweep-agent-values
57 * * * * sweep-market-prices
*/10 * * * * sweep-rate-limits
`;

const EPOCH_EVERY_MS = env.isDevelopmentChain ? 15_000 : 60 * 60_000;

/** What is too frequent for the clock's minutes. Each runs in every worker and harms nothing by it. */
export const LOOPS: Loop[] = [
  { name: "sweep-nodes", everyMs: 3_000, work: () => sweepNodes() },
  { name: "sweep-jobs", everyMs: 1_000, work: () => sweepJobs() },
  { name: "challenge-nodes", everyMs: 1_000, work: () => challengeNodes() },
  { name: "judge-nodes", everyMs: 1_000, work: () => judgeNodes() },
  { name: "pay-pools", everyMs: env.isDevelopmentChain ? 5_000 : 60_000, work: () => payPools() },
  { name: "settle-claims", everyMs: 15_000, work: () => settleClaims() },
  { name: "drive-market", everyMs: 15_000, work: () => driveMarket() },
  { name: "note-market-prices", everyMs: 15_000, work: () => noteMarketPrices() },
  { name: "run-strategies", everyMs: 1_000, work: () => runStrategies() },
  { name: "settle-purchases", everyMs: 5_000, work: () => settlePurchases() },
  { name: "note-agent-values", everyMs: 15_000, work: () => noteAgentValues() },
  { name: "trip-fallen", everyMs: 5_000, work: () => tripFallen() },
  { name: "rearm-breakers", everyMs: 5_000, work: () => rearmBreakers() },
  { name: "settle-escrows", everyMs: 15_000, work: () => settleEscrows() },
  { name: "note-prices", everyMs: 60_000, work: () => notePrices() },
  { name: "sweep-inferences", everyMs: 10_000, work: () => sweepInferences() },
  { name: "release-expired-reservations", everyMs: 10_000, work: () => releaseExpiredReservations() },
  { name: "seal-batches", everyMs: 1_000, work: () => sealBatches() },
  { name: "settle-closed-orders", everyMs: 10_000, work: () => settleClosedOrders() },
  { name: "send-due-withdrawals", everyMs: env.isDevelopmentChain ? 1_000 : 15_000, work: () => sendDueWithdrawals() },
  { name: "close-epoch", everyMs: EPOCH_EVERY_MS, work: () => closeEpoch() },
  { name: "close-solvency-epoch", everyMs: env.isDevelopmentChain ? 1_000 : 15_000, work: () => closeSolvencyEpoch() },
];
