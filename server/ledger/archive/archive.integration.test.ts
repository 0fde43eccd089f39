import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSmallPartitions } from "./testing/small-partitions.ts";

const SIZE = 100;
const url = await openSmallPartitions(SIZE);
// The configuration is read when a module is loaded, so these come after the database is chosen.
const { pool, sqlOf, db } = await import("#server/db.ts");
const { openAccounts, freshKey } = await import("../testing/accounts.ts");
const { postTransfers } = await import("../post-transfers.ts");
const { createCap, listCaps, removeCap } = await import("../caps.ts");
const { captureReservation, reserve } = await import("../reservations.ts");
const { sealBatches } = await import("../seal-batches.ts");
const { openPartitions } = await import("../open-partitions.ts");
const { auditLedger } = await import("../audit-ledger.ts");
const { getBalance } = await import("../get-balance.ts");
const { listStatement } = await import("../list-statement.ts");
const { archiveOldestPartition } = await import("./archive-partition.ts");
const { readAlongside, restoreArchive } = await import("./restore-archive.ts");
const { archivedUntil } = await import("./archived-transfers.ts");
const { listPartitions } = await import("./archive-rows.ts");

const sql = sqlOf(pool);
let directory: string;
let payer = "";
let payee = "";
const old = { key: freshKey(), amount: 3n, asset: "USD" as const, kind: "test" };
const post = (amount = 1n) =>
  postTransfers([{ key: freshKey(), debit: payer, credit: payee, amount, asset: "USD", kind: "test" }]);

async function fill(transfers: number): Promise<void> {
  for (let count = 0; count < transfers; count += 1) {
    if (count % 20 === 0) await openPartitions();
    await post();
  }
  await sealBatches();
}

/** An audit on a connection of its own; with the folder, over the files too. */
async function auditWith(folder: string | null) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const own = {
      query: async <Row>(text: string, values?: unknown[]) => (await bigints(client, text, values)) as Row[],
    };
    if (folder) await readAlongside(own, folder);
    return await auditLedger(own);
  } finally {
    await client.end();
  }
}
const bigints = async (client: pg.Client, text: string, values?: unknown[]) => {
  const types = {
    getTypeParser: (oid: number, format?: string) =>
      oid === pg.types.builtins.INT8 ? BigInt : pg.types.getTypeParser(oid, format as "text"),
  };
  return (await client.query({ text, values: values ?? [], types: types as pg.CustomTypesConfig })).rows;
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "converge-archive-"));
  [payer = "", payee = ""] = await openAccounts(1_000_000n, 0n);
  await postTransfers([{ ...old, debit: payer, credit: payee }]);
  const { reservationId } = await reserve({
    key: freshKey(),
    account: payer,
    amount: 10n,
    purpose: "test",
    expiresAt: new Date(2 ** 41),
    scopes: ["key:archived"],
  });
  await captureReservation({ reservationId, key: freshKey(), parts: [{ credit: payee, amount: 7n, kind: "test" }] });
  await fill(250);
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
  await rm(directory, { recursive: true, force: true });
});

describe("a partition of transfers that is archived", () => {
  it("is in a file and not in the database, and balances, keys and the audit stand", async () => {
    const before = [await getBalance(payer), await getBalance(payee)];
    const done = await archiveOldestPartition(directory, 1);
    expect(done).toMatchObject({ file: "ledger_transfer_p0.jsonl.gz", rows: BigInt(SIZE - 1) });
    expect(done?.lockMs).toBeLessThan(1_000);
    expect(await archiveOldestPartition(directory, 1)).toBeNull();
    expect((await listPartitions(sql)).map(({ table }) => table)).not.toContain("ledger_transfer_p0");
    const { rows } = await pool.query("SELECT to_regclass('ledger_transfer_p0') AS table");
    expect(rows[0].table).toBeNull();

    expect([await getBalance(payer), await getBalance(payee)]).toEqual(before);
    await expect(postTransfers([{ ...old, debit: payer, credit: payee }])).rejects.toMatchObject({
      code: "IDEMPOTENCY_KEY_REUSED",
    });
    expect(await getBalance(payee)).toEqual(before[1]);
    await sealBatches();
    expect(await auditWith(null)).toEqual([]);
    expect(await auditWith(directory)).toEqual([]);
  });

  it("counts for caps that are made afterwards", async () => {
    const lifetime = { asset: "USD", kind: "lifetime", amount: 1_000_000n, actor: "test" } as const;
    const ofAccount = await createCap({ ...lifetime, scope: payer });
    const ofKey = await createCap({ ...lifetime, scope: "key:archived", accounts: [payer] });
    const spent = 1_000_000n - (await getBalance(payer)).posted;
    expect((await listCaps(ofAccount))[0]).toMatchObject({ spent, reserved: 0n });
    expect((await listCaps(ofKey))[0]).toMatchObject({ spent: 7n, reserved: 0n });
    for (const { capId } of [ofAccount, ofKey]) await removeCap({ capId, actor: "test" });
  });

  it("ends a statement where it begins, with the right balance, and says until when", async () => {
    let page = await listStatement(payee, { limit: 100 });
    while (page.nextCursor) page = await listStatement(payee, { limit: 100, cursor: page.nextCursor });
    const oldest = page.data.at(-1);
    const { rows } = await pool.query<{ credits: bigint }>(
      `SELECT s.credits FROM ledger_archive_sum s JOIN ledger_account a ON a.id = s.account_id WHERE a.code = $1`,
      [payee],
    );
    expect((oldest?.balance ?? 0n) - (oldest?.amount ?? 0n)).toBe(rows[0]?.credits);
    const until = await archivedUntil(sql, payee);
    expect(until?.getTime()).toBeLessThanOrEqual(oldest?.createdAt.getTime() ?? 0);
    expect(await archivedUntil(sql, (await openAccounts(5n))[0] ?? "")).toBeNull();
  });

  it.each([
    [
      "what an account's archived transfers come to",
      "UPDATE ledger_archive_sum SET credits = credits + 1 WHERE credits > 0",
    ],
    ["its manifest", `UPDATE ledger_archive SET manifest = replace(manifest, '"rows":"99"', '"rows":"98"')`],
    ["its manifest into something else", "UPDATE ledger_archive SET manifest = 'gone'"],
    ["its row", "UPDATE ledger_archive SET last_batch = last_batch + 1"],
    [
      "its row, its manifest and the hash together",
      `UPDATE ledger_archive SET rows = 98, manifest = replace(manifest, '"rows":"99"', '"rows":"98"'),
         manifest_hash = encode(sha256(replace(manifest, '"rows":"99"', '"rows":"98"')::bytea), 'hex')`,
    ],
    [
      "a link over it",
      "SET session_replication_role = replica; UPDATE ledger_batch SET digest = sha256('x') WHERE link = 3",
    ],
  ])("is found out by the audit without the file when somebody changes %s", async (_, change) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query("BEGIN");
      await client.query(change);
      const own = {
        query: async <Row>(text: string, values?: unknown[]) => (await bigints(client, text, values)) as Row[],
      };
      expect(await auditLedger(own)).not.toEqual([]);
    } finally {
      await client.query("ROLLBACK");
      await client.end();
    }
  });

  it("is found out by its file's hash when a byte of the file changes, and is not restored", async () => {
    const path = join(directory, "ledger_transfer_p0.jsonl.gz");
    const bytes = await readFile(path);
    await writeFile(path, gzipSync(gunzipSync(bytes).toString().replace('"1"', '"2"')));
    await expect(auditWith(directory)).rejects.toThrow("is not the file that was archived");
    await expect(restoreArchive(path)).rejects.toThrow("is not the file that was archived");
    await writeFile(path, bytes);
  });

  it("comes back from its file as it was, while others post, and can be archived again", async () => {
    const path = join(directory, "ledger_transfer_p0.jsonl.gz");
    let isOver = false;
    const posting = (async () => {
      while (!isOver) await post();
    })();
    expect(await restoreArchive(path)).toEqual({ rows: BigInt(SIZE - 1) });
    isOver = true;
    await posting;
    await sealBatches();
    expect(await auditWith(null)).toEqual([]);
    const [{ transferId } = { transferId: "" }] = await postTransfers([{ ...old, debit: payer, credit: payee }]);
    expect(transferId).not.toBe("");
    expect(await archivedUntil(sql, payee)).toBeNull();
    await expect(pool.query("TRUNCATE ledger_transfer_p0")).rejects.toThrow();
    await expect(pool.query("DELETE FROM ledger_transfer WHERE id < 5")).rejects.toThrow();

    await fill(100);
    const first = await archiveOldestPartition(directory, 1);
    const second = await archiveOldestPartition(directory, 1);
    expect([first?.file, second?.file]).toEqual(["ledger_transfer_p0.jsonl.gz", "ledger_transfer_p1.jsonl.gz"]);
    await sealBatches();
    expect(await auditWith(null)).toEqual([]);
    expect(await auditWith(directory)).toEqual([]);
    await expect(restoreArchive(path)).rejects.toThrow("cannot be restored before");
  });

  it("locks nobody out for long while others post all the time", async () => {
    await fill(120);
    let isOver = false;
    let slowest = 0;
    const posting = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const startedAt = performance.now();
        await post();
        slowest = Math.max(slowest, performance.now() - startedAt);
      }
    });
    const done = await archiveOldestPartition(directory, 1);
    isOver = true;
    await Promise.all(posting);
    expect(done).not.toBeNull();
    expect(done?.lockMs).toBeLessThan(1_000);
    expect(slowest).toBeLessThan(1_000);
    await sealBatches();
    expect(await auditWith(directory)).toEqual([]);
  });
});
