import { describe, expect, it } from "vitest";
import { DomainError } from "#core/errors.ts";
import { seededRandom } from "../../models/event-scorer/random.ts";
import { formatGroupsOf, signsOf } from "./formats.ts";
import { formatOf } from "./integer-network.ts";
import type { Architecture, FloatNetwork, Layer, LayerParameters } from "./network.ts";
import { type QuantiseOptions, quantise } from "./quantise.ts";
import { runFloat } from "./run-float.ts";
import { dequantise, quantiseInput, runInteger } from "./run-integer.ts";
import { LAYER_KINDS, pick } from "./testing/random-layers.ts";
import { randomFloatNetwork, randomSamples } from "./testing/random-networks.ts";

const networkOf = (
  layers: readonly Layer[],
  size: number,
  parameters: Record<string, { weights: number[]; biases: number[] }> = {},
): FloatNetwork => ({
  architecture: {
    ...{ format: 1, input: { tensor: "x", shape: [size] }, layers: [...layers] },
    output: layers.at(-1)?.output ?? "x",
  } as Architecture,
  parameters: new Map(
    Object.entries(parameters).map(([name, { weights, biases }]): [string, LayerParameters] => [
      name,
      { weights: Float32Array.from(weights), biases: Float32Array.from(biases) },
    ]),
  ),
});

const samplesOf = (...samples: number[][]) => samples.map((sample) => Float32Array.from(sample));

const from = (input: string, output: string, size: number) => ({ name: output, input, output, shape: [size] });
const linear = (input: string, output: string, [inner, columns]: [number, number], activation = "none"): Layer =>
  ({ ...from(input, output, columns), kind: "linear", rows: 1, inner, columns, activation }) as Layer;
const tableOf = (input: string, output: string, size: number, looked: string, [low, high] = [-8, 8]): Layer =>
  ({ ...from(input, output, size), kind: "table", function: looked, low, high }) as Layer;

const failureOf = (network: FloatNetwork, samples: readonly Float32Array[], options?: QuantiseOptions): DomainError => {
  try {
    quantise(network, samples, options);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error("Nothing was refused.");
};

/** How many steps whole numbers may be off at most, by a layer alone. */
const STEPS: Record<Layer["kind"], number> = {
  ...{ linear: 40, conv: 40, scale: 1, add: 1, multiply: 1, relu: 0, leakyRelu: 1, clip: 1, maxPool: 0 },
  ...{ averagePool: 1, reduce: 1, table: 20, softmax: 12, argMax: 0, rewire: 0, trees: 4 },
};

/** Samples that the network is quantised with and that leave no tensor at zero; null where there are none. */
function quantised(network: FloatNetwork, samples: readonly Float32Array[]) {
  try {
    return quantise(network, samples);
  } catch (error) {
    if (error instanceof DomainError && /zero on every sample/.test(error.message)) return null;
    throw error;
  }
}

describe("quantise", () => {
  it.each(LAYER_KINDS)("stays within few steps of the real numbers in a layer of kind %s", (kind) => {
    const random = seededRandom(3);
    for (let run = 0; run < 60; run++) {
      const network = randomFloatNetwork(random, [kind]);
      const { layers, output } = network.architecture;
      const isPositive = layers.some((layer) => layer.kind === "table" && /log|reciprocal|sqrt/.test(layer.function));
      const [low, high] = isPositive ? [0.5, 4] : [-2, 2];
      const samples = randomSamples(random, network, { count: 12, low, high });
      const integer = quantised(network, samples);
      for (const sample of integer ? samples : []) {
        if (!integer) break;
        const whole = quantiseInput(integer, sample);
        // What the whole numbers stand for, so that only the layer itself is measured.
        const real = runFloat(network, dequantise(formatOf(integer, "x"), whole)).get(output) ?? new Float64Array();
        const found = runInteger(integer, whole).get(output) ?? new Int32Array();
        const { scale } = formatOf(integer, output);
        for (const [i, value] of real.entries())
          expect(Math.abs(value - (found[i] ?? 0) * scale) / scale).toBeLessThanOrEqual(STEPS[kind] + 1e-6);
      }
    }
  });

  it("follows networks of layers on layers, with the signs that their shape alone asks for", () => {
    const random = seededRandom(4);
    const kinds = LAYER_KINDS.filter((kind) => kind !== "argMax" && kind !== "table");
    let followed = 0;
    for (let run = 0; run < 60; run++) {
      const network = randomFloatNetwork(random, [pick(random, kinds), pick(random, kinds), pick(random, kinds)]);
      const samples = randomSamples(random, network, { count: 12, low: -1, high: 1 });
      const integer = quantised(network, samples);
      if (!integer) continue;
      followed++;
      const signs = signsOf(integer.architecture);
      for (const [tensor, format] of integer.formats) expect(format.isSigned).toBe(signs.get(tensor));
      for (const [tensor, group] of formatGroupsOf(integer.architecture))
        expect(formatOf(integer, tensor).scale).toBe(formatOf(integer, group).scale);
      // In range on every sample that it was calibrated with.
      for (const sample of samples) runInteger(integer, quantiseInput(integer, sample));
    }
    expect(followed).toBeGreaterThan(30);
  });

  it("gives scales that hold what was seen and the margin, and weights that use their range", () => {
    const network = networkOf([linear("x", "y", [2, 2])], 2, { y: { weights: [1, 0.5, -4, 0.125], biases: [0, 1] } });
    const integer = quantise(network, samplesOf([1, -1], [-1, 1], [1, 1]), { margin: 0.25 });
    // x is 1 at most and y 5, and a quarter more.
    expect(formatOf(integer, "x").scale).toBeCloseTo(1.25 / 2047, 9);
    expect(formatOf(integer, "y").scale).toBeCloseTo(6.25 / 2047, 9);
    const { weights = [] } = integer.parameters.get("y") ?? {};
    expect([weights[0], weights[2]]).toEqual([32, -127]);
    expect([weights[1], weights[3]]).toEqual([127, 32]);
    const output = runInteger(integer, quantiseInput(integer, [1, -1])).get("y") ?? [];
    const [first, second] = dequantise(formatOf(integer, "y"), output);
    expect(first).toBeCloseTo(5, 1);
    expect(second).toBeCloseTo(1.375, 1);
  });

  it("keeps a bias where all weights of a column are zero", () => {
    const network = networkOf([linear("x", "y", [1, 2])], 1, { y: { weights: [0, 1], biases: [0.3, 0] } });
    const integer = quantise(network, samplesOf([1], [-1]));
    const output = runInteger(integer, quantiseInput(integer, [0])).get("y") ?? [];
    expect(dequantise(formatOf(integer, "y"), output)[0]).toBeCloseTo(0.3, 3);
  });

  it("makes a scale coarser where the multiplier would not fit", () => {
    const difference: Layer = {
      ...{ kind: "add", name: "y", output: "y", shape: [2], inputs: ["x", "z"], signs: [1, -1], activation: "none" },
    };
    const layers = [
      { ...from("x", "z", 2), kind: "scale", channels: 1, inner: 2, activation: "none" } as Layer,
      difference,
    ];
    const network = networkOf(layers, 2, { z: { weights: [0.999], biases: [0] } });
    const integer = quantise(network, samplesOf([100, -100], [50, 20]));
    expect(formatOf(integer, "x").scale / formatOf(integer, "y").scale).toBeLessThan(16);
    expect(formatOf(integer, "x").scale / formatOf(integer, "y").scale).toBeGreaterThan(15.9);
  });

  it("looks bounded functions up in a stretch that does not change, and others in powers of two", () => {
    const layers = ["tanh", "gelu", "log"].map((looked) => tableOf("x", looked, 1, looked, [0.1, 8]));
    const integer = quantise(networkOf(layers, 1), samplesOf([0.6], [1.4]));
    const stretches = integer.architecture.layers.map((layer) =>
      layer.kind === "table" ? [layer.low, layer.high] : [],
    );
    expect(stretches).toEqual([
      [-4, 4],
      [0, 4],
      [0.25, 4],
    ]);
  });

  it("leaves out of a stretch what a function is flat on", () => {
    const layers = ["gelu", "exp", "abs"].map((looked) => tableOf("x", looked, 1, looked, [-1_000, 1_000]));
    const integer = quantise(networkOf(layers, 1), samplesOf([-100], [2]));
    const stretches = integer.architecture.layers.map((layer) =>
      layer.kind === "table" ? [layer.low, layer.high] : [],
    );
    expect(stretches).toEqual([
      [-8, 4],
      [-13.5, 2.5],
      [-256, 4],
    ]);
  });

  it("brings tables that are joined to one scale", () => {
    const joined: Layer = {
      ...{ kind: "rewire", name: "y", output: "y", shape: [2], inputs: ["s", "t"] },
      sources: [
        [0, 0],
        [1, 0],
      ],
    };
    const network = networkOf([tableOf("x", "s", 1, "sigmoid"), tableOf("x", "t", 1, "tanh"), joined], 1);
    const integer = quantise(network, samplesOf([2], [-2]));
    const output = runInteger(integer, quantiseInput(integer, [1])).get("y") ?? [];
    const [s = 0, t = 0] = dequantise(formatOf(integer, "y"), output);
    expect(s).toBeCloseTo(1 / (1 + Math.exp(-1)), 2);
    expect(t).toBeCloseTo(Math.tanh(1), 2);
    // Of one function's table nothing has to be changed.
    const same = networkOf([tableOf("x", "s", 1, "tanh"), tableOf("x", "t", 1, "tanh"), joined], 1);
    expect(quantise(same, samplesOf([2], [-2])).architecture.layers).toHaveLength(3);
  });

  it("gives features of different kinds a scale each where trees or a normalisation read them", () => {
    const trees: Layer = {
      ...{ ...from("x", "y", 1), kind: "trees", features: 2, outputs: 1 },
      trees: [
        {
          nodes: [
            { feature: 0, low: 1, high: -3 },
            { feature: 1, low: -1, high: -2 },
          ],
          leaves: 3,
        },
      ],
    };
    const network = networkOf([trees], 2, { y: { weights: [50_000, 0.5], biases: [1, 2, 3] } });
    const samples = samplesOf([90_000, 0.9], [10_000, 0.1], [20_000, 0.6]);
    const integer = quantise(network, samples);
    for (const [sample, leaf] of [
      [[10_000, 0.49], 1],
      [[49_000, 0.51], 2],
      [[51_000, 0.1], 3],
    ] as const) {
      const output = runInteger(integer, quantiseInput(integer, sample)).get("y") ?? [];
      expect(dequantise(formatOf(integer, "y"), output)[0]).toBeCloseTo(leaf, 2);
    }
    expect(formatOf(quantise(network, samples, { inputScales: "one" }), "x").scales).toBeUndefined();
  });

  it("scales the features of a linear layer each by itself when asked to", () => {
    const network = networkOf([linear("x", "y", [2, 1])], 2, { y: { weights: [1e-5, 3], biases: [0] } });
    const samples = samplesOf([90_000, 0.9], [10_000, -0.1]);
    const integer = quantise(network, samples, { inputScales: "each" });
    const output = runInteger(integer, quantiseInput(integer, [40_000, 0.5])).get("y") ?? [];
    expect(dequantise(formatOf(integer, "y"), output)[0]).toBeCloseTo(1.9, 1);
    const image = networkOf([{ ...from("x", "y", 2), kind: "relu" }], 2);
    expect(failureOf(image, samples, { inputScales: "each" }).code).toBe("ZK_NETWORK_REFUSED");
  });
});

describe("what is refused", () => {
  const network = networkOf([linear("x", "y", [2, 1])], 2, { y: { weights: [1, 1], biases: [0] } });

  it("samples that are none", () => {
    expect(failureOf(network, []).code).toBe("ZK_SAMPLES_INVALID");
    expect(failureOf(network, samplesOf([1, 2], [1])).details).toMatchObject({ sample: 1 });
    expect(failureOf(network, samplesOf([1, Number.NaN])).details).toMatchObject({ sample: 0, element: 1 });
  });

  it("a tensor that is zero on every sample, and one that is no number", () => {
    const { code, details } = failureOf(network, samplesOf([1, -1]));
    expect({ code, tensor: details.tensor }).toEqual({ code: "ZK_NETWORK_REFUSED", tensor: "y" });
    const root = networkOf([tableOf("x", "root", 1, "sqrt")], 1);
    expect(failureOf(root, samplesOf([-1])).details).toMatchObject({ tensor: "root" });
  });

  it("weights that are no numbers, by the layer's name", () => {
    const broken = networkOf([linear("x", "y", [2, 1])], 2, { y: { weights: [1, Number.NaN], biases: [0] } });
    expect(failureOf(broken, samplesOf([1, 1])).details).toMatchObject({ layer: "y" });
  });

  it("numbers too large for a table whose stretch is fixed", () => {
    const wide = networkOf([tableOf("x", "wide", 1, "sigmoid")], 1);
    expect(failureOf(wide, samplesOf([1_000], [-1_000])).details).toMatchObject({ layer: "wide" });
    const powers = networkOf([{ ...from("x", "powers", 2), kind: "softmax", rows: 1, columns: 2 }], 2);
    expect(failureOf(powers, samplesOf([1_000, 0])).details).toMatchObject({ layer: "powers" });
  });

  it("a choice among more than a number can name", () => {
    const many = networkOf([{ ...from("x", "y", 1), kind: "argMax", rows: 1, columns: 5_000 }], 5_000);
    const sample = Float32Array.from({ length: 5_000 }, (_, i) => i);
    expect(failureOf(many, [sample]).details).toMatchObject({ layer: "y" });
  });
});
