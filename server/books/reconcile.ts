import { pool, sqlOf } from "#server/db.ts";
import { log } from "#server/log.ts";
import { type AuditSection, auditMoney } from "#server/solvency/audit-money.ts";
import { RECONCILIATION_MS_MAX } from "./request-reconciliation.ts";

/** What a row keeps of a section; the count says how many there were. */
const FINDINGS_KEPT = 100;

/**
 * Compares the ledger with itself and with the chain, and keeps what was found, section by section.
 *
 * A job of the queue. Whoever takes the run from "queued" makes it; a second time there is nothing to do.
 */
export async function reconcile(id: string, timeoutMs: number = RECONCILIATION_MS_MAX): Promise<void> {
  const sql = sqlOf(pool);
  const [taken] = await sql.query(
    "UPDATE reconciliation_run SET status = 'running', started_at = clock_timestamp() WHERE id = $1 AND status = 'queued' RETURNING id",
    [id],
  );
  if (!taken) return;
  try {
    const { block, links } = await auditMoney({ timeoutMs, onSection: (section) => keepSection(id, section) });
    const [done] = await sql.query<{ count: number }>(
      `UPDATE reconciliation_run SET status = 'done', finished_at = clock_timestamp(), block = $2, link = $3
        WHERE id = $1 AND status = 'running' RETURNING finding_count AS count`,
      [id, block < 0n ? null : block, links],
    );
    if (done && done.count > 0)
      log.error({ event: "reconciliation.differs", reconciliationId: id, findings: done.count }, "the books differ");
    else log.info({ event: "reconciliation.done", reconciliationId: id });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.error({ event: "reconciliation.failed", reconciliationId: id, err: error });
    await sql.query(
      "UPDATE reconciliation_run SET status = 'failed', finished_at = clock_timestamp(), error = $2 WHERE id = $1 AND status = 'running'",
      [id, message.slice(0, 500)],
    );
  }
}

/** Outside of the audit's snapshot, so that whoever watches sees how far it is. */
async function keepSection(id: string, { name, ms, findings }: AuditSection): Promise<void> {
  const kept = { name, ms, findingCount: findings.length, findings: findings.slice(0, FINDINGS_KEPT) };
  await sqlOf(pool).query(
    "UPDATE reconciliation_run SET sections = sections || $2::jsonb, finding_count = finding_count + $3 WHERE id = $1 AND status = 'running'",
    [id, JSON.stringify([kept]), findings.length],
  );
}
