import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { closeHub } from "#server/compute/hub.ts";
import { sweepAnswers } from "#server/compute/repeated-request.ts";
import { sweepInferences } from "#server/compute/sweep-compute.ts";
import { db, pool } from "#server/db.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import {
  eventually,
  type ModelServer,
  type NodeProgram,
  newPerson,
  startModelServer,
  startNode,
  startReplica,
} from "./testing/compute-world.ts";
import { serveDoors } from "./testing/serve-doors.ts";

type TestPerson = Awaited<ReturnType<typeof newPerson>>;

let here: { url: string; close: () => Promise<void> };
let provider: TestPerson;
let model = 0;
const nodes: NodeProgram[] = [];
const servers: ModelServer[] = [];

/** A node in front of a model server that answers when the test says so, under a model name of its own. */
async function newModel(): Promise<{ name: string; server: ModelServer }> {
  const name = `retry-model-${++model}`;
  const server = await startModelServer();
  servers.push(server);
  const prices = ["--price-input", "1", "--price-output", "1"];
  nodes.push(await startNode(provider.actor, here.url, ["--openai-base-url", server.url, "--model", name, ...prices]));
  return { name, server };
}

type Ask = { person: TestPerson; key: string; body: object; url?: string; signal?: AbortSignal };
const ask = ({ person, key, body, url = here.url, signal }: Ask) =>
  fetch(`${url}/api/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${person.key}`, "idempotency-key": key },
    body: JSON.stringify({ messages: [{ role: "user", content: "hi" }], ...body }),
    ...(signal ? { signal } : {}),
  });
const errorOf = async (response: Response) => {
  const { error } = await response.json();
  return { status: response.status, code: error.code, details: error.details };
};
const inferencesOf = (person: TestPerson) => db.inference.findMany({ where: { userId: person.actor.userId } });
/** The one completion of a person, settled; and that nothing but its charge left the balance. */
async function onlyCharge(person: TestPerson) {
  const rows = await eventually("The settlement", async () => {
    const found = await inferencesOf(person);
    return found.every(({ status }) => status !== "running") && found;
  });
  const charged = rows.reduce((sum, row) => sum + (row.charged ?? 0n), 0n);
  expect(await getBalance(person.account)).toMatchObject({ available: 1_000_000n - charged, reserved: 0n });
  return { charged, count: rows.length };
}

beforeAll(async () => {
  here = await serveDoors();
  provider = await newPerson(0n, ["user", "provider"]);
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((one) => one.kill()));
  await Promise.all(servers.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  await here.close();
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

describe("an answer in one piece, asked for again under its key", () => {
  it("is the same answer, charged once; another body is refused; after a day only the receipt is left", async () => {
    const { name, server } = await newModel();
    server.finish("the one answer");
    const person = await newPerson(1_000_000n);
    const first = await ask({ person, key: "same", body: { model: name } });
    const text = await first.text();
    expect(JSON.parse(text).choices[0].message.content).toBe("the one answer");
    for (const repeat of [1, 2]) {
      const again = await ask({ person, key: "same", body: { model: name } });
      expect([repeat, again.status, await again.text()]).toEqual([repeat, 200, text]);
      expect(again.headers.get("idempotent-replayed")).toBe("true");
      expect(again.headers.get("x-converge-receipt")).toBe(first.headers.get("x-converge-receipt"));
    }
    const other = await ask({ person, key: "same", body: { model: name, max_tokens: 3 } });
    expect(await errorOf(other)).toMatchObject({ status: 409, code: "IDEMPOTENCY_KEY_REUSED" });
    const { charged, count } = await onlyCharge(person);
    expect(count).toBe(1);
    expect(charged).toBeGreaterThan(0n);
    // The same key of somebody else is another key.
    const stranger = await newPerson(1_000_000n);
    expect((await ask({ person: stranger, key: "same", body: { model: name } })).status).toBe(200);

    await pool.query("UPDATE inference_answer SET created_at = now() - interval '25 hours'");
    await sweepAnswers();
    expect(await errorOf(await ask({ person, key: "same", body: { model: name } }))).toMatchObject({
      status: 409,
      code: "IDEMPOTENCY_KEY_USED",
      details: {
        status: "completed",
        charged: charged.toString(),
        receipt: `/api/v1/receipts/${first.headers.get("x-converge-receipt")}`,
      },
    });
    expect((await onlyCharge(person)).count).toBe(1);
  });

  it("runs once for a crowd that asks at the same moment", async () => {
    const { name, server } = await newModel();
    const person = await newPerson(1_000_000n);
    const crowd = Array.from({ length: 12 }, () => ask({ person, key: "crowd", body: { model: name } }));
    await eventually("The work's arrival", async () => server.open === 1);
    const codes: string[] = [];
    let answered = 0;
    const settled = crowd.map(async (one) => {
      const response = await one;
      if (response.ok) answered++;
      else codes.push((await errorOf(response)).code);
    });
    await eventually("The others' refusal", async () => codes.length === 11);
    server.finish("once");
    await Promise.all(settled);
    expect(answered).toBe(1);
    expect(new Set(codes)).toEqual(new Set(["IDEMPOTENCY_IN_PROGRESS"]));
    expect((await ask({ person, key: "crowd", body: { model: name } })).status).toBe(200);
    expect((await onlyCharge(person)).count).toBe(1);
  });

  it("is there for a caller whose connection was lost while it was made", async () => {
    const { name, server } = await newModel();
    const person = await newPerson(1_000_000n);
    const leaving = new AbortController();
    const lost = ask({ person, key: "lost", body: { model: name }, signal: leaving.signal });
    await eventually("The work's arrival", async () => server.open === 1);
    server.say("worth ");
    leaving.abort();
    await expect(lost).rejects.toThrow();
    expect(await errorOf(await ask({ person, key: "lost", body: { model: name } }))).toMatchObject({
      status: 409,
      code: "IDEMPOTENCY_IN_PROGRESS",
    });
    server.finish("waiting for");
    await onlyCharge(person);
    const again = await ask({ person, key: "lost", body: { model: name } });
    expect((await again.json()).choices[0].message.content).toBe("worth waiting for");
    expect((await onlyCharge(person)).count).toBe(1);
  });

  it("may be tried again when nobody could give it, and when the web process died over it", async () => {
    const { name, server } = await newModel();
    server.fail(500);
    const person = await newPerson(1_000_000n);
    const body = { model: name };
    expect((await errorOf(await ask({ person, key: "again", body }))).code).toBe("MODEL_UNAVAILABLE");
    server.fail(0);
    const replica = await startReplica();
    const cut = ask({ person, key: "again", body, url: replica.url }).catch(() => null);
    await eventually("The work's arrival", async () => server.open === 1);
    await replica.stop();
    await cut;
    expect((await errorOf(await ask({ person, key: "again", body }))).code).toBe("IDEMPOTENCY_IN_PROGRESS");
    await pool.query("UPDATE inference SET expires_at = now() WHERE user_id = $1 AND status = 'running'", [
      person.actor.userId,
    ]);
    await sweepInferences();
    expect(await onlyCharge(person)).toEqual({ charged: 0n, count: 2 });
    server.finish("at last");
    const answer = await ask({ person, key: "again", body });
    expect((await answer.json()).choices[0].message.content).toMatch(/at last$/);
    const { charged } = await onlyCharge(person);
    expect((await ask({ person, key: "again", body })).status).toBe(200);
    expect(await onlyCharge(person)).toEqual({ charged, count: 3 });
  });
});

describe("a stream, asked for again under its key", () => {
  it("is refused while it runs and after it ended, with its receipt and without a second charge", async () => {
    const { name, server } = await newModel();
    const person = await newPerson(1_000_000n);
    const body = { model: name, stream: true };
    const first = ask({ person, key: "stream", body });
    await eventually("The work's arrival", async () => server.open === 1);
    expect(await errorOf(await ask({ person, key: "stream", body }))).toMatchObject({
      status: 409,
      code: "IDEMPOTENCY_IN_PROGRESS",
    });
    server.finish("streamed");
    const response = await first;
    expect(await response.text()).toContain("[DONE]");
    const { charged } = await onlyCharge(person);
    expect(charged).toBeGreaterThan(0n);
    expect(await errorOf(await ask({ person, key: "stream", body }))).toEqual({
      status: 409,
      code: "IDEMPOTENCY_KEY_USED",
      details: {
        inferenceId: response.headers.get("x-converge-inference"),
        status: "completed",
        charged: charged.toString(),
        receipt: `/api/v1/receipts/${response.headers.get("x-converge-receipt")}`,
      },
    });
    expect(await errorOf(await ask({ person, key: "stream", body: { model: name } }))).toMatchObject({
      status: 409,
      code: "IDEMPOTENCY_KEY_REUSED",
    });
    expect(await onlyCharge(person)).toEqual({ charged, count: 1 });
    expect(await db.inferenceAnswer.count({ where: { inference: { userId: person.actor.userId } } })).toBe(0);
  });

  it("that its caller left is charged for what was delivered, and not run again", async () => {
    const { name, server } = await newModel();
    const person = await newPerson(1_000_000n);
    const leaving = new AbortController();
    const body = { model: name, stream: true };
    const first = ask({ person, key: "left", body, signal: leaving.signal });
    await eventually("The work's arrival", async () => server.open === 1);
    server.say("some of it");
    const reader = (await first).body?.pipeThrough(new TextDecoderStream()).getReader();
    let raw = "";
    while (!raw.includes("some of it")) raw += (await reader?.read())?.value ?? "";
    leaving.abort();
    const { charged } = await onlyCharge(person);
    expect(await errorOf(await ask({ person, key: "left", body }))).toMatchObject({
      code: "IDEMPOTENCY_KEY_USED",
      details: { status: "cancelled", charged: charged.toString() },
    });
    expect(await onlyCharge(person)).toEqual({ charged, count: 1 });
  });
});
