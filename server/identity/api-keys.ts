import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { SpendLimit } from "#core/schemas/cap.ts";
import { AGENT_SCOPES, isRole, isScope, type Scope } from "#core/scopes.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "./actor.ts";
import { createApiKeyToken, hashApiKey, isApiKeyToken } from "./api-key-token.ts";
import { createOwnCapIn, removeCapsOfKeyIn } from "./own-caps.ts";

export type ApiKeyView = {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  agentId: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
};

const VIEW = {
  id: true,
  name: true,
  prefix: true,
  scopes: true,
  agentId: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  lastUsedAt: true,
} as const;

/** Keys of one person that are not revoked: a key that no list shows could not be revoked. */
const KEYS_MAX = 100;

/**
 * Creates a key, and with it the limit on what it may spend. The token in the answer is the only copy there will ever be.
 */
export async function createApiKey(
  actor: Actor,
  input: { name: string; scopes: Scope[]; expiresAt?: Date; agentId?: string; spendLimit?: SpendLimit },
): Promise<{ key: ApiKeyView; token: string; capId: string | null }> {
  if (input.agentId) {
    const owned = await db.agent.findFirst({
      where: { id: input.agentId, userId: actor.userId },
      select: { id: true },
    });
    if (!owned) throw new DomainError("NOT_FOUND");
    if (input.scopes.some((scope) => !AGENT_SCOPES.includes(scope)))
      throw new DomainError("VALIDATION_FAILED", {
        param: "scopes",
        message: `A key of an agent takes only ${AGENT_SCOPES.join(", ")}.`,
      });
  }
  const { token, prefix, hash } = createApiKeyToken(env.isDevelopmentChain ? "test" : "live");
  const { key, capId } = await db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`api-keys:${actor.userId}`}, 0))`;
    if ((await tx.apiKey.count({ where: { userId: actor.userId, revokedAt: null } })) >= KEYS_MAX)
      throw new DomainError("API_KEYS_TOO_MANY", { keysMax: KEYS_MAX });
    const key = await tx.apiKey.create({
      data: {
        id: newId("apiKey"),
        userId: actor.userId,
        agentId: input.agentId ?? null,
        name: input.name,
        prefix,
        hash,
        scopes: input.scopes,
        expiresAt: input.expiresAt ?? null,
      },
      select: VIEW,
    });
    if (!input.spendLimit) return { key, capId: null };
    const covers = { kind: "api-key" as const, id: key.id };
    return { key, capId: await createOwnCapIn(sqlOf(tx), actor, { ...input.spendLimit, covers, asset: "USD" }) };
  });
  return { key, token, capId };
}

export function listApiKeys(actor: Actor): Promise<ApiKeyView[]> {
  return db.apiKey.findMany({
    where: { userId: actor.userId },
    // Those that work come first, and there are never more of them than are shown.
    orderBy: [{ revokedAt: { sort: "asc", nulls: "first" } }, { createdAt: "desc" }],
    take: KEYS_MAX,
    select: VIEW,
  });
}

/** Revokes a key at once: the next request with it is refused. */
export async function revokeApiKey(actor: Actor, id: string): Promise<ApiKeyView> {
  const found = await db.apiKey.findFirst({ where: { id, userId: actor.userId }, select: VIEW });
  if (!found) throw new DomainError("NOT_FOUND");
  if (found.revokedAt) return found;
  const revoked = await db.$transaction(async (tx) => {
    const key = await tx.apiKey.update({ where: { id }, data: { revokedAt: new Date() }, select: VIEW });
    await removeCapsOfKeyIn(sqlOf(tx), actor, id);
    return key;
  });
  forgetKey(id);
  return revoked;
}

type KnownKey = { actor: Actor; readAt: number };

/**
 * Keys that were read moments ago, so that a stream of requests with one key costs no query each. A key revoked in
 * another process is refused here once its entry is over, within a second.
 */
const KNOWN_FOR_MS = 1_000;
const KNOWN_MAX = 10_000;
/** Longer than any reading takes, so that none which began before a revocation is kept after it. */
const REVOCATION_KEPT_MS = 60_000;

// Next bundles each route on its own; a revocation must reach what all of them know.
const shared = globalThis as typeof globalThis & {
  convergeKnownKeys?: { keys: Map<string, KnownKey>; revokedAt: Map<string, number> };
};
shared.convergeKnownKeys ??= { keys: new Map(), revokedAt: new Map() };
const { keys: knownKeys, revokedAt } = shared.convergeKnownKeys;

function forgetKey(id: string): void {
  const now = performance.now();
  for (const [other, at] of revokedAt) if (now - at > REVOCATION_KEPT_MS) revokedAt.delete(other);
  revokedAt.set(id, now);
  for (const [hash, { actor }] of knownKeys) if (actor.apiKeyId === id) knownKeys.delete(hash);
}

/** Who a key speaks for, or null when it is unknown, expired or revoked. */
export async function findApiKeyActor(token: string): Promise<Actor | null> {
  if (!isApiKeyToken(token)) return null;
  const hash = hashApiKey(token);
  const known = knownKeys.get(hash);
  const age = known ? performance.now() - known.readAt : Number.POSITIVE_INFINITY;
  if (known && age < KNOWN_FOR_MS) {
    // Read again before its time is over, so that no request of a busy key waits for it.
    if (age > KNOWN_FOR_MS / 2) void readKey(hash).catch(() => undefined);
    return known.actor;
  }
  return readKey(hash);
}

type KeyRow = {
  id: string;
  user_id: string;
  agent_id: string | null;
  scopes: string[];
  roles: string[];
  is_stale: boolean;
};

async function readKey(hash: string): Promise<Actor | null> {
  const readAt = performance.now();
  const { rows } = await pool.query<KeyRow>(
    `SELECT k.id, k.user_id, k.agent_id, k.scopes, u.roles,
            (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute') AS is_stale
       FROM api_key k JOIN "user" u ON u.id = k.user_id
      WHERE k.hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())`,
    [hash],
  );
  const row = rows[0];
  knownKeys.delete(hash);
  if (!row) return null;
  // Its use is noted at most once a minute, so that hot keys do not write each time.
  if (row.is_stale) await pool.query("UPDATE api_key SET last_used_at = now() WHERE id = $1", [row.id]);
  const actor: Actor = {
    userId: row.user_id,
    roles: row.roles.filter(isRole),
    via: "api_key",
    scopes: row.scopes.filter(isScope),
    apiKeyId: row.id,
    ...(row.agent_id ? { agentId: row.agent_id } : {}),
  };
  // A reading that began before its key was revoked may have seen the key as it was.
  if (readAt > (revokedAt.get(row.id) ?? 0)) remember(hash, { actor, readAt });
  return actor;
}

function remember(hash: string, key: KnownKey): void {
  knownKeys.set(hash, key);
  const oldest = knownKeys.keys().next().value;
  if (knownKeys.size > KNOWN_MAX && oldest !== undefined) knownKeys.delete(oldest);
}
