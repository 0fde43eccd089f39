import { DomainError } from "#core/errors.ts";
import { type Asset, formatAmount, isAsset } from "#core/money.ts";
import { agentAccount } from "./account-codes.ts";
import { isEverybodys, keyScope, type Spender } from "./scopes.ts";

const SIGNS: Record<Asset, string> = { USD: "$", EUR: "€" };

const SPANS: readonly (readonly [ms: number, one: string, many: string])[] = [
  [86_400_000, "day", "days"],
  [3_600_000, "hour", "hours"],
  [60_000, "minute", "minutes"],
  [1_000, "second", "seconds"],
];

function spanWords(ms: number): string {
  for (const [size, one, many] of SPANS) if (ms % size === 0) return ms === size ? one : `${ms / size} ${many}`;
  return `${ms} milliseconds`;
}

const CATEGORIES: Record<string, string> = {
  inference: "completions",
  withdrawal: "withdrawals",
  "cash-out": "cash-outs",
  reward: "rewards",
};

/** What a scope is, for somebody who has never heard of scopes. */
function scopeWords(scope: string): string {
  const [noun = "", ...rest] = scope.split("/").at(-1)?.split(":") ?? [];
  const name = rest.join(":");
  if (noun === "key") return `the API key ${name}`;
  if (noun === "agent") return "this agent’s balance";
  if (noun === "user") return "your balance";
  if (noun === "person") return "everything you and your agents spend";
  if (noun === "category") return CATEGORIES[name] ?? name;
  if (noun === "provider") return `the node ${name}`;
  if (noun === "counterparty") return `payments to ${name}`;
  return scope;
}

type Refusal = {
  cap: string;
  scope: string;
  kind: string;
  windowMs: number | null;
  limit: string;
  left: string;
  asked: string;
  asset: string | null;
  roomAt: string | null;
};

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function readRefusal({ details }: DomainError): Refusal {
  const { windowMs, asset, roomAt } = details;
  return {
    cap: text(details.cap),
    scope: text(details.scope),
    kind: text(details.kind),
    windowMs: typeof windowMs === "number" ? windowMs : null,
    limit: text(details.limit),
    left: text(details.left),
    asked: text(details.asked),
    asset: typeof asset === "string" ? asset : null,
    roomAt: typeof roomAt === "string" ? new Date(roomAt).toISOString() : null,
  };
}

function money(refusal: Refusal, units: string): string {
  const asset = refusal.asset !== null && isAsset(refusal.asset) ? refusal.asset : "USD";
  return `${SIGNS[asset]}${formatAmount({ asset, units: BigInt(units || "0") })}`;
}

function limitWords(refusal: Refusal): string {
  const limit = money(refusal, refusal.limit);
  if (refusal.kind === "transaction") return `${limit} at a time`;
  return refusal.windowMs === null ? `${limit} in all` : `${limit} in any ${spanWords(refusal.windowMs)}`;
}

/** A moment for a sentence, never earlier than it is; programs have it to the millisecond in the details. */
export function momentWords(iso: string, nowMs: number = Date.now()): string {
  const waitMs = Date.parse(iso) - nowMs;
  if (waitMs < 120_000) return waitMs <= 1_000 ? "in a second" : `in ${Math.ceil(waitMs / 1000)} seconds`;
  const minute = new Date(Math.ceil(Date.parse(iso) / 60_000) * 60_000).toISOString();
  return `at ${minute.slice(0, 16).replace("T", " ")} UTC`;
}

function roomWords({ kind, roomAt, asked, limit }: Refusal): string {
  if (kind === "transaction" || BigInt(asked || "0") > BigInt(limit || "0")) return "Ask for less.";
  if (roomAt !== null) return `There is room for it ${momentWords(roomAt)}; something smaller may fit now.`;
  return "Ask for less, or wait for what is under way.";
}

/** Seconds until there is room, at least one; the doors say it as Retry-After. */
function retryAfter({ roomAt }: Refusal): { retryAfterSeconds?: number } {
  if (roomAt === null) return {};
  return { retryAfterSeconds: Math.max(1, Math.ceil((Date.parse(roomAt) - Date.now()) / 1000)) };
}

/** Whether an agent met a limit that its owner set on more than this agent. */
function isOfOwner(scope: string, { agentId, apiKeyId }: Spender): boolean {
  if (agentId === undefined || isEverybodys(scope)) return false;
  return scope !== agentAccount(agentId) && (apiKeyId === undefined || scope !== keyScope(apiKeyId));
}

/**
 * Says a refusal by a cap in words, and leaves out what is not for who reads it: an agent learns nothing of what its
 * owner spends elsewhere, and nobody of what everybody spends.
 */
export function explainRefusal(error: unknown, spender: Spender): unknown {
  if (!(error instanceof DomainError) || error.code !== "CAP_EXCEEDED") return error;
  const refusal = readRefusal(error);
  const { cap, scope, kind, windowMs, limit, left, asked, asset, roomAt } = refusal;
  const base = { cap, scope, kind, windowMs, asset, asked, roomAt, ...retryAfter(refusal) };
  const refuse = (details: object, message: string) =>
    new DomainError("CAP_EXCEEDED", { ...details, message: `${message} Nothing was charged.` }, { cause: error });
  const isOwners = isOfOwner(scope, spender);
  // At a time, a limit says nothing about what anybody spent.
  if ((isEverybodys(scope) || isOwners) && kind !== "transaction") {
    const whose = isOwners ? "A limit of this agent’s owner" : `The platform’s limit on ${scopeWords(scope)}`;
    const when = roomAt === null ? "Try again later, or ask for less." : roomWords(refusal);
    return refuse(base, `${whose} leaves no room for this now. ${when}`);
  }
  const whose = isEverybodys(scope) ? "The platform’s limit" : isOwners ? "The owner’s limit" : "The limit";
  const rest = kind === "transaction" ? "" : `; ${money(refusal, left)} of it is left`;
  const raise = isEverybodys(scope) || isOwners ? "" : " Your own limits are changed in Balance, under Limits.";
  return refuse(
    { ...base, limit, left },
    `${whose} on ${scopeWords(scope)} is ${limitWords(refusal)}${rest}, and this may take ${money(refusal, asked)}. ${roomWords(refusal)}${raise}`,
  );
}
