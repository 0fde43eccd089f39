import { pool, type Sql, sqlOf } from "#server/db.ts";
import { checkArchives, findArchivedBatches } from "./archive/check-archives.ts";
import { verifyLedger } from "./verify-ledger.ts";

/** Something in the ledger that is not as it must be, in words an auditor can follow up. */
export type AuditFinding = { where: string; problem: string };

const LINKS_AT_ONCE = 500n;

/** Hashes every sealed batch again and follows the chain from its first link; what lies in archives, check-archives.ts does. */
async function checkChain(sql: Sql): Promise<AuditFinding[]> {
  const [head] = await sql.query<{ last: bigint | null }>("SELECT max(link) AS last FROM ledger_batch");
  const last = head?.last ?? 0n;
  const isArchived = await findArchivedBatches(sql);
  const findings: AuditFinding[] = [];
  for (let first = 1n; first <= last; first += LINKS_AT_ONCE) {
    const problems = await sql.query<{ link: bigint; batch_id: bigint; problem: string }>(
      "SELECT link, batch_id, problem FROM ledger_check_links($1, $2)",
      [String(first), String(first + LINKS_AT_ONCE - 1n)],
    );
    findings.push(
      ...problems
        .filter(({ batch_id: batch }) => !isArchived(batch))
        .map(({ link, batch_id: batch, problem }) => ({ where: `link ${link}, batch ${batch}`, problem })),
    );
  }
  return findings;
}

/** What no hash covers, because it is derived: keys, caps' counters and amounts, rows that name no batch. */
async function checkDerived(sql: Sql): Promise<AuditFinding[]> {
  return sql.query<AuditFinding>(
    `SELECT 'key ' || coalesce(k.key, t.key) AS "where", 'the key and its transfer do not match' AS problem
     FROM ledger_key k FULL JOIN (SELECT id, key FROM ledger_transfer WHERE key IS NOT NULL) t ON t.id = k.transfer_id
     WHERE t.key IS DISTINCT FROM k.key AND (k.key IS NULL OR t.id IS NOT NULL
       OR k.transfer_id >= coalesce((SELECT min(id) FROM ledger_transfer), 0))
     UNION ALL
     SELECT 'cap ' || c.code, 'its reserved amount is ' || c.pending || ', its open reservations make ' || coalesce(r.units, 0)
     FROM ledger_cap c LEFT JOIN LATERAL (
       SELECT sum(ledger_cap_units(c.asset, r.amount, r.amount, r.value)) AS units
       FROM ledger_reservation r WHERE r.status = 'open' AND c.id = ANY (r.cap_ids)
     ) r ON true WHERE c.pending <> CASE c.kind WHEN 'transaction' THEN 0 ELSE coalesce(r.units, 0) END
     UNION ALL
     SELECT 'cap ' || c.code, 'its amount or its end is not the one last recorded'
     FROM ledger_cap c LEFT JOIN LATERAL (
       SELECT array_agg(k.amount ORDER BY k.id DESC) AS amounts FROM ledger_cap_change k WHERE k.cap_id = c.id
     ) k ON true
     WHERE (k.amounts[1] IS NULL) <> (c.removed_at IS NOT NULL) OR coalesce(k.amounts[1], k.amounts[2]) IS DISTINCT FROM c.amount
     UNION ALL
     SELECT 'cap ' || c.code, 'its counters do not add up'
     FROM ledger_cap c
     WHERE c.spent <> c.bucket_spent + coalesce((SELECT sum(s) FROM unnest(c.past_spent) s), 0)
       OR c.path[cardinality(c.path)] <> c.id OR cardinality(c.past_spent) <> cardinality(c.past_bucket)
     UNION ALL
     SELECT 'reservation ' || r.id, 'it is open and closed at once'
     FROM ledger_reservation r WHERE r.status = 'open' AND (r.captured <> 0 OR r.released <> 0 OR r.closed_key IS NOT NULL
       OR r.closed_hash IS NOT NULL OR r.closed_at IS NOT NULL OR r.closed_batch_id IS NOT NULL)
     UNION ALL
     SELECT 'transfer ' || t.id, 'it names a batch that is not there'
     FROM ledger_transfer t WHERE NOT EXISTS (SELECT FROM ledger_batch b WHERE b.id = t.batch_id)`,
  );
}

/**
 * Everything about the ledger that can be checked from its own rows: sums, the hash chain, keys and caps.
 *
 * Reads all of it; a job at night, `npm run audit`, or an auditor runs it. Empty means that all is well.
 */
export async function auditLedger(sql: Sql = sqlOf(pool)): Promise<AuditFinding[]> {
  const [sums, chain, derived] = [await verifyLedger(sql), await checkChain(sql), await checkDerived(sql)];
  const archives = await checkArchives(sql);
  return [
    ...sums.map(({ account, field, stored, computed }) => ({
      where: account,
      problem: `${field} is ${stored}, its rows add up to ${computed}`,
    })),
    ...chain,
    ...derived,
    ...archives,
  ];
}
