import { pool, sqlOf } from "#server/db.ts";
import { readAlongside } from "#server/ledger/archive/restore-archive.ts";
import { type AuditFinding, auditLedger } from "#server/ledger/audit-ledger.ts";
import { auditDeposits, auditPayments, auditReserves, auditUnclaimed } from "./audit-flows.ts";
import { auditRoots } from "./audit-roots.ts";

export type MoneyAudit = { block: bigint; links: bigint; sections: { name: string; findings: AuditFinding[] }[] };

/**
 * Everything that can be checked of the money: the ledger against itself, the roots at the Vault against ledger and
 * leaves, and every movement and holding on the chain against the ledger. One snapshot of the database, and the chain up
 * to the block whose events are in it. With the folder of archived transfers, those are checked one by one too.
 */
export async function auditMoney(archives?: string): Promise<MoneyAudit> {
  const client = await pool.connect();
  const sql = sqlOf(client);
  try {
    if (archives) await readAlongside(sql, archives);
    await sql.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await sql.query("SET LOCAL statement_timeout = 0");
    const [cursor] = await sql.query<{ block: bigint; links: bigint; status: string }>(
      `SELECT block_number AS block, status, (SELECT coalesce(max(link), 0) FROM ledger_batch) AS links
        FROM chain_cursor WHERE name = 'main'`,
    );
    const sections = [{ name: "ledger", findings: await auditLedger(sql) }];
    const block = cursor?.block ?? -1n;
    if (cursor && block >= 0n) {
      sections.push({ name: "roots", findings: await auditRoots(sql, block) });
      sections.push({ name: "deposits", findings: await auditDeposits(sql, block) });
      sections.push({ name: "unclaimed", findings: await auditUnclaimed(sql, block) });
      sections.push({ name: "payments", findings: await auditPayments(sql, block) });
      sections.push({ name: "reserves", findings: await auditReserves(sql, block) });
      if (cursor.status === "halted")
        sections.push({
          name: "indexer",
          findings: [{ where: "the indexer", problem: "it is halted; the chain changed" }],
        });
    }
    return { block, links: cursor?.links ?? 0n, sections };
  } finally {
    await sql.query("ROLLBACK").catch(() => undefined);
    // A connection that hides tables behind those of the session is nobody else's.
    client.release(archives !== undefined);
  }
}
