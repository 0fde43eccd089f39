import { afterAll, describe, expect, it } from "vitest";
import type { WireError } from "#core/api-error.ts";
import { newId } from "#core/ids.ts";
import { db, pool } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { createApiKey } from "#server/identity/api-keys.ts";
import { createUser } from "#server/identity/users.ts";
import { handleRest } from "./rest.ts";

afterAll(() => Promise.all([pool.end(), db.$disconnect()]));

const userId = await db.$transaction((tx) => createUser(tx, { name: "REST", roles: ["user", "provider"] }));
const owner: Actor = { userId, roles: ["user"], via: "session", scopes: [] };
const { token } = await createApiKey(owner, { name: "rest", scopes: ["compute:write", "balance:read"] });

async function ask(method: string, path: string, init: { body?: string | ReadableStream; type?: string | null } = {}) {
  const { body, type = "application/json" } = init;
  const response = await handleRest(
    new Request(`http://localhost/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && type !== null ? { "content-type": type } : {}),
      },
      ...(body === undefined ? {} : { body, duplex: "half" }),
    }),
  );
  return { status: response.status, body: (await response.json()) as WireError & Record<string, unknown> };
}

const node = newId("node");

describe("fields that nobody reads", () => {
  it.each([
    ["GET", "/balance?isAdmin=true", undefined],
    ["HEAD", "/balance?isAdmin=true", undefined],
    ["GET", "/balance?isAdmin", undefined],
    ["GET", "/stats?cursor=x", undefined],
    ["GET", "/nodes?isAdmin=true", undefined],
    ["POST", "/nodes/join-tokens", '{"isAdmin":true}'],
    ["POST", "/nodes/join-tokens?isAdmin=true", "{}"],
    ["POST", "/nodes/join-tokens?isAdmin=true", undefined],
    ["DELETE", `/nodes/${node}?isAdmin=true`, undefined],
    ["DELETE", `/nodes/${node}`, '{"isAdmin":true}'],
  ])("are refused: %s %s %s", async (method, path, body) => {
    const reply = await ask(method, path, body === undefined ? {} : { body });
    expect(reply.status, JSON.stringify(reply.body)).toBe(400);
    expect(reply.body.error).toMatchObject({
      type: "invalid_request_error",
      code: "VALIDATION_FAILED",
      message: expect.stringContaining("Unrecognized key"),
      details: { issues: [{ path: "", message: expect.stringContaining("Unrecognized key") }] },
    });
  });

  it.each([
    ["POST", "/nodes/join-tokens", "[]", 400],
    ["POST", "/nodes/join-tokens", "{", 400],
    ["DELETE", `/nodes/${node}`, "3", 400],
    ["DELETE", `/nodes/${node}`, "{}", 404],
  ])("and so is a body that is no object: %s %s %s", async (method, path, body, status) => {
    expect((await ask(method, path, { body })).status).toBe(status);
    expect((await ask(method, path, { body, type: "text/plain" })).status).toBe(415);
  });

  it("take nothing from requests without any", async () => {
    expect((await ask("GET", "/balance")).status).toBe(200);
    for (const init of [{}, { body: "{}" }, { body: "", type: "text/plain" }])
      expect((await ask("POST", "/nodes/join-tokens", init)).status).toBe(200);
  });
});

describe("a kept answer", () => {
  it("is given again to its own credential alone", async () => {
    const { token: other } = await createApiKey(owner, { name: "other", scopes: ["balance:read"] });
    const send = async (bearer: string) => {
      const headers = { authorization: `Bearer ${bearer}`, "idempotency-key": "once-only" };
      return handleRest(new Request("http://localhost/api/v1/nodes/join-tokens", { method: "POST", headers }));
    };
    const first = await send(token);
    const again = await send(token);
    expect(await again.json()).toEqual(await first.json());
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect((await send(other)).status).toBe(403);
  });
});

describe("a body that breaks off", () => {
  it("is its sender's error", async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"a":'));
        controller.error(Object.assign(new Error("aborted"), { code: "ECONNRESET" }));
      },
    });
    const reply = await ask("POST", "/nodes/join-tokens", { body });
    expect(reply.status).toBe(400);
    expect(reply.body.error).toMatchObject({ code: "BAD_REQUEST", message: "The body broke off before its end." });
  });
});
