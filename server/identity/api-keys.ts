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
  return db.$transaction(async (tx) => {
    const revoked = await tx.apiKey.update({ where: { id }, data: { revokedAt: new Date() }, select: VIEW });
    await removeCapsOfKeyIn(sqlOf(tx), actor, id);
    return revoked;
  });
}

/** Who a key speaks for, or null when it is unknown, expired or revoked. */
export async function findApiKeyActor(token: string): Promise<Actor | null> {
  if (!isApiKeyToken(token)) return null;
  // One statement finds the key and notes its use, at most once a minute so that hot keys do not write each time.
  const { rows } = await pool.query<{
    id: string;
    user_id: string;
    agent_id: string | null;
    scopes: string[];
    roles: string[];
    is_stale: boolean;
  }>(
    `SELECT k.id, k.user_id, k.agent_id, k.scopes, u.roles,
            (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute') AS is_stale
       FROM api_key k JOIN "user" u ON u.id = k.user_id
      WHERE k.hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())`,
    [hashApiKey(token)],
  );
  const row = rows[0];
  if (!row) return null;
  if (row.is_stale) await pool.query("UPDATE api_key SET last_used_at = now() WHERE id = $1", [row.id]);
  return {
    userId: row.user_id,
    roles: row.roles.filter(isRole),
    via: "api_key",
    scopes: row.scopes.filter(isScope),
    apiKeyId: row.id,
    ...(row.agent_id ? { agentId: row.agent_id } : {}),
  };
}
