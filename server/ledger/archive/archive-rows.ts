import { createHash } from "node:crypto";
import { z } from "zod";
import type { Sql } from "#server/db.ts";

/** What a file is, bound by its hash into the ledger's chain. The texts are in this order. */
const manifest = z.object({
  format: z.literal("converge.ledger.archive.v1"),
  fromId: z.string(),
  toId: z.string(),
  rows: z.string(),
  firstBatch: z.string(),
  lastBatch: z.string(),
  firstLink: z.string(),
  lastLink: z.string(),
  /** The chain's hash at the last link that has a transfer in here. */
  lastHash: z.string(),
  file: z.string(),
  fileSha256: z.string(),
  contentSha256: z.string(),
  sumsSha256: z.string(),
});
export type Manifest = z.infer<typeof manifest>;

export const readManifest = (text: string): Manifest => manifest.parse(JSON.parse(text));

/** The same of a text that somebody may have changed; null when it is no manifest any more. */
export function findManifest(text: string): Manifest | null {
  try {
    return readManifest(text);
  } catch {
    return null;
  }
}

export const hashText = (text: string): string => createHash("sha256").update(text).digest("hex");

export type Archive = {
  fromId: bigint;
  toId: bigint;
  rows: bigint;
  firstBatch: bigint;
  lastBatch: bigint;
  lastAt: Date;
  manifest: string;
  manifestHash: string;
  detachedAt: Date | null;
};

/** The archives, oldest first. */
export const listArchives = (sql: Sql): Promise<Archive[]> =>
  sql.query(
    `SELECT from_id AS "fromId", to_id AS "toId", rows, first_batch AS "firstBatch", last_batch AS "lastBatch", last_at AS "lastAt",
       manifest, manifest_hash AS "manifestHash", detached_at AS "detachedAt" FROM ledger_archive ORDER BY from_id`,
  );

/** The name of the partition from an id on, and the reservation that binds a manifest. */
export const archiveKey = (fromId: bigint, manifestHash: string): string => `archive:${fromId}:${manifestHash}`;

export type Partition = { table: string; fromId: bigint; toId: bigint };

/** The partitions of transfers that are in the database, oldest first, without the one for what fits nowhere. */
export async function listPartitions(sql: Sql): Promise<Partition[]> {
  const rows = await sql.query<{ table: string; bounds: string }>(
    `SELECT c.relname AS table, pg_get_expr(c.relpartbound, c.oid) AS bounds FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'ledger_transfer'::regclass`,
  );
  return rows
    .flatMap(({ table, bounds }) => {
      const found = /FROM \('(\d+)'\) TO \('(\d+)'\)/.exec(bounds);
      return found?.[1] && found[2] ? [{ table, fromId: BigInt(found[1]), toId: BigInt(found[2]) }] : [];
    })
    .sort((a, b) => (a.fromId < b.fromId ? -1 : 1));
}
