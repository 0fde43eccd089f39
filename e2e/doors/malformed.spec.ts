import { expect, test } from "@playwright/test";
import {
  expectError,
  expectRefused,
  type Hostile,
  type Reply,
  send,
  sendRaw,
  strangerAddress,
  withEach,
} from "./hostile-client.ts";
import { type Attack, attacks, routesOf } from "./hostile-requests.ts";
import { everythingOf, newPerson, type Person } from "./people.ts";

/** Many more on demand: `DOOR_REQUESTS=10000`. */
const REQUESTS = Number(process.env.DOOR_REQUESTS ?? 560);
test.describe.configure({ timeout: 90_000 + REQUESTS * 60 });

/** Below the limit of 1,200 a minute for one caller, and of 300 for one address. */
const PER_CALLER = 800;
const PER_STRANGER = 250;

type Sender = (request: Hostile) => Promise<Reply>;

async function keyOf(person: Person): Promise<Sender> {
  const scopes = [
    "inference:write",
    "compute:write",
    "agents:read",
    "agents:write",
    "proofs:write",
    "rewards:write",
    "balance:read",
  ];
  const made = await person.post("/api-keys", { name: "hostile", scopes, expiresInDays: 1 });
  const authorization = `Bearer ${JSON.parse(made.text).token}`;
  const from = strangerAddress();
  return (request) => send({ ...request, from, headers: { ...request.headers, authorization } });
}

function stranger(): Sender {
  const from = strangerAddress();
  return (request) => send({ ...request, from });
}

async function check({ request, mustRefuse }: Attack, sender: Sender): Promise<void> {
  const reply = await sender(request);
  const what = `${request.method} ${request.path.slice(0, 200)}\n${String(request.body ?? "").slice(0, 300)}`;
  if (mustRefuse || reply.status >= 400) expectRefused(reply, what);
}

const sendAll = (all: readonly Attack[], sender: Sender): Promise<void> =>
  withEach(all, (attack) => check(attack, sender));

const chunksOf = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

test("every REST route refuses what it cannot take, and nothing changes", async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  const document = await stranger()({ path: "/api/v1/openapi.json" });
  const routes = routesOf(JSON.parse(document.text));
  expect(routes.length).toBeGreaterThan(40);
  const all = attacks(routes, { count: REQUESTS, seed });
  test.info().annotations.push({ type: "seed", description: String(seed) });
  console.log(`doors: ${all.length} hostile requests over ${routes.length} routes, SEED=${seed}`);

  const thirds = [0, 1, 2].map((third) => all.filter((_, i) => i % 3 === third));
  const asPerson = async () => {
    for (const chunk of chunksOf(thirds[0] ?? [], PER_CALLER)) {
      const person = await newPerson();
      const before = await everythingOf(person);
      await sendAll(chunk, (request) => person.send(request));
      expect(await everythingOf(person)).toBe(before);
    }
  };
  const withKey = async () => {
    for (const chunk of chunksOf(thirds[1] ?? [], PER_CALLER)) {
      const person = await newPerson();
      const sender = await keyOf(person);
      const before = await everythingOf(person);
      await sendAll(chunk, sender);
      expect(await everythingOf(person)).toBe(before);
    }
  };
  const asStranger = async () => {
    for (const chunk of chunksOf(thirds[2] ?? [], PER_STRANGER)) await sendAll(chunk, stranger());
  };
  await Promise.all([asPerson(), withKey(), asStranger()]);
});

const DOORS = [
  "/api/v1/api-keys",
  "/api/v1/chat/completions",
  "/api/v1/events",
  "/api/v1/proofs/verify",
  "/api/worker/join",
  "/api/worker/poll",
  "/api/worker/events",
  "/api/worker/heartbeat",
  "/api/worker/receipt",
  "/api/auth/passkey/register/options",
  "/api/auth/passkey/register/verify",
  "/api/auth/callback/demo",
  "/api/auth/callback/siwe",
  "/api/auth/callback/passkey",
];
const JSON_TYPE = { "content-type": "application/json" };
const BODIES: Pick<Hostile, "body" | "headers" | "isChunked">[] = [
  ...[
    "{",
    "null",
    "[]",
    "3",
    '"x"',
    '{"a":}',
    "[".repeat(10_000) + "]".repeat(10_000),
    '{"__proto__":{"isAdmin":true},"x":[]}',
  ].map((body) => ({ body, headers: JSON_TYPE })),
  ...['{"name":3}', '{"name":"a\\u0000"}', '{"name":"\\ud800","messages":1}', '{"signature":{},"response":"{"}'].map(
    (body) => ({ body, headers: JSON_TYPE }),
  ),
  { body: Buffer.from([0xff, 0xfe, 0x00, 0x7b]), headers: JSON_TYPE },
  { body: "{}", headers: { "content-type": "text/plain" } },
  { body: "--x\r\n", headers: { "content-type": "multipart/form-data; boundary=x" } },
  { body: "{}" },
  { body: "x".repeat(2_200_000), headers: JSON_TYPE },
  { body: "x".repeat(2_200_000), headers: JSON_TYPE, isChunked: true },
];

test("the doors beside REST refuse malformed bodies", async () => {
  const person = await newPerson();
  const all = DOORS.flatMap((path) => BODIES.map((body) => ({ method: "POST", path, ...body })));
  await withEach(all, async (request) => {
    const what = `POST ${request.path} ${String(request.body).slice(0, 60)} ${JSON.stringify(request.headers)}`;
    expectRefused(await person.send(request), what);
  });
});

/** tRPC's envelope; what is inside `data.error` is the one shape. */
function expectTrpcError(reply: Reply, what: string): string {
  expect(reply.status, `${what}\n${reply.text}`).toBeGreaterThanOrEqual(400);
  expect(reply.status, `${what}\n${reply.text}`).toBeLessThan(500);
  const answer = JSON.parse(reply.text);
  const entry = Array.isArray(answer) ? answer[0] : answer;
  if (!entry.error.data) return expectError(reply, what).code;
  expect(Object.keys(entry.error.data).sort(), what).toEqual(
    ["code", "error", "httpStatus", "path"].filter((key) => key in entry.error.data),
  );
  return expectError({ ...reply, text: JSON.stringify({ error: entry.error.data.error }) }, what).code;
}

test("tRPC refuses malformed input, alone and in batches", async () => {
  const person = await newPerson();
  const before = await everythingOf(person);
  const mutations = ["identity.createApiKey", "account.requestWithdrawal", "proof.request"];
  const paths = mutations.flatMap((name) => [`/api/trpc/${name}`, `/api/trpc/${name}?batch=1`]);
  const all = paths.flatMap((path) => BODIES.map((body) => ({ method: "POST", path, ...body })));
  await withEach(all, async (request) => {
    expectTrpcError(await person.send(request), `${request.path} ${String(request.body).slice(0, 60)}`);
  });
  const get = (path: string) => person.send({ path: `/api/trpc/${path}` });
  const input = (value: unknown) => encodeURIComponent(JSON.stringify(value));
  for (const path of [
    "nope",
    "__proto__",
    "constructor.name",
    "agent.getAgent?input=%7B",
    `agent.getAgent?input=${input({ id: "../x" })}`,
    `agent.listAgents?input=${input({ cursor: "\0" })}`,
    `agent.listAgents?input=${input({ limit: 1e9 })}`,
    `agent.listAgents?input=${input({ isAdmin: true })}`,
    "agent.createAgent?input=%7B%7D",
    "admin.overview",
    `agent.getAgent,agent.getAgent?batch=1&input=${input({ 0: 3, 1: null })}`,
    `${"identity.me,".repeat(40)}identity.me?batch=1`,
  ])
    expectTrpcError(await get(path), path);
  expect(await everythingOf(person)).toBe(before);
});

test("addresses and methods that nobody answers are refused in the same shape", async () => {
  const ask = stranger();
  for (const path of [
    "/api",
    "/api/nope",
    "/api/v1",
    "/api/v1/nope",
    "/api/v2/me",
    "/api/trpc",
    "/api/worker",
    "/api/worker/nope",
    "/api/auth",
    "/api/auth/nope",
    "/api/auth/_log",
    "/api/auth/callback/nope",
    "/api/auth/callback/demo/x",
    "/api/v1/__proto__",
    "/api/auth/error?error=%00",
  ])
    expectRefused(await ask({ path }), path);
  for (const path of ["/%", "/%ff", "/api/v1/agents/%c3%28", "/agents/%ff", "/api/auth/%ff"])
    expectRefused(await ask({ path }), path);
  for (const method of ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
    for (const path of [
      "/api/v1/me",
      "/api/v1/events",
      "/api/v1/chat/completions",
      "/api/v1/models",
      "/api/v1/openapi.json",
      "/api/worker/poll",
      "/api/trpc/identity.me",
      "/api/auth/session",
      "/api/auth/siwe/nonce",
      "/api/health/live",
      "/api/health/ready",
      "/api/metrics",
    ])
      expectRefused(await ask({ method, path }), `${method} ${path}`);
  for (const method of ["TRACE", "PROPFIND"]) expectRefused(await ask({ method, path: "/" }), `${method} /`);
});

test("requests that are hardly HTTP end in a 4xx, and the server goes on", async () => {
  const close = "Connection: close\r\n\r\n";
  for (const bytes of [
    "GET / HTTP/1.1\r\n\r\n",
    `GET http://elsewhere.example/api/v1/me HTTP/1.1\r\nHost: elsewhere.example\r\n${close}`,
    `OPTIONS * HTTP/1.1\r\nHost: x\r\n${close}`,
    `GET \\\\x HTTP/1.1\r\nHost: x\r\n${close}`,
    `GET ?x HTTP/1.1\r\nHost: x\r\n${close}`,
    "POST /api/v1/api-keys HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(70_000)}\r\n${close}`,
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
  ])
    expect(await sendRaw(bytes), bytes.slice(0, 60)).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
  expect((await stranger()({ path: "/api/health/live" })).status).toBe(200);
});

test("hostile cookies and keys make nobody, and no error of ours", async () => {
  const ask = stranger();
  for (const cookie of [
    "converge.session=%",
    "converge.session=a.b.c",
    `converge.session=${"x".repeat(7_000)}`,
    "=;;=;converge.session",
    "converge.session=%00",
  ]) {
    expectRefused(await ask({ path: "/api/v1/me", headers: { cookie } }), cookie.slice(0, 60));
    expect((await ask({ path: "/api/auth/session", headers: { cookie } })).text).toBe("{}");
    expect((await ask({ path: "/overview", headers: { cookie } })).status).toBe(307);
  }
  for (const authorization of [
    "Bearer",
    "Bearer %",
    "Basic eDp4",
    "Bearer null",
    `Bearer cvg_test_${"x".repeat(7_000)}`,
    "Bearer cvg_test_00000000_00000000000000000000000000000000000000",
  ])
    expect(expectRefused(await ask({ path: "/api/v1/balance", headers: { authorization } }), authorization).code).toBe(
      "API_KEY_INVALID",
    );
});
