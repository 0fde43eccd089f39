import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { db, pool, sqlOf } from "#server/db.ts";
import { createUser } from "#server/identity/users.ts";
import { EXTERNAL_ACCOUNT, userAccount } from "#server/ledger/account-codes.ts";
import { createCap } from "#server/ledger/caps.ts";
import { ensureAccounts, ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { captureReservation, reserve } from "#server/ledger/reservations.ts";
import { sealBatches } from "#server/ledger/seal-batches.ts";
import { shardAccount } from "#server/ledger/shard-account.ts";
import { freshKey, openAccounts } from "#server/ledger/testing/accounts.ts";
import {
  getLedgerAccount,
  listAccountTransfers,
  listLedgerAccounts,
  listOpenReservations,
} from "./explore-accounts.ts";
import { getLedgerBatch, listBatchTransfers } from "./explore-batches.ts";
import { getLedgerReservation, getLedgerTransfer } from "./explore-postings.ts";
import { searchLedger } from "./search-ledger.ts";

const DAY = 86_400_000;
let userId: string;
let mine: string;
let friend: string;

const pay = (amount: bigint, key = freshKey()) =>
  postTransfers([
    { key, debit: mine, credit: friend, amount, asset: "USD", kind: "payment", refId: "pay_x", memo: "Tea" },
  ]);
const setAside = (amount: bigint, key = freshKey()) =>
  reserve({ key, account: mine, amount, purpose: "inference", expiresAt: new Date(Date.now() + DAY) });

beforeAll(async () => {
  await ensurePlatformAccounts();
  userId = await db.$transaction((tx) => createUser(tx, { name: "Explored" }));
  mine = userAccount(userId);
  [friend = ""] = await openAccounts(0n);
  await postTransfers([
    { key: freshKey(), debit: EXTERNAL_ACCOUNT, credit: mine, amount: 1_000n, asset: "USD", kind: "deposit" },
  ]);
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("the ledger explorer", () => {
  it("leads from an account to its transfers, from one to its batch, and from that to its links", async () => {
    const key = freshKey();
    const [posted] = await pay(7n, key);
    await sealBatches();
    const { data } = await listAccountTransfers({ code: mine, limit: 2 });
    expect(data.map(({ amount }) => amount.units)).toEqual(["7", "1000"]);
    const transfer = await getLedgerTransfer({ id: posted?.transferId ?? "" });
    expect(transfer).toMatchObject({ ...data[0], debit: mine, credit: friend, key, reservationId: null });
    const batch = await getLedgerBatch({ id: transfer.batch.id });
    expect(batch).toMatchObject({ link: transfer.batch.link, hash: transfer.batch.hash, accounts: [], epoch: null });
    expect((await listBatchTransfers({ id: batch.id, limit: 10 })).data).toEqual([data[0]]);
    const before = await getLedgerBatch({ id: batch.previous?.id ?? "" });
    expect(before.next).toEqual({ id: batch.id, link: batch.link, hash: batch.hash });
    expect(BigInt(before.link ?? 0) + 1n).toBe(BigInt(batch.link ?? 0));
  });

  it("shows balances, caps and what is set aside, and a reservation's life to its end", async () => {
    const { capId } = await createCap({
      scope: mine,
      asset: "USD",
      kind: "window",
      windowMs: DAY,
      amount: 500n,
      actor: "test",
    });
    const { reservationId } = await setAside(100n);
    expect(await getLedgerAccount({ code: mine })).toMatchObject({
      ownerId: userId,
      reserved: { units: "100" },
      available: { units: "893" },
      shards: [{ code: mine }],
      caps: [{ id: capId, amount: "500", reserved: "100" }],
    });
    expect((await listOpenReservations({ code: mine, limit: 5 })).data.map(({ id }) => id)).toEqual([reservationId]);
    await captureReservation({
      reservationId,
      key: freshKey(),
      parts: [{ credit: friend, amount: 40n, kind: "inference" }],
    });
    const life = await getLedgerReservation({ id: reservationId });
    expect(life).toMatchObject({ status: "captured", captured: { units: "40" }, released: { units: "60" } });
    expect(life.transfers).toMatchObject([{ debit: mine, credit: friend, amount: { units: "40" } }]);
    expect((await getLedgerBatch({ id: life.batchId ?? "" })).opened.map(({ id }) => id)).toContain(reservationId);
    expect((await getLedgerBatch({ id: life.closedBatchId ?? "" })).closed.map(({ id }) => id)).toContain(
      reservationId,
    );
    expect((await listOpenReservations({ code: mine, limit: 5 })).data).toEqual([]);
  });

  it("shows an account in shards as one, with each shard's part, and lists none of its transfers twice", async () => {
    const [hot = ""] = await openAccounts(9n);
    await shardAccount(hot, 3);
    for (let index = 0; index < 6; index += 1)
      await postTransfers([{ key: freshKey(), debit: mine, credit: hot, amount: 1n, asset: "USD", kind: "payment" }]);
    await postTransfers([{ key: freshKey(), debit: hot, credit: friend, amount: 15n, asset: "USD", kind: "payment" }]);
    const account = await getLedgerAccount({ code: hot });
    expect(account).toMatchObject({ shardCount: 3, posted: { units: "0" } });
    expect(account.shards.reduce((sum, { posted }) => sum + BigInt(posted.units), 0n)).toBe(0n);
    const { data } = await listAccountTransfers({ code: hot, limit: 100 });
    expect(new Set(data.map(({ id }) => id)).size).toBe(data.length);
    expect(data.filter(({ kind }) => kind !== "shard")).toHaveLength(8);
  });

  it("pages through transfers and accounts without a gap or a repeat while entries arrive", async () => {
    const ids: string[] = [];
    const { data: all } = await listAccountTransfers({ code: mine, limit: 100 });
    let cursor: string | undefined;
    do {
      const page = await listAccountTransfers({ code: mine, limit: 3, cursor });
      ids.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
      await pay(1n);
    } while (cursor !== undefined);
    expect(ids).toEqual(all.map(({ id }) => id));
    const codes = ["a", "b", "c", "d"].map((end) => `probe:${userId}${end}`);
    await ensureAccounts(
      sqlOf(pool),
      codes.map((code) => ({ code, asset: "USD" })),
    );
    const first = await listLedgerAccounts({ prefix: `probe:${userId}`, limit: 3 });
    const second = await listLedgerAccounts({ prefix: `probe:${userId}`, limit: 3, cursor: first.nextCursor ?? "" });
    expect([...first.data, ...second.data].map(({ code }) => code)).toEqual(codes);
    expect((await listLedgerAccounts({ prefix: "prob_:%", limit: 3 })).data).toEqual([]);
  });

  it("finds whatever an identifier, a hash, a key, an owner or the beginning of a code means", async () => {
    const key = freshKey();
    const [posted] = await pay(2n, key);
    const { reservationId } = await setAside(1n);
    await sealBatches();
    const { batch } = await getLedgerTransfer({ id: posted?.transferId ?? "" });
    const found = async (query: string) => (await searchLedger({ query })).data.map(({ kind, id }) => `${kind} ${id}`);
    expect(await found(posted?.transferId ?? "")).toEqual([`transfer ${posted?.transferId}`]);
    expect(await found(key)).toEqual([`transfer ${posted?.transferId}`]);
    expect(await found(reservationId)).toEqual([`reservation ${reservationId}`]);
    expect(await found(batch.id)).toEqual([`batch ${batch.id}`]);
    expect(await found(`0x${batch.hash}`)).toEqual([`batch ${batch.id}`]);
    expect(await found(userId)).toEqual([`account ${mine}`]);
    expect(await found(mine.slice(0, -1))).toEqual([`account ${mine}`]);
    for (const nothing of ["txf_999999999999999999", "bat_0", "rsv_0", "zzz", "0".repeat(64), "'; drop"])
      expect(await found(nothing), nothing).toEqual([]);
  });

  it("answers what is not there as not there", async () => {
    await expect(getLedgerAccount({ code: "user:nobody" })).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
    await expect(getLedgerTransfer({ id: "txf_0" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(getLedgerBatch({ id: "bat_0" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(getLedgerReservation({ id: "rsv_0" })).rejects.toMatchObject({ code: "RESERVATION_NOT_FOUND" });
    await expect(listAccountTransfers({ code: mine, limit: 5, cursor: "1; drop" })).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
    });
  });
});
