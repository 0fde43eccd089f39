import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newId } from "#core/ids.ts";
import { NODE_HEADERS, signNodeMessage, toBase64 } from "#core/node-signature.ts";
import { createJoinToken } from "#server/compute/create-join-token.ts";
import { closeHub } from "#server/compute/hub.ts";
import { sweepInferences, sweepNodes } from "#server/compute/sweep-compute.ts";
import { openChat } from "#server/compute/testing/open-chat.ts";
import { TIMING } from "#server/compute/timing.ts";
import { db, pool } from "#server/db.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { httpRequestDuration } from "#server/metrics.ts";
import { newPerson } from "./testing/compute-world.ts";
import { serveDoors } from "./testing/serve-doors.ts";
import { handleHeartbeat, handleJoin, handlePoll } from "./worker-door.ts";

type Person = Awaited<ReturnType<typeof newPerson>>;
type Sent = { path: string; headers: Record<string, string>; body: string };

const DOORS: Record<string, (request: Request) => Promise<Response>> = {
  "/api/worker/join": handleJoin,
  "/api/worker/heartbeat": handleHeartbeat,
  "/api/worker/poll": handlePoll,
};
const state = {
  version: "test",
  hardware: { cpuModel: "test", cpuCores: 1, memoryBytes: 1, platform: "test", gpus: [] },
  offers: [
    { model: "silent/model", inputPrice: "100000", outputPrice: "400000", contextTokens: 512, canContinue: false },
  ],
  capacity: 1,
};

let provider: Person;
beforeAll(async () => {
  provider = await newPerson(0n, ["user", "provider"]);
});
/** How many requests to the worker's door ended with a status, as the metrics count them. */
async function answered(status: number): Promise<number> {
  const { values } = await httpRequestDuration.get();
  return values
    .filter(({ metricName, labels }) => metricName?.endsWith("_count") && labels.status === String(status))
    .reduce((sum, { value }) => sum + value, 0);
}

afterAll(async () => {
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

async function newKeys() {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = toBase64(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  return { privateKey: pair.privateKey, publicKey };
}

async function sign(
  privateKey: CryptoKey,
  nodeId: string,
  path: string,
  message: object,
  at = Date.now(),
): Promise<Sent> {
  const body = JSON.stringify(message);
  const timestamp = String(at);
  const nonce = newId("request");
  const signature = await signNodeMessage(privateKey, { method: "POST", path, timestamp, nonce, body });
  return {
    path,
    body,
    headers: {
      "content-type": "application/json",
      [NODE_HEADERS.node]: nodeId,
      [NODE_HEADERS.timestamp]: timestamp,
      [NODE_HEADERS.nonce]: nonce,
      [NODE_HEADERS.signature]: signature,
    },
  };
}

async function deliver({ path, headers, body }: Sent): Promise<{ status: number; code: string; nodeId: string }> {
  const response = await DOORS[path]?.(new Request(`http://127.0.0.1${path}`, { method: "POST", headers, body }));
  const reply = await response?.json();
  return { status: response?.status ?? 0, code: reply?.error?.code ?? "OK", nodeId: reply?.nodeId ?? "" };
}

async function joinWith(keys: Awaited<ReturnType<typeof newKeys>>, token: string) {
  const message = { protocol: 1, token, name: "test", publicKey: keys.publicKey, ...state };
  return deliver(await sign(keys.privateKey, "", "/api/worker/join", message));
}

async function joined() {
  const keys = await newKeys();
  const { token } = await createJoinToken(provider.actor);
  const { nodeId } = await joinWith(keys, token);
  const beat = (at?: number) =>
    sign(keys.privateKey, nodeId, "/api/worker/heartbeat", { ...state, draining: false }, at);
  return { ...keys, token, nodeId, beat };
}

describe("joining", () => {
  it("takes a token once, and gives the same node the same answer when it asks again", async () => {
    const node = await joined();
    expect(node.nodeId).toMatch(/^node_/);
    expect(await joinWith(node, node.token)).toMatchObject({ status: 200, nodeId: node.nodeId });
    expect(await joinWith(await newKeys(), node.token)).toMatchObject({ status: 401, code: "JOIN_TOKEN_INVALID" });
  });

  it("lets only one of many nodes have a token that all use at once", async () => {
    const { token } = await createJoinToken(provider.actor);
    const keys = await Promise.all(Array.from({ length: 8 }, newKeys));
    const outcomes = await Promise.all(keys.map((one) => joinWith(one, token)));
    expect(outcomes.filter((one) => one.status === 200)).toHaveLength(1);
  });

  it("refuses expired tokens, and somebody else's key", async () => {
    const expired = await createJoinToken(provider.actor);
    await db.computeJoinToken.update({ where: { id: expired.id }, data: { expiresAt: new Date(0) } });
    expect((await joinWith(await newKeys(), expired.token)).code).toBe("JOIN_TOKEN_INVALID");
    const [mine, theirs] = [await newKeys(), await newKeys()];
    const { token } = await createJoinToken(provider.actor);
    expect((await joinWith({ ...mine, publicKey: theirs.publicKey }, token)).code).toBe("NODE_SIGNATURE_INVALID");
  });
});

describe("a node's message", () => {
  it("counts once: the same bytes again are refused", async () => {
    const node = await joined();
    const message = await node.beat();
    expect((await deliver(message)).status).toBe(200);
    expect(await deliver(message)).toMatchObject({ status: 409, code: "NODE_MESSAGE_REPLAYED" });
  });

  it("is refused when a byte was changed, its time is off, or another node sends it", async () => {
    const node = await joined();
    const other = await joined();
    const good = await node.beat();
    const tampered = { ...good, body: good.body.replace('"capacity":1', '"capacity":9') };
    expect((await deliver(tampered)).code).toBe("NODE_SIGNATURE_INVALID");
    const renamed = { ...good, headers: { ...good.headers, [NODE_HEADERS.node]: other.nodeId } };
    expect((await deliver(renamed)).code).toBe("NODE_SIGNATURE_INVALID");
    expect((await deliver(await node.beat(Date.now() - 120_000))).code).toBe("NODE_CLOCK_SKEWED");
    const stranger = { ...good, headers: { ...good.headers, [NODE_HEADERS.node]: newId("node") } };
    expect((await deliver(stranger)).code).toBe("NODE_UNKNOWN");
    const malformed = await sign(node.privateKey, node.nodeId, "/api/worker/poll", { running: 5 });
    expect((await deliver(malformed)).code).toBe("VALIDATION_FAILED");
  });
});

describe("what a crash leaves behind", () => {
  it("marks a silent node offline, and it is online again with its next word", async () => {
    const node = await joined();
    await db.computeNode.update({ where: { id: node.nodeId }, data: { lastSeenAt: new Date(Date.now() - 60_000) } });
    await sweepNodes();
    const status = async () => (await db.computeNode.findUniqueOrThrow({ where: { id: node.nodeId } })).status;
    expect(await status()).toBe("offline");
    await deliver(await node.beat());
    expect(await status()).toBe("online");
  });

  it("releases the money of a completion whose web process died, and only after its time", async () => {
    await db.computeNode.updateMany({ data: { status: "removed" } });
    await joined();
    const person = await newPerson(10_000n);
    // Opened and never read: what a process leaves that ends between setting money aside and the first token.
    const inference = await openChat(person.actor, {
      model: "silent/model",
      messages: [{ role: "user", content: "hi" }],
      max_tokens: 100,
    });
    expect((await getBalance(person.account)).reserved).toBe(41n);
    await sweepInferences();
    expect((await getBalance(person.account)).reserved).toBe(41n);
    await sweepInferences(new Date(Date.now() + TIMING.reservationMs + 1000));
    await sweepInferences(new Date(Date.now() + TIMING.reservationMs + 1000));
    expect(await getBalance(person.account)).toMatchObject({ posted: 10_000n, reserved: 0n });
    expect(await db.inference.findUnique({ where: { id: inference.id } })).toMatchObject({
      status: "failed",
      charged: 0n,
    });
  });
});

describe("a sender who hangs up", () => {
  it.each(["Content-Length: 5000", "Transfer-Encoding: chunked"])("is at fault, not we: %s", async (length) => {
    const server = await serveDoors();
    const [before, failures] = [await answered(400), await answered(503)];
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    const head = `POST /api/worker/poll HTTP/1.1\r\nHost: localhost\r\n${length}\r\n\r\n`;
    socket.write(length.startsWith("T") ? `${head}5\r\n{"a":\r\n` : `${head}{"a":`, () => socket.destroy());
    await vi.waitFor(async () => expect(await answered(400)).toBe(before + 1), { timeout: 10_000 });
    expect(await answered(503)).toBe(failures);
    await server.close();
  });
});
