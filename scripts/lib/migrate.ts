import { runMigrations } from "graphile-worker";
import pg from "pg";
import { applyMigrations } from "./schema-engine.ts";

/** Any constant will do, as long as every migrating process takes the same lock. */
const MIGRATION_LOCK = 7_263_511;

/** Brings a database up to date: our tables, then the job queue's. Two processes at once wait for each other. */
export async function migrateDatabase(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    const applied = await applyMigrations(databaseUrl);
    await runMigrations({ connectionString: databaseUrl });
    return applied;
  } finally {
    await client.end();
  }
}
