import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { type Asset, isAsset, LEDGER_UNITS_MAX } from "#core/money.ts";
import { WINDOW_MS_MAX, WINDOW_MS_MIN } from "#core/schemas/cap.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
import { arrayLiteral } from "./array-literal.ts";
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
  /**
   * The codes of the accounts that can spend under the scope, when it is none itself: what they spent before is looked up there.
   * Without them everything that anybody reserved in the window is looked through.
   */
  accounts?: readonly string[];
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
  ownerId: string | null;
  note: string | null;
  /** Open reservations, and what was spent and still counts. */
  reserved: bigint;
  spent: bigint;
  left: bigint;
  /** When the oldest of what was spent leaves the window; null when nothing will. */
  freesAt: Date | null;
  createdAt: Date;
};

const LOCK_NOT_AVAILABLE = "55P03";

type Row = {
  code: string;
  scope: string;
  asset: string | null;
  kind: CapKind;
  amount: bigint;
  window_ms: bigint | null;
  parent: string | null;
  owner_id: string | null;
  note: string | null;
  pending: bigint;
  spent: bigint;
  frees_at: Date | null;
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
  const { scope, asset, kind, amount, windowMs, parent, ownerId, note, actor, accounts } = input;
  const capId = newId("cap");
  const [made] = await sql
    .query<{ id: bigint | null }>(
      "SELECT ledger_create_cap($1, $2, $3, $4, $5::bigint, $6::bigint, $7, $8, $9, $10, $11::text[]) AS id",
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
        accounts === undefined ? null : arrayLiteral(accounts),
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
    owner_id: ownerId,
    note,
    pending,
    spent,
    frees_at: freesAt,
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
    ownerId,
    note,
    reserved: pending,
    spent,
    left: amount > used ? amount - used : 0n,
    freesAt,
    createdAt,
  };
}

/** Which caps: each by itself, or those that somebody owns together with what the platform set on certain scopes. */
export type CapsWhere =
  | { scope: string }
  | { capId: string }
  | { ownerId: string; orScopes?: readonly string[] }
  | { scopes: readonly string[] }
  | { platformBefore: string | null; limit: number };

function conditionOf(where: CapsWhere): { condition: string; values: unknown[] } {
  if ("scope" in where) return { condition: "c.scope = $1", values: [where.scope] };
  if ("capId" in where) return { condition: "c.code = $1", values: [where.capId] };
  if ("scopes" in where) return { condition: "c.scope = ANY ($1::text[])", values: [where.scopes] };
  if ("ownerId" in where) {
    return {
      condition: "(c.owner_id = $1 OR (c.owner_id IS NULL AND c.scope = ANY ($2::text[])))",
      values: [where.ownerId, where.orScopes ?? []],
    };
  }
  return {
    condition: "c.owner_id IS NULL AND ($1::text IS NULL OR c.id < (SELECT id FROM ledger_cap WHERE code = $1))",
    values: [where.platformBefore],
  };
}

/** Caps as they stand now, newest first; what has left a window is not counted any more. */
export async function listCaps(where: CapsWhere, sql: Sql = sqlOf(pool)): Promise<Cap[]> {
  const { condition, values } = conditionOf(where);
  const rows = await sql.query<Row>(
    `SELECT c.code, c.scope, c.asset, c.kind, c.amount, c.window_ms, parent.code AS parent, c.owner_id, c.note, c.pending, c.created_at,
       CASE c.kind WHEN 'window' THEN kept.spent ELSE c.spent END AS spent,
       to_timestamp((kept.oldest + 101) * ((c.window_ms + 99) / 100) / 1000.0) AS frees_at
     FROM ledger_cap c LEFT JOIN ledger_cap parent ON parent.id = c.parent_id
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(p.amount), 0)::bigint AS spent, min(p.bucket) AS oldest
       FROM unnest(c.past_bucket || c.bucket, c.past_spent || c.bucket_spent) AS p (bucket, amount)
       WHERE c.kind = 'window' AND p.amount > 0 AND p.bucket >= ledger_bucket(c.window_ms, clock_timestamp()) - 100
     ) kept
     WHERE ${condition} AND c.removed_at IS NULL ORDER BY c.id DESC LIMIT ${"limit" in where ? where.limit : 1_000}`,
    values,
  );
  return rows.map(capOf);
}
