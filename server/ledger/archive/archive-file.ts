import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, rename } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { Sql } from "#server/db.ts";

const ROWS_AT_ONCE = 10_000;

/** One transfer as the file has it: its columns as text, times in milliseconds since 1970. */
export type ArchivedRow = readonly (string | null)[];

/** What a file of transfers comes to. */
export type FileFacts = {
  rows: bigint;
  contentSha256: string;
  sums: Map<bigint, { debits: bigint; credits: bigint }>;
};

/** A line of the file for each transfer, in the order of their ids: a JSON list of texts, as Postgres writes it. */
const LINE = `json_build_array(t.id::text, t.key, t.debit_id::text, t.credit_id::text, t.amount::text, t.asset, t.kind, t.ref_id,
  t.memo, t.reservation_id, t.batch_id::text, ((extract(epoch FROM t.created_at) * 1000)::bigint)::text)::text`;

async function* readLines(sql: Sql, table: string, fromId: bigint): AsyncGenerator<string> {
  let after = fromId - 1n;
  for (;;) {
    const rows = await sql.query<{ id: bigint; line: string }>(
      `SELECT t.id, ${LINE} AS line FROM ${table} t WHERE t.id > $1 ORDER BY t.id LIMIT ${ROWS_AT_ONCE}`,
      [String(after)],
    );
    for (const { line } of rows) yield `${line}\n`;
    const last = rows.at(-1);
    if (!last) return;
    after = BigInt(last.id);
  }
}

/** Writes every row of a partition into a compressed file; under another name until all of it is on the disk. */
export async function writeArchiveFile(sql: Sql, table: string, fromId: bigint, path: string): Promise<void> {
  const partial = `${path}.partial`;
  await pipeline(Readable.from(readLines(sql, table, fromId)), createGzip(), createWriteStream(partial));
  const file = await open(partial, "r");
  await file.sync();
  await file.close();
  await rename(partial, path);
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** The rows of a file, some thousands at a time. */
export async function* readArchiveRows(path: string): AsyncGenerator<ArchivedRow[]> {
  const lines = createInterface({
    input: createReadStream(path).pipe(createGunzip()),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  let some: ArchivedRow[] = [];
  for await (const line of lines) {
    some.push(JSON.parse(line) as ArchivedRow);
    if (some.length < ROWS_AT_ONCE) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

/** Reads a file again as a stranger would, and adds up what is in it. */
export async function readFileFacts(path: string): Promise<FileFacts> {
  const hash = createHash("sha256");
  const seen = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done();
    },
  });
  await pipeline(createReadStream(path), createGunzip(), seen.resume());
  const sums: FileFacts["sums"] = new Map();
  const sumOf = (account: bigint) => {
    const known = sums.get(account) ?? { debits: 0n, credits: 0n };
    sums.set(account, known);
    return known;
  };
  let rows = 0n;
  for await (const some of readArchiveRows(path)) {
    for (const [, , debit, credit, amount] of some) {
      sumOf(BigInt(debit ?? 0)).debits += BigInt(amount ?? 0);
      sumOf(BigInt(credit ?? 0)).credits += BigInt(amount ?? 0);
      rows++;
    }
  }
  return { rows, contentSha256: hash.digest("hex"), sums };
}

/** One text for the sums of all accounts, by account. */
export const hashSums = (sums: Iterable<readonly [bigint, { debits: bigint; credits: bigint }]>): string => {
  const lines = [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([account, { debits, credits }]) => `${account} ${debits} ${credits}\n`);
  return createHash("sha256").update(lines.join("")).digest("hex");
};

/** Puts rows of a file into a table like `ledger_transfer`. */
export async function insertRows(sql: Sql, table: string, rows: readonly ArchivedRow[]): Promise<void> {
  await sql.query(
    `INSERT INTO ${table} (id, key, debit_id, credit_id, amount, asset, kind, ref_id, memo, reservation_id, batch_id, created_at)
     SELECT (r->>0)::bigint, r->>1, (r->>2)::bigint, (r->>3)::bigint, (r->>4)::bigint, r->>5, r->>6, r->>7, r->>8, r->>9,
       (r->>10)::bigint, timestamptz 'epoch' + (r->>11)::bigint * interval '1 millisecond'
     FROM json_array_elements($1::json) r`,
    [JSON.stringify(rows)],
  );
}
