import { DomainError } from "#core/errors.ts";
import { isRole } from "#core/scopes.ts";
import { db } from "#server/db.ts";
import type { Actor } from "./actor.ts";
import { listPasskeys } from "./passkeys.ts";

/** The signed-in person, with the credentials that own their accounts. */
export async function getMe(actor: Actor) {
  const user = await db.user.findUnique({
    where: { id: actor.userId },
    include: { wallets: { select: { address: true } } },
  });
  if (!user) throw new DomainError("UNAUTHENTICATED");
  return {
    id: user.id,
    name: user.name,
    roles: user.roles.filter(isRole),
    demoName: user.demoName,
    createdAt: user.createdAt,
    wallets: user.wallets,
    passkeys: await listPasskeys(user.id),
  };
}
