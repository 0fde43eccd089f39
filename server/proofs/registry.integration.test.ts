import {
  type Address,
  createTestClient,
  createWalletClient,
  type Hex,
  http,
  keccak256,
  publicActions,
  zeroAddress,
  zeroHash,
} from "viem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inferenceRegistryAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { packNumbers } from "#core/zk/commitment.ts";
import { batchedRefOf, batchIdOf } from "#core/zk/inference-ref.ts";
import { contextOf, inferenceIdOf, registryModelIdOf, toWord } from "#core/zk/inference-request.ts";
import { readOutput } from "#core/zk/output-packing.ts";
import { requestsRootOf } from "#core/zk/request-tree.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { proofLogHandlers } from "./chain-events.ts";
import { connectToDevelopmentChain } from "./deploy-verifier.ts";
import { listModels } from "./list-models.ts";
import { ensureRegistered } from "./register-model.ts";
import { requestProof } from "./request-proof.ts";

const OUTPUTS = 7;
const SIZE = 13;
const ANY = { version: 0, slot: 0, low: -2048, high: 2047 };

const chain = createWalletClient({ transport: http(env.CHAIN_RPC_URL) }).extend(publicActions);
const anvil = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL) });
const { chainId, contracts } = loadDeployment();
const registry = { address: contracts.InferenceRegistry, abi: inferenceRegistryAbi } as const;
let account: Address;
let modelId: Hex;
let verifier: Address;

async function mined(hash: Hex) {
  const receipt = await chain.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`${hash} failed.`);
  return receipt;
}

/** A verifier that accepts everything: what is tested here is what the registry and this code make of a batch. */
beforeAll(async () => {
  const [unlocked] = await chain.getAddresses();
  if (!unlocked) throw new Error("The development chain has no unlocked account.");
  account = unlocked;
  // Constructor: returns the ten bytes behind it. Runtime: answers 1 to every call.
  const data = "0x600a600c600039600a6000f3600160005260206000f3";
  const deployed = await mined(await chain.sendTransaction({ account, chain: null, data }));
  verifier = deployed.contractAddress ?? "0x";
  const terms = { verifier, architectureHash: zeroHash, outputCount: OUTPUTS, isSigned: true, name: newId("model") };
  const weights = { commitment: zeroHash, accuracyFloat: 9_900, accuracyInteger: 9_890 };
  const call = { ...registry, account, chain: null, functionName: "registerModel", args: [terms, weights] } as const;
  await mined(await chain.writeContract(call));
  modelId = registryModelIdOf({ chainId, address: registry.address }, { owner: account, ...terms });
});

afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

/** Outputs of all inferences of a batch, as a circuit shows them. */
const outputsOf = (size: number) =>
  packNumbers(
    Array.from({ length: size * OUTPUTS }, (_, i) => BigInt(keccak256(toWord(BigInt(i)))) % 4096n),
    12,
  );

/** Requests of many, some of whom leave the use to another contract. */
function batchOf(size: number, nonce: bigint) {
  const requests = Array.from({ length: size }, (_, i) => ({
    requester: i % 3 === 0 ? account : (`0x${keccak256(toWord(BigInt(i))).slice(26)}` as Address),
    consumer: i % 3 === 0 ? zeroAddress : account,
  }));
  return { modelId, version: 1, nonce, deadline: 2n ** 40n, requests };
}

test("contract and server agree on roots, contexts and ids for every size of a batch", async () => {
  for (const size of [1, 2, 3, 5, 8, SIZE]) {
    const batch = batchOf(size, BigInt(size) << 200n);
    const words = outputsOf(size);
    const asked = { ...batch, inputHash: zeroHash, outputs: words };
    const [root, context] = await Promise.all([
      chain.readContract({ ...registry, functionName: "requestsRootOf", args: [batch.requests] }),
      chain.readContract({ ...registry, functionName: "contextOf", args: [asked] }),
    ]);
    expect(requestsRootOf(batch.requests), `${size}`).toBe(root);
    expect(toWord(contextOf({ chainId, address: registry.address }, batch)), `${size}`).toBe(context);
    const call = { ...registry, account, functionName: "recordBatch", args: [asked, "0x"] } as const;
    expect((await chain.simulateContract(call)).result).toBe(batchIdOf(batch, words));
  }
});

test("every inference of a batch is used once, by its consumer, for the output that was proved", async () => {
  const batch = batchOf(SIZE, 2n ** 256n - 3n);
  const words = outputsOf(SIZE);
  const args = [{ ...batch, inputHash: zeroHash, outputs: words }, "0x"] as const;
  await mined(await chain.writeContract({ ...registry, account, chain: null, functionName: "recordBatch", args }));
  for (const [index, request] of batch.requests.entries()) {
    const slot = index % OUTPUTS;
    const output = readOutput(words, index * OUTPUTS + slot, true);
    const predicate = { ...ANY, slot, low: output, high: output };
    const ref = batchedRefOf(batch, words, index);
    const use = {
      ...registry,
      account,
      functionName: "requireInference",
      args: [ref, modelId, predicate, 600],
    } as const;
    expect((await chain.simulateContract(use)).result).toBe(output);
    await mined(await chain.writeContract({ ...use, chain: null }));
    await expect(chain.simulateContract(use)).rejects.toThrow(/AlreadyConsumed/);
    const nonce = BigInt.asUintN(256, batch.nonce + BigInt(index));
    const id = inferenceIdOf({ modelId, ...request, nonce });
    const found = await chain.readContract({ ...registry, functionName: "inference", args: [id] });
    expect(found).toMatchObject({ consumer: expect.stringMatching(new RegExp(account, "i")), version: 1 });
    expect(found.consumedAt).toBeGreaterThan(0);
  }
});

test("other weights are another version of the same model, and weights that come back are found again", async () => {
  const development = connectToDevelopmentChain();
  const terms = { verifier, architectureHash: zeroHash, outputCount: 1, isSigned: false, name: newId("model") };
  const weightsOf = (commitment: bigint) => ({
    commitment: toWord(commitment),
    accuracyFloat: 9_900,
    accuracyInteger: 9_890,
  });
  const first = await ensureRegistered(development, account, terms, weightsOf(1n));
  expect(first.version).toBe(1);
  const second = await ensureRegistered(development, account, terms, weightsOf(2n));
  expect(second).toEqual({ registryModelId: first.registryModelId, version: 2 });
  const block = await chain.getBlockNumber({ cacheTime: 0 });
  expect(await ensureRegistered(development, account, terms, weightsOf(1n))).toEqual(first);
  expect(await chain.getBlockNumber({ cacheTime: 0 })).toBe(block);

  const retire = { ...registry, account, chain: null, functionName: "retireVersion" } as const;
  await mined(await chain.writeContract({ ...retire, args: [first.registryModelId, 1] }));
  expect((await ensureRegistered(development, account, terms, weightsOf(1n))).version).toBe(3);
});

test("a model that is stopped on the chain is shown as stopped, takes no orders, and goes on when it is lifted", async () => {
  const id = newId("model");
  const row = { name: id, architecture: "open", chainId, registryModelId: modelId, commitment: zeroHash, gates: 1 };
  const facts = { circuitHash: "00", accuracyFloat: 9_900, accuracyQuantised: 9_890 };
  await db.provingModel.create({ data: { ...row, ...facts, id, verifierAddress: verifier, ownerAddress: account } });
  const stop = async () => {
    while ((await indexChain(proofLogHandlers)).pending);
    return (await listModels()).data.find((model) => model.id === id)?.stop;
  };
  const owner = await publicClient().readContract({ ...registry, functionName: "owner" });
  await anvil.impersonateAccount({ address: owner });
  const asOwner = { ...registry, account: owner, chain: null } as const;
  await mined(await chain.writeContract({ ...asOwner, functionName: "takeDown", args: [modelId, "stolen weights"] }));
  expect(await stop()).toEqual({ by: "guardian", reason: "stolen weights" });
  const order = requestProof(
    { userId: newId("user"), roles: ["user"], via: "session", scopes: [] },
    { modelId: id, requester: account, features: new Array(16).fill(1) },
    null,
  );
  await expect(order).rejects.toMatchObject({ code: "MODEL_STOPPED", details: { by: "guardian" } });

  await mined(await chain.writeContract({ ...asOwner, functionName: "lift", args: [modelId, "not stolen"] }));
  expect(await stop()).toBeNull();
  await mined(
    await chain.writeContract({ ...registry, account, chain: null, functionName: "retireVersion", args: [modelId, 1] }),
  );
  expect(await stop()).toEqual({ by: "owner", reason: null });
  await mined(await chain.writeContract({ ...asOwner, functionName: "listVerifier", args: [verifier, 2, "none"] }));
  await mined(
    await chain.writeContract({ ...asOwner, functionName: "withdrawVerifier", args: [verifier, "accepts all"] }),
  );
  expect(await stop()).toEqual({ by: "verifier", reason: "accepts all" });
});
