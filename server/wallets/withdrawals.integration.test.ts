import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DomainError } from "#core/errors.ts";
import { db, pool } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { createOwnCap, removeOwnCap } from "#server/identity/own-caps.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { changeCap, removeCap } from "#server/ledger/caps.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { approveWithdrawal, listApprovals, rejectWithdrawal } from "./approve-withdrawal.ts";
import { cancelWithdrawal } from "./close-withdrawal.ts";
import { getAccount, tokenBalance } from "./get-account.ts";
import { requestWithdrawal } from "./request-withdrawal.ts";
import { sendDueWithdrawals } from "./send-due-withdrawals.ts";
import { createPerson, depositFor, followUntilQuiet, knowAddress, type Person } from "./testing/wallet-world.ts";
import { addWithdrawalAddress, listWithdrawalAddresses, removeWithdrawalAddress } from "./withdrawal-addresses.ts";
import { ensureWithdrawalCap, findDailyCap, type WithdrawalLimits } from "./withdrawal-limits.ts";
import { getWithdrawal } from "./withdrawal-rows.ts";

const DOLLAR = 1_000_000n;
/** Above one dollar a withdrawal waits, above three an admin is asked. */
const LIMITS: WithdrawalLimits = {
  delayAbove: DOLLAR,
  delayMs: 3_600_000,
  approvalAbove: 3n * DOLLAR,
  approvalMs: 3_600_000,
};
const address = () => privateKeyToAccount(generatePrivateKey()).address;
const refusal = (work: Promise<unknown>): Promise<DomainError> =>
  work.then(
    () => {
      throw new Error("It was not refused.");
    },
    (error: unknown) => {
      if (error instanceof DomainError) return error;
      throw error;
    },
  );

let person: Person;
let admin: Actor;
let to: string;
const balance = () => getBalance(userAccount(person.actor.userId));
const ask = (units: bigint, key?: string) =>
  requestWithdrawal(person.actor, { to, units: units.toString(), key }, LIMITS);
const statusOf = async (id: string) => (await getWithdrawal(person.actor, { id })).status;
const ordersOf = (id: string) => db.chainTransaction.count({ where: { key: `withdrawal:${id}` } });
const letDelayPass = (id: string) => pool.query("UPDATE withdrawal SET send_at = now() WHERE id = $1", [id]);

beforeAll(async () => {
  admin = { ...(await createPerson()).actor, roles: ["user", "admin"] };
});
beforeEach(async () => {
  person = await createPerson();
  to = address();
  await knowAddress(person, to);
  await depositFor(userAccount(person.actor.userId), 10n * DOLLAR);
  await followUntilQuiet();
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("withdrawal addresses", () => {
  it("a new one waits before it counts, an unknown one is refused, and nothing is taken", async () => {
    const fresh = address();
    expect((await refusal(requestWithdrawal(person.actor, { to: fresh, units: "1" }))).code).toBe(
      "WITHDRAWAL_ADDRESS_UNKNOWN",
    );
    const added = await addWithdrawalAddress(person.actor, { address: fresh.toLowerCase(), label: "Cold" });
    expect(added).toMatchObject({ address: fresh, isUsable: false, label: "Cold" });
    const waiting = await refusal(requestWithdrawal(person.actor, { to: fresh, units: "1" }));
    expect(waiting).toMatchObject({ code: "WITHDRAWAL_ADDRESS_WAITING", details: { usableAt: added.usableAt } });
    // Adding it again neither shortens the wait nor begins it anew.
    expect((await addWithdrawalAddress(person.actor, { address: fresh })).usableAt).toBe(added.usableAt);
    expect(await balance()).toMatchObject({ available: 10n * DOLLAR, reserved: 0n });

    await removeWithdrawalAddress(person.actor, { address: fresh });
    expect((await refusal(removeWithdrawalAddress(person.actor, { address: fresh }))).code).toBe("NOT_FOUND");
    expect((await addWithdrawalAddress(person.actor, { address: fresh })).isUsable).toBe(false);
  });

  it("one's own account and the wallet one came with count at once; a wallet linked later and a stranger's do not", async () => {
    const { account } = await getAccount(person.actor);
    const own = await requestWithdrawal(person.actor, { to: account?.address ?? "", units: "1" });
    expect(own.status).toBe("requested");
    const wallet = address();
    const visitor = await createPerson({ wallet });
    expect((await listWithdrawalAddresses(visitor.actor)).data).toContainEqual(
      expect.objectContaining({ address: wallet, kind: "wallet", isUsable: true }),
    );
    const later = address();
    await db.userWallet.create({ data: { address: later, userId: person.actor.userId } });
    await pool.query(`UPDATE "user" SET created_at = created_at - interval '1 hour' WHERE id = $1`, [
      person.actor.userId,
    ]);
    expect((await refusal(requestWithdrawal(person.actor, { to: later, units: "1" }))).code).toBe(
      "WITHDRAWAL_ADDRESS_WAITING",
    );
    expect((await refusal(requestWithdrawal(person.actor, { to: wallet, units: "1" }))).code).toBe(
      "WITHDRAWAL_ADDRESS_UNKNOWN",
    );
  });
});

describe("a large withdrawal", () => {
  it("waits, is sent once when its time has come, and is paid", async () => {
    const { id, status, sendAt } = await ask(2n * DOLLAR);
    expect(status).toBe("waiting");
    expect(new Date(sendAt ?? 0).getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    await sendDueWithdrawals();
    expect(await ordersOf(id)).toBe(0);
    expect(await balance()).toMatchObject({ available: 8n * DOLLAR, reserved: 2n * DOLLAR });
    await letDelayPass(id);
    await Promise.all([sendDueWithdrawals(), sendDueWithdrawals(), sendDueWithdrawals()]);
    expect(await ordersOf(id)).toBe(1);
    expect((await refusal(cancelWithdrawal(person.actor, { id }))).code).toBe("WITHDRAWAL_CLOSED");
    await followUntilQuiet();
    expect(await statusOf(id)).toBe("paid");
    expect(await balance()).toMatchObject({ posted: 8n * DOLLAR, reserved: 0n });
    expect(await tokenBalance(to as `0x${string}`)).toBe(2n * DOLLAR);
  });

  it("is taken back by its owner alone, once, and never sent", async () => {
    const { id } = await ask(2n * DOLLAR);
    const stranger = await createPerson();
    expect((await refusal(cancelWithdrawal(stranger.actor, { id }))).code).toBe("NOT_FOUND");
    const views = await Promise.all(Array.from({ length: 6 }, () => cancelWithdrawal(person.actor, { id })));
    expect(new Set(views.map(({ status }) => status))).toEqual(new Set(["cancelled"]));
    await letDelayPass(id);
    await followUntilQuiet();
    expect(await ordersOf(id)).toBe(0);
    expect(await balance()).toMatchObject({ available: 10n * DOLLAR, reserved: 0n });
  });

  it("is either sent or taken back when both come at once, never both", async () => {
    for (let round = 0; round < 8; round++) {
      const { id } = await ask(DOLLAR + 1n);
      await letDelayPass(id);
      await Promise.allSettled([sendDueWithdrawals(), cancelWithdrawal(person.actor, { id })]);
      const status = await statusOf(id);
      expect(await ordersOf(id)).toBe(status === "cancelled" ? 0 : 1);
      expect(["cancelled", "requested"]).toContain(status);
      if (status === "requested") await followUntilQuiet();
      expect((await balance()).reserved).toBe(0n);
    }
  });
});

describe("a withdrawal above the second threshold", () => {
  it("goes out only after another person's approval and the delay", async () => {
    const { id, status } = await ask(4n * DOLLAR, "large");
    expect(status).toBe("awaiting-approval");
    expect((await ask(4n * DOLLAR, "large")).id).toBe(id);
    expect((await listApprovals({ limit: 10, state: "open" })).data).toContainEqual(
      expect.objectContaining({ id, userId: person.actor.userId }),
    );
    await letDelayPass(id);
    await sendDueWithdrawals();
    expect(await ordersOf(id)).toBe(0);
    const asAdmin: Actor = { ...person.actor, roles: ["user", "admin"] };
    expect((await refusal(approveWithdrawal(asAdmin, { id }))).code).toBe("APPROVAL_OWN");
    expect((await refusal(rejectWithdrawal(asAdmin, { id, reason: "mine" }))).code).toBe("APPROVAL_OWN");
    const tries = await Promise.allSettled([approveWithdrawal(admin, { id }), approveWithdrawal(admin, { id })]);
    expect(tries.filter(({ status: outcome }) => outcome === "fulfilled")).toHaveLength(1);
    expect(await ordersOf(id)).toBe(1);
    await followUntilQuiet();
    expect(await statusOf(id)).toBe("paid");
  });

  it("still waits for its delay after the approval", async () => {
    const { id } = await ask(4n * DOLLAR);
    expect((await approveWithdrawal(admin, { id })).status).toBe("waiting");
    await sendDueWithdrawals();
    expect(await ordersOf(id)).toBe(0);
    expect((await cancelWithdrawal(person.actor, { id })).status).toBe("cancelled");
    expect(await balance()).toMatchObject({ available: 10n * DOLLAR, reserved: 0n });
  });

  it("is given back when it is rejected, with the reason, or when nobody decides in time", async () => {
    const rejected = await ask(4n * DOLLAR);
    await rejectWithdrawal(admin, { id: rejected.id, reason: "Call us first." });
    expect(await getWithdrawal(person.actor, { id: rejected.id })).toMatchObject({
      status: "rejected",
      error: "Call us first.",
    });
    expect((await refusal(approveWithdrawal(admin, { id: rejected.id }))).code).toBe("WITHDRAWAL_CLOSED");
    const late = await ask(4n * DOLLAR);
    await pool.query("UPDATE withdrawal SET expires_at = now() WHERE id = $1", [late.id]);
    expect((await refusal(approveWithdrawal(admin, { id: late.id }))).details.status).toBe("expired");
    await Promise.all([sendDueWithdrawals(), sendDueWithdrawals()]);
    expect(await statusOf(late.id)).toBe("expired");
    expect(await balance()).toMatchObject({ available: 10n * DOLLAR, reserved: 0n });
  });
});

describe("a person's own limit", () => {
  it("on an address refuses in words what goes above it there, and nothing else", async () => {
    const covers = { kind: "counterparty" as const, address: to };
    const cap = await createOwnCap(person.actor, { covers, kind: "lifetime", units: String(DOLLAR), asset: "USD" });
    try {
      const refused = await refusal(ask(2n * DOLLAR));
      expect(refused).toMatchObject({ code: "CAP_EXCEEDED", details: { cap: cap.id, limit: "1000000", roomAt: null } });
      expect(refused.message).toContain(`The limit on payments to ${to.toLowerCase()} is $1.00 in all`);
      const { account } = await getAccount(person.actor);
      await requestWithdrawal(person.actor, { to: account?.address ?? "", units: String(2n * DOLLAR) });
    } finally {
      await removeOwnCap(person.actor, { id: cap.id });
    }
  });
});

describe("the platform's daily cap", () => {
  it("is one cap however often it is made, refuses what is above it, and says so", async () => {
    const [first, second] = await Promise.all([ensureWithdrawalCap(), ensureWithdrawalCap()]);
    expect(first.capId).toBe(second.capId);
    try {
      const { spent = 0n, reserved = 0n } = (await findDailyCap()) ?? {};
      // Room for three dollars more.
      await changeCap({ capId: first.capId, amount: spent + reserved + 3n * DOLLAR, actor: "test" });
      const { id } = await ask(2n * DOLLAR);
      const refused = await refusal(ask(2n * DOLLAR));
      expect(refused).toMatchObject({
        code: "CAP_EXCEEDED",
        details: { scope: "category:withdrawal", left: "1000000" },
      });
      expect(refused.message).toContain("Nothing was taken");
      // What is taken back makes room at once.
      await cancelWithdrawal(person.actor, { id });
      await ask(3n * DOLLAR);
      expect(await balance()).toMatchObject({ available: 7n * DOLLAR, reserved: 3n * DOLLAR });
      await ensureWithdrawalCap();
      expect((await findDailyCap())?.amount).toBe(100_000n * DOLLAR);
    } finally {
      await removeCap({ capId: first.capId, actor: "test" });
    }
  });
});
