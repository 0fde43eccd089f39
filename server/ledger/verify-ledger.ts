import { pool, type Sql, sqlOf } from "#server/db.ts";

/** A number that the rows beneath it do not add up to. */
export type LedgerDifference = { account: string; field: string; stored: string; computed: string };

/**
 * Adds every account up again from transfers and reservations, and from what archived transfers came to, and lists what
 * differs.
 *
 * One statement, so one snapshot: it may run beside any number of postings. Empty means that all is well.
 */
export async function verifyLedger(sql: Sql = sqlOf(pool)): Promise<LedgerDifference[]> {
  return sql.query<LedgerDifference>(
    `WITH moved AS (
       SELECT account_id, sum(debit) AS debits, sum(credit) AS credits FROM (
         SELECT debit_id AS account_id, amount AS debit, 0 AS credit FROM ledger_transfer
         UNION ALL SELECT credit_id, 0, amount FROM ledger_transfer
         UNION ALL SELECT s.account_id, s.debits, s.credits FROM ledger_archive_sum s JOIN ledger_archive x USING (from_id)
           WHERE x.detached_at IS NOT NULL
       ) entry GROUP BY account_id
     ), held AS (
       SELECT account_id, sum(amount) AS pending FROM ledger_reservation WHERE status = 'open' GROUP BY account_id
     ), account_field AS (
       SELECT coalesce(a.code, '#' || coalesce(m.account_id, h.account_id)) AS account, field.*
       FROM ledger_account a
       FULL JOIN moved m ON m.account_id = a.id
       FULL JOIN held h ON h.account_id = coalesce(a.id, m.account_id)
       CROSS JOIN LATERAL (VALUES
         ('debits_posted', coalesce(a.debits_posted, 0)::numeric, coalesce(m.debits, 0)),
         ('credits_posted', coalesce(a.credits_posted, 0)::numeric, coalesce(m.credits, 0)),
         ('debits_pending', coalesce(a.debits_pending, 0)::numeric, coalesce(h.pending, 0))
       ) AS field (field, stored, computed)
     ), reservation_field AS (
       SELECT r.id AS account, 'captured' AS field, r.captured::numeric AS stored, coalesce(sum(t.amount), 0) AS computed
       FROM ledger_reservation r LEFT JOIN ledger_transfer t ON t.reservation_id = r.id AND t.debit_id = r.account_id
       WHERE r.status <> 'open' AND NOT EXISTS (SELECT FROM ledger_archive x WHERE x.detached_at IS NOT NULL
         AND r.closed_batch_id BETWEEN x.first_batch AND x.last_batch)
       GROUP BY r.id
     )
     SELECT account, field, stored::text, computed::text FROM account_field WHERE stored <> computed
     UNION ALL
     SELECT account, field, stored::text, computed::text FROM reservation_field WHERE stored <> computed
     ORDER BY 1, 2`,
  );
}
