import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { EXTERNAL_ACCOUNT } from "../account-codes.ts";
import { releaseReservationIn, reserveIn } from "../reservations.ts";
import { sealBatches } from "../seal-batches.ts";
import { hashFile, hashSums, readFileFacts, writeArchiveFile } from "./archive-file.ts";
import { archiveKey, hashText, listArchives, listPartitions, type Manifest, type Partition } from "./archive-rows.ts";

/** Whoever wants a lock that keeps all others out waits this long for it at most, because all others wait behind. */
const LOCK_MS = 300;
const LOCK_TRIES = 60;

export type Archived = { file: string; fileSha256: string; rows: bigint; lockMs: number };

/**
 * Takes the oldest full partition of transfers out of the database into a file; null when there is none to spare.
 *
 * Written, read again and bound into the hash chain first, and only then detached: a process that dies anywhere leaves the
 * rows in the database, in the file, or in both, and the next call goes on from there. Keys stay, so nothing old can be
 * posted again; balances stay; what the rows came to for each account stays, for the audit.
 */
export async function archiveOldestPartition(directory: string, keep: number): Promise<Archived | null> {
  const sql = sqlOf(pool);
  await dropDetached(sql);
  const partition = await findFull(sql, keep);
  if (!partition) return null;
  await untilSettled(sql);
  await mkdir(directory, { recursive: true });
  const file = `${partition.table}.jsonl.gz`;
  await writeArchiveFile(sql, partition.table, partition.fromId, join(directory, file));
  const manifest = await makeManifest(sql, partition, directory, file);
  await record(sql, partition, manifest, join(directory, file));
  const lockMs = await detach(partition);
  await dropDetached(sql);
  return { file, fileSha256: manifest.fileSha256, rows: BigInt(manifest.rows), lockMs };
}

/** The oldest partition, when every id of it is given out and so many full ones stay behind it. */
async function findFull(sql: Sql, keep: number): Promise<Partition | null> {
  const [sequence] = await sql.query<{ last: bigint }>("SELECT last_value AS last FROM ledger_transfer_id_seq");
  const full = (await listPartitions(sql)).filter(({ toId }) => toId <= (sequence?.last ?? 0n));
  return full.length > keep ? (full[0] ?? null) : null;
}

/** Waits for whoever took an id of the partition and has not committed yet, and until all batches so far are sealed. */
async function untilSettled(sql: Sql): Promise<void> {
  const [now] = await sql.query<{ xid: string }>("SELECT pg_current_xact_id()::text AS xid");
  const [last] = await sql.query<{ id: bigint }>("SELECT coalesce(max(id), 0) AS id FROM ledger_batch");
  for (;;) {
    await sealBatches();
    const [open] = await sql.query<{ isOpen: boolean }>(
      `SELECT pg_snapshot_xmin(pg_current_snapshot()) <= $1::xid8
          OR EXISTS (SELECT FROM ledger_batch WHERE link IS NULL AND id <= $2) AS "isOpen"`,
      [now?.xid, String(last?.id ?? 0n)],
    );
    if (!open?.isOpen) return;
    await sleep(200);
  }
}

async function makeManifest(sql: Sql, partition: Partition, directory: string, file: string): Promise<Manifest> {
  const path = join(directory, file);
  const facts = await readFileFacts(path);
  const [range] = await sql.query<Record<"rows" | "firstBatch" | "lastBatch" | "firstLink" | "lastLink", bigint>>(
    `SELECT t.rows, t.first AS "firstBatch", t.last AS "lastBatch", b.first AS "firstLink", b.last AS "lastLink"
      FROM (SELECT count(*) AS rows, min(batch_id) AS first, max(batch_id) AS last FROM ${partition.table}) t,
        LATERAL (SELECT min(link) AS first, max(link) AS last FROM ledger_batch WHERE id BETWEEN t.first AND t.last) b`,
  );
  if (!range || range.rows !== facts.rows)
    throw new Error(`${file} has ${facts.rows} rows, the partition ${range?.rows}.`);
  const [link] = await sql.query<{ hash: string }>(
    "SELECT encode(hash, 'hex') AS hash FROM ledger_batch WHERE link = $1",
    [String(range.lastLink)],
  );
  return {
    format: "converge.ledger.archive.v1",
    fromId: String(partition.fromId),
    toId: String(partition.toId),
    rows: String(range.rows),
    firstBatch: String(range.firstBatch),
    lastBatch: String(range.lastBatch),
    firstLink: String(range.firstLink),
    lastLink: String(range.lastLink),
    lastHash: link?.hash ?? "",
    file,
    fileSha256: await hashFile(path),
    contentSha256: facts.contentSha256,
    sumsSha256: hashSums(facts.sums),
  };
}

/**
 * Writes down what the file is and comes to, and binds it: a reservation of a unit of the money outside, given back at once,
 * has the manifest's hash in its key, and a reservation is a row of the hash chain.
 */
async function record(sql: Sql, partition: Partition, manifest: Manifest, path: string): Promise<void> {
  const text = JSON.stringify(manifest);
  const hash = hashText(text);
  const { sums } = await readFileFacts(path);
  const accounts = [...sums.keys()];
  const stored = await sql.query<{ same: boolean }>(
    `SELECT count(*) = cardinality($1::bigint[]) AND bool_and(m.debits = f.debits AND m.credits = f.credits) AS same FROM (
       SELECT account_id, sum(debit) AS debits, sum(credit) AS credits FROM (
         SELECT debit_id AS account_id, amount AS debit, 0 AS credit FROM ${partition.table}
         UNION ALL SELECT credit_id, 0, amount FROM ${partition.table}) e GROUP BY account_id) m
     JOIN unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS f (account_id, debits, credits) USING (account_id)`,
    [accounts, [...sums.values()].map(({ debits }) => debits), [...sums.values()].map(({ credits }) => credits)],
  );
  if (!stored[0]?.same) throw new Error(`${manifest.file} adds up to something else than the partition.`);
  await withTransaction(async (tx) => {
    await tx.query("DELETE FROM ledger_archive WHERE from_id = $1 AND detached_at IS NULL", [manifest.fromId]);
    await tx.query(
      `INSERT INTO ledger_archive (from_id, to_id, rows, first_batch, last_batch, last_at, manifest, manifest_hash)
        SELECT $1, $2, $3, $4, $5, max(created_at), $6, $7 FROM ${partition.table}`,
      [manifest.fromId, manifest.toId, manifest.rows, manifest.firstBatch, manifest.lastBatch, text, hash],
    );
    await tx.query(
      "INSERT INTO ledger_archive_sum SELECT $1, f.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) f",
      [
        manifest.fromId,
        accounts,
        [...sums.values()].map(({ debits }) => debits),
        [...sums.values()].map(({ credits }) => credits),
      ],
    );
    await bind(tx, archiveKey(partition.fromId, hash), hash);
  });
}

async function bind(sql: Sql, key: string, hash: string): Promise<void> {
  const { reservationId } = await reserveIn(sql, {
    key,
    account: EXTERNAL_ACCOUNT,
    amount: 1n,
    purpose: "archive",
    refId: hash,
    expiresAt: new Date(2 ** 41),
  });
  await releaseReservationIn(sql, { reservationId, key: `${key}:release` });
}

/**
 * Lets go of the partition. Postgres refuses DETACH … CONCURRENTLY beside a partition for what fits nowhere, so this takes
 * the lock that keeps all others out, for the milliseconds that a change of the catalogue takes; who cannot have it at once
 * gives way and tries again. Answers how long the lock was waited for and held together.
 */
async function detach({ table, fromId }: Partition): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const startedAt = performance.now();
    try {
      await withTransaction(async (sql) => {
        await sql.query(`SET LOCAL lock_timeout = ${LOCK_MS}`);
        await sql.query(`ALTER TABLE ledger_transfer DETACH PARTITION ${table}`);
        await sql.query("UPDATE ledger_archive SET detached_at = clock_timestamp() WHERE from_id = $1", [
          String(fromId),
        ]);
      });
      return performance.now() - startedAt;
    } catch (error) {
      const isBusy = (error as { code?: string }).code === "55P03" || (error as { code?: string }).code === "40P01";
      if (!isBusy || attempt === LOCK_TRIES) throw error;
      await sleep(100 + Math.random() * 900);
    }
  }
}

/** Drops what is detached and recorded. A table that something else hangs on to stays for the next time. */
async function dropDetached(sql: Sql): Promise<void> {
  const attached = new Set((await listPartitions(sql)).map(({ fromId }) => fromId));
  for (const { fromId, manifest, detachedAt } of await listArchives(sql)) {
    if (!detachedAt || attached.has(fromId)) continue;
    const table = (JSON.parse(manifest) as Manifest).file.replace(".jsonl.gz", "");
    if (/^ledger_transfer_p\d+$/.test(table)) await sql.query(`DROP TABLE IF EXISTS ${table}`);
  }
}
