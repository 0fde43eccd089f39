import { afterAll, describe, expect, test } from "vitest";
import { newId } from "#core/ids.ts";
import { db, pool, sqlOf, withTransaction } from "#server/db.ts";
import { EXTERNAL_ACCOUNT, EXTERNAL_EUR_ACCOUNT } from "./account-codes.ts";
import { auditLedger } from "./audit-ledger.ts";
import { changeCap, createCap, listCaps, removeCap } from "./caps.ts";
import { ensureAccounts } from "./ensure-accounts.ts";
import { getBalance } from "./get-balance.ts";
import type { Capture, Reserve } from "./operations.ts";
import { postTransfers } from "./post-transfers.ts";
import { captureReservation, releaseReservation, reserve, reserveIn } from "./reservations.ts";
import { freshKey, openAccounts } from "./testing/accounts.ts";

const DAY = 86_400_000;
const LATER = new Date("2100-01-01T00:00:00Z");

async function wallet(funds = 1_000_000n): Promise<string> {
  const [code = ""] = await openAccounts(funds);
  return code;
}

const scopeOf = () => `key:${newId("apiKey")}`;
const hold = (account: string, amount: bigint, more: Partial<Reserve> = {}) =>
  reserve({ key: freshKey(), account, amount, purpose: "test", expiresAt: LATER, ...more });
const pay = (debit: string, amount: bigint, key = freshKey()) =>
  postTransfers([{ key, debit, credit: EXTERNAL_ACCOUNT, amount, asset: "USD", kind: "test" }]);
const capture = (reservationId: string, amount: bigint, more: Partial<Capture> = {}) =>
  captureReservation({
    reservationId,
    key: freshKey(),
    parts: amount > 0n ? [{ credit: EXTERNAL_ACCOUNT, amount, kind: "test" }] : [],
    ...more,
  });
const left = async (capId: string) => (await listCaps({ capId }))[0]?.left;
const daily = (scope: string, amount: bigint, more = {}) =>
  createCap({ scope, asset: "USD", kind: "window", windowMs: DAY, amount, actor: "test", ...more });

afterAll(async () => {
  expect(await auditLedger()).toEqual([]);
  await db.$disconnect();
  await pool.end();
});

describe("caps", () => {
  test("a reservation counts at once; capturing less frees the rest; releasing frees all", async () => {
    const [account, scope] = [await wallet(), scopeOf()];
    const { capId } = await daily(scope, 100n);
    const { reservationId } = await hold(account, 80n, { scopes: [scope] });
    expect(await left(capId)).toBe(20n);
    await expect(hold(account, 21n, { scopes: [scope] })).rejects.toMatchObject({
      code: "CAP_EXCEEDED",
      details: { cap: capId, scope, limit: "100", left: "20", asked: "21", roomAt: null },
    });
    await capture(reservationId, 30n);
    expect(await left(capId)).toBe(70n);
    const second = await hold(account, 70n, { scopes: [scope] });
    await releaseReservation({ reservationId: second.reservationId, key: freshKey() });
    expect(await left(capId)).toBe(70n);
  });

  test("a thousand at once against room for ninety-nine: ninety-nine", async () => {
    const [account, scope] = [await wallet(), scopeOf()];
    const { capId } = await daily(scope, 99n);
    const settled = await Promise.allSettled(
      Array.from({ length: 1000 }, () => hold(account, 1n, { scopes: [scope] })),
    );
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(99);
    expect(await left(capId)).toBe(0n);
  });

  test("the account itself is a scope, for plain transfers too", async () => {
    const account = await wallet();
    const { capId } = await daily(account, 50n);
    await pay(account, 50n);
    await expect(pay(account, 1n)).rejects.toMatchObject({ code: "CAP_EXCEEDED", details: { cap: capId } });
    await expect(hold(account, 1n)).rejects.toMatchObject({ code: "CAP_EXCEEDED" });
  });

  test("whoever falls under a cap falls under the caps above it, whichever key spends", async () => {
    const account = await wallet();
    const [team, first, second] = [scopeOf(), scopeOf(), scopeOf()];
    const { capId: parent } = await daily(team, 100n);
    await daily(first, 80n, { parent });
    await daily(second, 80n, { parent });
    await hold(account, 80n, { scopes: [first] });
    await expect(hold(account, 21n, { scopes: [second] })).rejects.toMatchObject({
      details: { cap: parent, left: "20" },
    });
    await hold(account, 20n, { scopes: [second] });
    expect(await left(parent)).toBe(0n);
  });

  test("all of several caps or none of them", async () => {
    const [account, wide, narrow] = [await wallet(), scopeOf(), scopeOf()];
    const { capId } = await daily(wide, 100n);
    await daily(narrow, 10n);
    await expect(hold(account, 11n, { scopes: [wide, narrow] })).rejects.toMatchObject({ code: "CAP_EXCEEDED" });
    expect(await left(capId)).toBe(100n);
  });

  test("a window forgets, never early, and says when", async () => {
    const [account, scope] = [await wallet(), scopeOf()];
    await daily(scope, 100n, { windowMs: 1_000 });
    const { reservationId } = await hold(account, 100n, { scopes: [scope] });
    await capture(reservationId, 100n);
    const refusal = await hold(account, 60n, { scopes: [scope] }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "CAP_EXCEEDED", details: { roomAt: expect.any(String) } });
    const roomAt = new Date((refusal as { details: { roomAt: string } }).details.roomAt).getTime();
    for (;;) {
      const { rows } = await pool.query<{ now: Date }>("SELECT clock_timestamp() AS now");
      const isRoom = await hold(account, 60n, { scopes: [scope] }).then(
        () => true,
        () => false,
      );
      if (!isRoom) continue;
      const { rows: after } = await pool.query<{ now: Date }>("SELECT clock_timestamp() AS now");
      expect(after[0]?.now.getTime()).toBeGreaterThanOrEqual(roomAt);
      // It was refused just before, so room came when it was promised.
      expect(rows[0]?.now.getTime()).toBeLessThan(roomAt + 1_000);
      break;
    }
  });

  test("what a reservation holds does not leave a window before it is paid", async () => {
    const [account, scope] = [await wallet(), scopeOf()];
    const { capId } = await daily(scope, 100n, { windowMs: 1_000 });
    const { reservationId } = await hold(account, 100n, { scopes: [scope] });
    await pool.query("SELECT pg_sleep(1.2)");
    await expect(hold(account, 1n, { scopes: [scope] })).rejects.toMatchObject({ code: "CAP_EXCEEDED" });
    await capture(reservationId, 100n);
    expect(await left(capId)).toBe(0n);
  });

  test("raising and lowering a cap keep what was spent; removing ends it", async () => {
    const [account, scope] = [await wallet(), scopeOf()];
    const { capId } = await daily(scope, 100n);
    const { reservationId } = await hold(account, 60n, { scopes: [scope] });
    await capture(reservationId, 60n);
    await changeCap({ capId, amount: 50n, actor: "test" });
    expect(await left(capId)).toBe(0n);
    await expect(hold(account, 1n, { scopes: [scope] })).rejects.toMatchObject({ code: "CAP_EXCEEDED" });
    await changeCap({ capId, amount: 70n, actor: "test" });
    expect(await left(capId)).toBe(10n);
    await removeCap({ capId, actor: "test" });
    await hold(account, 500n, { scopes: [scope] });
    await expect(changeCap({ capId, amount: 1n, actor: "test" })).rejects.toMatchObject({ code: "CAP_NOT_FOUND" });
  });

  test("a new cap counts what was spent and held before it", async () => {
    const [account, scope] = [await wallet(), scopeOf()];
    const paid = await hold(account, 30n, { scopes: [scope] });
    await capture(paid.reservationId, 25n);
    const open = await hold(account, 40n, { scopes: [scope] });
    await pay(account, 5n);
    const { capId } = await daily(scope, 100n);
    const { capId: ofAccount } = await createCap({
      scope: account,
      asset: null,
      kind: "lifetime",
      amount: 100n,
      actor: "test",
    });
    expect([await left(capId), await left(ofAccount)]).toEqual([35n, 30n]);
    await capture(open.reservationId, 10n);
    expect([await left(capId), await left(ofAccount)]).toEqual([65n, 60n]);
  });

  test("a cap of another asset leads nowhere, however the batch is applied", async () => {
    const [scope, account] = [scopeOf(), await wallet()];
    const { capId: parent } = await createCap({
      scope: scopeOf(),
      asset: null,
      kind: "lifetime",
      amount: 100n,
      actor: "test",
    });
    await daily(scope, 10n, { asset: "EUR", parent });
    const key = freshKey();
    await hold(account, 60n, { scopes: [scope], key });
    // Beside a repeat the batch is applied one by one.
    await Promise.all([hold(account, 60n, { scopes: [scope], key }), hold(account, 60n, { scopes: [scope] })]);
    expect(await left(parent)).toBe(100n);
  });

  test("an account named again as a scope counts once, and scopes with spaces are not taken apart", async () => {
    const [account, one, two] = [await wallet(), scopeOf(), scopeOf()];
    const { capId } = await daily(account, 1_000n);
    const { capId: ofTwo } = await daily(two, 50n);
    const { reservationId } = await hold(account, 100n, { scopes: [account] });
    expect(await left(capId)).toBe(900n);
    await releaseReservation({ reservationId, key: freshKey() });
    expect(await left(capId)).toBe(1_000n);
    const settled = await Promise.allSettled([
      hold(account, 60n, { scopes: [`${one} ${two}`] }),
      hold(account, 60n, { scopes: [one, two] }),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await left(ofTwo)).toBe(50n);
  });

  test("what is said of a dollar's worth changes nothing", async () => {
    const [account, scope] = [await wallet(), scopeOf()];
    const { capId } = await daily(scope, 1_000n, { asset: null });
    const { reservationId } = await hold(account, 100n, { scopes: [scope], value: 300n });
    expect(await left(capId)).toBe(900n);
    await capture(reservationId, 40n);
    expect(await left(capId)).toBe(960n);
  });

  test("spending in a transaction that may not see a new cap is refused", async () => {
    const account = await wallet();
    const posting = withTransaction(async (sql) => {
      await sql.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      await reserveIn(sql, { key: freshKey(), account, amount: 1n, purpose: "test", expiresAt: LATER });
    });
    await expect(posting).rejects.toThrow(/READ COMMITTED/);
  });

  test("a cap over all assets counts what each is worth, and needs to know it", async () => {
    const [scope, dollars, euros] = [scopeOf(), await wallet(), `user:${newId("user")}`];
    await ensureAccounts(sqlOf(pool), [{ code: euros, asset: "EUR" }]);
    const deposit = { key: freshKey(), debit: EXTERNAL_EUR_ACCOUNT, credit: euros, amount: 1_000n } as const;
    await postTransfers([{ ...deposit, asset: "EUR", kind: "deposit" }]);
    const { capId } = await daily(scope, 100n, { asset: null });
    const { reservationId } = await hold(euros, 30n, { asset: "EUR", value: 34n, scopes: [scope] });
    await hold(dollars, 60n, { scopes: [scope] });
    expect(await left(capId)).toBe(6n);
    await expect(hold(euros, 1n, { asset: "EUR", scopes: [scope] })).rejects.toMatchObject({
      code: "CAP_VALUE_UNKNOWN",
    });
    const parts = [{ credit: EXTERNAL_EUR_ACCOUNT, amount: 10n, kind: "test" }];
    await captureReservation({ reservationId, key: freshKey(), parts });
    // A third of 34, rounded up.
    expect(await left(capId)).toBe(28n);
  });

  test("a cap on one transaction looks at each alone", async () => {
    const [account, scope] = [await wallet(), scopeOf()];
    await createCap({ scope, asset: "USD", kind: "transaction", amount: 10n, actor: "test" });
    for (let count = 0; count < 5; count += 1) await hold(account, 10n, { scopes: [scope] });
    await expect(hold(account, 11n, { scopes: [scope] })).rejects.toMatchObject({
      details: { limit: "10", asked: "11" },
    });
  });

  test("what a capture leaves unused counts under none of its caps, and under a common one once", async () => {
    const [account, used, unused, above] = [await wallet(), scopeOf(), scopeOf(), scopeOf()];
    const { capId: parent } = await daily(above, 100n);
    const [{ capId: ofUsed }, { capId: ofUnused }] = [
      await daily(used, 100n, { parent }),
      await daily(unused, 100n, { parent }),
    ];
    const lefts = async () => [await left(ofUsed), await left(ofUnused), await left(parent)];
    const open = () => hold(account, 20n, { scopes: [used, unused] });
    const [first, second, third] = [await open(), await open(), await open()];
    expect(await lefts()).toEqual([40n, 40n, 40n]);
    const key = freshKey();
    await capture(first.reservationId, 10n, { unusedScopes: [unused], key });
    expect(await lefts()).toEqual([50n, 60n, 50n]);
    // Beside a repeat the batch is applied one by one.
    await Promise.all([
      capture(second.reservationId, 10n, { unusedScopes: [unused] }),
      capture(first.reservationId, 10n, { unusedScopes: [unused], key }),
    ]);
    expect(await lefts()).toEqual([60n, 80n, 60n]);
    await expect(capture(first.reservationId, 10n, { key })).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
    await capture(third.reservationId, 10n, { unusedScopes: [used, unused] });
    expect(await lefts()).toEqual([80n, 100n, 80n]);
    // A cap that is made later counts what was used, too.
    expect(await left((await daily(unused, 100n)).capId)).toBe(100n);
    expect(await left((await daily(used, 100n)).capId)).toBe(80n);
  });

  test("a cap that is made while money is set aside counts it", async () => {
    const account = await wallet();
    let making: ReturnType<typeof createCap> | undefined;
    await withTransaction(async (sql) => {
      await reserveIn(sql, { key: freshKey(), account, amount: 30n, purpose: "test", expiresAt: LATER });
      making = daily(account, 100n);
      for (;;) {
        const [waiting] = await sql.query(
          "SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 7141 AND NOT granted",
        );
        if (waiting) break;
      }
    });
    expect(await left((await making)?.capId ?? "")).toBe(70n);
  });

  test("caps made in the middle of a flood count every spending, once", async () => {
    const [account, scope] = [await wallet(), scopeOf()];
    let isOver = false;
    let total = 0n;
    const spenders = Array.from({ length: 8 }, async (_, index) => {
      while (!isOver) {
        const { reservationId } = await hold(account, 9n, { scopes: [scope] });
        await capture(reservationId, 4n);
        if (index % 2 === 0) await pay(account, 3n);
        total += index % 2 === 0 ? 7n : 4n;
      }
    });
    const making = async (more: object) => daily(scope, 1_000_000n, more);
    const caps: string[] = [];
    const ofAccount: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ofAccount.push((await daily(account, 1_000_000n)).capId);
      caps.push((await making({ accounts: [account] })).capId, (await making({})).capId);
    }
    isOver = true;
    await Promise.all(spenders);
    const payments = 1_000_000n - (await getBalance(account)).posted;
    expect(payments).toBe(total);
    const spentOf = async (capId: string) => (await listCaps({ capId }))[0];
    for (const capId of ofAccount) expect(await spentOf(capId)).toMatchObject({ spent: payments, reserved: 0n });
    const { rows } = await pool.query<{ sum: bigint }>(
      "SELECT sum(captured)::bigint AS sum FROM ledger_reservation WHERE $1 = ANY (scopes)",
      [scope],
    );
    for (const capId of caps) expect(await spentOf(capId)).toMatchObject({ spent: rows[0]?.sum, reserved: 0n });
  });

  test("bad terms are refused by name", async () => {
    const scope = scopeOf();
    const base = { scope, asset: "USD" as const, kind: "window" as const, windowMs: DAY, amount: 1n, actor: "test" };
    await expect(createCap({ ...base, amount: -1n })).rejects.toMatchObject({ code: "AMOUNT_INVALID" });
    await expect(createCap({ ...base, windowMs: 10 })).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
    await expect(createCap({ ...base, kind: "lifetime" })).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
    await expect(createCap({ ...base, scope: "no scope" })).rejects.toMatchObject({ code: "VALIDATION_FAILED" });
    await expect(createCap({ ...base, parent: newId("cap") })).rejects.toMatchObject({ code: "CAP_NOT_FOUND" });
    expect(await listCaps({ scope })).toEqual([]);
  });
});
