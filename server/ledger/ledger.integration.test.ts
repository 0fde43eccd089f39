import { afterAll, describe, expect, test } from "vitest";
import type { ErrorCode } from "#core/errors.ts";
import { type Asset, LEDGER_UNITS_MAX } from "#core/money.ts";
import { db, pool, sqlOf, withTransaction } from "#server/db.ts";
import { EXTERNAL_ACCOUNT } from "./account-codes.ts";
import { ensureAccounts } from "./ensure-accounts.ts";
import { getBalance, getBalances } from "./get-balance.ts";
import { learnAccounts } from "./known-accounts.ts";
import { ledgerTotals } from "./ledger-totals.ts";
import { listStatement } from "./list-statement.ts";
import type { Transfer } from "./operations.ts";
import { postEachTransfer, postTransfers, postTransfersIn } from "./post-transfers.ts";
import type { StatementEntry } from "./read-statement.ts";
import { releaseExpiredReservations } from "./release-expired-reservations.ts";
import { captureReservation, captureReservationIn, releaseReservation, reserve, reserveIn } from "./reservations.ts";
import { freshKey, openAccounts } from "./testing/accounts.ts";
import { verifyLedger } from "./verify-ledger.ts";

const LATER = new Date("2100-01-01T00:00:00Z");

const pay = (debit: string, credit: string, amount: bigint, key = freshKey()): Transfer => ({
  key,
  debit,
  credit,
  amount,
  asset: "USD",
  kind: "test",
});

const available = async (code: string) => (await getBalance(code)).available;
const refused = (code: ErrorCode) => expect.objectContaining({ name: "DomainError", code });

async function two(...balances: [bigint, bigint]): Promise<[string, string]> {
  const [first = "", second = ""] = await openAccounts(...balances);
  return [first, second];
}

afterAll(async () => {
  expect(await verifyLedger()).toEqual([]);
  expect((await ledgerTotals()).filter(({ isBalanced }) => !isBalanced)).toEqual([]);
  await db.$disconnect();
  await pool.end();
});

describe("transfers", () => {
  test("a hundred parallel spends of 1 on a balance of 10: ten go through, ninety are refused", async () => {
    const [payer, payee] = await two(10n, 0n);
    const settled = await Promise.allSettled(Array.from({ length: 100 }, () => postTransfers([pay(payer, payee, 1n)])));
    const reasons = settled.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(reasons).toHaveLength(90);
    for (const reason of reasons) expect(reason).toEqual(refused("INSUFFICIENT_FUNDS"));
    expect([await available(payer), await available(payee)]).toEqual([0n, 10n]);
  });

  test("one key used a hundred times in parallel has one effect and one answer", async () => {
    const [payer, payee] = await two(1000n, 0n);
    const transfer = pay(payer, payee, 7n);
    const answers = (await Promise.all(Array.from({ length: 100 }, () => postTransfers([transfer])))).flat();
    expect(new Set(answers.map(({ transferId }) => transferId)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await available(payee)).toBe(7n);
  });

  test("the same key with another body is an error and changes nothing", async () => {
    const [payer, payee] = await two(1000n, 0n);
    const transfer = pay(payer, payee, 7n);
    await postTransfers([transfer]);
    const bodies: Partial<Transfer>[] = [
      { amount: 8n },
      { credit: EXTERNAL_ACCOUNT },
      { kind: "other" },
      { memo: "new" },
      { refId: "new" },
    ];
    for (const body of bodies) {
      await expect(postTransfers([{ ...transfer, ...body }])).rejects.toEqual(refused("IDEMPOTENCY_KEY_REUSED"));
    }
    expect(await available(payee)).toBe(7n);
  });

  test("one key for two payers at the same moment goes to one of them", async () => {
    const [first, second] = await two(10n, 10n);
    const [payee = ""] = await openAccounts(0n);
    for (let round = 0; round < 20; round += 1) {
      const key = freshKey();
      const settled = await Promise.allSettled([
        withTransaction((sql) => postTransfersIn(sql, [pay(first, payee, 1n, key)])),
        postTransfers([pay(second, payee, 1n, key)]),
      ]);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      await postTransfers([pay(payee, settled[0]?.status === "fulfilled" ? first : second, 1n)]);
    }
  });

  test("a call is all or nothing, and names the one that was refused", async () => {
    const [payer, payee] = await two(10n, 0n);
    const call = postTransfers([pay(payer, payee, 6n), pay(payer, payee, 5n), pay(payer, payee, 1n)]);
    await expect(call).rejects.toMatchObject({ code: "INSUFFICIENT_FUNDS", details: { index: 1 } });
    expect(await available(payer)).toBe(10n);
  });

  test("each on its own: those that can be paid are, in order", async () => {
    const [payer, payee] = await two(10n, 0n);
    const outcomes = await postEachTransfer([
      pay(payer, payee, 6n),
      pay(payer, payee, 5n),
      pay(payer, payee, 0n),
      pay(payee, payer, 6n),
      pay(payer, payee, 10n),
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.error.code))).toEqual([
      "ok",
      "INSUFFICIENT_FUNDS",
      "AMOUNT_INVALID",
      "ok",
      "ok",
    ]);
    expect(await available(payee)).toBe(10n);
  });

  test("what arrives later in a batch cannot pay for what comes earlier", async () => {
    const [payer, payee] = await two(0n, 10n);
    const outcomes = await postEachTransfer([pay(payer, payee, 5n), pay(payee, payer, 5n)]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, true]);
  });

  test("bad input is refused by name, alone, and changes nothing", async () => {
    const [payer, payee] = await two(10n, 0n);
    const bad: [Partial<Transfer>, ErrorCode][] = [
      [{ amount: 0n }, "AMOUNT_INVALID"],
      [{ amount: -1n }, "AMOUNT_INVALID"],
      [{ amount: LEDGER_UNITS_MAX + 1n }, "AMOUNT_INVALID"],
      [{ amount: LEDGER_UNITS_MAX, debit: EXTERNAL_ACCOUNT }, "AMOUNT_INVALID"],
      [{ amount: 1.5 as unknown as bigint }, "AMOUNT_INVALID"],
      [{ asset: "DOGE" as Asset }, "ASSET_UNKNOWN"],
      [{ credit: payer }, "ACCOUNTS_EQUAL"],
      [{ credit: "user:nobody" }, "ACCOUNT_NOT_FOUND"],
      [{ debit: "user:nobody" }, "ACCOUNT_NOT_FOUND"],
      [{ key: "" }, "IDEMPOTENCY_KEY_INVALID"],
      [{ key: "a\0b" }, "IDEMPOTENCY_KEY_INVALID"],
      [{ key: "k".repeat(256) }, "IDEMPOTENCY_KEY_INVALID"],
      [{ memo: "a\0b" }, "VALIDATION_FAILED"],
    ];
    const settled = await Promise.allSettled([
      ...bad.map(([body]) => postTransfers([{ ...pay(payer, payee, 1n), ...body }])),
      postTransfers([pay(payer, payee, 1n)]),
    ]);
    const codes = settled.map((result) => (result.status === "rejected" ? result.reason.code : "ok"));
    expect(codes).toEqual([...bad.map(([, code]) => code), "ok"]);
    expect(await available(payer)).toBe(9n);
  });

  test("an account remembered under the id of another pays and gets what it should", async () => {
    const [payer, payee] = await two(100n, 0n);
    const [stranger = ""] = await openAccounts(100n);
    const { rows } = await pool.query<{ id: bigint }>("SELECT id FROM ledger_account WHERE code = $1", [stranger]);
    // As after the database was restored under a running process.
    for (const code of [payer, payee]) {
      await learnAccounts([code], {
        query: async <Row>() => [{ code, asset: "USD", ids: String(rows[0]?.id) }] as Row[],
      });
    }
    await postTransfers([pay(payer, payee, 30n)]);
    expect([await available(payer), await available(payee), await available(stranger)]).toEqual([70n, 30n, 100n]);
  });

  test("text with quotes, backslashes, braces and other scripts arrives as it was sent", async () => {
    const [payer, payee] = await two(10n, 0n);
    const memo = `{"a": 'b'}, \\ NULL, π 日本 \n`;
    await postTransfers([{ ...pay(payer, payee, 1n), memo }]);
    expect((await listStatement(payer)).data[0]?.memo).toBe(memo);
  });

  test("many processes' worth of batches in opposite account order surface no deadlock", async () => {
    const codes = await openAccounts(...Array.from({ length: 12 }, () => 1000n));
    const ring = (order: string[]) =>
      order.map((debit, index) => pay(debit, order[(index + 1) % order.length] ?? "", 1n));
    await Promise.all(
      Array.from({ length: 40 }, (_, round) =>
        withTransaction((sql) => postTransfersIn(sql, ring(round % 2 ? codes : codes.toReversed()))),
      ),
    );
    const balances = await getBalances(codes);
    expect([...balances.values()].map(({ posted }) => posted)).toEqual(codes.map(() => 1000n));
  });
});

describe("in the caller's transaction", () => {
  test("a rollback undoes the posting, and its key is free again", async () => {
    const [payer, payee] = await two(10n, 0n);
    const transfer = pay(payer, payee, 4n);
    const failing = withTransaction(async (sql) => {
      await postTransfersIn(sql, [transfer]);
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(await available(payer)).toBe(10n);
    await postTransfers([transfer]);
    expect(await available(payer)).toBe(6n);
  });

  test("a savepoint undoes the posting, and a refusal leaves the transaction usable", async () => {
    const [payer, payee] = await two(10n, 0n);
    await withTransaction(async (sql) => {
      await sql.query("SAVEPOINT before");
      await postTransfersIn(sql, [pay(payer, payee, 4n)]);
      await sql.query("ROLLBACK TO SAVEPOINT before");
      await expect(postTransfersIn(sql, [pay(payer, payee, 3n), pay(payer, payee, 8n)])).rejects.toEqual(
        refused("INSUFFICIENT_FUNDS"),
      );
      await postTransfersIn(sql, [pay(payer, payee, 1n)]);
    });
    expect(await available(payer)).toBe(9n);
  });

  test("works in a Prisma transaction, together with everything else it does", async () => {
    const [payer, payee] = await two(10n, 0n);
    const key = freshKey();
    const reservationId = await db.$transaction(async (tx) => {
      const sql = sqlOf(tx);
      await ensureAccounts(sql, [{ code: `user:${key}`, asset: "USD", ownerId: "usr_x" }]);
      await postTransfersIn(sql, [
        pay(payer, `user:${key}`, 4n),
        { ...pay(payer, payee, 2n), memo: 'a "note"', refId: "r" },
      ]);
      const held = await reserveIn(sql, { key, account: payer, amount: 4n, purpose: "test", expiresAt: LATER });
      expect(await getBalance(payer, sql)).toMatchObject({ posted: 4n, reserved: 4n, available: 0n });
      await expect(postTransfersIn(sql, [pay(payer, payee, 1n)])).rejects.toEqual(refused("INSUFFICIENT_FUNDS"));
      return held.reservationId;
    });
    await db.$transaction((tx) =>
      captureReservationIn(sqlOf(tx), { reservationId, key, parts: [{ credit: payee, amount: 3n, kind: "fee" }] }),
    );
    expect(await available(payer)).toBe(1n);
    expect(await db.ledgerReservation.findUniqueOrThrow({ where: { id: reservationId } })).toMatchObject({
      captured: 3n,
      released: 1n,
    });
  });

  test("a connection lost before the commit leaves nothing behind", async () => {
    const [payer, payee] = await two(10n, 0n);
    const transfer = pay(payer, payee, 4n);
    const crashing = withTransaction(async (sql) => {
      await postTransfersIn(sql, [transfer]);
      const [own] = await sql.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      await pool.query("SELECT pg_terminate_backend($1)", [own?.pid]);
      await sql.query("SELECT 1");
    });
    await expect(crashing).rejects.toThrow();
    expect(await available(payer)).toBe(10n);
    await postTransfers([transfer]);
    await postTransfers([transfer]);
    expect(await available(payer)).toBe(6n);
  });
});

describe("reservations", () => {
  const hold = (account: string, amount: bigint, key = freshKey()) =>
    reserve({ key, account, amount, purpose: "test", expiresAt: LATER });

  test("what is reserved cannot be spent, captured goes to its payees, the rest comes back at once", async () => {
    const [payer, payee] = await two(10n, 0n);
    const { reservationId } = await hold(payer, 8n);
    expect(await getBalance(payer)).toMatchObject({ posted: 10n, reserved: 8n, available: 2n });
    await expect(postTransfers([pay(payer, payee, 3n)])).rejects.toEqual(refused("INSUFFICIENT_FUNDS"));
    const parts = [
      { credit: payee, amount: 5n, kind: "usage" },
      { credit: EXTERNAL_ACCOUNT, amount: 1n, kind: "fee" },
    ];
    await captureReservation({ reservationId, key: freshKey(), account: payer, parts });
    expect(await getBalance(payer)).toMatchObject({ posted: 4n, reserved: 0n, available: 4n });
    expect(await available(payee)).toBe(5n);
  });

  test("repeats answer the first result, also after the reservation is closed", async () => {
    const [payer, payee] = await two(10n, 0n);
    const [key, captureKey] = [freshKey(), freshKey()];
    const holds = await Promise.all(Array.from({ length: 20 }, () => hold(payer, 4n, key)));
    expect(new Set(holds.map(({ reservationId }) => reservationId)).size).toBe(1);
    const reservationId = holds[0]?.reservationId ?? "";
    const capture = { reservationId, key: captureKey, parts: [{ credit: payee, amount: 3n, kind: "usage" }] };
    await Promise.all(Array.from({ length: 20 }, () => captureReservation(capture)));
    expect(await hold(payer, 4n, key)).toEqual({ reservationId, replayed: true });
    expect(await getBalance(payer)).toMatchObject({ posted: 7n, reserved: 0n });

    await expect(hold(payer, 5n, key)).rejects.toEqual(refused("IDEMPOTENCY_KEY_REUSED"));
    const dearer = { ...capture, parts: [{ credit: payee, amount: 4n, kind: "usage" }] };
    await expect(captureReservation(dearer)).rejects.toEqual(refused("IDEMPOTENCY_KEY_REUSED"));
    const other = await hold(payer, 2n);
    await expect(releaseReservation({ ...other, key: captureKey })).rejects.toEqual(refused("IDEMPOTENCY_KEY_REUSED"));
    await releaseReservation({ ...other, key: freshKey() });
  });

  test("refuses captures that are too high, late, foreign, negative or to nobody", async () => {
    const [payer, payee] = await two(10n, 0n);
    const { reservationId } = await hold(payer, 5n);
    const capture = (amount: bigint, more: { account?: string; reservationId?: string; credit?: string } = {}) =>
      captureReservation({
        reservationId: more.reservationId ?? reservationId,
        key: freshKey(),
        ...(more.account ? { account: more.account } : {}),
        parts: [{ credit: more.credit ?? payee, amount, kind: "usage" }],
      });
    await expect(capture(6n)).rejects.toEqual(refused("CAPTURE_EXCEEDS_RESERVATION"));
    await expect(capture(0n)).rejects.toEqual(refused("AMOUNT_INVALID"));
    await expect(capture(-1n)).rejects.toEqual(refused("AMOUNT_INVALID"));
    await expect(capture(1n, { account: payee })).rejects.toEqual(refused("RESERVATION_NOT_FOUND"));
    await expect(capture(1n, { account: "user:nobody" })).rejects.toEqual(refused("RESERVATION_NOT_FOUND"));
    await expect(capture(1n, { reservationId: "rsv_none" })).rejects.toEqual(refused("RESERVATION_NOT_FOUND"));
    await expect(capture(1n, { credit: "user:nobody" })).rejects.toEqual(refused("ACCOUNT_NOT_FOUND"));
    await expect(capture(1n, { credit: payer })).rejects.toEqual(refused("ACCOUNTS_EQUAL"));
    expect(await getBalance(payer)).toMatchObject({ posted: 10n, reserved: 5n });
    await releaseReservation({ reservationId, key: freshKey() });
    await expect(capture(1n)).rejects.toEqual(refused("RESERVATION_CLOSED"));
    await expect(releaseReservation({ reservationId, key: freshKey() })).rejects.toEqual(refused("RESERVATION_CLOSED"));
    await expect(hold(payer, 11n)).rejects.toEqual(refused("INSUFFICIENT_FUNDS"));
    await expect(hold("user:nobody", 1n)).rejects.toEqual(refused("ACCOUNT_NOT_FOUND"));
    expect(await getBalance(payer)).toMatchObject({ posted: 10n, reserved: 0n });
  });

  test("a capture and a release at the same moment: one of them wins, the money is counted once", async () => {
    const [payer, payee] = await two(100n, 0n);
    const holds = await Promise.all(Array.from({ length: 20 }, () => hold(payer, 5n)));
    const outcomes = await Promise.all(
      holds.map(async ({ reservationId }): Promise<bigint> => {
        const settled = await Promise.allSettled([
          captureReservation({ reservationId, key: freshKey(), parts: [{ credit: payee, amount: 5n, kind: "usage" }] }),
          releaseReservation({ reservationId, key: freshKey() }),
        ]);
        expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
        return settled[0]?.status === "fulfilled" ? 5n : 0n;
      }),
    );
    const captured = outcomes.reduce((sum, amount) => sum + amount, 0n);
    expect(await getBalance(payer)).toMatchObject({ posted: 100n - captured, reserved: 0n });
    expect(await available(payee)).toBe(captured);
  });

  test("expired reservations are released by the job, once, and can be captured until then", async () => {
    const [payer, payee] = await two(10n, 0n);
    const past = new Date("2020-01-01T00:00:00Z");
    const early = await reserve({ key: freshKey(), account: payer, amount: 3n, purpose: "test", expiresAt: past });
    await reserve({ key: freshKey(), account: payer, amount: 4n, purpose: "test", expiresAt: past });
    await hold(payer, 2n);
    await captureReservation({ ...early, key: freshKey(), parts: [{ credit: payee, amount: 1n, kind: "usage" }] });
    const jobs = await Promise.all([releaseExpiredReservations(), releaseExpiredReservations()]);
    expect(jobs.reduce((sum, { released }) => sum + released, 0)).toBe(1);
    expect(await getBalance(payer)).toMatchObject({ posted: 9n, reserved: 2n });
  });
});

describe("the record", () => {
  test("pages of a statement have no gap and no repeat while entries arrive, and running balances fit", async () => {
    const [payer, payee] = await two(100n, 0n);
    for (let amount = 1n; amount <= 7n; amount += 1n) await postTransfers([pay(payer, payee, amount)]);
    await postTransfers([pay(payee, payer, 2n)]);
    const entries: StatementEntry[] = [];
    let cursor: string | undefined;
    do {
      const page = await listStatement(payer, { limit: 3, cursor });
      entries.push(...page.data);
      cursor = page.nextCursor ?? undefined;
      if (entries.length === 3) await postTransfers([pay(payer, payee, 50n)]);
    } while (cursor);
    expect(entries.map(({ amount }) => amount)).toEqual([2n, -7n, -6n, -5n, -4n, -3n, -2n, -1n, 100n]);
    expect(entries.map(({ balance }) => balance)).toEqual([74n, 72n, 79n, 85n, 90n, 94n, 97n, 99n, 100n]);
    await expect(listStatement(payer, { cursor: "'; drop" })).rejects.toEqual(refused("VALIDATION_FAILED"));
    expect(await listStatement("user:nobody")).toEqual({ data: [], nextCursor: null });
  });

  test("a statement names one's own accounts and the platform's, of somebody else's only the kind", async () => {
    const [mine, agent, stranger] = [`user:${freshKey()}`, `agent:${freshKey()}`, `user:${freshKey()}`];
    const owners = { [mine]: "usr_a", [agent]: "usr_a", [stranger]: "usr_b" };
    await ensureAccounts(
      sqlOf(pool),
      Object.entries(owners).map(([code, ownerId]) => ({ code, asset: "USD", ownerId })),
    );
    await postTransfers([pay(EXTERNAL_ACCOUNT, mine, 9n), pay(mine, agent, 2n), pay(mine, stranger, 1n)]);
    const { data } = await listStatement(mine);
    expect(data.map(({ counterparty }) => counterparty)).toEqual(["user", agent, EXTERNAL_ACCOUNT]);
  });

  test("nothing that was posted can be changed or removed, nor a balance pushed below zero", async () => {
    const [payer] = await two(10n, 0n);
    const attempts = [
      "UPDATE ledger_transfer SET amount = amount + 1",
      "DELETE FROM ledger_transfer",
      "TRUNCATE ledger_transfer",
      "DELETE FROM ledger_account",
      "UPDATE ledger_account SET may_overdraw = true",
      "UPDATE ledger_reservation SET amount = amount + 1",
      `UPDATE ledger_account SET debits_posted = debits_posted + 11 WHERE code = '${payer}'`,
      `INSERT INTO ledger_account (code, asset, may_overdraw) VALUES ('user:greedy', 'USD', true)`,
    ];
    for (const attempt of attempts) await expect(pool.query(attempt), attempt).rejects.toThrow();
  });

  test("a number changed behind the ledger's back is found and named", async () => {
    const [payer] = await two(10n, 0n);
    await pool.query("UPDATE ledger_account SET credits_posted = credits_posted + 5 WHERE code = $1", [payer]);
    expect(await verifyLedger()).toEqual([{ account: payer, field: "credits_posted", stored: "15", computed: "10" }]);
    expect((await ledgerTotals()).find(({ asset }) => asset === "USD")?.isBalanced).toBe(false);
    await pool.query("UPDATE ledger_account SET credits_posted = credits_posted - 5 WHERE code = $1", [payer]);
  });

  test("accounts are made once and keep their asset", async () => {
    const code = `user:${freshKey()}`;
    await Promise.all(
      Array.from({ length: 10 }, () => ensureAccounts(sqlOf(pool), [{ code, asset: "USD", ownerId: "usr_x" }])),
    );
    expect(await getBalance(code)).toEqual({ asset: "USD", posted: 0n, reserved: 0n, available: 0n });
    await expect(getBalance("user:nobody")).rejects.toEqual(refused("ACCOUNT_NOT_FOUND"));
    await expect(ensureAccounts(sqlOf(pool), [{ code: "no colon", asset: "USD" }])).rejects.toEqual(
      refused("VALIDATION_FAILED"),
    );
  });
});
