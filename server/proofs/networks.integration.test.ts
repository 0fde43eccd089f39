import type { Hex } from "viem";
import { afterAll, describe, expect, it } from "vitest";
import { inferenceRegistryAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { commitToNetwork, hashArchitecture, hashInputs, packOutputs } from "#core/zk/commitment.ts";
import { batchedRefOf } from "#core/zk/inference-ref.ts";
import { contextOf, toWord } from "#core/zk/inference-request.ts";
import { formatOf } from "#core/zk/integer-network.ts";
import { readOutput } from "#core/zk/output-packing.ts";
import { runInteger } from "#core/zk/run-integer.ts";
import type { LAYER_KINDS } from "#core/zk/testing/random-layers.ts";
import { randomInput, randomIntegerNetwork } from "#core/zk/testing/random-networks.ts";
import { seededRandom } from "#models/event-scorer/random.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { pool } from "#server/db.ts";
import { ensureCircuitKeys, ensureCompiledVerifier } from "./build-verifier.ts";
import { checkProof } from "./check-proof.ts";
import { connectToDevelopmentChain, ensureVerifier } from "./deploy-verifier.ts";
import { ensureNetworkArtifact } from "./network-artifact.ts";
import { proveNetwork } from "./prove-network.ts";
import { ensureRegistered } from "./register-model.ts";

/** The verifier of an architecture, on the chain. */
async function deployVerifier(architecture: Parameters<typeof ensureNetworkArtifact>[0], batch: number) {
  const chain = connectToDevelopmentChain();
  const [account] = await chain.getAddresses();
  if (!account) throw new Error("The chain has no unlocked account.");
  const keys = await ensureCircuitKeys(await ensureNetworkArtifact(architecture, batch));
  return ensureVerifier(chain, account, await ensureCompiledVerifier(keys, "optimized"));
}

/** A network of several kinds of layers, small, and inputs that stay in its range. */
function provable(kinds: readonly (typeof LAYER_KINDS)[number][], batch: number) {
  for (let seed = 1; ; seed++) {
    const random = seededRandom(seed);
    const network = randomIntegerNetwork(random, kinds);
    const inputs = Array.from({ length: batch }, () => randomInput(random, network));
    try {
      const outputs = inputs.map((input) => runInteger(network, input).get(network.architecture.output));
      return { network, inputs, outputs: outputs.map((output) => output ?? new Int32Array()) };
    } catch {}
  }
}

const flip = (proof: Hex, at: number): Hex => {
  const digit = Number.parseInt(proof[at] ?? "0", 16) ^ 1;
  return `${proof.slice(0, at)}${digit.toString(16)}${proof.slice(at + 1)}` as Hex;
};

afterAll(() => pool.end());

describe("a network of any layers", () => {
  it.each([
    ["every kind of table and choice", ["linear", "table", "softmax", "argMax"], 1],
    ["images, several in one proof", ["conv", "maxPool", "relu", "averagePool"], 3],
    ["trees", ["trees"], 2],
  ] as const)("is proved and verified on the chain: %s", async (_, kinds, batch) => {
    const { network, inputs, outputs } = provable(kinds, batch);
    const statement = { network, inputs, salt: 21n, inputSalt: 22n, context: 23n };
    const verifier = await deployVerifier(network.architecture, batch);
    const { proof, publicInputs } = await proveNetwork(statement);
    expect(publicInputs.map(BigInt)).toEqual([
      23n,
      commitToNetwork(network, 21n),
      hashInputs(network, inputs, statement),
      ...packOutputs(network, outputs),
    ]);
    expect(await checkProof(verifier, proof, publicInputs)).toBe(true);
    expect(await checkProof(verifier, flip(proof, 400), publicInputs)).toBe(false);
    const lied = publicInputs.with(3, `0x${(BigInt(publicInputs[3] ?? 0) ^ 1n).toString(16).padStart(64, "0")}`);
    expect(await checkProof(verifier, proof, lied)).toBe(false);
  });

  it("says several things by one proof, each of which its consumer uses once", async () => {
    const { network, inputs, outputs } = provable(["linear", "relu"], 3);
    const chain = connectToDevelopmentChain();
    const [account] = await chain.getAddresses();
    if (!account) throw new Error("The chain has no unlocked account.");
    const { chainId, contracts } = loadDeployment();
    const registry = { address: contracts.InferenceRegistry, abi: inferenceRegistryAbi } as const;
    const { isSigned } = formatOf(network, network.architecture.output);
    const outputCount = outputs[0]?.length ?? 0;
    const { registryModelId: modelId, version } = await ensureRegistered(
      chain,
      account,
      {
        verifier: await deployVerifier(network.architecture, inputs.length),
        architectureHash: toWord(hashArchitecture(network.architecture)),
        outputCount,
        isSigned,
        name: newId("model"),
      },
      { commitment: toWord(commitToNetwork(network, 21n)), accuracyFloat: 9_900, accuracyInteger: 9_890 },
    );
    const requests = inputs.map(() => ({ requester: account, consumer: account }));
    const batch = { modelId, version, nonce: 5n, deadline: 2n ** 40n, requests };
    const context = contextOf({ chainId, address: registry.address }, batch);
    const { proof, publicInputs } = await proveNetwork({ network, inputs, salt: 21n, inputSalt: 22n, context });
    const [, , inputHash = "0x", ...words] = publicInputs;
    const shown = words.map(BigInt);
    const args = [{ ...batch, inputHash, outputs: shown }, proof] as const;
    const recorded = await chain.writeContract({
      ...registry,
      account,
      chain: null,
      functionName: "recordBatch",
      args,
    });
    await chain.waitForTransactionReceipt({ hash: recorded });

    for (const [index, numbers] of outputs.entries()) {
      const slot = outputCount - 1;
      const output = numbers[slot] ?? 0;
      expect(readOutput(shown, index * outputCount + slot, isSigned)).toBe(output);
      const exactly = { version, slot, low: output, high: output };
      const required = [batchedRefOf(batch, shown, index), modelId, exactly, 600] as const;
      const use = { ...registry, account, functionName: "requireInference", args: required } as const;
      const hash = await chain.writeContract({ ...use, chain: null });
      expect((await chain.waitForTransactionReceipt({ hash })).status).toBe("success");
      await expect(chain.simulateContract(use)).rejects.toThrow(/AlreadyConsumed/);
    }
  });

  it("has one circuit and one verifier, whatever it was taught", async () => {
    const { network } = provable(["linear", "relu"], 1);
    const artifact = await ensureNetworkArtifact(network.architecture);
    expect(await ensureNetworkArtifact({ ...network.architecture })).toEqual(artifact);
  });

  it("is not proved for an input that leaves its range, and the layer is named", async () => {
    const random = seededRandom(5);
    const network = randomIntegerNetwork(random, ["linear"]);
    const far = Array.from(randomInput(random, network), () => 5_000);
    await expect(proveNetwork({ network, inputs: [far], salt: 1n, inputSalt: 2n, context: 3n })).rejects.toMatchObject({
      code: "ZK_OUT_OF_RANGE",
    });
  });
});
