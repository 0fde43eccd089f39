import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { type Asset, isAsset, LEDGER_UNITS_MAX } from "#core/money.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
import { sqlState } from "./sql-state.ts";

/** "window": in any stretch of `windowMs`; "lifetime": ever; "transaction": at once. */
export type CapKind = "window" | "lifetime" | "transaction";

export type CapInput = {
  /** An account's code, or a name that reservations give: "key:ak_…", "provider:node_…", "counterparty:0x…", "category:inference". */
  scope: string;
  /** Null counts micro-dollars over all assets. */
  asset: Asset | null;
  kind: CapKind;
  amount: bigint;
  windowMs?: number;
  /** The id of a cap above: whatever falls under this one falls under that one too. */
  parent?: string;
  ownerId?: string;
  note?: string;
  /** Who made it, for the audit chain. */
  actor: string;
};

export type Cap = {
  id: string;
  scope: string;
  asset: Asset | null;
  kind: CapKind;
  amount: bigint;
  windowMs: number | null;
  parent: string | null;
  note: string | null;
  /** Open reservations, and what was spent and still counts. */
  reserved: bigint;
  spent: bigint;
  left: bigint;
  createdAt: Date;
};

const LOCK_NOT_AVAILABLE = "55P03";
const WINDOW_MS_MIN = 1_000;
const WINDOW_MS_MAX = 100 * 366 * 24 * 3_600_000;

type Row = {
  code: string;
  scope: string;
  asset: string | null;
  kind: CapKind;
  amount: bigint;
  window_ms: bigint | null;
  parent: string | null;
  note: string | null;
  pending: bigint;
  spent: bigint;
  created_at: Date;
};

function checkAmount(amount: bigint): void {
  if (typeof amount !== "bigint" || amount < 0n || amount > LEDGER_UNITS_MAX) throw new DomainError("AMOUNT_INVALID");
}

function checkInput({ scope, asset, kind, amount, windowMs }: CapInput): void {
  checkAmount(amount);
  if (!/^[a-z]+:[!-~]{1,200}$/.test(scope)) throw new DomainError("VALIDATION_FAILED", { param: "scope" });
  if (asset !== null && !isAsset(asset)) throw new DomainError("ASSET_UNKNOWN");
  const isWindow = Number.isInteger(windowMs) && Number(windowMs) >= WINDOW_MS_MIN && Number(windowMs) <= WINDOW_MS_MAX;
  if (kind === "window" ? !isWindow : windowMs !== undefined) {
    throw new DomainError("VALIDATION_FAILED", {
      param: "windowMs",
      message: "A window is 1 second to 100 years in whole milliseconds; only caps of that kind have one.",
    });
  }
}

/** A cap waits for all spending that is under way; one of a transaction that does not end is not waited for. */
function sayBusy(error: unknown): never {
  if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
  throw new DomainError(
    "UNAVAILABLE",
    { message: "The cap was not made: spending under way did not end in time. Retry." },
    { cause: error },
  );
}

/**
 * Makes a cap. It counts from its first moment what its scope has spent inside the window and holds reserved.
 *
 * Returns its id. Throws CAP_NOT_FOUND when the parent is not there.
 */
export async function createCap(input: CapInput, sql: Sql = sqlOf(pool)): Promise<{ capId: string }> {
  checkInput(input);
  const { scope, asset, kind, amount, windowMs, parent, ownerId, note, actor } = input;
  const capId = newId("cap");
  const [made] = await sql
    .query<{ id: bigint | null }>(
      "SELECT ledger_create_cap($1, $2, $3, $4, $5::bigint, $6::bigint, $7, $8, $9, $10) AS id",
      [
        capId,
        scope,
        asset,
        kind,
        String(amount),
        windowMs === undefined ? null : String(windowMs),
        parent ?? null,
        ownerId ?? null,
        note ?? null,
        actor,
      ],
    )
    .catch(sayBusy);
  if (made?.id === null) throw new DomainError("CAP_NOT_FOUND", { param: "parent" });
  return { capId };
}

/** Raises or lowers a cap. What was spent under it still counts. */
export async function changeCap(
  input: { capId: string; amount: bigint; actor: string },
  sql: Sql = sqlOf(pool),
): Promise<void> {
  checkAmount(input.amount);
  const [answer] = await sql.query<{ changed: boolean }>("SELECT ledger_change_cap($1, $2::bigint, $3) AS changed", [
    input.capId,
    String(input.amount),
    input.actor,
  ]);
  if (!answer?.changed) throw new DomainError("CAP_NOT_FOUND");
}

/** Ends a cap. */
export async function removeCap(input: { capId: string; actor: string }, sql: Sql = sqlOf(pool)): Promise<void> {
  const [answer] = await sql.query<{ changed: boolean }>("SELECT ledger_change_cap($1, NULL, $2) AS changed", [
    input.capId,
    input.actor,
  ]);
  if (!answer?.changed) throw new DomainError("CAP_NOT_FOUND");
}

function capOf(row: Row): Cap {
  const {
    code,
    scope,
    asset,
    kind,
    amount,
    window_ms: windowMs,
    parent,
    note,
    pending,
    spent,
    created_at: createdAt,
  } = row;
  if (asset !== null && !isAsset(asset)) throw new Error(`A cap counts an unknown asset: ${asset}`);
  const used = kind === "transaction" ? 0n : pending + spent;
  return {
    id: code,
    scope,
    asset,
    kind,
    amount,
    windowMs: windowMs === null ? null : Number(windowMs),
    parent,
    note,
    reserved: pending,
    spent,
    left: amount > used ? amount - used : 0n,
    createdAt,
  };
}

/** Caps as they stand now, by scope or by owner, newest first; what has left a window is not counted any more. */
export async function listCaps(
  where: { scope: string } | { ownerId: string } | { capId: string },
  sql: Sql = sqlOf(pool),
): Promise<Cap[]> {
  const [column, value] =
    "scope" in where
      ? ["scope", where.scope]
      : "ownerId" in where
        ? ["owner_id", where.ownerId]
        : ["code", where.capId];
  const rows = await sql.query<Row>(
    `SELECT c.code, c.scope, c.asset, c.kind, c.amount, c.window_ms, parent.code AS parent, c.note, c.pending, c.created_at,
       CASE c.kind WHEN 'window' THEN coalesce((
         SELECT sum(p.amount) FROM unnest(c.past_bucket || c.bucket, c.past_spent || c.bucket_spent) AS p (bucket, amount)
         WHERE p.bucket >= ledger_bucket(c.window_ms, clock_timestamp()) - 100
       ), 0)::bigint ELSE c.spent END AS spent
     FROM ledger_cap c LEFT JOIN ledger_cap parent ON parent.id = c.parent_id
     WHERE c.${column} = $1 AND c.removed_at IS NULL ORDER BY c.id DESC`,
    [value],
  );
  return rows.map(capOf);
}
