import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeHub } from "#server/compute/hub.ts";
import { db, pool } from "#server/db.ts";
import { eventually, type NodeProgram, newPerson, startNode } from "./testing/compute-world.ts";
import { serveDoors } from "./testing/serve-doors.ts";

// OpenAI's own client over the whole surface, against the node program and the model it ships with.

const MODEL = "converge/tiny-1";
const SCHEMA = {
  type: "object",
  properties: { mood: { enum: ["good", "bad"] }, count: { type: "integer" } },
  required: ["mood", "count"],
  additionalProperties: false,
};
const ask = { model: MODEL, messages: [{ role: "user" as const, content: "Say hello" }], temperature: 0 };

let here: { url: string; close: () => Promise<void> };
let node: NodeProgram;
let person: Awaited<ReturnType<typeof newPerson>>;
let client: OpenAI;

beforeAll(async () => {
  here = await serveDoors();
  const provider = await newPerson(0n, ["user", "provider"]);
  node = await startNode(provider.actor, here.url, ["--region", "eu-test"]);
  person = await newPerson(10_000_000n);
  client = new OpenAI({ apiKey: person.key, baseURL: `${here.url}/api/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await node.kill();
  await here.close();
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

const refusal = async (asked: Promise<unknown>) => {
  const error = await asked.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error("It was not refused");
  return { status: error.status, code: error.code, param: error.param };
};

describe("OpenAI's client on the chat surface", () => {
  it("gets a whole answer with usage, a request id and what the platform took of the time", async () => {
    const { data, response, request_id } = await client.chat.completions.create(ask).withResponse();
    expect(data).toMatchObject({ object: "chat.completion", model: MODEL, choices: [{ finish_reason: "stop" }] });
    expect(data.choices[0]?.message.content).toMatch(/^Hello/);
    expect(data.usage?.total_tokens).toBe((data.usage?.prompt_tokens ?? 0) + (data.usage?.completion_tokens ?? 0));
    expect(request_id).toMatch(/^req_/);
    expect(Number(response.headers.get("x-converge-overhead-ms"))).toBeGreaterThanOrEqual(0);
    expect(Number(response.headers.get("openai-processing-ms"))).toBeGreaterThan(0);
    expect(response.headers.get("x-ratelimit-limit-requests")).toMatch(/^\d+$/);
  });

  it("asks for a model by any of its names, and is told the one it has", async () => {
    const answer = await client.chat.completions.create({ ...ask, model: "tiny-1:floor" });
    expect(answer.model).toBe(MODEL);
  });

  it("gets the same answer for the same seed", async () => {
    const warm = { ...ask, temperature: 1.5, seed: 7, max_tokens: 24 };
    const [one, two] = [await client.chat.completions.create(warm), await client.chat.completions.create(warm)];
    expect(one.choices[0]?.message.content).toBe(two.choices[0]?.message.content);
  });

  it("gets JSON of its schema, whole and as a stream", async () => {
    const response_format = { type: "json_schema" as const, json_schema: { name: "mood", schema: SCHEMA } };
    const whole = await client.chat.completions.create({ ...ask, response_format });
    expect(JSON.parse(whole.choices[0]?.message.content ?? "")).toMatchObject({ count: expect.any(Number) });
    let text = "";
    const stream = await client.chat.completions.create({ ...ask, response_format, stream: true });
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    expect(["good", "bad"]).toContain(JSON.parse(text).mood);
  });

  it("has a tool called, streams its arguments, and goes on from the tool's answer", async () => {
    const tools = [{ type: "function" as const, function: { name: "feel", parameters: SCHEMA } }];
    const runner = client.chat.completions.stream({ ...ask, tools, tool_choice: "required" });
    const final = await runner.finalChatCompletion();
    const message = final.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    expect(final.choices[0]?.finish_reason).toBe("tool_calls");
    if (call?.type !== "function" || !message) throw new Error("No function was called");
    expect(call.function.name).toBe("feel");
    expect(JSON.parse(call.function.arguments)).toMatchObject({ count: expect.any(Number) });
    const next = await client.chat.completions.create({
      ...ask,
      tools,
      messages: [...ask.messages, message, { role: "tool", tool_call_id: call.id, content: "It is good." }],
    });
    expect(next.choices[0]?.finish_reason).toBe("stop");
  });

  it("gets log probabilities, whole and as a stream", async () => {
    const whole = await client.chat.completions.create({ ...ask, logprobs: true, top_logprobs: 2, max_tokens: 5 });
    const tokens = whole.choices[0]?.logprobs?.content ?? [];
    expect(
      tokens
        .map(({ token }) => token)
        .join("")
        .trim(),
    ).toBe(whole.choices[0]?.message.content?.trim());
    for (const token of tokens) expect(token.top_logprobs).toHaveLength(2);
    let streamed = 0;
    const stream = await client.chat.completions.create({ ...ask, logprobs: true, max_tokens: 5, stream: true });
    for await (const chunk of stream) streamed += chunk.choices[0]?.logprobs?.content?.length ?? 0;
    expect(streamed).toBe(tokens.length);
  });

  it("leaves in the middle, and pays for what it got", async () => {
    const leaver = await newPerson(1_000_000n);
    const own = new OpenAI({ apiKey: leaver.key, baseURL: `${here.url}/api/v1`, maxRetries: 0 });
    const stream = await own.chat.completions.create({
      ...ask,
      messages: [{ role: "user", content: "Count to twenty" }],
      stream: true,
    });
    for await (const _chunk of stream) break;
    const settled = await eventually("The settlement", async () => {
      const row = await db.inference.findFirst({ where: { userId: leaver.actor.userId, status: { not: "running" } } });
      return row ?? false;
    });
    expect(["cancelled", "completed"]).toContain(settled.status);
  });
});

describe("OpenAI's client on the other surfaces", () => {
  it("continues a text", async () => {
    const whole = await client.completions.create({
      model: MODEL,
      prompt: "Once upon a",
      max_tokens: 8,
      temperature: 0,
      logprobs: 1,
    });
    expect(whole).toMatchObject({ object: "text_completion", choices: [{ index: 0, text: expect.any(String) }] });
    expect(whole.choices[0]?.logprobs?.tokens?.length).toBeGreaterThan(0);
    let text = "";
    const stream = await client.completions.create({
      model: MODEL,
      prompt: "Once upon a",
      max_tokens: 8,
      temperature: 0,
      stream: true,
    });
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? "";
    expect(text).toBe(whole.choices[0]?.text);
  });

  it("gets vectors, whatever form it asks for, and pays for the inputs", async () => {
    const input = ["a ledger", "One, two, three"];
    const floats = await client.embeddings.create({ model: MODEL, input, encoding_format: "float" });
    const base64 = await client.embeddings.create({ model: MODEL, input });
    expect(floats.data.map(({ embedding }) => embedding.length)).toEqual(
      base64.data.map(({ embedding }) => embedding.length),
    );
    expect(floats.data[1]?.embedding[0]).toBeCloseTo(base64.data[1]?.embedding[0] ?? Number.NaN, 5);
    expect(floats.usage.prompt_tokens).toBeGreaterThan(0);
    const row = await eventually(
      "The settlement",
      async () =>
        (await db.inference.findFirst({ where: { userId: person.actor.userId, maxTokens: 0, status: "completed" } })) ??
        false,
    );
    expect(row.charged).toBeGreaterThan(0n);
  });

  it("lists models and finds one", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toContain(MODEL);
    expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: "model" });
    expect((await refusal(client.models.retrieve("nobody/nothing"))).status).toBe(404);
  });
});

describe("what is refused, in OpenAI's form", () => {
  const hello = ask.messages;
  it.each<[string, object, { status: number; code: string; param?: string }]>([
    ["a model nobody serves", { model: "nobody/nothing" }, { status: 404, code: "MODEL_NOT_FOUND", param: "model" }],
    [
      "a prompt without room",
      { messages: [{ role: "user", content: "word ".repeat(5_000) }] },
      { status: 400, code: "CONTEXT_LENGTH_EXCEEDED" },
    ],
    ["a role nobody has", { messages: [{ role: "robot", content: "hi" }] }, { status: 400, code: "VALIDATION_FAILED" }],
    [
      "a tool's answer to no call",
      { messages: [...hello, { role: "tool", tool_call_id: "x", content: "1" }] },
      { status: 400, code: "VALIDATION_FAILED" },
    ],
    [
      "an image",
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://a.example/b.png" } }] }] },
      { status: 400, code: "VALIDATION_FAILED" },
    ],
    ["NUL", { messages: [{ role: "user", content: "a\u0000b" }] }, { status: 400, code: "VALIDATION_FAILED" }],
    [
      "a schema without meaning",
      { response_format: { type: "json_schema", json_schema: { name: "x", schema: { $ref: "#/nowhere" } } } },
      { status: 400, code: "VALIDATION_FAILED" },
    ],
    ["a region without nodes", { converge: { region: "mars" } }, { status: 400, code: "NO_NODE_FITS" }],
    ["a precision nobody has", { converge: { precision: "fp8" } }, { status: 400, code: "NO_NODE_FITS" }],
    ["a field that is unknown", { mood: "good" }, { status: 400, code: "VALIDATION_FAILED" }],
  ])("%s", async (_what, change, expected) => {
    const before = await db.inference.count();
    expect(
      await refusal(
        client.chat.completions.create({ ...ask, ...change } as OpenAI.ChatCompletionCreateParamsNonStreaming),
      ),
    ).toMatchObject(expected);
    expect(await db.inference.count()).toBe(before);
  });

  it("a body of a hundred megabytes", async () => {
    const response = await fetch(`${here.url}/api/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${person.key}`, "content-type": "application/json" },
      body: "x".repeat(100 * 1024 * 1024),
    });
    expect(response.status).toBe(413);
  });
});
