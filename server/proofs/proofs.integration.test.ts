import { readdirSync, readFileSync } from "node:fs";
import { acvm } from "@noir-lang/noir_js";
import { type Address, createWalletClient, type Hex, http, zeroAddress } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inferenceRegistryAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { contextOf, toWord } from "#core/zk/inference-request.ts";
import { publicInputsOf, scoreMlp, toCircuitInput } from "#core/zk/mlp.ts";
import { FIELD_ORDER } from "#core/zk/poseidon2.ts";
import { AUDIT_NOTE } from "#core/zk/verifier-kinds.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { sendOutbox } from "#server/chain/send-outbox.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { ensureCircuitKeys } from "./build-verifier.ts";
import { proofLogHandlers } from "./chain-events.ts";
import { checkProof } from "./check-proof.ts";
import { EVENT_SCORER_CIRCUIT, loadCircuit } from "./circuit-artifact.ts";
import { getProof, getRecordedProof } from "./get-proof.ts";
import { prove } from "./prove.ts";
import { type CircuitProof, proveWitness, solveWitness } from "./prove-circuit.ts";
import { recoverProofs } from "./recover-proofs.ts";
import { requestProof } from "./request-proof.ts";
import { setUpModel } from "./setup-model.ts";
import { ensureTrainedModel } from "./trained-model.ts";
import { verifyProof } from "./verify-proof.ts";

const REQUESTER: Address = "0x00000000000000000000000000000000000a11ce";
const FEATURES = [130, 140, 200, 3, 10, 20, 150, 90, 200, 20, 140, 90, 2, 25, 12, 60];
const actor = (): Actor => ({ userId: newId("user"), roles: ["user"], via: "session", scopes: [] });
const artifact = loadCircuit(EVENT_SCORER_CIRCUIT);

let model: Awaited<ReturnType<typeof setUpModel>>;
let proved: CircuitProof;

function inputFor(context: bigint) {
  const trained = ensureTrainedModel("event-scorer");
  return { model: trained.model, salt: trained.salt, features: FEATURES, inputSalt: 5n, context };
}

beforeAll(async () => {
  model = await setUpModel();
  const witness = await solveWitness(artifact, toCircuitInput(inputFor(42n)));
  proved = await proveWitness(artifact, await ensureCircuitKeys(artifact), witness);
});

afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

/** Lets the outbox and the indexer run until the proof is where the test wants it. */
async function settle(id: string, owner: Actor, status: string) {
  for (let pass = 0; pass < 200; pass++) {
    await sendOutbox();
    await indexChain(proofLogHandlers);
    const proof = await getProof(owner, { id });
    if (proof.status === status) return proof;
  }
  throw new Error(`The proof did not become ${status}.`);
}

describe("the verifier on the chain", () => {
  const flip = (bytes: Hex, at: number): Hex => {
    const digit = Number.parseInt(bytes.charAt(2 + at), 16) ^ 1;
    return `${bytes.slice(0, 2 + at)}${digit.toString(16)}${bytes.slice(3 + at)}` as Hex;
  };

  test("accepts an honest proof, whose public inputs are the reference's", async () => {
    expect(proved.publicInputs).toEqual(publicInputsOf(inputFor(42n)).map(toWord));
    expect(await checkProof(model.verifier, proved.proof, proved.publicInputs)).toBe(true);
  });

  test("refuses a proof with one bit changed, wherever it is", async () => {
    const digits = proved.proof.length - 2;
    for (let at = 0; at < digits; at += Math.floor(digits / 60)) {
      expect(await checkProof(model.verifier, flip(proved.proof, at), proved.publicInputs), `digit ${at}`).toBe(false);
    }
  });

  test("refuses every changed public input, another context, and a number above the field", async () => {
    for (let i = 0; i < 4; i++) {
      const word = proved.publicInputs[i] ?? "0x";
      for (const other of [flip(word, 63), toWord(BigInt(word) + FIELD_ORDER)]) {
        const inputs = proved.publicInputs.with(i, other);
        expect(await checkProof(model.verifier, proved.proof, inputs), `input ${i}`).toBe(false);
      }
    }
  });

  test("refuses proofs that are cut short, too long or empty, and missing inputs", async () => {
    const proofs: Hex[] = ["0x", "0x00", proved.proof.slice(0, -64) as Hex, `${proved.proof}00`];
    for (const proof of proofs) expect(await checkProof(model.verifier, proof, proved.publicInputs)).toBe(false);
    expect(await checkProof(model.verifier, proved.proof, proved.publicInputs.slice(0, 3))).toBe(false);
  });

  test("refuses what bb makes of a witness that was changed after solving", async () => {
    const witness = await solveWitness(artifact, toCircuitInput(inputFor(42n)));
    const stack = acvm.decompressWitnessStack(witness);
    const solved = stack[0]?.witness;
    const bytecode = Buffer.from(artifact.bytecode, "base64");
    if (!solved) throw new Error("There is no witness.");
    const returned = [...acvm.getReturnWitness(bytecode, solved).keys()];
    const output = returned.at(-1) ?? -1;
    solved.set(output, toWord(BigInt(solved.get(output) ?? 0) ^ 1n));
    const lie = await proveWitness(artifact, await ensureCircuitKeys(artifact), acvm.compressWitnessStack(stack)).catch(
      () => null,
    );
    if (lie) expect(await checkProof(model.verifier, lie.proof, lie.publicInputs)).toBe(false);
  });
});

test("setting up again changes nothing", async () => {
  const block = await publicClient().getBlockNumber();
  expect(await setUpModel()).toEqual(model);
  expect(await publicClient().getBlockNumber()).toBe(block);
});

test("an ordered proof is proved, recorded, readable by anybody, and its features are gone", async () => {
  const owner = actor();
  const input = { modelId: model.modelId, requester: REQUESTER, features: FEATURES };
  const queued = await requestProof(owner, input, "first");
  expect(queued.status).toBe("queued");
  expect((await requestProof(owner, input, "first")).id).toBe(queued.id);
  await expect(requestProof(owner, { ...input, nonce: toWord(1n) }, "first")).rejects.toMatchObject({
    code: "IDEMPOTENCY_KEY_REUSED",
  });

  await prove({ proofId: queued.id });
  await prove({ proofId: queued.id });
  const recorded = await settle(queued.id, owner, "recorded");
  expect(recorded.output).toBe(scoreMlp(ensureTrainedModel("event-scorer").model, FEATURES));
  expect(recorded.transactionHash).toMatch(/^0x[0-9a-f]{64}$/);
  expect((await db.proof.findUnique({ where: { id: queued.id } }))?.privateInput).toBeNull();

  const { chainId, contracts } = loadDeployment();
  const batch = {
    modelId: model.registryModelId,
    version: model.version,
    nonce: BigInt(recorded.nonce),
    deadline: BigInt(Date.parse(recorded.deadline) / 1000),
    requests: [{ requester: REQUESTER }],
  };
  const context = contextOf({ chainId, address: contracts.InferenceRegistry }, batch);
  expect(recorded.context).toBe(toWord(context));
  const inference = await publicClient().readContract({
    address: contracts.InferenceRegistry,
    abi: inferenceRegistryAbi,
    functionName: "inference",
    args: [recorded.inferenceId as Hex],
  });
  expect(inference.outputs).toEqual([BigInt(recorded.output ?? -1)]);

  expect((await getRecordedProof({ inferenceId: recorded.inferenceId })).proof).toBe(recorded.proof);
  await expect(getProof(actor(), { id: queued.id })).rejects.toMatchObject({ code: "PROOF_NOT_FOUND" });
  const [contextWord, commitment, inputHash, output] = recorded.publicInputs ?? [];
  const check = {
    modelId: model.modelId,
    proof: recorded.proof as Hex,
    publicInputs: [contextWord, commitment, inputHash, output] as [Hex, Hex, Hex, Hex],
  };
  expect(await verifyProof(check)).toEqual({ isValid: true, reason: null, output: recorded.output });
  expect(await verifyProof({ ...check, publicInputs: [toWord(1n), ...check.publicInputs.slice(1)] as never })).toEqual({
    isValid: false,
    reason: "PROOF_INVALID",
    output: null,
  });
  await expect(requestProof(owner, { ...input, nonce: recorded.nonce as Hex }, "again")).rejects.toMatchObject({
    code: "PROOF_NONCE_USED",
  });
});

test("its requester uses an inference once, and we hear of it", async () => {
  const chain = createWalletClient({ transport: http(env.CHAIN_RPC_URL) });
  const [requester] = await chain.getAddresses();
  if (!requester) throw new Error("The development chain has no unlocked account.");
  const owner = actor();
  const { id } = await requestProof(owner, { modelId: model.modelId, requester, features: FEATURES }, null);
  await prove({ proofId: id });
  const { inferenceId, output } = await settle(id, owner, "recorded");
  const call = (minOutput: number) => ({
    account: requester,
    address: loadDeployment().contracts.InferenceRegistry,
    abi: inferenceRegistryAbi,
    functionName: "consume" as const,
    args: [inferenceId as Hex, model.registryModelId, BigInt(minOutput), 600] as const,
  });
  await expect(publicClient().simulateContract(call((output ?? 0) + 1))).rejects.toThrow(/OutputRefused/);
  const hash = await chain.writeContract({ ...call(output ?? 0), chain: null });
  await publicClient().waitForTransactionReceipt({ hash });
  await expect(publicClient().simulateContract(call(0))).rejects.toThrow(/AlreadyConsumed/);
  await indexChain(proofLogHandlers);
  expect(await getProof(owner, { id })).toMatchObject({ consumedHash: hash });
});

test("a model may name the plain verifier, and readers see which one it names", async () => {
  const plain = await setUpModel("plain");
  expect(plain.verifier).not.toBe(model.verifier);
  const owner = actor();
  const { id } = await requestProof(owner, { modelId: plain.modelId, requester: REQUESTER, features: FEATURES }, null);
  await prove({ proofId: id });
  expect(await settle(id, owner, "recorded")).toMatchObject({ verifierKind: "plain", verifierAddress: plain.verifier });
  const kinds = async (verifier: Address) =>
    publicClient().readContract({
      address: loadDeployment().contracts.InferenceRegistry,
      abi: inferenceRegistryAbi,
      functionName: "verifierListing",
      args: [verifier],
    });
  expect(await kinds(plain.verifier)).toMatchObject({ kind: 1, auditNote: AUDIT_NOTE.plain });
  expect(await kinds(model.verifier)).toMatchObject({ kind: 2, auditNote: AUDIT_NOTE.optimized });
  expect(await setUpModel()).toEqual(model);
});

test("the registry refuses a proof made for another request", async () => {
  const { contracts } = loadDeployment();
  const call = publicClient().simulateContract({
    address: contracts.InferenceRegistry,
    abi: inferenceRegistryAbi,
    functionName: "recordInference",
    args: [
      {
        modelId: model.registryModelId,
        version: model.version,
        nonce: 99n,
        deadline: 2n ** 40n,
        requests: [{ requester: REQUESTER, consumer: zeroAddress }],
        inputHash: proved.publicInputs[2] ?? "0x",
        outputs: [BigInt(proved.publicInputs[3] ?? 0)],
      },
      proved.proof,
    ],
  });
  // The verifier itself reverts, with the name of the check that failed.
  await expect(call).rejects.toThrow(/recordInference/);
});

test("a prover that died gets one more try, then the proof fails and its features are gone", async () => {
  const owner = actor();
  const { id } = await requestProof(owner, { modelId: model.modelId, requester: REQUESTER, features: FEATURES }, null);
  const die = () =>
    db.proof.update({
      where: { id },
      data: { status: "proving", attempts: { increment: 1 }, lockedUntil: new Date(Date.now() - 1) },
    });
  await die();
  await recoverProofs();
  expect((await getProof(owner, { id })).status).toBe("proving");
  await die();
  await recoverProofs();
  expect(await getProof(owner, { id })).toMatchObject({ status: "failed", failureCode: "PROVER_FAILED" });
  expect((await db.proof.findUnique({ where: { id } }))?.privateInput).toBeNull();
});

test.runIf(process.platform === "linux")("a prover killed in the middle is replaced by another", async () => {
  const owner = actor();
  const { id } = await requestProof(owner, { modelId: model.modelId, requester: REQUESTER, features: FEATURES }, null);
  let isKilled = false;
  const first = prove({ proofId: id }).finally(() => {
    isKilled = true;
  });
  while (!isKilled) {
    const child = findChild("bb");
    if (child) process.kill(child, "SIGKILL");
    await new Promise(setImmediate);
  }
  await first;
  expect(await getProof(owner, { id })).toMatchObject({ status: "queued", attempts: 1 });
  await prove({ proofId: id });
  expect(await settle(id, owner, "recorded")).toMatchObject({ attempts: 2, failureCode: null });
});

/** A program that this process started, by its name. */
function findChild(name: string): number | null {
  for (const thread of readdirSync(`/proc/${process.pid}/task`)) {
    for (const child of readFileSync(`/proc/${process.pid}/task/${thread}/children`, "utf8")
      .split(" ")
      .filter(Boolean)) {
      try {
        if (readFileSync(`/proc/${child}/comm`, "utf8").trim() === name) return Number(child);
      } catch {
        // It ended between the two readings.
      }
    }
  }
  return null;
}

test("deadlines in the past or far ahead and unknown models are refused", async () => {
  const input = { modelId: model.modelId, requester: REQUESTER, features: FEATURES };
  for (const deadline of [new Date(0).toISOString(), new Date(Date.now() + 30 * 86_400_000).toISOString()]) {
    await expect(requestProof(actor(), { ...input, deadline }, null)).rejects.toMatchObject({
      code: "PROOF_DEADLINE_INVALID",
    });
  }
  await expect(requestProof(actor(), { ...input, modelId: newId("model") }, null)).rejects.toMatchObject({
    code: "MODEL_NOT_FOUND",
  });
});
