import type { PublicTotals } from "#core/schemas/public-totals.ts";
import { pool } from "#server/db.ts";
import { rememberBriefly } from "./remember-briefly.ts";

const CACHE_MS = 3_000;
const RECENT_POSTINGS = 7;

type Row = { totals: Omit<PublicTotals, "at"> };

// Ids of agents' and campaigns' ledger accounts start with their noun, so that counts need no pillar's own tables.
const QUERY = `SELECT json_build_object(
  'compute', (SELECT json_build_object(
      'nodesOnline', (SELECT count(*) FROM compute_node WHERE status = 'online'),
      'completions', count(*), 'spent', coalesce(sum(charged), 0)::text)
    FROM inference WHERE status = 'completed'),
  'agents', (SELECT json_build_object(
      'agents', (SELECT count(*) FROM ledger_account WHERE code LIKE 'agent:%'),
      'payments', count(*), 'spent', coalesce(sum(t.amount), 0)::text)
    FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_id WHERE a.code LIKE 'agent:%'),
  'proofs', json_build_object(
      'models', (SELECT count(*) FROM proving_model WHERE is_current),
      'verified', (SELECT count(*) FROM proof WHERE status IN ('proved', 'recorded'))),
  'rewards', (SELECT json_build_object(
      'events', coalesce(sum(accepted_count), 0), 'people', count(DISTINCT user_id) FILTER (WHERE credited > 0),
      'paid', coalesce(sum(credited), 0)::text)
    FROM reward_batch),
  'ledger', json_build_object(
      'transfers', (SELECT count(*) FROM ledger_transfer)
        + (SELECT coalesce(sum(rows), 0)::bigint FROM ledger_archive WHERE detached_at IS NOT NULL),
      'accounts', (SELECT count(*) FROM ledger_account WHERE root_id IS NULL),
      'recent', (SELECT coalesce(json_agg(r), '[]'::json) FROM (
          SELECT id::text, kind, amount::text, asset, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
          FROM ledger_transfer t ORDER BY t.id DESC LIMIT ${RECENT_POSTINGS}) r))
) AS totals`;

async function readTotals(): Promise<PublicTotals> {
  const { rows } = await pool.query<Row>(QUERY);
  const row = rows[0];
  if (!row) throw new Error("The totals query answered without a row.");
  return { ...row.totals, at: new Date().toISOString() };
}

/** The platform's public figures, read at most once in three seconds however many people look. */
export const getPublicTotals = rememberBriefly(CACHE_MS, readTotals);
