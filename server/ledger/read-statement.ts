import type { Sql } from "#server/db.ts";
import { transferId } from "./operations.ts";
import type { StatementFilter } from "./statement-filter.ts";

export type StatementEntry = {
  transferId: string;
  /** Positive when money came in. */
  amount: bigint;
  /** The posted balance after this entry. */
  balance: bigint;
  kind: string;
  refId: string | null;
  memo: string | null;
  /** The other account; of somebody else's only its kind ("user"), because ids of people are not for strangers. */
  counterparty: string;
  createdAt: Date;
};

/** A place in an account's history: everything below it is older, and `balance` is what the account had there. */
export type StatementPosition = { beforeId: bigint; balance: bigint };

// Transfers that were posted at the same time may lie a little out of order; none takes this long.
const CLOCK_ROOM = "10 minutes";

const ACCOUNT = `SELECT a.id, a.owner_id, coalesce(a.shard_ids, ARRAY[a.id]) AS ids,
  (SELECT sum(s.credits_posted - s.debits_posted)::bigint FROM ledger_account s
    WHERE s.id = ANY (coalesce(a.shard_ids, ARRAY[a.id]))) AS posted
  FROM ledger_account a WHERE a.code = $1 AND a.root_id IS NULL`;

/**
 * Where a statement begins: at the newest entry that the filter's end allows, with the balance there. One account's
 * entries are committed in the order of their ids, so nothing appears below this place later.
 */
export async function findStart(
  sql: Sql,
  code: string,
  { to }: Pick<StatementFilter, "to">,
): Promise<StatementPosition | null> {
  const [start] = await sql.query<{ balance: bigint; newest: bigint | null }>(
    `WITH account AS (${ACCOUNT}), bound AS (
       SELECT CASE WHEN $2::timestamptz IS NULL THEN 9223372036854775807
         ELSE ledger_transfer_at($2::timestamptz + interval '${CLOCK_ROOM}') END AS id
     )
     SELECT (account.posted - coalesce((
         SELECT sum(side.signed) FROM unnest(account.ids) AS shard (id), LATERAL (
           SELECT -t.amount AS signed FROM ledger_transfer t WHERE t.debit_id = shard.id AND t.id >= bound.id AND t.kind <> 'shard'
           UNION ALL
           SELECT t.amount FROM ledger_transfer t WHERE t.credit_id = shard.id AND t.id >= bound.id AND t.kind <> 'shard'
         ) side
       ), 0))::bigint AS balance,
       (SELECT max(side.id) FROM unnest(account.ids) AS shard (id), LATERAL (
         (SELECT t.id FROM ledger_transfer t WHERE (t.debit_id, t.id) < (shard.id, bound.id) AND (t.debit_id, t.id) >= (shard.id, 0)
          ORDER BY t.debit_id DESC, t.id DESC LIMIT 1)
         UNION ALL
         (SELECT t.id FROM ledger_transfer t WHERE (t.credit_id, t.id) < (shard.id, bound.id) AND (t.credit_id, t.id) >= (shard.id, 0)
          ORDER BY t.credit_id DESC, t.id DESC LIMIT 1)
       ) side) AS newest
     FROM account, bound`,
    [code, to],
  );
  return start && start.newest !== null ? { beforeId: start.newest + 1n, balance: start.balance } : null;
}

/** The id below which no entry can be one the filter's beginning allows. */
export async function findFloor(sql: Sql, { from }: Pick<StatementFilter, "from">): Promise<bigint> {
  if (from === null) return 0n;
  const [floor] = await sql.query<{ id: bigint }>(
    `SELECT ledger_transfer_at($1::timestamptz - interval '${CLOCK_ROOM}') AS id`,
    [from],
  );
  return floor?.id ?? 0n;
}

/**
 * Lookups by index only: the account's own entries by their ids, and each other account by its own. The pairs leave no other
 * index to choose: by `id` alone the planner would walk through everybody's transfers for an account that has few.
 */
export const STRETCH_SQL = `WITH account AS (${ACCOUNT}), entry AS (
     SELECT side.* FROM account, unnest(account.ids) AS shard (id), LATERAL (
       (SELECT t.id, -t.amount AS signed, t.kind, t.ref_id, t.memo, t.credit_id AS other_id, t.created_at
        FROM ledger_transfer t WHERE (t.debit_id, t.id) < (shard.id, $2) AND (t.debit_id, t.id) >= (shard.id, $3)
          AND t.id < $2 AND t.id >= $3 AND t.kind <> 'shard' ORDER BY t.debit_id DESC, t.id DESC LIMIT $4)
       UNION ALL
       (SELECT t.id, t.amount, t.kind, t.ref_id, t.memo, t.debit_id, t.created_at
        FROM ledger_transfer t WHERE (t.credit_id, t.id) < (shard.id, $2) AND (t.credit_id, t.id) >= (shard.id, $3)
          AND t.id < $2 AND t.id >= $3 AND t.kind <> 'shard' ORDER BY t.credit_id DESC, t.id DESC LIMIT $4)
     ) side
   ), stretch AS MATERIALIZED (
     SELECT e.*, sum(e.signed) OVER (ORDER BY e.id DESC) AS through FROM (SELECT * FROM entry ORDER BY id DESC LIMIT $4) e
   )
   SELECT read.entries, read.last_id, read.net, found.* FROM (
     SELECT count(*)::int AS entries, min(id) AS last_id, coalesce(sum(signed), 0)::bigint AS net FROM stretch
   ) read LEFT JOIN LATERAL (
     SELECT e.id, e.signed, e.through::bigint, e.kind, e.ref_id, e.memo, e.created_at,
       CASE WHEN other.owner_id IS NULL OR other.owner_id = account.owner_id THEN split_part(other.code, '/', 1)
         ELSE split_part(other.code, ':', 1) END AS counterparty
     FROM account, stretch e, LATERAL (SELECT o.code, o.owner_id FROM ledger_account o WHERE o.id = e.other_id LIMIT 1) other
     WHERE ($6::timestamptz IS NULL OR e.created_at >= $6) AND ($7::timestamptz IS NULL OR e.created_at < $7)
       AND ($8::text[] IS NULL OR e.kind = ANY ($8)) AND ($9::text IS NULL OR (e.signed > 0) = ($9 = 'in'))
       AND ($10::text IS NULL OR split_part(other.code, ':', 1) = $10)
       AND ($11::text IS NULL OR position(lower($11) IN lower(coalesce(e.ref_id, '') || ' ' || coalesce(e.memo, ''))) > 0)
       AND ($12::bigint IS NULL OR abs(e.signed) >= $12) AND ($13::bigint IS NULL OR abs(e.signed) <= $13)
     ORDER BY e.id DESC LIMIT $5
   ) found ON true ORDER BY found.id DESC`;

export const stretchValues = (
  code: string,
  filter: StatementFilter,
  { position, floor, entries, limit }: { position: StatementPosition; floor: bigint; entries: number; limit: number },
): unknown[] => [
  code,
  position.beforeId,
  floor,
  entries,
  limit,
  filter.from,
  filter.to,
  filter.kinds,
  filter.flow,
  filter.counterparty,
  filter.text,
  filter.amountMin,
  filter.amountMax,
];

type Row = {
  entries: number;
  last_id: bigint | null;
  net: bigint;
  id: bigint | null;
  signed: bigint;
  through: bigint;
  kind: string;
  ref_id: string | null;
  memo: string | null;
  counterparty: string;
  created_at: Date;
};

export type Stretch = {
  found: (StatementEntry & { below: StatementPosition })[];
  /** Where the stretch ends; null at the account's oldest entry, or at the filter's beginning. */
  below: StatementPosition | null;
  /** How many of the account's entries were looked at. */
  read: number;
};

/**
 * Looks at the next so many entries of an account and answers those that the filter lets through, up to a limit, each
 * with the account's own balance after it: what the filter leaves out is counted all the same.
 */
export async function readStretch(
  sql: Sql,
  code: string,
  filter: StatementFilter,
  at: { position: StatementPosition; floor: bigint; entries: number; limit: number },
): Promise<Stretch> {
  const rows = await sql.query<Row>(STRETCH_SQL, stretchValues(code, filter, at));
  const [first] = rows;
  const { balance } = at.position;
  const isEnd = !first || first.entries < at.entries || first.last_id === null;
  return {
    found: rows.flatMap((row) => (row.id === null ? [] : [entryOf(row, row.id, balance)])),
    below: isEnd || first.last_id === null ? null : { beforeId: first.last_id, balance: balance - first.net },
    read: first?.entries ?? 0,
  };
}

const entryOf = (row: Row, id: bigint, balance: bigint): Stretch["found"][number] => ({
  transferId: transferId(id),
  amount: row.signed,
  balance: balance - row.through + row.signed,
  kind: row.kind,
  refId: row.ref_id,
  memo: row.memo,
  counterparty: row.counterparty,
  createdAt: row.created_at,
  below: { beforeId: id, balance: balance - row.through },
});
