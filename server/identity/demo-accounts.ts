import { DomainError } from "#core/errors.ts";
import type { Role } from "#core/scopes.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { createUser } from "./users.ts";

/** The people a development network offers, so that a newcomer sees every side without setting anything up. */
const DEMO_ACCOUNTS = {
  user: { name: "Demo user", roles: ["user"] },
  provider: { name: "Demo provider", roles: ["user", "provider"] },
  admin: { name: "Demo admin", roles: ["user", "admin"] },
  /** A second admin: what one proposes another approves. */
  approver: { name: "Demo approver", roles: ["user", "admin"] },
} as const satisfies Record<string, { name: string; roles: Role[] }>;

export type DemoName = keyof typeof DEMO_ACCOUNTS;
export const DEMO_NAMES = Object.keys(DEMO_ACCOUNTS) as DemoName[];
export const isDemoName = (value: unknown): value is DemoName =>
  typeof value === "string" && Object.hasOwn(DEMO_ACCOUNTS, value);

/** The demo person of that name, made on first use. Refused anywhere but on a development network. */
export async function ensureDemoUser(demoName: DemoName): Promise<string> {
  if (!env.DEMO_SIGN_IN) throw new DomainError("DEMO_SIGN_IN_DISABLED");
  return db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`demo:${demoName}`}, 0))`;
    const known = await tx.user.findUnique({ where: { demoName }, select: { id: true } });
    if (known) return known.id;
    const { name, roles } = DEMO_ACCOUNTS[demoName];
    return createUser(tx, { name, roles: [...roles], demoName });
  });
}
