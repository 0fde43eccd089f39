import { pool, type Sql, sqlOf } from "#server/db.ts";
import { readAlongside } from "#server/ledger/archive/restore-archive.ts";
import { type AuditFinding, auditLedger } from "#server/ledger/audit-ledger.ts";
import { auditAdjustments } from "./audit-adjustments.ts";
import {
  auditCalls,
  auditDeposits,
  auditEscrows,
  auditPayments,
  auditReserves,
  auditUnclaimed,
} from "./audit-flows.ts";
import { auditRoots } from "./audit-roots.ts";

export type AuditSection = { name: string; ms: number; findings: AuditFinding[] };
export type MoneyAudit = { block: bigint; links: bigint; sections: AuditSection[] };

type Options = {
  /** It is given up after so long; without one it takes what it takes. */
  timeoutMs?: number;
  /** Hears of every section as it is done. */
  onSection?: (section: AuditSection) => Promise<void>;
  /** A folder with archives of transfers. */
  archives?: string | undefined;
};
type Cursor = { block: bigint; links: bigint; status: string };

type Part = readonly [name: string, work: (sql: Sql, block: bigint) => Promise<AuditFinding[]>];

const LEDGER_PARTS: readonly Part[] = [
  ["ledger", auditLedger],
  ["adjustments", auditAdjustments],
];
const CHAIN_PARTS: readonly Part[] = [
  ["roots", auditRoots],
  ["deposits", auditDeposits],
  ["unclaimed", auditUnclaimed],
  ["calls", auditCalls],
  ["payments", auditPayments],
  ["reserves", auditReserves],
  ["escrows", auditEscrows],
];
const HALTED: Part = ["indexer", async () => [{ where: "the indexer", problem: "it is halted; the chain changed" }]];

const partsOf = (cursor: Cursor | undefined): readonly Part[] => [
  ...LEDGER_PARTS,
  ...(cursor && cursor.block >= 0n ? CHAIN_PARTS : []),
  ...(cursor?.status === "halted" ? [HALTED] : []),
];

/** Asks nothing more once the time is over: what still waits for the chain then must not reach a connection given back. */
function boundSql(sql: Sql, deadline: number): Sql {
  return {
    query: (text, values) =>
      performance.now() > deadline ? Promise.reject(new Error("The audit took too long.")) : sql.query(text, values),
  };
}

async function within<Value>(work: Promise<Value>, deadline: number): Promise<Value> {
  if (deadline === Number.POSITIVE_INFINITY) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The audit took too long.")), Math.max(0, deadline - performance.now()));
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/**
 * Everything that can be checked of the money: the ledger against itself, the roots at the Vault against ledger and
 * leaves, and every movement and holding on the chain against the ledger. One snapshot of the database, and the chain up
 * to the block whose events are in it. It reads only, and holds nobody up. With the folder of archived transfers, those
 * are checked one by one too.
 */
export async function auditMoney({ timeoutMs, onSection, archives }: Options = {}): Promise<MoneyAudit> {
  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  const client = await pool.connect();
  const sql = boundSql(sqlOf(client), deadline);
  try {
    if (archives !== undefined) await readAlongside(sql, archives);
    await sql.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await sql.query(`SET LOCAL statement_timeout = ${timeoutMs ?? 0}`);
    const [cursor] = await sql.query<Cursor>(
      `SELECT block_number AS block, status, (SELECT coalesce(max(link), 0) FROM ledger_batch) AS links
        FROM chain_cursor WHERE name = 'main'`,
    );
    const block = cursor?.block ?? -1n;
    const sections: AuditSection[] = [];
    for (const [name, work] of partsOf(cursor)) {
      const startedAt = performance.now();
      const findings = await within(work(sql, block), deadline);
      const section = { name, ms: Math.round(performance.now() - startedAt), findings };
      sections.push(section);
      await onSection?.(section);
    }
    return { block, links: cursor?.links ?? 0n, sections };
  } finally {
    await client.query("ROLLBACK").catch(() => undefined);
    // A connection that hides tables behind those of the session is nobody else's.
    client.release(archives !== undefined);
  }
}
