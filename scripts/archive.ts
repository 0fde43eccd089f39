import { parseArgs } from "node:util";
import { findInstance } from "./lib/find-instance.ts";

// Takes old transfers out of the database into files, and back:
//   npm run archive -- list
//   npm run archive -- write FOLDER [--keep N]    every full partition but the newest N (2) into a file each
//   npm run archive -- restore FILE               the newest archive back into the database
// Of the database in DATABASE_URL, or of the instance that runs from CONVERGE_HOME. docs/ledger.md says what stays behind.

const USAGE = "Usage: npm run archive -- list | write FOLDER [--keep N] | restore FILE\n";
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: "string", default: "2" } },
});
const [verb, path = ""] = positionals;
const keep = Number(values.keep);

async function run(): Promise<boolean> {
  await findInstance("database");
  // The configuration is read with the first import of a server module, so none comes before this.
  const { pool, sqlOf } = await import("#server/db.ts");
  const say = (line: string) => process.stdout.write(`${line}\n`);
  try {
    if (verb === "list") {
      const { listArchives, readManifest } = await import("#server/ledger/archive/archive-rows.ts");
      for (const { manifest, rows, fromId, toId, lastAt, detachedAt } of await listArchives(sqlOf(pool))) {
        const { file, fileSha256 } = readManifest(manifest);
        const state = detachedAt ? `archived ${detachedAt.toISOString()}` : "written, still in the database";
        say(
          `${file}  ${rows} transfers, ${fromId} to ${toId - 1n}, until ${lastAt.toISOString()}  ${state}  ${fileSha256}`,
        );
      }
    } else if (verb === "write" && path && Number.isInteger(keep) && keep >= 0) {
      const { archiveOldestPartition } = await import("#server/ledger/archive/archive-partition.ts");
      let count = 0;
      for (let done = await archiveOldestPartition(path, keep); done; done = await archiveOldestPartition(path, keep)) {
        say(
          `${done.file}  ${done.rows} transfers, locked out others for ${Math.round(done.lockMs)} ms  ${done.fileSha256}`,
        );
        count++;
      }
      if (count === 0) say("No full partition to spare.");
    } else if (verb === "restore" && path) {
      const { restoreArchive } = await import("#server/ledger/archive/restore-archive.ts");
      const { rows } = await restoreArchive(path);
      say(`${rows} transfers are in the database again.`);
    } else return false;
    return true;
  } finally {
    await pool.end();
  }
}

try {
  if (!(await run())) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
