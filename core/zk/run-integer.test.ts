import { describe, expect, it } from "vitest";
import { DomainError } from "#core/errors.ts";
import { type IntegerNetwork, type IntegerParameters, requantise, type TensorFormat } from "./integer-network.ts";
import { type Layer, sizeOf } from "./network.ts";
import { dequantise, quantiseInput, runInteger } from "./run-integer.ts";

const SIGNED: TensorFormat = { scale: 1, isSigned: true };
const UNSIGNED: TensorFormat = { scale: 1, isSigned: false };
/** A multiplier of so much. */
const times = (ratio: number) => ratio * 2 ** 24;

type Taught = { weights?: number[]; biases?: number[]; multipliers?: number[]; low?: number; high?: number };

const parametersOf = ({ weights = [], biases = [], multipliers = [], low, high }: Taught): IntegerParameters => ({
  weights: Int16Array.from(weights),
  biases: Float64Array.from(biases),
  multipliers: Int32Array.from(multipliers),
  low: low ?? null,
  high: high ?? null,
});

const networkOf = (layer: Layer, size: number, taught: Taught, output: TensorFormat): IntegerNetwork => ({
  architecture: { format: 1, input: { tensor: "x", shape: [size] }, layers: [layer], output: layer.output },
  formats: new Map([
    ["x", SIGNED],
    [layer.output, output],
  ]),
  parameters: new Map([[layer.name, parametersOf(taught)]]),
});

/** What one layer makes of its input. */
function outputOf(layer: Layer, input: number[], taught: Taught = {}, output = SIGNED): number[] {
  return [...(runInteger(networkOf(layer, input.length, taught, output), input).get(layer.output) ?? [])];
}

const named = (size: number) => ({ name: "layer", output: "y", shape: [size] });
const from = (size: number) => ({ ...named(size), input: "x" });
const square = (length: number, kernel: number, pad = 0, stride = 1) => ({
  channels: 1,
  height: length,
  width: length,
  kernel: [kernel, kernel] as [number, number],
  strides: [stride, stride] as [number, number],
  pads: [pad, pad, pad, pad] as [number, number, number, number],
  dilations: [1, 1] as [number, number],
});

const failureOf = (act: () => unknown): DomainError => {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error("Nothing was refused.");
};

describe("rounding", () => {
  it("rounds halves up on both sides of zero", () => {
    expect([3, 1, -1, -3].map((sum) => requantise(sum, times(0.5)))).toEqual([2, 1, 0, -1]);
  });

  it("is exact where a double is not", () => {
    const sum = 2 ** 36 - 1;
    const multiplier = 2 ** 28 - 1;
    const exact = (BigInt(sum) * BigInt(multiplier) + 2n ** 23n) / 2n ** 24n;
    expect(BigInt(requantise(sum, multiplier))).toBe(exact);
    expect(BigInt(requantise(-sum, multiplier))).toBe(-exact);
  });
});

describe("runInteger", () => {
  it("multiplies rows by a matrix and scales each column by its own multiplier", () => {
    const layer: Layer = { ...from(4), kind: "linear", rows: 2, inner: 2, columns: 2, activation: "none" };
    const taught = { weights: [1, 2, 3, -4], biases: [10, -1], multipliers: [times(1), times(0.5)] };
    expect(outputOf(layer, [5, 6, -7, 8], taught)).toEqual([33, -7, 27, -23]);
  });

  it("convolves with pads, and cuts with relu", () => {
    const layer: Layer = {
      ...from(4),
      kind: "conv",
      window: square(2, 3, 1),
      filters: 1,
      groups: 1,
      activation: "relu",
    };
    const taught = { weights: [0, 0, 0, 0, 2, -1, 0, 0, 3], biases: [-10], multipliers: [times(1)] };
    // (0,0): 2·1 - 2 + 3·4 - 10; the others have less beside and below them.
    expect(outputOf(layer, [1, 2, 3, 4], taught, UNSIGNED)).toEqual([2, 0, 0, 0]);
  });

  it("convolves the channels of each group with its own filters", () => {
    const window = { ...square(1, 1), channels: 4 };
    const layer: Layer = { ...from(2), kind: "conv", window, filters: 2, groups: 2, activation: "none" };
    const taught = { weights: [1, 2, 3, 4], biases: [0, 0], multipliers: [times(1), times(1)] };
    expect(outputOf(layer, [1, 10, 100, 200], taught)).toEqual([21, 1100]);
  });

  it("scales each channel", () => {
    const layer: Layer = { ...from(4), kind: "scale", channels: 2, inner: 2, activation: "none" };
    const taught = { weights: [3, -1], biases: [1, 0], multipliers: [times(1), times(2)] };
    expect(outputOf(layer, [1, 2, 3, 4], taught)).toEqual([4, 7, -6, -8]);
  });

  it("adds with one rounding of the sum", () => {
    const layer: Layer = { ...named(2), kind: "add", inputs: ["x", "x"], signs: [1, -1], activation: "none" };
    expect(outputOf(layer, [3, -3], { multipliers: [times(0.75), times(0.25)] })).toEqual([2, -1]);
  });

  it("multiplies element by element", () => {
    const layer: Layer = { ...named(2), kind: "multiply", inputs: ["x", "x"], activation: "none" };
    expect(outputOf(layer, [3, -40], { multipliers: [times(0.5)] })).toEqual([5, 800]);
  });

  it("cuts, bends and clips", () => {
    expect(outputOf({ ...from(2), kind: "relu" }, [-5, 5])).toEqual([0, 5]);
    const leaky: Layer = { ...from(3), kind: "leakyRelu", alpha: 0.5 };
    expect(outputOf(leaky, [-5, 0, 5], { multipliers: [times(1), times(0.5)] })).toEqual([-2, 0, 5]);
    const clip: Layer = { ...from(3), kind: "clip", low: -1, high: 6 };
    expect(outputOf(clip, [-5, 3, 9], { low: -1, high: 6 })).toEqual([-1, 3, 6]);
    expect(outputOf({ ...clip, low: null }, [-5, 3, 9], { high: 6 })).toEqual([-5, 3, 6]);
  });

  it("takes the largest inside of the image, and zero of a window that sees none of it", () => {
    const layer: Layer = { ...from(4), kind: "maxPool", window: square(3, 2, 1, 2) };
    expect(outputOf(layer, [-1, -2, -3, -4, -5, -6, -7, -8, -9])).toEqual([-1, -2, -4, -5]);
    const outside: Layer = { ...from(9), kind: "maxPool", window: square(1, 1, 1) };
    expect(outputOf(outside, [-7])).toEqual([0, 0, 0, 0, -7, 0, 0, 0, 0]);
  });

  it("divides a window by what it counts, with a multiplier for each count", () => {
    const layer: Layer = { ...from(4), kind: "averagePool", window: square(3, 2, 1, 2), countsPads: false };
    const multipliers = [times(1), times(1 / 2), times(1 / 4)];
    expect(outputOf(layer, [1, 2, 4, 8, 16, 32, 64, 128, 256], { multipliers })).toEqual([1, 3, 36, 108]);
    const counting: Layer = { ...layer, countsPads: true };
    const counted = { multipliers: [times(1 / 4)] };
    expect(outputOf(counting, [1, 2, 4, 8, 16, 32, 64, 128, 256], counted)).toEqual([0, 2, 18, 108]);
  });

  it("sums over the axis in the middle", () => {
    const layer: Layer = { ...from(4), kind: "reduce", outer: 2, elements: 3, inner: 2, isMean: false };
    const input = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    expect(outputOf(layer, input, { multipliers: [times(1)] })).toEqual([9, 12, 27, 30]);
  });

  it("looks up the nearest place, and outside of the table its end", () => {
    const layer: Layer = { ...from(4), kind: "table", function: "abs", low: -512, high: 512 };
    // A place is one step, and the largest there is, 512, is 4095.
    expect(outputOf(layer, [-2000, -3, 3, 2000], { multipliers: [times(1)] }, UNSIGNED)).toEqual([4095, 24, 24, 4087]);
  });

  it("gives each of a row its part of the powers", () => {
    const layer: Layer = { ...from(4), kind: "softmax", rows: 2, columns: 2 };
    const even = outputOf(layer, [7, 7, 64, 0], { multipliers: [times(1)] }, UNSIGNED);
    // e^-1 is 1506 in steps of 1 / 4095.
    expect(even).toEqual([2048, 2048, Math.round(4095 ** 2 / 5601), Math.round((1506 * 4095) / 5601)]);
  });

  it("names the first of the largest", () => {
    const layer: Layer = { ...from(2), kind: "argMax", rows: 2, columns: 3 };
    expect(outputOf(layer, [1, 3, 3, -1, -2, -1], {}, UNSIGNED)).toEqual([1, 0]);
  });

  it("moves elements about, and has zero where there is none", () => {
    const layer: Layer = { ...named(3), kind: "rewire", inputs: ["x"], sources: [[0, 1], null, [0, 0]] };
    expect(outputOf(layer, [5, -6])).toEqual([-6, 0, 5]);
  });

  it("walks trees, lower at the threshold itself, and adds their leaves", () => {
    const layer: Layer = {
      ...from(2),
      kind: "trees",
      features: 2,
      outputs: 2,
      trees: [
        {
          nodes: [
            { feature: 0, low: -1, high: 1 },
            { feature: 1, low: -2, high: -3 },
          ],
          leaves: 3,
        },
        { nodes: [], leaves: 1 },
      ],
    };
    const taught = {
      weights: [10, -5],
      biases: [1, 2, 30, 40, 500, 600, 1000, 0],
      multipliers: [times(1), times(0.5)],
    };
    expect(outputOf(layer, [10, 0], taught)).toEqual([1001, 1]);
    expect(outputOf(layer, [11, -5], taught)).toEqual([1030, 20]);
    expect(outputOf(layer, [11, -4], taught)).toEqual([1500, 300]);
  });

  it("names the layer whose number leaves its range, and by how much", () => {
    const layer: Layer = { ...from(1), kind: "scale", channels: 1, inner: 1, activation: "none" };
    const taught = { weights: [100], biases: [0], multipliers: [times(1)] };
    const { code, details } = failureOf(() => outputOf(layer, [21], taught));
    expect(code).toBe("ZK_OUT_OF_RANGE");
    expect(details).toMatchObject({
      layer: "layer",
      tensor: "y",
      element: 0,
      value: 2100,
      low: -2048,
      high: 2047,
      over: 53,
    });
    expect(outputOf(layer, [20], taught)).toEqual([2000]);
  });

  it("lets relu cut what is below zero, but not what is below -2^24", () => {
    const layer: Layer = { ...from(1), kind: "scale", channels: 1, inner: 1, activation: "relu" };
    const at = (bias: number) => ({ weights: [0], biases: [bias], multipliers: [times(1)] });
    expect(outputOf(layer, [0], at(-(2 ** 24)), UNSIGNED)).toEqual([0]);
    const { details } = failureOf(() => outputOf(layer, [0], at(-(2 ** 24) - 3), UNSIGNED));
    expect(details).toMatchObject({ layer: "layer", value: -(2 ** 24) - 3, over: 3 });
  });

  it("refuses an input that is none: its length, its kind, its range", () => {
    const relu: Layer = { ...from(2), kind: "relu" };
    const network = networkOf(relu, sizeOf([2]), {}, SIGNED);
    expect(failureOf(() => runInteger(network, [1])).code).toBe("PROOF_INPUT_INVALID");
    expect(failureOf(() => runInteger(network, [1, 0.5])).code).toBe("PROOF_INPUT_INVALID");
    const { code, details } = failureOf(() => runInteger(network, [1, 2048]));
    expect({ code, layer: details.layer, over: details.over }).toEqual({
      code: "ZK_OUT_OF_RANGE",
      layer: null,
      over: 1,
    });
  });

  it("does not run with numbers missing", () => {
    const layer: Layer = { ...from(1), kind: "scale", channels: 1, inner: 1, activation: "none" };
    expect(() => outputOf(layer, [1], { weights: [1], biases: [0] })).toThrow(RangeError);
  });
});

describe("inputs", () => {
  const network: IntegerNetwork = {
    ...networkOf({ ...from(2), kind: "relu" }, 2, {}, SIGNED),
    formats: new Map([
      ["x", { scale: 0.5, isSigned: true }],
      ["y", { scale: 0.5, isSigned: true }],
    ]),
  };

  it("are rounded to the nearest step, halves up, and stand for that again", () => {
    expect([...quantiseInput(network, [0.25, -0.25])]).toEqual([1, 0]);
    expect([...dequantise({ scale: 0.5, isSigned: true }, [1, -3])]).toEqual([0.5, -1.5]);
  });

  it("are refused where they are no numbers or too large", () => {
    expect(failureOf(() => quantiseInput(network, [Number.NaN, 0])).code).toBe("PROOF_INPUT_INVALID");
    expect(failureOf(() => quantiseInput(network, [2_000, 0])).code).toBe("ZK_OUT_OF_RANGE");
  });
});
