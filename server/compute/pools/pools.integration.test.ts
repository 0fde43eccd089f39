import { afterAll, describe, expect, it, vi } from "vitest";
import { newId } from "#core/ids.ts";
import { chatOrder } from "#core/inference-order.ts";
import { chatRequest } from "#core/schemas/chat.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { auditLedger } from "#server/ledger/audit-ledger.ts";
import { ensureAccounts, ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { closeHub } from "../hub.ts";
import { startInference } from "../run-inference.ts";
import { putPaperNode } from "../testing/paper-node.ts";
import { createDevice, serveModel } from "../testing/simulated-device.ts";
import { payPools } from "./pay-pools.ts";
import { closePool, createPool, getPool, joinPool, leavePool } from "./pools.ts";

// The nodes of this test listen here.
vi.hoisted(() => {
  process.env.ALLOW_PRIVATE_NODES = "127.0.0.1";
});

const closing: (() => void)[] = [];
afterAll(async () => {
  for (const close of closing) close();
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

async function newActor(units = 0n): Promise<Actor> {
  const userId = newId("user");
  await db.user.create({ data: { id: userId, name: "Pools", roles: ["user", "provider"] } });
  await ensurePlatformAccounts();
  await ensureAccounts(sqlOf(pool), [{ code: userAccount(userId), asset: "USD", ownerId: userId }]);
  if (units > 0n)
    await postTransfers([
      {
        key: `pools:${userId}`,
        debit: "platform:external",
        credit: userAccount(userId),
        amount: units,
        asset: "USD",
        kind: "test",
      },
    ]);
  return { userId, roles: ["user", "provider"], via: "session", scopes: ALL_SCOPES };
}

async function putNode(owner: Actor, model: string): Promise<string> {
  const server = await serveModel(createDevice({ weights: "pools" }).answer);
  closing.push(server.close);
  return putPaperNode(owner.userId, model, { directUrl: server.url, outputPrice: 100_000_000n });
}

/** One answer of forty tokens by one node, paid for and settled. */
async function buy(renter: Actor, model: string, node: string): Promise<void> {
  const body = { model, messages: [{ role: "user", content: "Go" }], max_tokens: 40, converge: { node } };
  const running = await startInference(renter, chatOrder(chatRequest.parse(body)));
  for await (const event of running.events) if (event.type === "end") await event.settled;
}

const balanceOf = async ({ userId }: Actor): Promise<bigint> => {
  const { rows } = await pool.query<{ balance: bigint }>(
    "SELECT credits_posted - debits_posted AS balance FROM ledger_account WHERE code = $1",
    [userAccount(userId)],
  );
  return rows[0]?.balance ?? 0n;
};

describe("a pool", () => {
  it("by PPS pays each member its own work, less the fee, once however many pay at once", async () => {
    const [operator, first, second, renter] = await Promise.all([
      newActor(),
      newActor(),
      newActor(),
      newActor(10n ** 9n),
    ]);
    const model = `pools/${newId("model").slice(-8)}`;
    const [a, b] = await Promise.all([putNode(first, model), putNode(second, model)]);
    const { id } = await createPool(operator, { name: "PPS", scheme: "pps", feeBps: 1_000, windowUnits: "1" });
    await joinPool(first, { id, nodeId: a });
    await joinPool(second, { id, nodeId: b });
    for (const node of [a, a, a, b]) await buy(renter, model, node);
    const before = await getPool(first, { id });
    expect(BigInt(before.pending)).toBeGreaterThan(0n);
    expect(await balanceOf(first)).toBe(0n);
    await Promise.all([payPools(), payPools(), payPools()]);
    const [ofFirst, ofSecond, ofOperator] = await Promise.all([first, second, operator].map(balanceOf));
    const income = BigInt(before.pending);
    expect(ofFirst).toBe((((income * 9n) / 10n) * 3n) / 4n);
    expect(ofSecond).toBe((income * 9n) / 10n / 4n);
    expect(ofOperator).toBe(income / 10n);
    await payPools();
    expect(await balanceOf(first)).toBe(ofFirst);
    const after = await getPool(first, { id });
    expect(BigInt(after.pending)).toBeLessThan(3n);
    expect(after.payouts).toMatchObject([{ round: 1, amount: `${ofFirst}` }]);
    const works = after.workers.map(({ workDay }) => BigInt(workDay));
    expect(works[0]).toBe((works[1] ?? 0n) * 3n);
  });

  it("by PPLNS shares what one earns over the newest work of all", async () => {
    const [operator, first, second, renter] = await Promise.all([
      newActor(),
      newActor(),
      newActor(),
      newActor(10n ** 9n),
    ]);
    const model = `pools/${newId("model").slice(-8)}`;
    const [a, b] = await Promise.all([putNode(first, model), putNode(second, model)]);
    const { id } = await createPool(operator, {
      name: "PPLNS",
      scheme: "pplns",
      feeBps: 0,
      windowUnits: "1000000000",
    });
    await joinPool(first, { id, nodeId: a });
    await joinPool(second, { id, nodeId: b });
    await buy(renter, model, a);
    await payPools();
    const early = await balanceOf(first);
    await buy(renter, model, b);
    await payPools();
    // Half of what the second earned is the first's: its work is in the window, too.
    expect(await balanceOf(first)).toBeGreaterThan(early + early / 3n);
    expect(await balanceOf(second)).toBeGreaterThan(early / 3n);
    expect(await balanceOf(second)).toBeLessThan(early);
  });

  it("pays a node's owner again once it has left, or the pool is closed", async () => {
    const [operator, member, renter] = await Promise.all([newActor(), newActor(), newActor(10n ** 9n)]);
    const model = `pools/${newId("model").slice(-8)}`;
    const node = await putNode(member, model);
    const { id } = await createPool(operator, { name: "Short", scheme: "pps", feeBps: 0, windowUnits: "1" });
    await joinPool(member, { id, nodeId: node });
    await expect(leavePool(operator, { nodeId: node })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(joinPool(operator, { id, nodeId: node })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await leavePool(member, { nodeId: node });
    await buy(renter, model, node);
    expect(await balanceOf(member)).toBeGreaterThan(0n);
    await joinPool(member, { id, nodeId: node });
    await closePool(operator, { id });
    await expect(joinPool(member, { id, nodeId: node })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const before = await balanceOf(member);
    await buy(renter, model, node);
    expect(await balanceOf(member)).toBeGreaterThan(before);
    expect(await auditLedger()).toEqual([]);
  });
});
