import { expect, test } from "@playwright/test";
import { earn } from "./earn.ts";
import { expectRefused, type Reply, send, strangerAddress, withEach } from "./hostile-client.ts";
import { demoPerson, everythingOf, newPerson, type Person } from "./people.ts";

const withoutId = ({ text }: Reply): unknown => {
  const { error } = JSON.parse(text);
  return { ...error, request_id: "" };
};

const policy = (recipient: string) => ({
  perTransactionCap: "1000",
  windowCap: "1000",
  windowSeconds: 3_600,
  validUntil: "2031-01-01T00:00:00Z",
  rules: [{ kind: "pay", recipient }],
});

const postedId = (reply: Reply): string => {
  expect(reply.status, reply.text).toBe(200);
  return JSON.parse(reply.text).id;
};

/** One of everything that has an id. */
async function ownerOfEverything() {
  const owner = await newPerson();
  const device = await earn(owner);
  const made = await owner.post("/agents", { name: "Theirs", policy: policy(owner.wallet.address) });
  expect(made.status, made.text).toBe(200);
  const { agent, operation } = JSON.parse(made.text);
  const withdrawal = postedId(await owner.post("/withdrawals", { to: owner.wallet.address, units: "1000" }));
  const cashOut = postedId(await owner.post("/rewards/cash-outs", { units: "1000" }));
  const key = postedId(await owner.post("/api-keys", { name: "theirs", scopes: ["balance:read"] }));
  // What the chain still has to say would change the owner's things later by itself.
  const statusOf = (path: string) => async () => (await owner.read<{ status: string }>(path)).status;
  await expect.poll(statusOf(`/withdrawals/${withdrawal}`), { timeout: 30_000 }).toBe("paid");
  await expect.poll(statusOf(`/rewards/cash-outs/${cashOut}`), { timeout: 30_000 }).toBe("ready");
  const { data: sessions } = await owner.read<{ data: { id: string }[] }>("/sessions");
  return {
    owner,
    ids: { device, agent: agent.id, operation: operation.id, withdrawal, cashOut, key, session: sessions[0]?.id ?? "" },
  };
}

type Ids = Awaited<ReturnType<typeof ownerOfEverything>>["ids"];
const signature = { kind: "wallet", signature: "0x00" };

/** Every route with an id in it, with a body it would take. */
const routesWith = (ids: Ids): [method: string, path: string, body?: object][] => [
  ["GET", `/devices/${ids.device}`],
  ["GET", `/agents/${ids.agent}`],
  ["GET", `/agents/${ids.agent}/payments`],
  ["GET", `/agents/${ids.agent}/payments/pay_00000000000000000000000000`],
  ["POST", `/agents/${ids.agent}/grant`, {}],
  ["POST", `/agents/${ids.agent}/confirm`, { signature }],
  ["POST", `/agents/${ids.agent}/fund`, { units: "1" }],
  ["POST", `/agents/${ids.agent}/payments`, { recipient: `0x${"1".repeat(40)}`, units: "1" }],
  ["POST", `/agents/${ids.agent}/deposits`, { units: "1" }],
  ["POST", `/agents/${ids.agent}/calls`, { calls: [{ target: `0x${"1".repeat(40)}`, data: "0x" }] }],
  ["POST", `/agents/${ids.agent}/simulate`, { payment: { recipient: `0x${"1".repeat(40)}`, units: "1" } }],
  ["POST", `/agents/${ids.agent}/pause`, {}],
  ["POST", `/agents/${ids.agent}/resume`, {}],
  ["GET", `/account/user-operations/${ids.operation}`],
  ["POST", `/account/user-operations/${ids.operation}/submit`, { signature }],
  ["GET", `/withdrawals/${ids.withdrawal}`],
  ["GET", `/rewards/cash-outs/${ids.cashOut}`],
  ["DELETE", `/api-keys/${ids.key}`],
  ["DELETE", `/sessions/${ids.session}`],
  ["POST", "/api-keys", { name: "x", scopes: ["agents:write"], agentId: ids.agent }],
];

const MISSING = "00000000000000000000000000";
const missingLike = (ids: Ids): Ids =>
  Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, id.replace(/_.*/, `_${MISSING}`)])) as Ids;

const ask = (person: Person, [method, path, body]: [string, string, object?]): Promise<Reply> =>
  method === "POST" ? person.post(path, body) : person.send({ method, path: `/api/v1${path}` });

test("a stranger's object and a missing one are the same nothing", async () => {
  const [{ owner, ids }, other] = await Promise.all([ownerOfEverything(), newPerson()]);
  const before = await everythingOf(owner);
  const agentBefore = await owner.get(`/agents/${ids.agent}`);
  const missing = routesWith(missingLike(ids));
  const pairs = routesWith(ids).map((theirs, i) => ({ theirs, none: missing[i] ?? theirs }));
  await withEach(pairs, async ({ theirs, none }) => {
    const [foreign, absent] = [await ask(other, theirs), await ask(other, none)];
    const what = `${theirs[0]} ${theirs[1]}`;
    expect(foreign.status, `${what} ${foreign.text}`).toBe(404);
    expectRefused(foreign, what);
    expect(withoutId(foreign), what).toEqual(withoutId(absent));
  });
  // The body does not outvote the address.
  const own = await other.post("/agents", { name: "Mine", policy: policy(other.wallet.address) });
  const ownAgent: string = JSON.parse(own.text).agent.id;
  const redirected = await other.post(`/agents/${ownAgent}/pause`, { id: ids.agent });
  expect(redirected.status === 200 ? JSON.parse(redirected.text).id : ownAgent).toBe(ownAgent);
  // Nobody's page shows more than its door.
  for (const path of [`/agents/${ids.agent}`, `/proofs/prf_${MISSING}`]) {
    const page = await other.send({ path });
    expect(page.text, path).not.toContain("Theirs");
  }
  expect(await everythingOf(owner)).toBe(before);
  expect((await owner.get(`/agents/${ids.agent}`)).text).toBe(agentBefore.text);
});

test("a key of an agent sees the agent and nothing of its owner's", async () => {
  const { owner, ids } = await ownerOfEverything();
  const from = strangerAddress();
  const scopes = ["agents:read", "agents:write", "balance:read", "inference:write"];
  const made = await owner.post("/api-keys", { name: "agent", scopes, agentId: ids.agent });
  expect(made.status, made.text).toBe(200);
  const authorization = `Bearer ${JSON.parse(made.text).token}`;
  const get = (path: string) => send({ path: `/api/v1${path}`, from, headers: { authorization } });
  expect(JSON.parse((await get("/balance")).text).posted.units).toBe("0");
  expect(JSON.parse((await get("/withdrawals")).text).data).toEqual([]);
  expect(JSON.parse((await get("/inferences")).text).data).toEqual([]);
  expect((await get(`/withdrawals/${ids.withdrawal}`)).status).toBe(404);
  expect((await get(`/account/user-operations/${ids.operation}`)).status).toBe(404);
  const [own, agents] = [await owner.read("/account/deposit"), await get("/account/deposit")];
  expect(JSON.parse(agents.text).reference).not.toBe(own.reference);
  for (const path of ["/account", "/me", "/api-keys", "/sessions", "/admin/users", "/admin/overview"])
    expect((await get(path)).status, path).toBe(403);
  for (const path of ["/rewards/cash-outs", "/proofs", "/nodes/mine"]) expect((await get(path)).status, path).toBe(403);
  const wide = await owner.post("/api-keys", { name: "wide", scopes: ["rewards:write"], agentId: ids.agent });
  expect(expectRefused(wide, "an agent's key with its owner's scope").code).toBe("VALIDATION_FAILED");
});

test("no field that is ours to set is taken from a client", async () => {
  const person = await newPerson();
  const before = await everythingOf(person);
  const stolen = {
    id: "x",
    userId: "usr_x",
    roles: ["admin"],
    isAdmin: true,
    status: "active",
    ownerId: "usr_x",
    balance: "1",
    createdAt: "2020-01-01T00:00:00Z",
    hash: "x",
  };
  const bodies: [string, object][] = [
    ["/api-keys", { name: "x", scopes: ["balance:read"] }],
    ["/agents", { name: "x", policy: policy(person.wallet.address) }],
    ["/withdrawals", { to: person.wallet.address, units: "1" }],
    ["/rewards/cash-outs", { units: "1" }],
    ["/account/user-operations", { calls: [{ target: person.wallet.address, data: "0x" }] }],
  ];
  for (const [path, body] of bodies)
    for (const [name, value] of Object.entries(stolen)) {
      const what = `${path} with ${name}`;
      expect(expectRefused(await person.post(path, { ...body, [name]: value }), what).code, what).toBe(
        "VALIDATION_FAILED",
      );
    }
  expect(await everythingOf(person)).toBe(before);
});

const CONSOLE = [
  "/overview",
  "/agents",
  "/agents/new",
  "/balance",
  "/compute",
  "/developers",
  "/proofs",
  "/rewards",
  "/settings",
  "/admin",
  "/admin/ledger",
  "/admin/reconciliation",
  "/admin/adjustments",
];
/** Headers by which frameworks were once talked past their own guards, or into another form of a page. */
const DISGUISES: Record<string, string>[] = [
  {},
  { "x-middleware-subrequest": "middleware:middleware:middleware:middleware:middleware" },
  { "x-middleware-subrequest": "src/middleware" },
  { rsc: "1" },
  { rsc: "1", "next-router-prefetch": "1" },
  { rsc: "1", "next-router-state-tree": "%5B%22%22%2C%7B%7D%5D" },
  { "x-nextjs-data": "1" },
  { "x-invoke-path": "/admin" },
  { "x-matched-path": "/admin" },
  { "x-forwarded-host": "admin.example", "x-original-url": "/admin", "x-rewrite-url": "/admin" },
];

test("a signed-out visitor gets the way to sign in and no data, however the page is asked for", async () => {
  const from = strangerAddress();
  const all = CONSOLE.flatMap((path) =>
    DISGUISES.flatMap((headers) =>
      [path, `${path}?_rsc=abcde`, `${path}.rsc`].map((address) => ({ address, headers })),
    ),
  );
  await withEach(all, async ({ address, headers }) => {
    const reply = await send({ path: address, headers, from });
    const what = `${address} ${JSON.stringify(headers)}`;
    // A page's data form tells the redirect inside of a 200.
    const isSentAway =
      reply.status === 200 ? reply.text.includes("NEXT_REDIRECT;replace;/sign-in") : [307, 404].includes(reply.status);
    expect(isSentAway, `${what} ${reply.status}`).toBe(true);
    expect(reply.text, what).not.toMatch(/usr_|acc_|agt_|posted|available/);
  });
});

test("the back office is not there for people who are not admins", async () => {
  const [person, admin] = await Promise.all([newPerson(), demoPerson("admin")]);
  const { data } = await admin.read<{ data: { id: string }[] }>("/admin/users");
  const someone = data[0]?.id ?? "";
  expect(someone).toMatch(/^usr_/);
  const { id: self } = await person.read<{ id: string }>("/me");
  for (const headers of DISGUISES) {
    const page = await person.send({ path: "/admin", headers });
    const others = page.text.match(/usr_[0-9a-z]{26}/g)?.filter((id) => id !== self) ?? [];
    expect(others, JSON.stringify(headers)).toEqual([]);
  }
  for (const path of ["/admin/overview", "/admin/users"]) expect((await person.get(path)).status).toBe(403);
  for (const path of ["admin.overview", "admin.listUsers"])
    expect((await person.send({ path: `/api/trpc/${path}?input=%7B%7D` })).status).toBeGreaterThanOrEqual(400);
});
