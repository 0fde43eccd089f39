import { type AdjustmentSource, adjustmentKey, hashAdjustment } from "#core/adjustment.ts";
import type { Sql } from "#server/db.ts";
import { VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import type { AuditFinding } from "#server/ledger/audit-ledger.ts";

type Approved = {
  id: string;
  reason: string;
  reference: string | null;
  source: AdjustmentSource | null;
  hash: string;
  isByTwo: boolean;
  transfers: { debit: string; credit: string; units: string }[];
};
type Posted = { key: string | null; id: bigint; debit: string; credit: string; units: string; kind: string };

const same = (left: Posted, right: Approved["transfers"][number]): boolean =>
  left.kind === "adjustment" &&
  left.debit === right.debit &&
  left.credit === right.credit &&
  left.units === right.units;

/** Every adjustment in the ledger is one that two people agreed on, to the unit; and every one they agreed on is there. */
export async function auditAdjustments(sql: Sql): Promise<AuditFinding[]> {
  const approved = await sql.query<Approved>(
    `SELECT a.id, a.reason, a.reference, a.content_hash AS hash, coalesce(a.decided_by <> a.proposed_by, false) AS "isByTwo",
       CASE WHEN a.source_kind IS NOT NULL THEN jsonb_build_object('kind', a.source_kind, 'transactionHash', a.source_transaction,
         'logIndex', a.source_log_index) END AS source,
       (SELECT jsonb_agg(jsonb_build_object('debit', t.debit, 'credit', t.credit, 'units', t.amount::text) ORDER BY t.place)
         FROM adjustment_transfer t WHERE t.adjustment_id = a.id) AS transfers
     FROM adjustment a WHERE a.status = 'posted' ORDER BY a.id`,
  );
  const rows = await sql.query<Posted>(
    `SELECT t.key, t.id, split_part(d.code, '/', 1) AS debit, split_part(c.code, '/', 1) AS credit, t.amount::text AS units, t.kind
     FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
     WHERE t.kind = 'adjustment' OR starts_with(t.key, 'adjustment:')`,
  );
  const posted = new Map(rows.map((row) => [row.key ?? `transfer ${row.id}`, row]));
  const findings: AuditFinding[] = [];
  for (const { isByTwo, hash, ...content } of approved) {
    const say = (problem: string) => findings.push({ where: `adjustment ${content.id}`, problem });
    if (!isByTwo) say("it was not approved by somebody else than its proposer");
    if ((await hashAdjustment(content)) !== hash) say("its content is not what its hash stands for");
    for (const [place, transfer] of content.transfers.entries()) {
      const row = posted.get(adjustmentKey(content.id, place));
      posted.delete(adjustmentKey(content.id, place));
      if (!row) say(`its transfer ${place} was approved and is not in the ledger`);
      else if (!same(row, transfer)) say(`its transfer ${place} is not the one that was approved`);
    }
  }
  for (const [key, { units }] of posted)
    findings.push({ where: `transfer ${key}`, problem: `an adjustment of ${units} that nobody approved` });
  return [...findings, ...(await checkUnclaimed(sql))];
}

/** Unclaimed money comes from the Vault and leaves by adjustments that name the transfer it came with; in no other way. */
const checkUnclaimed = (sql: Sql): Promise<AuditFinding[]> =>
  sql.query(
    `SELECT 'transfer ' || coalesce(t.key, t.id::text) AS "where", 'it moves ' || t.amount || ' of unclaimed money for no named transfer' AS problem
     FROM ledger_account u JOIN ledger_transfer t ON u.id IN (t.debit_id, t.credit_id)
     WHERE split_part(u.code, '/', 1) = 'platform:unclaimed' AND t.kind <> 'shard'
       AND NOT (t.credit_id = u.id AND (starts_with(t.key, 'unassigned:') OR starts_with(t.key, 'deposit:')))
       AND NOT (t.debit_id = u.id AND EXISTS (SELECT FROM adjustment a
         WHERE a.id = t.ref_id AND a.status = 'posted' AND a.source_kind = 'unassigned'))`,
  );

/** What adjustments moved at the Vault for each event that they explain, by its kind and place in the chain. */
export async function readExplained(sql: Sql, kind: "deposit" | "withdrawal"): Promise<Map<string, bigint>> {
  const rows = await sql.query<{ place: string; amount: bigint }>(
    `SELECT a.source_transaction || ':' || a.source_log_index AS place,
       sum(CASE WHEN (t.debit = $2) = ($1 = 'deposit') THEN t.amount ELSE -t.amount END)::bigint AS amount
     FROM adjustment a JOIN adjustment_transfer t ON t.adjustment_id = a.id AND $2 IN (t.debit, t.credit)
     WHERE a.status = 'posted' AND a.source_kind = $1 GROUP BY 1`,
    [kind, VAULT_ACCOUNT],
  );
  return new Map(rows.map(({ place, amount }) => [place, amount]));
}
