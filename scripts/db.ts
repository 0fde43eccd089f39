import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateDatabase } from "./lib/migrate.ts";
import { freePort } from "./lib/ports.ts";
import { startPostgres } from "./lib/postgres.ts";
import { missingMigration, writeMigration } from "./lib/schema-engine.ts";

// A database of its own, gone afterwards, to compute differences in.
async function withScratchDatabase<Result>(work: (url: string) => Promise<Result>): Promise<Result> {
  const home = await mkdtemp(join(tmpdir(), "converge-db-"));
  const postgres = await startPostgres({ home, port: await freePort() });
  try {
    return await work(postgres.url);
  } finally {
    await postgres.stop();
    await rm(home, { recursive: true, force: true });
  }
}

const [verb, name] = process.argv.slice(2);
if (verb === "check") {
  const missing = await withScratchDatabase(missingMigration);
  if (missing !== null) {
    process.stderr.write(`The schema says what no migration does: npm run db:migration -- NAME\n\n${missing}`);
    process.exit(1);
  }
} else if (verb === "migration" && name) {
  const written = await withScratchDatabase((url) => writeMigration(url, name));
  process.stdout.write(written ? `${written}\n` : "The migrations already say what the schema says.\n");
} else if (verb === "migrate" && process.env.DATABASE_URL) {
  const applied = await migrateDatabase(process.env.DATABASE_URL);
  process.stdout.write(applied.length > 0 ? `Applied: ${applied.join(", ")}\n` : "Nothing to apply.\n");
} else {
  process.stderr.write("Usage: db.ts check | migration NAME | migrate (with DATABASE_URL)\n");
  process.exit(2);
}
