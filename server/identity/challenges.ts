import { randomBytes } from "node:crypto";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { db, pool } from "#server/db.ts";

export type ChallengeKind = "siwe" | "passkey-login" | "passkey-register";

const LIFETIME_MS = 5 * 60_000;

/** Makes a one-time challenge and stores it; expired ones are swept on the way. */
export async function createChallenge(kind: ChallengeKind, userId: string | null): Promise<string> {
  // Letters and digits only: EIP-4361 allows nothing else in a nonce.
  const value = randomBytes(24).toString("hex");
  await db.authChallenge.deleteMany({ where: { expiresAt: { lt: new Date() } } });
  await db.authChallenge.create({
    data: { id: newId("request"), kind, value, userId, expiresAt: new Date(Date.now() + LIFETIME_MS) },
  });
  return value;
}

/**
 * Uses a challenge up. The row is deleted by the statement that reads it, so of a hundred replays of one
 * captured sign-in exactly one finds it.
 */
export async function takeChallenge(kind: ChallengeKind, value: string): Promise<{ userId: string | null }> {
  const { rows } = await pool.query<{ user_id: string | null }>(
    "DELETE FROM auth_challenge WHERE kind = $1 AND value = $2 AND expires_at > now() RETURNING user_id",
    [kind, value],
  );
  const row = rows[0];
  if (!row) throw new DomainError("NONCE_INVALID");
  return { userId: row.user_id };
}
