import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newId } from "#core/ids.ts";
import { AGENT_SCOPES, type Scope } from "#core/scopes.ts";
import { closeHub } from "#server/compute/hub.ts";
import { putPaperNode } from "#server/compute/testing/paper-node.ts";
import { createDevice, serveModel } from "#server/compute/testing/simulated-device.ts";
import { db, pool } from "#server/db.ts";
import { createApiKey } from "#server/identity/api-keys.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { confirmAgent, createAgent } from "#server/wallets/create-agent.ts";
import { tokenBalance } from "#server/wallets/get-account.ts";
import { fundAgent } from "#server/wallets/pause-agent.ts";
import { createPerson, depositFor, followUntilQuiet, type Person } from "#server/wallets/testing/wallet-world.ts";
import { handleMcp } from "./mcp-door.ts";

// The node of this test listens here.
vi.hoisted(() => {
  process.env.ALLOW_PRIVATE_NODES = "127.0.0.1";
});

const payee = privateKeyToAccount(generatePrivateKey()).address;
const model = `mcp/${newId("model").slice(-8)}`;
const closing: (() => unknown)[] = [];
let owner: Person;
let agentId: string;
let agentKey: string;

/** The official client, whose requests reach the door without a network in between. */
async function connect(token: string): Promise<Client> {
  const client = new Client({ name: "test", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL("http://localhost/api/mcp"), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
    fetch: async (url, init) => {
      const request = new Request(url, init);
      // The door's route answers POST alone, as the framework does.
      return request.method === "POST" ? handleMcp(request) : new Response(null, { status: 405 });
    },
  });
  await client.connect(transport);
  closing.push(() => client.close());
  return client;
}

type Answer = { isError?: boolean; structuredContent?: Record<string, unknown> };
async function use(
  client: Client,
  name: string,
  input: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const result = (await client.callTool({ name, arguments: input })) as Answer;
  expect(result.isError, JSON.stringify(result)).not.toBe(true);
  return result.structuredContent ?? {};
}
async function refused(client: Client, name: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
  const result = (await client.callTool({ name, arguments: input })) as Answer;
  expect(result.isError, JSON.stringify(result)).toBe(true);
  return (result.structuredContent?.error ?? {}) as Record<string, unknown>;
}

const keyFor = async (scopes: readonly Scope[], agent?: string): Promise<string> =>
  (await createApiKey(owner.actor, { name: "mcp", scopes: [...scopes], ...(agent ? { agentId: agent } : {}) })).token;

beforeAll(async () => {
  owner = await createPerson();
  await depositFor(userAccount(owner.actor.userId), 20_000_000n);
  await followUntilQuiet();
  const created = await createAgent(owner.actor, {
    name: "Client",
    policy: {
      perTransactionCap: "1000000",
      windowCap: "3000000",
      windowSeconds: 3600,
      validUntil: new Date(Date.now() + 86_400_000).toISOString(),
      rules: [{ kind: "pay", recipient: payee }, { kind: "deposit" }],
    },
  });
  agentId = created.agent.id;
  await confirmAgent(owner.actor, { id: agentId, signature: owner.approve(created.operation.hash) });
  await followUntilQuiet();
  await fundAgent(owner.actor, { id: agentId, units: "5000000" });
  await followUntilQuiet();
  agentKey = await keyFor(AGENT_SCOPES, agentId);
  const server = await serveModel(createDevice({ weights: "mcp" }).answer);
  closing.push(server.close);
  await putPaperNode((await createPerson()).actor.userId, model, { directUrl: server.url, outputPrice: 100_000_000n });
}, 60_000);
afterAll(async () => {
  for (const close of closing) await close();
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

describe("the MCP door", () => {
  it("lets an agent's own program see its limits, ask what would happen, and pay once under one name", async () => {
    const client = await connect(agentKey);
    expect(await use(client, "get_agent")).toMatchObject({ id: agentId, status: "active" });
    expect(await use(client, "explain_action", { payment: { recipient: payee, units: "400000" } })).toMatchObject({
      allowed: true,
      refusal: null,
      contract: null,
    });
    const payment = { recipient: payee, units: "400000", reference: "invoice-7" };
    const first = await use(client, "propose_payment", payment);
    expect(await use(client, "propose_payment", payment)).toMatchObject({ id: first.id });
    await followUntilQuiet();
    expect(await use(client, "get_payment", { paymentId: first.id })).toMatchObject({ status: "succeeded" });
    expect(await tokenBalance(payee)).toBe(400_000n);
    expect(await refused(client, "propose_payment", { ...payment, units: "400001" })).toMatchObject({
      code: "IDEMPOTENCY_KEY_REUSED",
    });
  });

  it("says of a denial which rule it was, at what value and what to change, before and after", async () => {
    const client = await connect(agentKey);
    const payment = { recipient: payee, units: "1000001" };
    expect(await use(client, "explain_action", { payment })).toMatchObject({
      allowed: false,
      refusal: { refusedBy: "signer", rule: "per-transaction-cap", value: "1000001 > 1000000" },
      contract: { error: "AgentAccount_OverTransactionCap" },
    });
    const denied = await refused(client, "propose_payment", { ...payment, reference: "too-much" });
    expect(denied).toMatchObject({ code: "POLICY_DENIED", details: { rule: "per-transaction-cap" } });
    expect(JSON.stringify(denied)).toContain("Spend at most 1000000");
    expect(await tokenBalance(payee)).toBe(400_000n);
  });

  it("buys inference with money the agent moved itself", async () => {
    const client = await connect(agentKey);
    await use(client, "fund_inference", { units: "900000", reference: "fill" });
    await followUntilQuiet();
    expect((await getBalance(agentAccount(agentId))).available).toBe(900_000n);
    const answer = await use(client, "run_inference", {
      model,
      messages: [{ role: "user", content: "Go" }],
      maxTokens: 20,
    });
    expect(answer).toMatchObject({ model, usage: { completion_tokens: 20 } });
    expect(String(answer.text).length).toBeGreaterThan(10);
    expect(answer.receipt).toMatch(/^rcp_/);
    const left = (await getBalance(agentAccount(agentId))).available;
    expect(left).toBeLessThan(900_000n);
    expect(await use(client, "get_balance")).toMatchObject({ available: { units: left.toString() } });
    expect(
      await refused(client, "run_inference", { model: "no/such", messages: [{ role: "user", content: "Go" }] }),
    ).toMatchObject({ code: "MODEL_NOT_FOUND" });
  });

  it("shows a key the tools of its scopes, marked by what they do, and none that takes a key", async () => {
    const reader = await connect(await keyFor(["agents:read", "balance:read"]));
    const { tools } = await reader.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual([
      "explain_action",
      "get_agent",
      "get_balance",
      "get_payment",
      "list_agents",
    ]);
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint === true)).toBe(true);
    const { tools: all } = await (
      await connect(await keyFor(["agents:write", "proofs:write", "inference:write"]))
    ).listTools();
    expect(all.length).toBeGreaterThan(4);
    expect(JSON.stringify([...tools, ...all].map(({ inputSchema }) => inputSchema))).not.toMatch(
      /private|secret|mnemonic|seed|api_?key|token"/i,
    );
    await expect(reader.callTool({ name: "propose_payment", arguments: {} })).rejects.toThrow();
  });

  it("tells an agent's key nothing of another's, and a stranger nothing at all", async () => {
    const client = await connect(agentKey);
    const other = newId("agent");
    expect(await refused(client, "get_agent", { agentId: other })).toMatchObject({ code: "NOT_FOUND" });
    const send = (headers: Record<string, string>, body: string) =>
      handleMcp(
        new Request("http://localhost/api/mcp", {
          method: "POST",
          headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
          body,
        }),
      );
    const list = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
    expect((await send({}, list)).status).toBe(401);
    expect((await send({ authorization: "Bearer cvg_test_nonsense" }, list)).status).toBe(401);
    const bearer = { authorization: `Bearer ${agentKey}` };
    expect((await send(bearer, "{")).status).toBe(400);
    expect((await send(bearer, `{"a":"${"x".repeat(1_100_000)}"}`)).status).toBe(413);
    const unknown = await send(bearer, JSON.stringify({ jsonrpc: "2.0", id: 2, method: "no/such", params: {} }));
    expect(await unknown.text()).toContain("-32601");
  });
});
