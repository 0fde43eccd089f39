import { DomainError } from "#core/errors.ts";
import { PAGE_LIMIT } from "#core/page.ts";
import { pool, sqlOf } from "#server/db.ts";
import { transferId } from "./operations.ts";

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

export type StatementPage = { data: StatementEntry[]; nextCursor: string | null };

type Row = {
  id: bigint;
  signed: bigint;
  kind: string;
  ref_id: string | null;
  memo: string | null;
  counterparty: string;
  created_at: Date;
  posted: bigint;
};

// A cursor carries the balance below its page, so that running balances need no sum over everything newer. Someone who
// edits it changes only the numbers on their own screen.
const CURSOR_PATTERN = /^(\d{1,19})_(-?\d{1,19})$/;

function readCursor(cursor: string): { beforeId: bigint; balance: bigint } {
  const match = CURSOR_PATTERN.exec(cursor);
  if (!match?.[1] || !match[2]) throw new DomainError("VALIDATION_FAILED", { param: "cursor" });
  const beforeId = BigInt(match[1]);
  if (beforeId >= 2n ** 63n) throw new DomainError("VALIDATION_FAILED", { param: "cursor" });
  return { beforeId, balance: BigInt(match[2]) };
}

/** The entries of an account, newest first. Pages stay put while new entries arrive. */
export async function listStatement(
  code: string,
  { limit = PAGE_LIMIT.default, cursor }: { limit?: number; cursor?: string | undefined } = {},
): Promise<StatementPage> {
  const from = cursor === undefined ? null : readCursor(cursor);
  const size = Math.min(Math.max(Math.trunc(limit), 1), PAGE_LIMIT.max);
  const rows = await sqlOf(pool).query<Row>(
    `WITH account AS (
       SELECT a.id, a.owner_id, coalesce(a.shard_ids, ARRAY[a.id]) AS ids,
         (SELECT sum(s.credits_posted - s.debits_posted)::bigint FROM ledger_account s
          WHERE s.id = ANY (coalesce(a.shard_ids, ARRAY[a.id]))) AS posted
       FROM ledger_account a WHERE a.code = $1 AND a.root_id IS NULL
     ), entry AS (
       SELECT side.* FROM account, unnest(account.ids) AS shard (id), LATERAL (
         (SELECT t.id, -t.amount AS signed, t.kind, t.ref_id, t.memo, t.credit_id AS other_id, t.created_at
          FROM ledger_transfer t WHERE t.debit_id = shard.id AND t.id < $2 AND t.kind <> 'shard' ORDER BY t.id DESC LIMIT $3)
         UNION ALL
         (SELECT t.id, t.amount, t.kind, t.ref_id, t.memo, t.debit_id, t.created_at
          FROM ledger_transfer t WHERE t.credit_id = shard.id AND t.id < $2 AND t.kind <> 'shard' ORDER BY t.id DESC LIMIT $3)
       ) side
     )
     SELECT e.id, e.signed, e.kind, e.ref_id, e.memo, e.created_at, account.posted,
       CASE WHEN other.owner_id IS NULL OR other.owner_id = account.owner_id THEN split_part(other.code, '/', 1)
         ELSE split_part(other.code, ':', 1) END AS counterparty
     FROM account, entry e JOIN ledger_account other ON other.id = e.other_id ORDER BY e.id DESC LIMIT $3`,
    [code, from?.beforeId ?? 2n ** 63n - 1n, size + 1],
  );
  let balance = from?.balance ?? rows[0]?.posted ?? 0n;
  const data = rows.slice(0, size).map((row): StatementEntry => {
    const entry = {
      transferId: transferId(row.id),
      amount: row.signed,
      balance,
      kind: row.kind,
      refId: row.ref_id,
      memo: row.memo,
      counterparty: row.counterparty,
      createdAt: row.created_at,
    };
    balance -= row.signed;
    return entry;
  });
  const last = rows[size - 1];
  return { data, nextCursor: rows.length > size && last ? `${last.id}_${balance}` : null };
}
