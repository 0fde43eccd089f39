import { createHash } from "node:crypto";
import { DomainError, type ErrorCode } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { type Asset, isAsset, LEDGER_UNITS_MAX } from "#core/money.ts";

/** What a spending says of itself for the caps it may fall under. */
export type Spending = {
  /** Names under which caps may be set, besides the account that pays: "key:ak_…", "provider:node_…", "category:inference". */
  scopes?: readonly string[];
  /** The worth in micro-dollars, for caps over all assets. Needed under such a cap unless the asset is the dollar itself. */
  value?: bigint;
};

/** Moves money from the debit account to the credit account. */
export type Transfer = {
  /** Idempotency key: one key, one transfer. */
  key: string;
  debit: string;
  credit: string;
  amount: bigint;
  asset: Asset;
  kind: string;
  refId?: string;
  memo?: string;
} & Spending;

export type Reserve = {
  /** Idempotency key: one key, one reservation. */
  key: string;
  account: string;
  amount: bigint;
  asset?: Asset;
  purpose: string;
  refId?: string;
  /** From then on a job may release it; until that has happened it can still be captured. */
  expiresAt: Date;
} & Spending;

export type CapturePart = { credit: string; amount: bigint; kind: string; refId?: string; memo?: string };

export type Capture = {
  reservationId: string;
  key: string;
  /** When given, a reservation of any other account is answered as if it did not exist. */
  account?: string;
  /** Who gets what; what they leave of the reservation is released. */
  parts: CapturePart[];
  /** Scopes of the reservation that the captured money does not count under, such as providers that did not serve. */
  unusedScopes?: readonly string[];
};

export type Release = { reservationId: string; key: string; account?: string; reason?: "released" | "expired" };

/** One row as the SQL function reads it; see the comment on `ledger_item` in the ledger migration. */
export type LedgerRow = {
  op: "transfer" | "reserve" | "capture" | "part" | "release";
  key: string;
  account?: string | undefined;
  credit?: string | undefined;
  amount?: bigint | undefined;
  value?: bigint | undefined;
  /** Of a capture: those it leaves unused. */
  scopes?: readonly string[] | undefined;
  asset?: string | undefined;
  kind?: string | undefined;
  refId?: string | undefined;
  memo?: string | undefined;
  reservation?: string | undefined;
  expiresAt?: Date | undefined;
  hash?: string | undefined;
};

/** Whether a row takes from an account, and so from caps. */
export const isSpending = ({ op }: LedgerRow): boolean => op === "transfer" || op === "reserve";

/** An operation: its own row, and for a capture one row for every part behind it. */
export type LedgerOperation = readonly [head: LedgerRow, ...parts: LedgerRow[]];

const TEXT_LENGTH_MAX = 255;
const CAPTURE_PARTS_MAX = 32;
const SCOPES_MAX = 16;

// Postgres refuses a NUL character for the whole statement: one caller's text must not fail its neighbours' batch.
function checkText(param: string, text: string | undefined): void {
  if (text === undefined) return;
  if (text.length === 0 || text.length > TEXT_LENGTH_MAX || text.includes("\0")) {
    throw new DomainError("VALIDATION_FAILED", { param, message: `${param} has 1 to ${TEXT_LENGTH_MAX} characters.` });
  }
}

function checkKey(key: string): void {
  if (key.length === 0 || key.length > TEXT_LENGTH_MAX || key.includes("\0")) {
    throw new DomainError("IDEMPOTENCY_KEY_INVALID");
  }
}

function checkAmount(amount: bigint): void {
  if (typeof amount !== "bigint" || amount <= 0n || amount > LEDGER_UNITS_MAX) throw new DomainError("AMOUNT_INVALID");
}

/** Sorted and each once, so that a retry says the same whatever order it was given. */
function checkSpending(
  { scopes = [], value }: Spending,
  asset?: Asset,
): { scopes: string[]; value: bigint | undefined } {
  if (value !== undefined) checkAmount(value);
  if (scopes.length > SCOPES_MAX) {
    throw new DomainError("VALIDATION_FAILED", { param: "scopes", message: `At most ${SCOPES_MAX} scopes.` });
  }
  for (const scope of scopes) checkText("scopes", scope);
  // A dollar is worth a dollar, whatever is said of it.
  return { scopes: [...new Set(scopes)].sort(), value: asset === "USD" ? undefined : value };
}

export function transferOperation(transfer: Transfer): LedgerOperation {
  const { key, debit, credit, amount, asset, kind, refId, memo } = transfer;
  checkKey(key);
  checkAmount(amount);
  for (const [param, text] of Object.entries({ debit, credit, kind, refId, memo })) checkText(param, text);
  if (!isAsset(asset)) throw new DomainError("ASSET_UNKNOWN");
  if (debit === credit) throw new DomainError("ACCOUNTS_EQUAL");
  return [
    {
      op: "transfer",
      key,
      account: debit,
      credit,
      amount,
      asset,
      kind,
      refId,
      memo,
      ...checkSpending(transfer, asset),
    },
  ];
}

export function reserveOperation(reserve: Reserve): LedgerOperation {
  const { key, account, amount, asset = "USD", purpose, refId, expiresAt } = reserve;
  checkKey(key);
  checkAmount(amount);
  for (const [param, text] of Object.entries({ account, purpose, refId })) checkText(param, text);
  if (Number.isNaN(expiresAt.getTime())) {
    throw new DomainError("VALIDATION_FAILED", { param: "expiresAt", message: "expiresAt is not a date." });
  }
  if (!isAsset(asset)) throw new DomainError("ASSET_UNKNOWN");
  const reservation = newId("reservation");
  return [
    {
      op: "reserve",
      key,
      account,
      amount,
      asset,
      kind: purpose,
      refId,
      expiresAt,
      reservation,
      ...checkSpending(reserve, asset),
    },
  ];
}

export function captureOperation(capture: Capture): LedgerOperation {
  const { key, reservationId, account, parts, unusedScopes = [] } = capture;
  checkKey(key);
  checkText("reservationId", reservationId);
  checkText("account", account);
  if (parts.length > CAPTURE_PARTS_MAX) {
    throw new DomainError("VALIDATION_FAILED", {
      param: "parts",
      message: `A capture has at most ${CAPTURE_PARTS_MAX} parts.`,
    });
  }
  const rows = parts.map(({ credit, amount, kind, refId, memo }): LedgerRow => {
    checkAmount(amount);
    for (const [param, text] of Object.entries({ credit, kind, refId, memo })) checkText(param, text);
    return { op: "part", key, credit, amount, kind, refId, memo, reservation: reservationId };
  });
  const content = parts.map((part) => [
    part.credit,
    part.amount.toString(),
    part.kind,
    part.refId ?? null,
    part.memo ?? null,
  ]);
  const { scopes } = checkSpending({ scopes: unusedScopes });
  const hash = contentHash(["capture", reservationId, content, ...(scopes.length > 0 ? [scopes] : [])]);
  return [{ op: "capture", key, account, reservation: reservationId, hash, scopes }, ...rows];
}

export function releaseOperation(release: Release): LedgerOperation {
  const { key, reservationId, account, reason = "released" } = release;
  checkKey(key);
  checkText("reservationId", reservationId);
  checkText("account", account);
  const hash = contentHash(["release", reservationId, reason]);
  return [{ op: "release", key, account, reservation: reservationId, kind: reason, hash }];
}

const contentHash = (content: unknown): string => createHash("sha256").update(JSON.stringify(content)).digest("hex");

/** What became of one operation. */
export type OperationResult =
  | { status: "ok"; id: string; replayed: boolean }
  | { status: typeof NOT_APPLIED }
  | { status: ErrorCode; details: Record<string, unknown> };

/** The status of an operation that was fine itself but belonged to a unit in which another one was refused. */
export const NOT_APPLIED = "NOT_APPLIED";

/** The id by which a transfer is known outside the ledger. */
export const transferId = (id: string | bigint): string => `txf_${id}`;

/** The error of the operation that failed first, when any did. */
export function failureOf(results: readonly OperationResult[]): DomainError | null {
  const index = results.findIndex((result) => result.status !== "ok" && result.status !== NOT_APPLIED);
  const failed = results[index];
  if (!failed || !("details" in failed)) return null;
  return new DomainError(failed.status, { ...failed.details, ...(results.length > 1 ? { index } : {}) });
}

/** The ids of operations that all succeeded; throws the first failure otherwise. */
export function idsOf(results: readonly OperationResult[]): { id: string; replayed: boolean }[] {
  const failure = failureOf(results);
  if (failure) throw failure;
  return results.map((result) => {
    if (result.status !== "ok") throw new Error(`The ledger left an operation out: ${result.status}`);
    return { id: result.id, replayed: result.replayed };
  });
}
