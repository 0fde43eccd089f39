import { describe, expect, test } from "vitest";
import { commitToNetwork } from "../commitment.ts";
import { ownFormatOf, signsOf } from "../formats.ts";
import { type IntegerNetwork, type IntegerParameters, parameterCountsOf } from "../integer-network.ts";
import { type Architecture, architectureSchema, type Layer } from "../network.ts";
import type { BuilderOptions } from "./builder.ts";
import { findViolation } from "./check.ts";
import { buildNetworkCircuit } from "./network-circuit.ts";

// Each class of mistakes that proof systems of networks were found with, played by a dishonest prover: refused by the
// constraint that is named, and taken for good as soon as that constraint alone is missing.

type Numbers = Partial<Record<"weights" | "biases" | "multipliers", number[]>> & { low?: number; high?: number };

const HALF = 2 ** 23;

function networkOf(layers: readonly object[], shape: number[], numbers: Record<string, Numbers>): IntegerNetwork {
  const named = layers.map((layer) => ({ shape: [1], input: "x", ...layer }));
  const last = named.at(-1) as unknown as Layer;
  const architecture: Architecture = architectureSchema.parse({
    format: 1,
    input: { tensor: "x", shape },
    layers: named,
    output: last.output,
  });
  const signs = signsOf(architecture);
  const formats = new Map([["x", { scale: 1, isSigned: true }]]);
  const parameters = new Map<string, IntegerParameters>();
  for (const layer of architecture.layers) {
    formats.set(layer.output, ownFormatOf(layer) ?? { scale: 1, isSigned: signs.get(layer.output) ?? true });
    const { weights = [], biases = [], multipliers = [], low = null, high = null } = numbers[layer.name] ?? {};
    const counts = parameterCountsOf(layer);
    expect([weights.length, biases.length, multipliers.length]).toEqual(Object.values(counts));
    parameters.set(layer.name, {
      weights: Int16Array.from(weights),
      biases: Float64Array.from(biases),
      multipliers: Int32Array.from(multipliers),
      low,
      high,
    });
  }
  return { architecture, formats, parameters };
}

const built = (network: IntegerNetwork, input: readonly number[], options: BuilderOptions = {}) =>
  buildNetworkCircuit({ network, salt: 5n, inputs: [input], inputSalt: 6n, context: 7n }, options);

type Case = {
  network: IntegerNetwork;
  input: readonly number[];
  /** The hint that is lied about, and what is said instead. */
  lie: readonly [label: string, change: (honest: bigint) => bigint];
  refusedBy: string;
};

const linear = { name: "l", output: "y", kind: "linear", rows: 1, inner: 2, columns: 1, activation: "none" };
const relu = { ...linear, activation: "relu" };
const one = { weights: [3, -2], biases: [10], multipliers: [2 ** 20] };
const window = {
  channels: 1,
  height: 2,
  width: 2,
  kernel: [2, 2],
  strides: [2, 2],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
};

const CASES: Record<string, Case> = {
  "a remainder that is not below its divisor moves the quotient": {
    network: networkOf([linear], [2], { l: one }),
    input: [500, 100],
    lie: ["l remainder", (honest) => honest + 2n ** 24n],
    refusedBy: "l remainder",
  },
  "relu that lets through what is below zero, or lifts it": {
    network: networkOf([relu], [2], { l: one }),
    input: [100, 500],
    lie: ["l below", (honest) => honest + 9n],
    refusedBy: "l one is zero",
  },
  "a largest that none of them is": {
    network: networkOf([{ name: "p", output: "y", kind: "maxPool", window }], [1, 2, 2], {}),
    input: [5, 9, 9, -3],
    lie: ["p largest", (honest) => honest + 1n],
    refusedBy: "p one of them",
  },
  "a largest that is not the largest": {
    network: networkOf([{ name: "p", output: "y", kind: "maxPool", window }], [1, 2, 2], {}),
    input: [5, 9, 9, -3],
    lie: ["p largest", () => 5n],
    refusedBy: "p not larger",
  },
  "a place of the largest that is another's": {
    network: networkOf([{ name: "a", output: "y", kind: "argMax", rows: 1, columns: 3 }], [3], {}),
    input: [4, 8, 8],
    lie: ["a first", () => 0n],
    refusedBy: "a not larger",
  },
  "of equal ones another than the first": {
    network: networkOf([{ name: "a", output: "y", kind: "argMax", rows: 1, columns: 3 }], [3], {}),
    input: [4, 8, 8],
    lie: ["a first", () => 2n],
    refusedBy: "a not larger",
  },
  "no place at all": {
    network: networkOf([{ name: "a", output: "y", kind: "argMax", rows: 1, columns: 3 }], [3], {}),
    input: [-4, -8, -1],
    lie: ["a first", () => 7n],
    refusedBy: "a one",
  },
  "a share whose remainder is not below the sum": {
    network: networkOf([{ name: "s", output: "y", kind: "softmax", rows: 1, columns: 2, shape: [2] }], [2], {
      s: { multipliers: [2 ** 22] },
    }),
    input: [100, 120],
    // Twice the sum of both exponentials, 4095 and 3787.
    lie: ["s share", (honest) => honest + 2n * 7_882n],
    refusedBy: "s left",
  },
  "the other side of a node": {
    network: networkOf(
      [
        {
          name: "t",
          output: "y",
          kind: "trees",
          features: 1,
          outputs: 1,
          trees: [{ nodes: [{ feature: 0, low: -1, high: -2 }], leaves: 2 }],
        },
      ],
      [1],
      { t: { weights: [10], biases: [100, -100], multipliers: [2 ** 24] } },
    ),
    input: [10],
    lie: ["t side", (honest) => 1n - honest],
    refusedBy: "t side",
  },
  "a side that is neither": {
    network: networkOf(
      [
        {
          name: "t",
          output: "y",
          kind: "trees",
          features: 1,
          outputs: 1,
          trees: [{ nodes: [{ feature: 0, low: -1, high: -2 }], leaves: 2 }],
        },
      ],
      [1],
      { t: { weights: [10], biases: [100, -100], multipliers: [2 ** 24] } },
    ),
    input: [10],
    lie: ["t side", () => 3n],
    refusedBy: "t bit",
  },
  "a place before a table's first": {
    network: networkOf([{ name: "f", output: "y", kind: "table", function: "sigmoid", low: -8, high: 8 }], [1], {
      f: { multipliers: [2 ** 24] },
    }),
    input: [-1_000],
    lie: ["f first below", (honest) => honest + 200n],
    refusedBy: "f first one is zero",
  },
  "a bound that does not hold": {
    network: networkOf([{ name: "c", output: "y", kind: "clip", low: null, high: 1 }], [1], { c: { high: 20 } }),
    input: [50],
    lie: ["c high below", (honest) => honest + 4n],
    refusedBy: "c high one is zero",
  },
};

describe("a lie about a hint", () => {
  test.each(Object.entries(CASES))("%s", (_, { network, input, lie: [label, change], refusedBy }) => {
    const honest = built(network, input);
    expect(findViolation(honest.circuit, honest.values)).toBeNull();
    const lie = (asked: string, value: bigint) => (asked === label ? change(value) : value);
    const told = built(network, input, { lie });
    expect(findViolation(told.circuit, told.values)).toMatchObject({ label: refusedBy });

    const without = built(network, input, { lie, without: new Set([refusedBy]) });
    expect(findViolation(without.circuit, without.values)).toBeNull();
    expect(without.publicInputs).not.toEqual(honest.publicInputs);
    expect(without.publicInputs.slice(0, 3)).toEqual(honest.publicInputs.slice(0, 3));
  });
});

describe("a product of many rows", () => {
  const rows = 60;
  const many = { name: "l", output: "y", kind: "linear", rows, inner: 16, columns: 20, activation: "relu" };
  const network = networkOf([many], [rows, 16], {
    l: {
      weights: Array.from({ length: 320 }, (_, i) => ((i * 37) % 255) - 127),
      biases: Array.from({ length: 20 }, (_, i) => i * 1_000),
      multipliers: Array.from({ length: 20 }, () => HALF / 64),
    },
  });
  const input = Array.from({ length: rows * 16 }, (_, i) => ((i * 91) % 400) - 200);

  test("is checked by a challenge that follows from all of it, and one wrong sum is found", () => {
    let sums = 0;
    const lie = (label: string, value: bigint) => {
      if (label !== "l sum") return value;
      sums += 1;
      return sums === 333 ? value + 1n : value;
    };
    const honest = built(network, input);
    expect(findViolation(honest.circuit, honest.values)).toBeNull();
    const told = built(network, input, { lie });
    expect(findViolation(told.circuit, told.values)).toMatchObject({ label: "l challenge" });
  });

  test("wrong sums that weigh each other out under one challenge do not under the one they lead to", () => {
    // Knowing an honest run's challenge r, sums n and n + 1 of a column are moved by r and by -1: their weights rⁿ and rⁿ⁺¹ cancel.
    const honest = built(network, input);
    const challenge = honest.circuit.constraints.findIndex(({ label }) => label === "challenge power");
    const power = honest.circuit.constraints[challenge];
    if (power?.kind !== "zero") throw new Error("The circuit has no challenge.");
    const r = honest.values[power.products[0]?.[2] ?? 0] ?? 0n;
    let sums = 0;
    const lie = (label: string, value: bigint) => {
      if (label !== "l sum") return value;
      sums += 1;
      if (sums === 1) return value + r;
      return sums === 21 ? value - 1n : value;
    };
    const told = built(network, input, { lie });
    expect(findViolation(told.circuit, told.values)).not.toBeNull();
  });
});

describe("a commitment", () => {
  const network = networkOf([linear], [2], { l: one });
  /** The second model's weights, said as the first's: one more than a byte in one place, one less in the next. */
  const twin = networkOf([linear], [2], { l: { ...one, weights: [3 + 256, -2 - 1] } });

  test("names one model: numbers that flow over into their neighbours are refused", () => {
    expect(commitToNetwork(twin, 5n)).toBe(commitToNetwork(network, 5n));
    const other = built(twin, [50, 10]);
    expect(findViolation(other.circuit, other.values)).toMatchObject({ label: "committed range" });
    const without = built(twin, [50, 10], { without: new Set(["committed range"]) });
    expect(findViolation(without.circuit, without.values)).toBeNull();
    expect(without.publicInputs[1]).toBe(built(network, [50, 10]).publicInputs[1]);
    expect(without.publicInputs[3]).not.toBe(built(network, [50, 10]).publicInputs[3]);
  });

  test("covers weights, biases, multipliers, bounds, architecture and salt", () => {
    const variants = [
      network,
      networkOf([linear], [2], { l: { ...one, weights: [3, -1] } }),
      networkOf([linear], [2], { l: { ...one, biases: [11] } }),
      networkOf([linear], [2], { l: { ...one, multipliers: [2 ** 20 + 1] } }),
      networkOf([relu], [2], { l: one }),
    ].map((one) => commitToNetwork(one, 5n));
    const bounds = [19, 20].map((high) =>
      commitToNetwork(
        networkOf([{ name: "c", output: "y", kind: "clip", low: null, high: 1 }], [1], { c: { high } }),
        5n,
      ),
    );
    const all = [...variants, ...bounds, commitToNetwork(network, 6n)];
    expect(new Set(all).size).toBe(all.length);
  });
});
