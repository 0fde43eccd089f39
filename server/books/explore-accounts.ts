import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import type {
  LedgerAccountView,
  LedgerReservationRow,
  LedgerTransferRow,
  ledgerAccountsOutput,
} from "#core/schemas/explorer.ts";
import { pool, sqlOf } from "#server/db.ts";
import { listCaps } from "#server/ledger/caps.ts";
import {
  batchId,
  numberOf,
  RESERVATION_COLUMNS,
  type ReservationRow,
  TRANSFER_COLUMNS,
  type TransferRow,
  viewReservation,
  viewTransfer,
} from "./explorer-rows.ts";

type Shard = { code: string; posted: bigint; reserved: bigint };
type AccountRow = {
  code: string;
  asset: string;
  ownerId: string | null;
  shards: { code: string; posted: string; reserved: string }[];
};

const SHARDS = `(SELECT jsonb_agg(jsonb_build_object('code', s.code, 'posted', (s.credits_posted - s.debits_posted)::text,
   'reserved', s.debits_pending::text) ORDER BY s.id) FROM ledger_account s WHERE s.id = ANY (coalesce(a.shard_ids, ARRAY[a.id]))) AS shards`;

function viewBalances({ code, asset, ownerId, shards }: AccountRow) {
  const sum = (read: (shard: Shard) => bigint) =>
    shards.reduce(
      (total, shard) =>
        total + read({ code: shard.code, posted: BigInt(shard.posted), reserved: BigInt(shard.reserved) }),
      0n,
    );
  const [posted, reserved] = [sum((shard) => shard.posted), sum((shard) => shard.reserved)];
  const amount = (units: bigint) => ({ asset, units: units.toString() });
  return {
    code,
    ownerId,
    shardCount: shards.length,
    posted: amount(posted),
    reserved: amount(reserved),
    available: amount(posted - reserved),
  };
}

/** Accounts by what their code begins with, or by whom they belong to. An account in shards is one. */
export async function listLedgerAccounts(
  input: PageInput & { prefix?: string | undefined; ownerId?: string | undefined },
): Promise<z.infer<typeof ledgerAccountsOutput>> {
  // The characters that LIKE would read as its own are taken as they are.
  const prefix = (input.prefix ?? "").replaceAll(/[\\%_]/g, "\\$&");
  const rows = await sqlOf(pool).query<AccountRow>(
    `SELECT a.code, a.asset, a.owner_id AS "ownerId", ${SHARDS} FROM ledger_account a
      WHERE a.root_id IS NULL AND a.code LIKE $1 AND ($2::text IS NULL OR a.code > $2)
        AND ($3::text IS NULL OR a.id IN (SELECT id FROM ledger_account WHERE owner_id = $3
          UNION SELECT id FROM ledger_account WHERE code = 'user:' || $3
          UNION SELECT o.id FROM agent g JOIN ledger_account o ON o.code = 'agent:' || g.id WHERE g.user_id = $3))
      ORDER BY a.code LIMIT $4`,
    [`${prefix}%`, input.cursor ?? null, input.ownerId ?? null, input.limit + 1],
  );
  const { data, ...rest } = toPage(rows, input.limit, ({ code }) => code);
  return { data: data.map(viewBalances), ...rest };
}

export async function getLedgerAccount({ code }: { code: string }): Promise<LedgerAccountView> {
  const [row] = await sqlOf(pool).query<AccountRow & { mayOverdraw: boolean; createdAt: Date; batchId: bigint | null }>(
    `SELECT a.code, a.asset, a.owner_id AS "ownerId", a.may_overdraw AS "mayOverdraw", a.created_at AS "createdAt",
       a.batch_id AS "batchId", ${SHARDS} FROM ledger_account a WHERE a.code = $1 AND a.root_id IS NULL`,
    [code],
  );
  if (!row) throw new DomainError("ACCOUNT_NOT_FOUND");
  const caps = await listCaps({ scope: code });
  return {
    ...viewBalances(row),
    mayOverdraw: row.mayOverdraw,
    createdAt: row.createdAt.toISOString(),
    batchId: row.batchId === null ? null : batchId(row.batchId),
    shards: row.shards.map((shard) => ({
      code: shard.code,
      posted: { asset: row.asset, units: shard.posted },
      reserved: { asset: row.asset, units: shard.reserved },
    })),
    caps: caps.map(({ id, kind, asset, amount, reserved, spent, left, windowMs }) => ({
      id,
      kind,
      asset,
      amount: amount.toString(),
      reserved: reserved.toString(),
      spent: spent.toString(),
      left: left.toString(),
      windowMs,
    })),
  };
}

/** An account's transfers, newest first, with both sides by name; those between its own shards too. */
export async function listAccountTransfers(input: PageInput & { code: string }): Promise<Page<LedgerTransferRow>> {
  if (input.cursor !== undefined && !/^txf_\d{1,18}$/.test(input.cursor))
    throw new DomainError("VALIDATION_FAILED", { param: "cursor" });
  // Pairs, so that the planner can only look up the account's own; see STRETCH_SQL in the ledger.
  const side = (column: "debit_id" | "credit_id") =>
    `(SELECT t.* FROM ledger_transfer t WHERE (t.${column}, t.id) < (shard.id, $2::bigint) AND (t.${column}, t.id) >= (shard.id, 0)
       ORDER BY t.${column} DESC, t.id DESC LIMIT $3)`;
  const rows = await sqlOf(pool).query<TransferRow>(
    `SELECT ${TRANSFER_COLUMNS} FROM (
       SELECT DISTINCT ON (side.id) side.* FROM ledger_account root, unnest(coalesce(root.shard_ids, ARRAY[root.id])) AS shard (id),
         LATERAL (${side("debit_id")} UNION ALL ${side("credit_id")}) side
       WHERE root.code = $1 AND root.root_id IS NULL ORDER BY side.id DESC LIMIT $3
     ) t ORDER BY t.id DESC`,
    [input.code, input.cursor === undefined ? "9223372036854775807" : numberOf(input.cursor), input.limit + 1],
  );
  return toPage(rows.map(viewTransfer), input.limit);
}

/** What is set aside of an account now. */
export async function listOpenReservations(input: PageInput & { code: string }): Promise<Page<LedgerReservationRow>> {
  const rows = await sqlOf(pool).query<ReservationRow>(
    `SELECT ${RESERVATION_COLUMNS} FROM ledger_account root
       JOIN ledger_account a ON a.id = ANY (coalesce(root.shard_ids, ARRAY[root.id]))
       JOIN ledger_reservation r ON r.account_id = a.id AND r.status = 'open'
      WHERE root.code = $1 AND root.root_id IS NULL AND ($2::text IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3`,
    [input.code, input.cursor ?? null, input.limit + 1],
  );
  return toPage(rows.map(viewReservation), input.limit);
}
