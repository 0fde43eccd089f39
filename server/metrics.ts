import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

// Next bundles routes apart; one registry for the process keeps their numbers in one place.
const shared = globalThis as typeof globalThis & { convergeMetrics?: ReturnType<typeof createMetrics> };

function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "converge_" });
  return {
    registry,
    httpRequestDuration: new Histogram({
      name: "converge_http_request_duration_seconds",
      help: "Time from a request's arrival to its response headers.",
      labelNames: ["door", "method", "status"],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    }),
    queueJobs: new Gauge({
      name: "converge_queue_jobs",
      help: "Jobs waiting or running.",
      labelNames: ["state"],
      registers: [registry],
    }),
    outboxTransactions: new Gauge({
      name: "converge_outbox_transactions",
      help: "Chain transactions by status.",
      labelNames: ["status"],
      registers: [registry],
    }),
    indexedBlock: new Gauge({
      name: "converge_indexed_block",
      help: "The last block whose events were applied.",
      registers: [registry],
    }),
    indexerHalted: new Gauge({
      name: "converge_indexer_halted",
      help: "1 when the chain changed below the confirmed depth and a person has to look.",
      registers: [registry],
    }),
    nodesOnline: new Gauge({ name: "converge_nodes_online", help: "Compute nodes online.", registers: [registry] }),
    solvencyMissing: new Gauge({
      name: "converge_solvency_missing_units",
      help: "Base units owed beyond what the Vault holds, by the last snapshot; above 0 somebody has to act at once.",
      registers: [registry],
    }),
    solvencyAnchored: new Gauge({
      name: "converge_solvency_anchored_seconds",
      help: "When the last solvency root was anchored. After the Vault's exit period without one everybody may leave.",
      registers: [registry],
    }),
    reconciliationFindings: new Gauge({
      name: "converge_reconciliation_findings",
      help: "Differences that the last comparison of ledger and chain found; above 0 somebody has to look.",
      registers: [registry],
    }),
    reconciliationFinished: new Gauge({
      name: "converge_reconciliation_finished_seconds",
      help: "When ledger and chain were last compared to the end.",
      registers: [registry],
    }),
    completions: new Counter({
      name: "converge_completions_total",
      help: "Completions by outcome.",
      labelNames: ["outcome"],
      registers: [registry],
    }),
  };
}

shared.convergeMetrics ??= createMetrics();

export const {
  registry,
  httpRequestDuration,
  queueJobs,
  outboxTransactions,
  indexedBlock,
  indexerHalted,
  nodesOnline,
  solvencyMissing,
  solvencyAnchored,
  reconciliationFindings,
  reconciliationFinished,
  completions,
} = shared.convergeMetrics;
