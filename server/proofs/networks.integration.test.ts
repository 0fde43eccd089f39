import type { Hex } from "viem";
import { afterAll, describe, expect, it } from "vitest";
import { commitToNetwork, hashInputs, packOutputs } from "#core/zk/commitment.ts";
import { runInteger } from "#core/zk/run-integer.ts";
import type { LAYER_KINDS } from "#core/zk/testing/random-layers.ts";
import { randomInput, randomIntegerNetwork } from "#core/zk/testing/random-networks.ts";
import { seededRandom } from "#models/event-scorer/random.ts";
import { pool } from "#server/db.ts";
import { ensureCircuitKeys, ensureCompiledVerifier } from "./build-verifier.ts";
import { checkProof } from "./check-proof.ts";
import { connectToDevelopmentChain, ensureVerifier } from "./deploy-verifier.ts";
import { ensureNetworkArtifact } from "./network-artifact.ts";
import { proveNetwork } from "./prove-network.ts";

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
