import { basename, join } from "node:path";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { hashFile, insertRows, readArchiveRows, readFileFacts } from "./archive-file.ts";
import { type Archive, listArchives, type Manifest, readManifest } from "./archive-rows.ts";

const LOCK_MS = 300;

/** Throws unless the file is the one that was archived under its name, byte by byte. */
export async function checkFile(path: string, manifest: Manifest): Promise<void> {
  const found = await hashFile(path);
  if (found !== manifest.fileSha256)
    throw new Error(
      `${path} is not the file that was archived: its SHA-256 is ${found}, recorded is ${manifest.fileSha256}.`,
    );
}

/** Brings an archived partition back: the rows from its file, with their indexes, attached where they were. */
export async function restoreArchive(path: string): Promise<{ rows: bigint }> {
  const sql = sqlOf(pool);
  const archives = (await listArchives(sql)).filter(({ detachedAt }) => detachedAt !== null);
  // The newest first: partitions are a stretch without a gap, so that what is missing is always what is oldest.
  const archive = archives.at(-1);
  if (!archive || readManifest(archive.manifest).file !== basename(path))
    throw new Error(
      archive
        ? `${basename(path)} cannot be restored before ${readManifest(archive.manifest).file}, which is newer.`
        : "Nothing is archived.",
    );
  const manifest = readManifest(archive.manifest);
  await checkFile(path, manifest);
  const facts = await readFileFacts(path);
  if (facts.rows !== archive.rows || facts.contentSha256 !== manifest.contentSha256)
    throw new Error(`${path} does not have what was archived.`);
  const table = manifest.file.replace(".jsonl.gz", "");
  if (!/^ledger_transfer_p\d+$/.test(table)) throw new Error(`${table} is no partition's name.`);

  // With the indexes and the proof of its range made before, attaching it has nothing to read.
  await sql.query(`DROP TABLE IF EXISTS ${table}`);
  await sql.query(`CREATE TABLE ${table} (LIKE ledger_transfer INCLUDING ALL)`);
  await sql.query(
    `ALTER TABLE ${table} ADD CONSTRAINT ${table}_range CHECK (id >= ${archive.fromId} AND id < ${archive.toId})`,
  );
  for await (const rows of readArchiveRows(path)) await insertRows(sql, table, rows);
  await withTransaction((tx) => attach(tx, table, archive));
  return { rows: facts.rows };
}

async function attach(sql: Sql, table: string, { fromId, toId }: Archive): Promise<void> {
  await sql.query(`SET LOCAL lock_timeout = ${LOCK_MS}`);
  await sql.query(`ALTER TABLE ledger_transfer ATTACH PARTITION ${table} FOR VALUES FROM (${fromId}) TO (${toId})`);
  await sql.query(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_range`);
  await sql.query(
    `CREATE TRIGGER ${table}_kept BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()`,
  );
  await sql.query("DELETE FROM ledger_archive WHERE from_id = $1", [String(fromId)]);
}

/**
 * Lets everything that this connection reads from now on see the transfers in the files too, as if they had never left:
 * tables of the session hide those of the database. For the audit, before it begins its transaction.
 */
export async function readAlongside(sql: Sql, directory: string): Promise<void> {
  const archives = (await listArchives(sql)).filter(({ detachedAt }) => detachedAt !== null);
  await sql.query("CREATE TEMP TABLE archived_transfer (LIKE public.ledger_transfer)");
  for (const { manifest: text } of archives) {
    const manifest = readManifest(text);
    const path = join(directory, manifest.file);
    await checkFile(path, manifest);
    for await (const rows of readArchiveRows(path)) await insertRows(sql, "archived_transfer", rows);
  }
  await sql.query("CREATE INDEX ON archived_transfer (batch_id)");
  await sql.query("CREATE INDEX ON archived_transfer (reservation_id)");
  await sql.query("ANALYZE archived_transfer");
  await sql.query(
    "CREATE TEMP VIEW ledger_transfer AS SELECT * FROM public.ledger_transfer UNION ALL SELECT * FROM archived_transfer",
  );
  await sql.query("CREATE TEMP VIEW ledger_archive AS SELECT * FROM public.ledger_archive WHERE false");
  await sql.query("CREATE TEMP VIEW ledger_archive_sum AS SELECT * FROM public.ledger_archive_sum WHERE false");
}
