import { createHash, randomBytes } from "node:crypto";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

const LIFETIME_MS = 60 * 60 * 1000;

export const hashJoinToken = (token: string): string => createHash("sha256").update(token).digest("hex");

/**
 * Lets one node join as this provider's, once, within the hour. The token in the answer is the only copy. `isReference`
 * is for the operator's own nodes, whose answers others are held against.
 */
export async function createJoinToken(
  actor: Actor,
  { isReference = false } = {},
): Promise<{ id: string; token: string; expiresAt: Date }> {
  if (!actor.roles.includes("provider")) throw new DomainError("FORBIDDEN");
  const token = `cvgjoin_${randomBytes(24).toString("base64url")}`;
  const expiresAt = new Date(Date.now() + LIFETIME_MS);
  const { id } = await db.computeJoinToken.create({
    data: { id: newId("joinToken"), ownerId: actor.userId, hash: hashJoinToken(token), expiresAt, isReference },
    select: { id: true },
  });
  return { id, token, expiresAt };
}
