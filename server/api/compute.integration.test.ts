import { once } from "node:events";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "#core/node-signature.ts";
import { canonicalQuestion, plainChat } from "#core/question.ts";
import { canonicalJson, receiptDigest, verifyNodeReceipt } from "#core/receipt.ts";
import { countPromptTokens, countTokens } from "#core/token-count.ts";
import { closeHub } from "#server/compute/hub.ts";
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

const MODEL = "converge/tiny-1";
let here: { url: string; close: () => Promise<void> };
let replica: { url: string; stop: () => Promise<void> };
let provider: Awaited<ReturnType<typeof newPerson>>;
const nodes: NodeProgram[] = [];
const servers: ModelServer[] = [];

const client = (key: string, url = here.url) => new OpenAI({ apiKey: key, baseURL: `${url}/api/v1`, maxRetries: 0 });
const node = async (url: string, args: string[] = []) => {
  const started = await startNode(provider.actor, url, args);
  nodes.push(started);
  return started;
};
const modelServer = async () => {
  const started = await startModelServer();
  servers.push(started);
  return started;
};
const behind = (server: ModelServer, model: string) => ["--openai-base-url", server.url, "--model", model];
const inferenceOf = (userId: string) =>
  db.inference.findFirstOrThrow({ where: { userId }, include: { receipt: true } });
const settled = (userId: string) =>
  eventually("The settlement", async () => {
    const inference = await inferenceOf(userId);
    return inference.status !== "running" && inference;
  });
/** What is left of a balance, once nothing of it is set aside. */
const balanceOf = async (account: string) => {
  const { available, reserved } = await getBalance(account);
  expect(reserved).toBe(0n);
  return available;
};

beforeAll(async () => {
  here = await serveDoors();
  replica = await startReplica();
  provider = await newPerson(0n, ["user", "provider"]);
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((one) => one.kill()));
  await Promise.all(servers.splice(0).map((one) => one.close()));
});
afterAll(async () => {
  await here.close();
  await replica.stop();
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

describe("a completion through the node program and the model it ships with", () => {
  it("streams to OpenAI's own client over another web process, is charged by our count, and leaves a receipt the node signed", async () => {
    const started = await node(replica.url);
    const person = await newPerson(1_000_000n);
    const earnedBefore = (await getBalance(provider.account)).available;
    const messages = [{ role: "user" as const, content: "What is Converge?" }];
    const { data: stream, response } = await client(person.key)
      .chat.completions.create({
        model: MODEL,
        messages,
        stream: true,
        stream_options: { include_usage: true },
        temperature: 0,
      })
      .withResponse();
    let text = "";
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    expect(text).toMatch(/Converge/);
    const promptTokens = countPromptTokens(MODEL, plainChat(messages));
    expect(usage).toMatchObject({ prompt_tokens: promptTokens, completion_tokens: countTokens(MODEL, text) });

    const inference = await settled(person.actor.userId);
    const charged = inference.charged ?? 0n;
    expect(charged).toBeGreaterThan(0n);
    expect(await balanceOf(person.account)).toBe(1_000_000n - charged);
    const receiptId = response.headers.get("x-converge-receipt");
    const receipt = await eventually("The node's signature", async () => {
      const found = await db.inferenceReceipt.findUnique({
        where: { id: receiptId ?? "" },
        include: { signatures: true },
      });
      return found?.signatures.every((one) => one.signature) ? found : null;
    });
    const body = JSON.parse(receipt.body);
    expect(body).toMatchObject({
      promptHash: await sha256Hex(canonicalQuestion(plainChat(messages))),
      answerHash: await sha256Hex(text),
      charged: charged.toString(),
    });
    expect((await getBalance(provider.account)).available - earnedBefore).toBe(charged - BigInt(body.platformFee));
    expect(receipt.digest).toBe(await receiptDigest(canonicalJson(body)));
    const signature = receipt.signatures[0];
    expect(signature?.nodeId).toBe(started.nodeId);
    expect(await verifyNodeReceipt(body, signature?.publicKey ?? "", signature?.signature ?? "")).toBe(true);
    expect(
      await verifyNodeReceipt({ ...body, charged: "0" }, signature?.publicKey ?? "", signature?.signature ?? ""),
    ).toBe(false);
  });

  it("answers in one piece, keeps to max_tokens and to stop texts by our own count", async () => {
    await node(here.url);
    const person = await newPerson(1_000_000n);
    const ask = (extra: object) =>
      client(person.key).chat.completions.create({
        model: MODEL,
        messages: [{ role: "user", content: "Count to twenty" }],
        temperature: 0,
        ...extra,
      });
    const short = await ask({ max_tokens: 5 });
    expect(short.usage?.completion_tokens).toBe(5);
    expect(short.choices[0]?.finish_reason).toBe("length");
    const stopped = await ask({ stop: "four" });
    expect(stopped.choices[0]?.message.content).toBe("One, two, three, ");
    expect(stopped.choices[0]?.finish_reason).toBe("stop");
    const models = await client(person.key).models.list();
    expect(models.data.map((model) => model.id)).toContain(MODEL);
  });

  it("finishes its answer when told to end, and comes back as the same node without a token", async () => {
    const server = await modelServer();
    const started = await node(here.url, behind(server, "drain-model"));
    const person = await newPerson(1_000_000n);
    const answer = client(person.key).chat.completions.create({
      model: "drain-model",
      messages: [{ role: "user", content: "hi" }],
    });
    await eventually("The work's arrival", async () => server.open === 1);
    started.child.kill("SIGTERM");
    await eventually(
      "Draining",
      async () => (await db.computeNode.findUnique({ where: { id: started.nodeId } }))?.status === "draining",
    );
    server.finish("done at last");
    expect((await answer).choices[0]?.message.content).toBe("done at last");
    const [code] = started.child.exitCode === null ? await once(started.child, "exit") : [started.child.exitCode];
    expect(code).toBe(0);
    const again = await startNode(provider.actor, here.url, behind(server, "drain-model"), started);
    nodes.push(again);
    expect(again.nodeId).toBe(started.nodeId);
  });
});

describe("when a node fails", () => {
  it("goes to another before the first token, unseen by the client", async () => {
    const broken = await modelServer();
    broken.fail(500);
    const sound = await modelServer();
    sound.finish("all is well");
    const bad = await node(here.url, [
      ...behind(broken, "failover-model"),
      "--price-input",
      "0.01",
      "--price-output",
      "0.01",
    ]);
    const good = await node(replica.url, behind(sound, "failover-model"));
    const person = await newPerson(1_000_000n);
    const answer = await client(person.key).chat.completions.create({
      model: "failover-model",
      messages: [{ role: "user", content: "hi" }],
    });
    expect(answer.choices[0]?.message.content).toBe("all is well");
    const inference = await settled(person.actor.userId);
    const segments = JSON.parse(inference.receipt?.body ?? "{}").segments;
    expect(segments.map((segment: { nodeId: string }) => segment.nodeId)).toEqual([good.nodeId]);
    expect((await db.computeNode.findUniqueOrThrow({ where: { id: bad.nodeId } })).attemptsFailed).toBe(1);
  });

  it("killed mid-stream, lets another node continue from what was delivered; each is paid for its own part", async () => {
    const server = await modelServer();
    const first = await node(here.url, [...behind(server, MODEL), "--price-input", "0.01", "--price-output", "0.01"]);
    const second = await node(replica.url);
    const person = await newPerson(1_000_000n);
    const answer = client(person.key)
      .chat.completions.create({
        model: MODEL,
        messages: [{ role: "user", content: "Tell me a story" }],
        stream: true,
        temperature: 0,
      })
      .asResponse();
    await eventually("The work's arrival", async () => server.open === 1);
    server.say("Once there was a small");
    const reader = (await answer).body?.pipeThrough(new TextDecoderStream()).getReader();
    let raw = "";
    while (!raw.includes("small")) raw += (await reader?.read())?.value ?? "";
    first.child.kill("SIGKILL");
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) raw += step.value;
    const chunks = raw
      .split("\n\n")
      .filter((line) => line.startsWith("data: {"))
      .map((line) => JSON.parse(line.slice(6)));
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(text).toMatch(/^Once there was a small node in a quiet room\./);
    const inference = await settled(person.actor.userId);
    expect(inference.status).toBe("completed");
    expect(inference.completionTokens).toBe(countTokens(MODEL, text));
    const body = JSON.parse(inference.receipt?.body ?? "{}");
    expect(body.segments.map((segment: { nodeId: string }) => segment.nodeId)).toEqual([first.nodeId, second.nodeId]);
    expect(await balanceOf(person.account)).toBe(1_000_000n - BigInt(body.charged));
  });

  it("charges nothing when no node could answer", async () => {
    const broken = await modelServer();
    broken.fail(503);
    await node(here.url, behind(broken, "lost-model"));
    const person = await newPerson(1_000_000n);
    const failing = client(person.key).chat.completions.create({
      model: "lost-model",
      messages: [{ role: "user", content: "hi" }],
    });
    await expect(failing).rejects.toMatchObject({ status: 503, code: "MODEL_UNAVAILABLE" });
    expect((await settled(person.actor.userId)).charged).toBe(0n);
    expect(await balanceOf(person.account)).toBe(1_000_000n);
  });
});

describe("money", () => {
  it("stops the node when the client leaves, and charges only what was delivered", async () => {
    const server = await modelServer();
    await node(replica.url, behind(server, "abort-model"));
    const person = await newPerson(1_000_000n);
    const stream = client(person.key).chat.completions.create({
      model: "abort-model",
      messages: [{ role: "user", content: "hi" }],
      stream: true,
    });
    await eventually("The work's arrival", async () => server.open === 1);
    server.say("twelve bytes");
    for await (const chunk of await stream) if (chunk.choices[0]?.delta.content) break;
    const inference = await settled(person.actor.userId);
    expect(inference).toMatchObject({ status: "cancelled", completionTokens: 3, finishReason: "cancelled" });
    await eventually("The node's stop", async () => server.left === 1);
    expect(await balanceOf(person.account)).toBe(1_000_000n - (inference.charged ?? 0n));
  });

  it("lets exactly as many of 64 simultaneous requests pass as the balance pays for", async () => {
    const server = await modelServer();
    await node(here.url, [
      ...behind(server, "crowd-model"),
      "--capacity",
      "64",
      "--price-input",
      "1",
      "--price-output",
      "1",
    ]);
    // "hi" is 1 token and 4 around it; with 95 more at most, one request reserves 100 micro-dollars.
    const person = await newPerson(1_099n);
    const requests = Array.from({ length: 64 }, () =>
      client(person.key).chat.completions.create({
        model: "crowd-model",
        messages: [{ role: "user", content: "hi" }],
        max_tokens: 95,
      }),
    );
    const results = Promise.allSettled(requests);
    await eventually("Ten answers at work", async () => server.open === 10);
    await eventually("The others' refusal", async () => {
      const open = await db.inference.count({ where: { userId: person.actor.userId, status: "running" } });
      return open === 10 && (await getBalance(person.account)).reserved === 1_000n;
    });
    server.finish("four");
    const outcomes = await results;
    const refused = outcomes.filter((one) => one.status === "rejected").map((one) => one.reason.status);
    expect(outcomes.filter((one) => one.status === "fulfilled")).toHaveLength(10);
    expect(refused).toEqual(Array(54).fill(402));
    expect(await balanceOf(person.account)).toBe(1_099n - 60n);
  });

  it("refuses strangers, bad bodies and unknown models in the one error shape, and touches no money", async () => {
    const person = await newPerson(500n);
    const post = (body: string, key: string | null, type = "application/json") =>
      fetch(`${here.url}/api/v1/chat/completions`, {
        method: "POST",
        body,
        headers: { "content-type": type, ...(key ? { authorization: `Bearer ${key}` } : {}) },
      });
    const good = JSON.stringify({ model: "nobody/has-this", messages: [{ role: "user", content: "hi" }] });
    const cases: [Promise<Response>, number, string][] = [
      [post(good, null), 401, "UNAUTHENTICATED"],
      [post(good, "cvg_wrong"), 401, "API_KEY_INVALID"],
      [post(good, person.key), 404, "MODEL_NOT_FOUND"],
      [post("{", person.key), 400, "BAD_REQUEST"],
      [post(good, person.key, "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"],
      [post(JSON.stringify({ model: "m", messages: [] }), person.key), 400, "VALIDATION_FAILED"],
      [
        post(JSON.stringify({ model: "m", messages: [{ role: "user", content: "x" }], nonsense: 1 }), person.key),
        400,
        "VALIDATION_FAILED",
      ],
      [
        post(JSON.stringify({ model: "m", messages: [{ role: "user", content: "x" }], n: 3 }), person.key),
        400,
        "VALIDATION_FAILED",
      ],
    ];
    for (const [answer, status, code] of cases) {
      const response = await answer;
      const { error } = await response.json();
      expect([response.status, error.code]).toEqual([status, code]);
      expect(error.request_id).toBe(response.headers.get("x-request-id"));
    }
    expect(await balanceOf(person.account)).toBe(500n);
  });
});
