import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { EXTERNAL_ACCOUNT } from "./account-codes.ts";
import { auditLedger } from "./audit-ledger.ts";
import { getBalance } from "./get-balance.ts";
import { listStatement } from "./list-statement.ts";
import { postTransfers } from "./post-transfers.ts";
import { captureReservation, reserve } from "./reservations.ts";
import { chainHead } from "./seal-batches.ts";
import { shardAccount } from "./shard-account.ts";
import { freshKey, openAccounts } from "./testing/accounts.ts";
import { makeRowsOfEveryKind } from "./testing/rows-of-every-kind.ts";
import { TARGETS, tamper } from "./testing/tamper.ts";

const LATER = new Date("2100-01-01T00:00:00Z");
const transfer = (debit: string, credit: string, amount: bigint) => ({
  key: freshKey(),
  debit,
  credit,
  amount,
  asset: "USD" as const,
  kind: "test",
});

afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("the audit", () => {
  test("finds every value that was changed behind the ledger's back", async () => {
    await makeRowsOfEveryKind();
    expect(await auditLedger()).toEqual([]);
    const client = new pg.Client({ connectionString: env.DATABASE_URL });
    await client.connect();
    const missed: string[] = [];
    try {
      for (const [table, columns] of Object.entries(TARGETS)) {
        for (const column of columns) {
          if (!(await tamper(client, table, column))) missed.push(`${table}.${column}`);
        }
      }
    } finally {
      await client.end();
    }
    expect(missed).toEqual([]);
  });

  test("a chain cut at its end no longer reaches the head that was noted", async () => {
    await makeRowsOfEveryKind();
    const head = await chainHead();
    await makeRowsOfEveryKind();
    const later = await chainHead();
    expect(later && head && later.link > head.link).toBe(true);
    const { rows } = await pool.query<{ hash: string }>(
      "SELECT '0x' || encode(hash, 'hex') AS hash FROM ledger_batch WHERE link = $1",
      [head?.link],
    );
    expect(rows[0]?.hash).toBe(head?.hash);
  });
});

describe("accounts in shards", () => {
  test("look like one account, and pay what only all shards together hold", async () => {
    const [hot = "", payer = ""] = await openAccounts(0n, 1_000n);
    await shardAccount(hot, 8);
    for (let count = 0; count < 40; count += 1) await postTransfers([transfer(payer, hot, 10n)]);
    expect((await getBalance(hot)).available).toBe(400n);
    await postTransfers([transfer(hot, EXTERNAL_ACCOUNT, 395n)]);
    expect((await getBalance(hot)).available).toBe(5n);
    await expect(postTransfers([transfer(hot, payer, 6n)])).rejects.toMatchObject({ code: "INSUFFICIENT_FUNDS" });
    await expect(postTransfers([transfer(hot, hot, 1n)])).rejects.toMatchObject({ code: "ACCOUNTS_EQUAL" });
    const { data } = await listStatement(hot, { limit: 100 });
    expect(data.map(({ amount }) => amount)).toEqual([-395n, ...Array.from({ length: 40 }, () => 10n)]);
    expect([data[0]?.balance, data.at(-1)?.balance]).toEqual([5n, 10n]);
  });

  test("hold reservations, and answer a repeated key from another shard with the first result", async () => {
    const [hot = "", payer = ""] = await openAccounts(0n, 1_000n);
    await shardAccount(hot, 4);
    const paid = transfer(payer, hot, 100n);
    const answers = [];
    for (let count = 0; count < 6; count += 1) answers.push(await postTransfers([paid]));
    expect(new Set(answers.flat().map(({ transferId }) => transferId)).size).toBe(1);
    const input = { key: freshKey(), account: hot, amount: 60n, purpose: "test", expiresAt: LATER };
    const held = await reserve(input);
    for (let count = 0; count < 6; count += 1) expect((await reserve(input)).reservationId).toBe(held.reservationId);
    await captureReservation({
      reservationId: held.reservationId,
      account: hot,
      key: freshKey(),
      parts: [{ credit: payer, amount: 50n, kind: "test" }],
    });
    expect(await getBalance(hot)).toMatchObject({ posted: 50n, reserved: 0n });
    expect(await auditLedger()).toEqual([]);
  });
});
