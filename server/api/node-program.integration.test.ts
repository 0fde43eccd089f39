import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer as createPort } from "node:net";
import { resolve } from "node:path";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { closeHub } from "#server/compute/hub.ts";
import { createDevice, serveModel } from "#server/compute/testing/simulated-device.ts";
import { db, pool } from "#server/db.ts";
import { findServers, listServerModels } from "../../gpu-node/discover.ts";
import { eventually, type NodeProgram, newPerson, startNode } from "./testing/compute-world.ts";
import { serveDoors } from "./testing/serve-doors.ts";

// The nodes of this test listen here.
vi.hoisted(() => {
  process.env.ALLOW_PRIVATE_NODES = "127.0.0.1";
});

const MAIN = resolve(import.meta.dirname, "../../gpu-node/main.ts");
let doors: { url: string; close: () => Promise<void> };
let provider: Awaited<ReturnType<typeof newPerson>>;
const nodes: NodeProgram[] = [];
const closing: (() => void)[] = [];

async function modelServer(models: string[]) {
  const server = await serveModel(createDevice({ weights: "w" }).answer, models);
  closing.push(server.close);
  return server;
}

async function freePort(): Promise<number> {
  const server = createPort().listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const offersOf = async (nodeId: string) =>
  (await db.computeOffer.findMany({ where: { nodeId, isActive: true }, orderBy: { model: "asc" } })).map(
    ({ model }) => model,
  );

/** Runs the program to its end. */
async function run(args: string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece: Buffer) => (text += piece.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, text };
}

beforeAll(async () => {
  doors = await serveDoors();
  provider = await newPerson(0n, ["user", "provider"]);
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((one) => one.kill()));
  for (const close of closing.splice(0)) close();
});
afterAll(async () => {
  await doors.close();
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

describe("what a machine serves", () => {
  it("is found on its usual ports", async () => {
    const server = await modelServer(["llama3.1:8b", "mistral"]);
    const port = Number(new URL(server.url).port);
    const found = await findServers([
      { port, name: "Test" },
      { port: await freePort(), name: "Nothing" },
    ]);
    expect(found.map(({ name, models }) => [name, models.map(({ id }) => id)])).toEqual([
      ["Test", ["llama3.1:8b", "mistral"]],
    ]);
    expect(await listServerModels(`http://127.0.0.1:${await freePort()}/v1`, null)).toBeNull();
  });

  it("is listed under the catalogue's names once it passed its test, and what fails is not", async () => {
    const server = await modelServer(["llama3.1:8b", "broken"]);
    const started = await startNode(provider.actor, doors.url, ["--openai-base-url", server.url], { isTested: true });
    nodes.push(started);
    expect(await offersOf(started.nodeId)).toEqual(["meta-llama/llama-3.1-8b-instruct"]);
    expect(started.lines.join("\n")).toMatch(/broken is not listed: The model server answered 500/);
  });

  it("is tested without joining anything, and the answer says whether it would do", async () => {
    const good = await run(["self-test", "--embedded"]);
    expect(good.code).toBe(0);
    expect(good.text).toMatch(/converge\/tiny-1: first words after \d+ ms/);
    const server = await modelServer(["broken"]);
    const bad = await run(["self-test", "--openai-base-url", server.url]);
    expect(bad.code).toBe(1);
    expect(bad.text).toMatch(/broken is not listed/);
  });
});

describe("a node that listens itself", () => {
  it("is called directly, under a key of its own, and signs the receipt", async () => {
    const port = await freePort();
    const direct = ["--direct-url", `http://127.0.0.1:${port}/v1`, "--direct-listen", String(port)];
    const started = await startNode(provider.actor, doors.url, ["--embedded", ...direct]);
    nodes.push(started);
    const stranger = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: "POST", body: "{}" });
    expect(stranger.status).toBe(401);
    const renter = await newPerson(1_000_000n);
    const client = new OpenAI({ apiKey: renter.key, baseURL: `${doors.url}/api/v1`, maxRetries: 0 });
    const answer = await client.chat.completions.create({
      model: "converge/tiny-1",
      messages: [{ role: "user", content: "What is Converge?" }],
      max_tokens: 16,
      logprobs: true,
      top_logprobs: 2,
    });
    expect(answer.choices[0]?.message.content?.length).toBeGreaterThan(0);
    expect(answer.choices[0]?.logprobs?.content?.[0]?.top_logprobs).toHaveLength(2);
    const inference = await db.inference.findFirstOrThrow({ where: { userId: renter.actor.userId } });
    const attempt = await db.inferenceAttempt.findFirstOrThrow({ where: { inferenceId: inference.id } });
    expect(attempt.gateway).toBe("direct");
    await eventually(
      "The node's signature",
      async () =>
        (await db.inferenceReceiptSignature.count({ where: { nodeId: started.nodeId, signature: { not: null } } })) > 0,
    );
    const vectors = await client.embeddings.create({ model: "converge/tiny-1", input: ["one", "two"] });
    expect(vectors.data.map(({ embedding }) => embedding.length > 0)).toEqual([true, true]);
  });
});
