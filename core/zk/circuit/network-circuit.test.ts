import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../models/event-scorer/random.ts";
import { commitToNetwork, hashInputs, packOutputs } from "../commitment.ts";
import type { IntegerNetwork } from "../integer-network.ts";
import { runInteger } from "../run-integer.ts";
import { LAYER_KINDS } from "../testing/random-layers.ts";
import { randomInput, randomIntegerNetwork } from "../testing/random-networks.ts";
import { blankNetwork } from "./blank-network.ts";
import { findViolation } from "./check.ts";
import { buildNetworkCircuit, type NetworkCircuit } from "./network-circuit.ts";

/** Inputs of each kind of layer: `CIRCUIT_INPUTS=10000 npx vitest run core/zk/circuit` for the long run. */
const INPUTS = Number(process.env.CIRCUIT_INPUTS ?? 60);
const [salt, inputSalt, context] = [11n, 12n, 13n];

const circuitOf = (network: IntegerNetwork, inputs: readonly ArrayLike<number>[]): NetworkCircuit =>
  buildNetworkCircuit({ network, salt, inputs, inputSalt, context });

/** The outputs in whole numbers; null where one of the inputs leaves the range. */
function outputsOf(network: IntegerNetwork, inputs: readonly ArrayLike<number>[]): Int32Array[] | null {
  try {
    return inputs.map((input) => runInteger(network, input).get(network.architecture.output) ?? new Int32Array());
  } catch (error) {
    if ((error as { code?: string }).code === "ZK_OUT_OF_RANGE") return null;
    throw error;
  }
}

function expectAgreement(network: IntegerNetwork, inputs: readonly ArrayLike<number>[]): void {
  const outputs = outputsOf(network, inputs);
  if (!outputs) return;
  const { circuit, values, publicInputs } = circuitOf(network, inputs);
  expect(findViolation(circuit, values)).toBeNull();
  expect(publicInputs).toEqual([
    context,
    commitToNetwork(network, salt),
    hashInputs(network, inputs, { inputSalt, context }),
    ...packOutputs(network, outputs),
  ]);
}

describe("a circuit computes what the whole numbers say, bit for bit", () => {
  test.each(LAYER_KINDS)(
    "%s",
    (kind) => {
      for (let seed = 0; seed < INPUTS; seed++) {
        const random = seededRandom(seed + 1);
        const network = randomIntegerNetwork(random, [kind]);
        expectAgreement(network, [randomInput(random, network)]);
      }
    },
    3_600_000,
  );

  test("of several layers, and of several inputs in one proof", () => {
    for (let seed = 0; seed < INPUTS; seed++) {
      const random = seededRandom(seed + 1_000_000);
      const kinds = Array.from(
        { length: 1 + random.integer(1, 4) },
        () => LAYER_KINDS[random.integer(0, LAYER_KINDS.length - 1)] ?? "relu",
      );
      const network = randomIntegerNetwork(random, kinds);
      expectAgreement(
        network,
        Array.from({ length: 1 + random.integer(0, 3) }, () => randomInput(random, network)),
      );
    }
  }, 3_600_000);
});

test("a circuit is that of its architecture, whatever the network was taught", () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = seededRandom(seed + 2_000_000);
    const network = randomIntegerNetwork(random, [LAYER_KINDS[seed % LAYER_KINDS.length] ?? "linear", "linear"]);
    const inputs = [randomInput(random, network)];
    if (!outputsOf(network, inputs)) continue;
    const blank = circuitOf(blankNetwork(network.architecture), [new Int32Array(inputs[0]?.length ?? 0)]);
    const taught = circuitOf(network, inputs);
    expect(blank.circuit).toEqual(taught.circuit);
  }
});
