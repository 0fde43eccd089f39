import type { Hex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toWord } from "#core/zk/inference-request.ts";
import { toCircuitInput } from "#core/zk/mlp.ts";
import { FIELD_ORDER } from "#core/zk/poseidon2.ts";
import { db, pool } from "#server/db.ts";
import { createApiKey } from "#server/identity/api-keys.ts";
import { createUser } from "#server/identity/users.ts";
import { ensureCircuitKeys } from "#server/proofs/build-verifier.ts";
import { EVENT_SCORER_CIRCUIT, loadCircuit } from "#server/proofs/circuit-artifact.ts";
import { type CircuitProof, proveWitness, solveWitness } from "#server/proofs/prove-circuit.ts";
import { setUpModel } from "#server/proofs/setup-model.ts";
import { ensureTrainedModel } from "#server/proofs/trained-model.ts";
import { openApiDocument } from "./openapi.ts";
import { handleRest } from "./rest.ts";

const FEATURES = Array.from({ length: 16 }, (_, i) => i * 15);
const REQUESTER = "0x00000000000000000000000000000000000A11Ce";

let modelId: string;
let proved: CircuitProof;
let token: string;
let strangerToken: string;

async function createToken(name: string): Promise<string> {
  const userId = await db.$transaction((tx) => createUser(tx, { name }));
  const actor = { userId, roles: ["user" as const], via: "session" as const, scopes: [] };
  const created = await createApiKey(actor, { name, scopes: ["proofs:write"] });
  return created.token;
}

async function call(method: string, path: string, body?: unknown, options: { token?: string; key?: string } = {}) {
  const response = await handleRest(
    new Request(`http://localhost/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
        ...(options.key ? { "idempotency-key": options.key } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  return { status: response.status, body: await response.json() };
}

beforeAll(async () => {
  ({ modelId } = await setUpModel());
  const artifact = loadCircuit(EVENT_SCORER_CIRCUIT);
  const input = { ...ensureTrainedModel("event-scorer"), features: FEATURES, inputSalt: 5n, context: 42n };
  const witness = await solveWitness(artifact, toCircuitInput(input));
  proved = await proveWitness(artifact, await ensureCircuitKeys(artifact), witness);
  [token, strangerToken] = await Promise.all([createToken("Asks for proofs"), createToken("Stranger")]);
});

afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

test("the OpenAPI document describes the surface", () => {
  const { paths } = openApiDocument() as { paths: Record<string, object> };
  for (const path of ["/proving-models", "/proofs", "/proofs/{id}", "/proofs/verify", "/inferences/{inferenceId}"]) {
    expect(paths[path], path).toBeDefined();
  }
});

test("anybody sees the models, and none of their weights", async () => {
  const { status, body } = await call("GET", "/proving-models");
  expect(status).toBe(200);
  expect(body.data[0]).toMatchObject({ id: modelId, name: "event-scorer", isCurrent: true });
  expect(JSON.stringify(body)).not.toContain("eight");
});

test("ordering twice with one key gives one proof; strangers and the missing get the same answer", async () => {
  const order = { modelId, requester: REQUESTER, features: FEATURES };
  const first = await call("POST", "/proofs", order, { token, key: "one" });
  const again = await call("POST", "/proofs", order, { token, key: "one" });
  expect(first).toMatchObject({ status: 200, body: { status: "queued", requester: REQUESTER.toLowerCase() } });
  expect(again.body.id).toBe(first.body.id);
  expect(await call("POST", "/proofs", { ...order, nonce: toWord(5n) }, { token, key: "one" })).toMatchObject({
    status: 409,
    body: { error: { code: "IDEMPOTENCY_KEY_REUSED" } },
  });
  expect((await call("GET", `/proofs/${first.body.id}`, undefined, { token })).status).toBe(200);
  const list = await call("GET", "/proofs?limit=1", undefined, { token });
  expect(list.body).toMatchObject({ data: [{ id: first.body.id }], hasMore: false, nextCursor: null });

  const foreign = await call("GET", `/proofs/${first.body.id}`, undefined, { token: strangerToken });
  const missing = await call("GET", "/proofs/prf_00000000000000000000000000", undefined, { token: strangerToken });
  const publicly = await call("GET", `/inferences/${first.body.inferenceId}`);
  for (const answer of [foreign, missing, publicly]) {
    expect(answer).toMatchObject({ status: 404, body: { error: { code: "PROOF_NOT_FOUND" } } });
  }
});

describe("bad orders", () => {
  const good = () => ({ modelId, requester: REQUESTER, features: FEATURES });
  test.each<[string, () => unknown]>([
    ["no features and no events", () => ({ modelId, requester: REQUESTER })],
    ["both features and events", () => ({ ...good(), events: [] })],
    ["fifteen features", () => ({ ...good(), features: FEATURES.slice(1) })],
    ["a feature of 256", () => ({ ...good(), features: FEATURES.with(0, 256) })],
    ["a fractional feature", () => ({ ...good(), features: FEATURES.with(0, 1.5) })],
    ["a short requester", () => ({ ...good(), requester: "0x12" })],
    ["a nonce that is no word", () => ({ ...good(), nonce: "7" })],
    ["a deadline in the past", () => ({ ...good(), deadline: "2020-01-01T00:00:00Z" })],
    ["a deadline that is no time", () => ({ ...good(), deadline: "soon" })],
    ["an unknown field", () => ({ ...good(), weights: [] })],
    ["an id of another kind", () => ({ ...good(), modelId: "usr_1" })],
    ["nothing", () => null],
    ["a list", () => []],
  ])("are refused: %s", async (_, body) => {
    const before = await db.proof.count();
    const answer = await call("POST", "/proofs", body(), { token });
    expect(answer.status).toBe(400);
    expect(answer.body.error.request_id).toMatch(/^req_/);
    expect(await db.proof.count()).toBe(before);
  });
});

describe("verifying", () => {
  const check = (over: object = {}) => ({
    modelId,
    proof: proved.proof,
    publicInputs: proved.publicInputs,
    ...over,
  });

  test("an honest proof is valid for anybody", async () => {
    const { status, body } = await call("POST", "/proofs/verify", check());
    expect({ status, body }).toMatchObject({ status: 200, body: { isValid: true, reason: null } });
    expect(body.output).toBe(Number(BigInt(proved.publicInputs[3] ?? -1)));
  });

  test("well-formed lies are answered, not errors", async () => {
    const lies = [
      [check({ proof: `0x01${proved.proof.slice(4)}` }), "PROOF_INVALID"],
      [check({ proof: "0x00" }), "PROOF_INVALID"],
      [check({ proof: `${proved.proof}00` }), "PROOF_INVALID"],
      [check({ publicInputs: proved.publicInputs.with(0, toWord(43n)) }), "PROOF_INVALID"],
      [check({ publicInputs: proved.publicInputs.with(1, toWord(1n)) }), "OTHER_MODEL"],
    ] as const;
    for (const [body, reason] of lies) {
      const answer = await call("POST", "/proofs/verify", body);
      expect(answer).toMatchObject({ status: 200, body: { isValid: false, reason, output: null } });
    }
  });

  test("what is no proof is a bad request", async () => {
    const above = toWord(BigInt(proved.publicInputs[0] ?? 0) + FIELD_ORDER);
    const bodies = [
      check({ proof: "0x" }),
      check({ proof: "0x0" }),
      check({ proof: "proof" }),
      check({ proof: `0x${"00".repeat(20_000)}` as Hex }),
      check({ publicInputs: proved.publicInputs.slice(1) }),
      check({ publicInputs: proved.publicInputs.with(0, above) }),
      check({ publicInputs: [1, 2, 3, 4] }),
      check({ extra: true }),
    ];
    for (const body of bodies) expect((await call("POST", "/proofs/verify", body)).status).toBe(400);
    const unknown = await call("POST", "/proofs/verify", check({ modelId: "mdl_00000000000000000000000000" }));
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: "MODEL_NOT_FOUND" } } });
  });
});
