import { ALL_SCOPES } from "#core/scopes.ts";
import { createJoinToken } from "#server/compute/create-join-token.ts";
import { db, pool } from "#server/db.ts";
import { ensureDemoUser } from "#server/identity/demo-accounts.ts";

// Prints a one-time token with which the embedded node joins as the demo provider's.
const userId = await ensureDemoUser("provider");
const provider = { userId, roles: ["user" as const, "provider" as const], via: "session" as const, scopes: ALL_SCOPES };
const { token } = await createJoinToken(provider, { isReference: true });
process.stdout.write(`${token}\n`);
await db.$disconnect();
await pool.end();
