import { findLastReconciliation } from "#server/books/list-reconciliations.ts";
import { pool } from "#server/db.ts";
import { REVENUE_ACCOUNT, VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { getBalances } from "#server/ledger/get-balance.ts";
import { ledgerTotals } from "#server/ledger/ledger-totals.ts";
import { getSolvency } from "#server/solvency/get-solvency.ts";
import { BEAT_SECONDS } from "./beat.ts";
import { checkReadiness } from "./check-readiness.ts";
import { countJobs } from "./count-jobs.ts";

type Counted = { status: string; count: number };

const countByStatus = async (table: "chain_transaction" | "compute_node"): Promise<Counted[]> => {
  const { rows } = await pool.query<Counted>(
    `SELECT status, count(*)::int AS count FROM ${table} GROUP BY status ORDER BY status`,
  );
  return rows;
};

async function readPeople() {
  const { rows } = await pool.query<{ users: bigint; providers: bigint; admins: bigint; sessions: bigint }>(
    `SELECT count(*) AS users, count(*) FILTER (WHERE 'provider' = ANY(roles)) AS providers,
            count(*) FILTER (WHERE 'admin' = ANY(roles)) AS admins,
            (SELECT count(*) FROM session WHERE revoked_at IS NULL AND expires_at > now()) AS sessions
       FROM "user"`,
  );
  const row = rows[0];
  return {
    users: Number(row?.users ?? 0),
    providers: Number(row?.providers ?? 0),
    admins: Number(row?.admins ?? 0),
    activeSessions: Number(row?.sessions ?? 0),
  };
}

async function readLedger() {
  const usd = (units: bigint | undefined) => ({ asset: "USD" as const, units: (units ?? 0n).toString() });
  const [totals, balances, transfers] = await Promise.all([
    ledgerTotals(),
    getBalances([VAULT_ACCOUNT, REVENUE_ACCOUNT]),
    pool.query<{ count: bigint }>(
      "SELECT count(*) + (SELECT coalesce(sum(rows), 0)::bigint FROM ledger_archive WHERE detached_at IS NOT NULL) AS count FROM ledger_transfer",
    ),
  ]);
  const total = totals.find(({ asset }) => asset === "USD");
  return {
    accounts: total?.accounts ?? 0,
    transfers: Number(transfers.rows[0]?.count ?? 0),
    liabilities: usd(total?.owed),
    // The vault's account stands for money outside: what it holds is the negative of its balance.
    vault: usd(-(balances.get(VAULT_ACCOUNT)?.posted ?? 0n)),
    reserved: usd(total?.reserved),
    revenue: usd(balances.get(REVENUE_ACCOUNT)?.posted),
    isBalanced: totals.every(({ isBalanced }) => isBalanced),
  };
}

/** The newest solvency epoch; null before the first, and where there are no contracts. */
async function readSolvency() {
  const [last] = await getSolvency().then(
    ({ data }) => data,
    () => [],
  );
  if (!last) return null;
  const { epoch, status, error, anchoredAt } = last;
  const usd = (units: string) => ({ asset: "USD" as const, units });
  return { epoch, status, error, anchoredAt, liabilities: usd(last.liabilities), reserves: usd(last.reserves) };
}

/** The state of the whole platform on one page. */
export async function platformOverview() {
  const [people, ledger, solvency, reconciliation, queue, outbox, nodes, processes, readiness] = await Promise.all([
    readPeople(),
    readLedger(),
    readSolvency(),
    findLastReconciliation(),
    countJobs(),
    countByStatus("chain_transaction"),
    countByStatus("compute_node"),
    pool.query<{ name: string; started_at: Date; seen_at: Date; is_alive: boolean }>(
      "SELECT name, started_at, seen_at, seen_at > now() - make_interval(secs => $1) AS is_alive FROM process_heartbeat ORDER BY name",
      [BEAT_SECONDS * 4],
    ),
    checkReadiness(),
  ]);
  return {
    at: new Date().toISOString(),
    people,
    ledger,
    solvency,
    reconciliation: reconciliation && { ...reconciliation, finishedAt: reconciliation.finishedAt.toISOString() },
    queue,
    outbox,
    nodes,
    processes: processes.rows.map((row) => ({
      name: row.name,
      startedAt: row.started_at.toISOString(),
      seenAt: row.seen_at.toISOString(),
      isAlive: row.is_alive,
    })),
    readiness,
  };
}
