import type { Sql } from "#server/db.ts";
import type { AuditFinding } from "../audit-ledger.ts";
import { hashSums } from "./archive-file.ts";
import { type Archive, archiveKey, findManifest, hashText, listArchives, listPartitions } from "./archive-rows.ts";

const LINKS_AT_ONCE = 5_000n;

/**
 * What can be said of archives without their files: each is bound by a row of the hash chain with all that stands here for
 * it, there is no gap between them or to the first partition, and the links over them continue each other.
 */
export async function checkArchives(sql: Sql): Promise<AuditFinding[]> {
  const archives = (await listArchives(sql)).filter(({ detachedAt }) => detachedAt !== null);
  if (archives.length === 0) return [];
  const findings: AuditFinding[] = [];
  let next = archives[0]?.fromId ?? 0n;
  for (const archive of archives) {
    const where = `archive from transfer ${archive.fromId}`;
    if (archive.fromId !== next) findings.push({ where, problem: `the transfers from ${next} on are missing` });
    next = archive.toId;
    findings.push(...(await checkOne(sql, archive)).map((problem) => ({ where, problem })));
  }
  const [first] = await listPartitions(sql);
  if (first && first.fromId !== next)
    findings.push({
      where: `transfers from ${next} on`,
      problem: "they are neither in the database nor in an archive",
    });
  return [...findings, ...(await checkLinks(sql, archives))];
}

async function checkOne(sql: Sql, archive: Archive): Promise<string[]> {
  const manifest = findManifest(archive.manifest);
  if (!manifest) return ["its manifest cannot be read"];
  const problems: string[] = [];
  const stored = await sql.query<{ id: bigint; debits: bigint; credits: bigint }>(
    "SELECT account_id AS id, debits, credits FROM ledger_archive_sum WHERE from_id = $1",
    [String(archive.fromId)],
  );
  const columns = [archive.fromId, archive.toId, archive.rows, archive.firstBatch, archive.lastBatch].map(String);
  const told = [manifest.fromId, manifest.toId, manifest.rows, manifest.firstBatch, manifest.lastBatch];
  if (columns.join() !== told.join()) problems.push("it is not what its manifest says");
  if (hashText(archive.manifest) !== archive.manifestHash) problems.push("its manifest was changed");
  if (hashSums(stored.map(({ id, ...sums }) => [id, sums])) !== manifest.sumsSha256)
    problems.push("what it came to for each account was changed");
  const [bound] = await sql.query(
    `SELECT 1 FROM ledger_reservation r JOIN ledger_batch b ON b.id = r.batch_id
      WHERE r.key = $1 AND r.ref_id = $2 AND r.purpose = 'archive'`,
    [archiveKey(archive.fromId, hashText(archive.manifest)), hashText(archive.manifest)],
  );
  if (!bound) problems.push("no link of the hash chain knows its manifest");
  const [link] = await sql.query<{ hash: string }>(
    "SELECT encode(hash, 'hex') AS hash FROM ledger_batch WHERE link = $1",
    [manifest.lastLink],
  );
  if (link?.hash !== manifest.lastHash) problems.push("the hash chain is another than when it was archived");
  return problems;
}

/** The digests over archived rows are taken as they were sealed; that each link continues the one before is reckoned again. */
async function checkLinks(sql: Sql, archives: readonly Archive[]): Promise<AuditFinding[]> {
  const findings: AuditFinding[] = [];
  for (const { manifest: text } of archives) {
    const manifest = findManifest(text);
    if (!manifest) continue;
    const { firstLink, lastLink } = manifest;
    for (let first = BigInt(firstLink); first <= BigInt(lastLink); first += LINKS_AT_ONCE) {
      const wrong = await sql.query<{ link: bigint; batch: bigint }>(
        `WITH sealed AS (
           SELECT link, id, digest, hash, lag(hash) OVER (ORDER BY link) AS before, lag(link) OVER (ORDER BY link) AS link_before
             FROM ledger_batch WHERE link BETWEEN $1 - 1 AND $2)
         SELECT link, id AS batch FROM sealed WHERE link >= $1 AND (link <> coalesce(link_before, 0) + 1
           OR hash <> ledger_link_hash(coalesce(before, decode(repeat('00', 32), 'hex')), link, id, digest))`,
        [String(first), String(first + LINKS_AT_ONCE - 1n)],
      );
      for (const { link, batch } of wrong)
        findings.push({ where: `link ${link}, batch ${batch}`, problem: "it does not continue the link before it" });
    }
  }
  return findings;
}

/** Whether a batch may have transfers in an archive: its digest cannot be reckoned again without the file. */
export async function findArchivedBatches(sql: Sql): Promise<(batch: bigint) => boolean> {
  const archives = (await listArchives(sql)).filter(({ detachedAt }) => detachedAt !== null);
  return (batch) => archives.some(({ firstBatch, lastBatch }) => batch >= firstBatch && batch <= lastBatch);
}
