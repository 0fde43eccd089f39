import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "#core/ids.ts";
import type { CapView, CreateCapInput } from "#core/schemas/cap.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import type { OpenInference } from "#server/compute/open-inference.ts";
import { settleInference, usageOf } from "#server/compute/settle-inference.ts";
import { openChat } from "#server/compute/testing/open-chat.ts";
import { putPaperNode } from "#server/compute/testing/paper-node.ts";
import { db, pool, sqlOf, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { createApiKey, findApiKeyActor, revokeApiKey } from "#server/identity/api-keys.ts";
import { agentAccount, REVENUE_ACCOUNT } from "#server/ledger/account-codes.ts";
import { auditLedger } from "#server/ledger/audit-ledger.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { captureReservation, releaseReservation } from "#server/ledger/reservations.ts";
import { promiseCashOut } from "#server/rewards/promise-cash-out.ts";
import { handleChatCompletions } from "./chat-door.ts";
import { handleRest } from "./rest.ts";
import { appRouter } from "./root.ts";
import { newPerson } from "./testing/compute-world.ts";
import { createCallerFactory } from "./trpc.ts";

const MODEL = "converge/tiny-1";
const DAY = 86_400_000;
/** What a completion of a hundred tokens sets aside at a dollar for a million. */
const ONE = 100n;

let provider: Actor;
let first: string;
let second: string;
const nodes: string[] = [];

const callerOf = (actor: Actor) =>
  createCallerFactory(appRouter)({ actor, requestId: "req_caps", idempotencyKey: null });
const input = { model: MODEL, messages: [{ role: "user" as const, content: "Hello" }], max_tokens: 100 };
const open = (actor: Actor) => openChat(actor, input);
const keyOf = async (actor: Actor, more: Partial<Parameters<typeof createApiKey>[1]> = {}) => {
  const { key, token } = await createApiKey(actor, { name: "caps", scopes: ["inference:write"], ...more });
  const keyActor = await findApiKeyActor(token);
  if (!keyActor) throw new Error("The key is not known");
  return { id: key.id, token, actor: keyActor };
};
const daily = (covers: CreateCapInput["covers"], units: bigint): CreateCapInput => ({
  covers,
  kind: "window",
  windowMs: DAY,
  units: units.toString(),
  asset: "USD",
});
const capOf = async (actor: Actor, id: string): Promise<CapView> => {
  const found = (await callerOf(actor).cap.list()).data.find((cap) => cap.id === id);
  if (!found) throw new Error("The cap is not listed");
  return found;
};
const leftOf = async (actor: Actor, id: string) => BigInt((await capOf(actor, id)).left.units);
const pay = (opened: OpenInference, amount: bigint) =>
  captureReservation({
    reservationId: opened.reservationId,
    key: `pay:${opened.id}`,
    parts: [{ credit: REVENUE_ACCOUNT, amount, kind: "inference" }],
  });

/** An agent of a person with money in its own balance; its account on the chain plays no part here. */
async function agentOf(actor: Actor): Promise<Actor> {
  const id = newId("agent");
  const address = () => privateKeyToAddress(generatePrivateKey()).toLowerCase();
  const [account, owner, key] = [address(), address(), address()];
  await db.agent.create({
    data: { id, userId: actor.userId, name: "Spender", status: "active", account, owner, key, policy: {} },
  });
  const code = agentAccount(id);
  await ensureAccounts(sqlOf(pool), [{ code, asset: "USD", ownerId: actor.userId }]);
  await postTransfers([
    { key: `fund:${id}`, debit: "platform:external", credit: code, amount: 10_000n, asset: "USD", kind: "test" },
  ]);
  return { ...actor, agentId: id, via: "api_key", scopes: ALL_SCOPES };
}

beforeAll(async () => {
  provider = (await newPerson(0n, ["user", "provider"])).actor;
  first = await putPaperNode(provider.userId, MODEL);
  second = await putPaperNode(provider.userId, MODEL);
  nodes.push(first, second);
});
afterAll(async () => {
  await db.computeNode.updateMany({ where: { id: { in: nodes } }, data: { status: "removed" } });
  expect(await auditLedger()).toEqual([]);
  await db.$disconnect();
  await pool.end();
});

describe("a key's limit", () => {
  test("holds over two processes that open two hundred completions at once", async () => {
    const { actor } = await newPerson(1_000_000n);
    const key = await keyOf(actor, { spendLimit: { units: (37n * ONE).toString(), kind: "lifetime" } });
    const openMany = () =>
      promisify(execFile)(process.execPath, [
        resolve(import.meta.dirname, "../compute/testing/open-many.ts"),
        ...["--token", key.token, "--model", MODEL, "--count", "100"],
      ]);
    const answers = await Promise.all([openMany(), openMany()]);
    expect(answers.reduce((sum, { stdout }) => sum + Number(stdout), 0)).toBe(37);
    const [cap] = (await callerOf(actor).cap.list()).data;
    expect(cap).toMatchObject({ name: "caps", covers: { kind: "api-key", id: key.id }, left: { units: "0" } });
    expect(cap?.reserved.units).toBe((37n * ONE).toString());
  });

  test("is no other key's, and ends with its key", async () => {
    const { actor } = await newPerson(1_000_000n);
    const capped = await keyOf(actor, { spendLimit: { units: "0", kind: "transaction" } });
    const free = await keyOf(actor);
    await expect(open(capped.actor)).rejects.toMatchObject({ code: "CAP_EXCEEDED", status: 402 });
    await open(free.actor);
    await revokeApiKey(actor, capped.id);
    expect((await callerOf(actor).cap.list()).data).toEqual([]);
  });

  test("refuses in OpenAI's form with what is left and when to come back", async () => {
    const { actor } = await newPerson(1_000_000n);
    const limit = { units: (ONE + 1n).toString(), kind: "window" as const, windowMs: DAY };
    const key = await keyOf(actor, { spendLimit: limit });
    await pay(await open(key.actor), ONE);
    const response = await handleChatCompletions(
      new Request("http://localhost/api/v1/chat/completions", {
        method: "POST",
        headers: { authorization: `Bearer ${key.token}`, "content-type": "application/json" },
        body: JSON.stringify(input),
      }),
    );
    expect(response.status).toBe(402);
    const wait = Number(response.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(DAY / 1000 - 60);
    expect(wait).toBeLessThan(DAY / 1000 + 1_000);
    const { error } = await response.json();
    expect(error).toMatchObject({
      type: "insufficient_funds",
      code: "CAP_EXCEEDED",
      details: { scope: `key:${key.id}`, limit: "101", left: "1", asked: "100", kind: "window", windowMs: DAY },
    });
    expect(error.details.roomAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(error.message).toContain("Nothing was charged.");
  });
});

describe("a person's limit", () => {
  test("covers what their agents spend, and tells an agent no figures of it", async () => {
    const { actor } = await newPerson(1_000_000n);
    const agent = await agentOf(actor);
    const cap = await callerOf(actor).cap.create(daily({ kind: "everything" }, 3n * ONE));
    await open(actor);
    await open(agent);
    expect(await leftOf(actor, cap.id)).toBe(ONE);
    await open(agent);
    const refusal = await open(agent).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "CAP_EXCEEDED", details: { scope: `person:${actor.userId}` } });
    expect((refusal as { details: object }).details).not.toHaveProperty("left");
    // The agent's own balance is another scope, and its owner's limits are not on its list.
    expect((await callerOf(agent).cap.list()).data).toEqual([]);
  });

  test("on an agent stops the agent alone", async () => {
    const { actor } = await newPerson(1_000_000n);
    const agent = await agentOf(actor);
    const cap = await callerOf(actor).cap.create(daily({ kind: "agent", id: agent.agentId ?? "" }, ONE));
    await open(agent);
    await expect(open(agent)).rejects.toMatchObject({ details: { cap: cap.id, left: "0" } });
    await open(actor);
    expect((await callerOf(agent).cap.list()).data.map(({ id }) => id)).toEqual([cap.id]);
  });

  test("on completions leaves other people's alone", async () => {
    const [mine, theirs] = [await newPerson(1_000_000n), await newPerson(1_000_000n)];
    await callerOf(mine.actor).cap.create(daily({ kind: "category", category: "inference" }, 0n));
    await expect(open(mine.actor)).rejects.toMatchObject({ code: "CAP_EXCEEDED" });
    await open(theirs.actor);
  });

  test("keeps what was spent when it is lowered and raised, frees at once what was not used, and ends", async () => {
    const { actor } = await newPerson(1_000_000n);
    const caller = callerOf(actor);
    const { id } = await caller.cap.create(daily({ kind: "balance" }, 3n * ONE));
    const opened = await open(actor);
    await pay(opened, 40n);
    expect(await capOf(actor, id)).toMatchObject({
      spent: { units: "40" },
      reserved: { units: "0" },
      left: { units: "260" },
      frees: expect.any(String),
    });
    await caller.cap.change({ id, units: "30" });
    expect(await leftOf(actor, id)).toBe(0n);
    await expect(open(actor)).rejects.toMatchObject({ details: { limit: "30", left: "0" } });
    await caller.cap.change({ id, units: "140" });
    const { reservationId } = await open(actor);
    await releaseReservation({ reservationId, key: `release:${reservationId}` });
    expect(await leftOf(actor, id)).toBe(ONE);
    expect(await caller.cap.remove({ id })).toEqual({ id, removed: true });
    expect(await caller.cap.remove({ id })).toEqual({ id, removed: true });
    await expect(caller.cap.change({ id, units: "1" })).rejects.toMatchObject({ cause: { code: "CAP_NOT_FOUND" } });
    await open(actor);
  });

  test("on a node counts what that node served, not what it might have", async () => {
    const { actor } = await newPerson(1_000_000n);
    const { id: onFirst } = await callerOf(actor).cap.create(daily({ kind: "provider", nodeId: first }, 1_000n));
    const { id: onSecond } = await callerOf(actor).cap.create(daily({ kind: "provider", nodeId: second }, 1_000n));
    const opened = await open(actor);
    const held = 1_000n - opened.reserved;
    expect([await leftOf(actor, onFirst), await leftOf(actor, onSecond)]).toEqual([held, held]);
    const served = opened.candidates.find(({ nodeId }) => nodeId === second);
    if (!served) throw new Error("The second node is no candidate");
    const segment = {
      ...served,
      providerId: provider.userId,
      promptTokens: 1,
      completionTokens: 10,
      publicKey: second,
      attemptId: opened.id,
      text: "Hi",
    };
    const delivery = { text: "Hi", segments: [segment], firstTokenAt: new Date(), hasCalls: false };
    const { charged } = usageOf(opened, delivery);
    await settleInference(opened, delivery, "stop");
    expect(charged).toBeGreaterThan(0n);
    expect([await leftOf(actor, onFirst), await leftOf(actor, onSecond)]).toEqual([1_000n, 1_000n - charged]);
  });

  test("stands under another limit of theirs, and under nobody else's", async () => {
    const [mine, theirs] = [await newPerson(1_000_000n), await newPerson(1_000_000n)];
    const caller = callerOf(mine.actor);
    const key = await keyOf(mine.actor);
    const above = await caller.cap.create(daily({ kind: "category", category: "inference" }, ONE));
    const below = { ...daily({ kind: "api-key", id: key.id }, 5n * ONE), parent: above.id };
    await caller.cap.create(below);
    await open(key.actor);
    await expect(open(key.actor)).rejects.toMatchObject({ details: { cap: above.id } });
    await expect(
      callerOf(theirs.actor).cap.create({ ...daily({ kind: "balance" }, 1n), parent: above.id }),
    ).rejects.toMatchObject({
      cause: { code: "CAP_NOT_FOUND" },
    });
  });
});

describe("a cash-out", () => {
  test("falls under its person's limit, and nothing is promised when that has no room", async () => {
    const { actor, account } = await newPerson(1_000n);
    await callerOf(actor).cap.create(daily({ kind: "category", category: "cash-out" }, 400n));
    const address = `0x${"1".padStart(40, "0")}` as const;
    const rolledBack = withTransaction(async (sql) => {
      const cashOut = (units: bigint) =>
        promiseCashOut(sql, { id: newId("cashOut"), userId: actor.userId, address, units, key: newId("cashOut") });
      await cashOut(300n);
      await expect(cashOut(101n)).rejects.toMatchObject({
        code: "CAP_EXCEEDED",
        message: expect.stringContaining("The limit on cash-outs is $0.0004 in any day; $0.0001 of it is left"),
      });
      // What an epoch would settle is counted by other tests.
      throw new Error("Nothing of this stays");
    });
    await expect(rolledBack).rejects.toThrow("Nothing of this stays");
    expect((await getBalance(account)).available).toBe(1_000n);
  });
});

describe("making limits", () => {
  test("what is somebody else's is not there", async () => {
    const [mine, theirs] = [await newPerson(0n), await newPerson(0n)];
    const [key, agent] = [await keyOf(theirs.actor), await agentOf(theirs.actor)];
    const caller = callerOf(mine.actor);
    const foreign: CreateCapInput["covers"][] = [
      { kind: "api-key", id: key.id },
      { kind: "agent", id: agent.agentId ?? "" },
      { kind: "provider", nodeId: newId("node") },
    ];
    for (const covers of foreign)
      await expect(caller.cap.create(daily(covers, 1n))).rejects.toMatchObject({ cause: { code: "NOT_FOUND" } });
    const cap = await callerOf(theirs.actor).cap.create(daily({ kind: "balance" }, 1n));
    await expect(caller.cap.change({ id: cap.id, units: "5" })).rejects.toMatchObject({
      cause: { code: "CAP_NOT_FOUND" },
    });
    await expect(caller.cap.remove({ id: cap.id })).rejects.toMatchObject({ cause: { code: "CAP_NOT_FOUND" } });
    expect(await capOf(theirs.actor, cap.id)).toMatchObject({ limit: { units: "1" } });
  });

  test("asked for many times at once, one limit is made; another amount is told apart", async () => {
    const { actor } = await newPerson(0n);
    const caller = callerOf(actor);
    const made = await Promise.all(
      Array.from({ length: 8 }, () => caller.cap.create(daily({ kind: "everything" }, 5n))),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect((await caller.cap.list()).data).toHaveLength(1);
    await expect(caller.cap.create(daily({ kind: "everything" }, 6n))).rejects.toMatchObject({
      cause: { code: "CAP_EXISTS", details: { cap: made[0]?.id } },
    });
  });

  test("a key cannot lift its own limit, over REST as elsewhere", async () => {
    const { actor } = await newPerson(0n);
    const key = await keyOf(actor, { scopes: [...ALL_SCOPES], spendLimit: { units: "5", kind: "lifetime" } });
    const [cap] = (await callerOf(actor).cap.list()).data;
    const send = (method: string, path: string, body?: object) =>
      handleRest(
        new Request(`http://localhost/api/v1${path}`, {
          method,
          headers: { authorization: `Bearer ${key.token}`, "content-type": "application/json" },
          ...(body ? { body: JSON.stringify(body) } : {}),
        }),
      );
    expect((await send("PATCH", `/caps/${cap?.id}`, { units: "500" })).status).toBe(403);
    expect((await send("DELETE", `/caps/${cap?.id}`)).status).toBe(403);
    const listed = await send("GET", "/caps");
    expect(listed.status).toBe(200);
    expect((await listed.json()).data).toMatchObject([{ object: "cap", id: cap?.id, limit: { units: "5" } }]);
  });

  test("ends at fifty for one person, however many are asked for at once", async () => {
    const { actor } = await newPerson(0n);
    const caller = callerOf(actor);
    const settled = await Promise.allSettled(
      Array.from({ length: 55 }, (_, index) =>
        caller.cap.create({ ...daily({ kind: "everything" }, 1n), windowMs: DAY + index }),
      ),
    );
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(50);
    expect((await caller.cap.list()).data).toHaveLength(50);
    // A key that cannot have its limit is not made without it.
    await expect(keyOf(actor, { spendLimit: { units: "1", kind: "lifetime" } })).rejects.toMatchObject({
      code: "CAPS_TOO_MANY",
    });
    expect(await db.apiKey.count({ where: { userId: actor.userId } })).toBe(1);
  });

  test("ends for a day at two hundred, however many of them were removed", async () => {
    const { actor } = await newPerson(0n);
    const caller = callerOf(actor);
    for (let count = 0; count < 200; count += 1) {
      const { id } = await caller.cap.create(daily({ kind: "everything" }, 1n));
      await caller.cap.remove({ id });
    }
    await expect(caller.cap.create(daily({ kind: "everything" }, 1n))).rejects.toMatchObject({
      cause: { code: "CAPS_TOO_MANY" },
    });
  });

  test("a window without a length, or a length without a window, is refused", async () => {
    const caller = callerOf((await newPerson(0n)).actor);
    const bad = { covers: { kind: "everything" as const }, units: "1", asset: "USD" as const };
    await expect(caller.cap.create({ ...bad, kind: "window" })).rejects.toThrow(/window has a length/);
    await expect(caller.cap.create({ ...bad, kind: "lifetime", windowMs: DAY })).rejects.toThrow(/window has a length/);
  });
});

describe("the platform's caps", () => {
  const admin = async () => (await newPerson(0n, ["user", "admin"])).actor;

  test("a node without room is passed over; with none left the request is refused without figures", async () => {
    const { actor } = await newPerson(1_000_000n);
    const boss = callerOf(await admin());
    const stop = (scope: string) =>
      boss.admin.createCap({ scope, kind: "window", windowMs: DAY, units: "0", asset: "USD", reason: "Under test" });
    const caps = [await stop(`provider:${first}`)];
    try {
      const opened = await open(actor);
      expect(opened.candidates.map(({ nodeId }) => nodeId)).toEqual([second]);
      expect(opened.scopes).not.toContain(`provider:${first}`);
      caps.push(await stop(`provider:${second}`));
      const refusal = await open(actor).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: "CAP_EXCEEDED", status: 402 });
      expect((refusal as { details: object }).details).not.toHaveProperty("left");
    } finally {
      for (const { id } of caps) await boss.admin.removeCap({ id, reason: "The test is over" });
    }
    await open(actor);
  });

  test("hold for everybody, and say who changed them and why", async () => {
    const { actor } = await newPerson(1_000_000n);
    const boss = callerOf(await admin());
    const terms = { scope: `user:${actor.userId}`, kind: "transaction" as const, asset: null };
    const cap = await boss.admin.createCap({ ...terms, units: "99", reason: "A complaint" });
    await expect(open(actor)).rejects.toMatchObject({ details: { cap: cap.id, limit: "99" } });
    // The person sees it among theirs and cannot change it.
    expect(await capOf(actor, cap.id)).toMatchObject({ isOwn: false });
    await expect(callerOf(actor).cap.remove({ id: cap.id })).rejects.toMatchObject({
      cause: { code: "CAP_NOT_FOUND" },
    });
    const raised = await boss.admin.changeCap({ id: cap.id, units: "100", reason: "It was settled" });
    expect(raised.changes).toMatchObject([
      { units: "100", reason: "It was settled", by: "Test person" },
      { units: "99", reason: "A complaint" },
    ]);
    await open(actor);
    await boss.admin.removeCap({ id: cap.id, reason: "No longer needed" });
    await boss.admin.removeCap({ id: cap.id, reason: "No longer needed" });
    const listed = await boss.admin.listCaps({ limit: 100 });
    expect(listed.data.some(({ id }) => id === cap.id)).toBe(false);
  });

  test("a person's own limit is not an admin's to change", async () => {
    const { actor } = await newPerson(0n);
    const cap = await callerOf(actor).cap.create(daily({ kind: "everything" }, 5n));
    const boss = callerOf(await admin());
    await expect(boss.admin.changeCap({ id: cap.id, units: "9", reason: "Because" })).rejects.toMatchObject({
      cause: { code: "CAP_NOT_FOUND" },
    });
  });
});
