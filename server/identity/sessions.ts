import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { ALL_SCOPES, isRole } from "#core/scopes.ts";
import { db, pool } from "#server/db.ts";
import type { Actor } from "./actor.ts";

const SESSION_DAYS = 30;
export const SESSION_SECONDS = SESSION_DAYS * 24 * 60 * 60;

export type SignInMethod = "passkey" | "wallet" | "demo";

/** Opens a session row; the cookie's token only names it, so that ending the row ends the session at once. */
export async function openSession(userId: string, method: SignInMethod, userAgent: string): Promise<string> {
  const id = newId("session");
  await db.session.create({
    data: {
      id,
      userId,
      method,
      userAgent: userAgent.slice(0, 200),
      expiresAt: new Date(Date.now() + SESSION_SECONDS * 1000),
    },
  });
  return id;
}

/** The person behind a live session, or null. Asked on every request: a revoked session is dead with the next one. */
export async function findSessionActor(sessionId: string): Promise<Actor | null> {
  const { rows } = await pool.query<{ user_id: string; roles: string[] }>(
    `SELECT s.user_id, u.roles FROM session s JOIN "user" u ON u.id = s.user_id
      WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > now()`,
    [sessionId],
  );
  const row = rows[0];
  if (!row) return null;
  return { userId: row.user_id, roles: row.roles.filter(isRole), via: "session", scopes: ALL_SCOPES, sessionId };
}

export async function listSessions(actor: Actor) {
  const sessions = await db.session.findMany({
    where: { userId: actor.userId, revokedAt: null, expiresAt: { gt: new Date() } },
    orderBy: { createdAt: "desc" },
    take: 50,
    select: { id: true, method: true, userAgent: true, createdAt: true, expiresAt: true },
  });
  return sessions.map((session) => ({ ...session, isCurrent: session.id === actor.sessionId }));
}

/** Ends one session of the same person. */
export async function revokeSession(actor: Actor, id: string): Promise<void> {
  const { count } = await db.session.updateMany({
    where: { id, userId: actor.userId, revokedAt: null },
    data: { revokedAt: new Date() },
  });
  if (count === 0) throw new DomainError("NOT_FOUND");
}

/** Ends a session by its id alone; for sign-out, where the cookie itself was the proof. */
export async function endSession(id: string): Promise<void> {
  await db.session.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: new Date() } });
}
