import type pg from "pg";
import type { Sql } from "#server/db.ts";
import { auditLedger } from "../audit-ledger.ts";

/** Columns that an attacker with the database in hand might change. */
export const TARGETS: Record<string, readonly string[]> = {
  ledger_transfer: ["key", "debit_id", "credit_id", "amount", "asset", "kind", "batch_id", "created_at"],
  ledger_reservation: [
    "key",
    "account_id",
    "amount",
    "captured",
    "status",
    "purpose",
    "scopes",
    "unused_scopes",
    "expires_at",
    "created_at",
  ],
  ledger_account: [
    "code",
    "owner_id",
    "debits_posted",
    "credits_posted",
    "debits_pending",
    "may_overdraw",
    "created_at",
  ],
  ledger_cap: ["scope", "amount", "window_ms", "pending", "spent", "created_at"],
  ledger_cap_change: ["amount", "actor", "changed_at"],
  ledger_batch: ["posted_at", "digest", "hash", "link"],
  ledger_key: ["key", "transfer_id"],
};

/** How one byte of a value is changed, by the type of its column. */
const CHANGED: Record<string, string> = {
  bigint: "coalesce(x, 0) # 1",
  text: "overlay(coalesce(x, '.') PLACING chr((ascii(coalesce(x, '.')) & 126) + 1 - (ascii(coalesce(x, '.')) & 1)) FROM 1 FOR 1)",
  boolean: "NOT x",
  bytea: "set_byte(x, 3, get_byte(x, 3) # 1)",
  ARRAY: "array_append(x, 'more')",
  "timestamp with time zone": "x + interval '1 millisecond'",
};

/**
 * Changes one value of a random row past every constraint and trigger, as the owner of the database can, and answers how
 * many findings the audit then has. Everything is rolled back. Answers null when there was no row to change.
 */
export async function tamper(client: pg.Client, table: string, column: string): Promise<number | null> {
  const { rows: types } = await client.query<{ data_type: string }>(
    "SELECT data_type FROM information_schema.columns WHERE table_name = $1 AND column_name = $2",
    [table, column],
  );
  const change = CHANGED[types[0]?.data_type ?? ""];
  if (!change) throw new Error(`There is no way to change ${table}.${column}`);
  const { rows: checks } = await client.query<{ sql: string }>(
    `SELECT format('ALTER TABLE %I DROP CONSTRAINT %I CASCADE', $1::text, conname) AS sql FROM pg_constraint
     WHERE conrelid = $1::regclass AND contype IN ('c', 'u')`,
    [table],
  );
  const where = column === "owner_id" ? "true" : `${column} IS NOT NULL`;
  await client.query("BEGIN; SET LOCAL session_replication_role = replica");
  try {
    for (const { sql } of checks) await client.query(sql);
    const { rowCount } = await client.query(
      `UPDATE ${table} SET ${column} = ${change.replaceAll("x", column)}
       WHERE (tableoid, ctid) = (SELECT tableoid, ctid FROM ${table} WHERE ${where} ORDER BY random() LIMIT 1)`,
    );
    if (rowCount !== 1) return null;
    const sql: Sql = {
      query: async <Row>(text: string, values?: unknown[]) => (await client.query(text, values)).rows as Row[],
    };
    return (await auditLedger(sql)).length;
  } finally {
    await client.query("ROLLBACK");
  }
}
