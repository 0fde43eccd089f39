import { randomBytes } from "node:crypto";
import pg from "pg";
import { migrateDatabase } from "../../../../scripts/lib/migrate.ts";

/**
 * A database of its own whose partitions of transfers hold this many, in the environment of this process: modules that are
 * imported after this use it. What the product makes holds ten million; only the number in its function differs.
 */
export async function openSmallPartitions(size: number): Promise<string> {
  const server = new URL(String(process.env.DATABASE_URL));
  const name = `archive_${randomBytes(6).toString("hex")}`;
  const admin = new pg.Client({ connectionString: server.href });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  server.pathname = `/${name}`;
  await migrateDatabase(server.href);
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  const { rows } = await client.query<{ source: string }>(
    "SELECT pg_get_functiondef('ledger_open_partitions()'::regprocedure) AS source",
  );
  await client.query(String(rows[0]?.source).replace("10000000", String(size)));
  await client.query("DROP TABLE ledger_transfer_p0, ledger_transfer_p1");
  await client.query("SELECT ledger_open_partitions()");
  await client.end();
  process.env.DATABASE_URL = server.href;
  return server.href;
}
