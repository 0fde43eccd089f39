import { ALL_SCOPES } from "#core/scopes.ts";
import { createJoinToken } from "#server/compute/create-join-token.ts";
import { db, pool } from "#server/db.ts";
import { ensureDemoUser } from "#server/identity/demo-accounts.ts";

// Prints a one-time token with which the embedded node joins as the demo provider's.
const userId = await ensureDemoUser("provider");
const { token } = await createJoinToken({ userId, roles: ["user", "provider"], via: "session", scopes: ALL_SCOPES });
process.stdout.write(`${token}\n`);
await db.$disconnect();
await pool.end();
