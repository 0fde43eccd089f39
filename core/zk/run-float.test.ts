import fc from "fast-check";
import { expect, test } from "vitest";
import type { Layer, LayerParameters, Window } from "./network.ts";
import { runFloat } from "./run-float.ts";
import { TABLE_VALUES } from "./table-functions.ts";

type Body = Layer extends infer L ? (L extends Layer ? Omit<L, "name" | "output" | "shape"> : never) : never;

/** The output of a network of one layer, which reads the input as `x`. */
function run(body: Body, size: number, input: number[], learnt?: { weights?: number[]; biases?: number[] }) {
  const layer = { ...body, name: "layer", output: "y", shape: [size] } as Layer;
  const parameters: LayerParameters = {
    weights: Float32Array.from(learnt?.weights ?? []),
    biases: Float32Array.from(learnt?.biases ?? []),
  };
  const architecture = {
    format: 1 as const,
    input: { tensor: "x", shape: [input.length] },
    layers: [layer],
    output: "y",
  };
  const tensors = runFloat({ architecture, parameters: new Map([["layer", parameters]]) }, Float64Array.from(input));
  return [...(tensors.get("y") ?? [])];
}

const square = (channels: number, size: number, changes: Partial<Window> = {}): Window => ({
  channels,
  height: size,
  width: size,
  kernel: [2, 2],
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  ...changes,
});
const oneToNine = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const none = { activation: "none" } as const;
const relu = { activation: "relu" } as const;
const x = { input: "x" };

test("a linear layer multiplies each row with the weights, and cuts off below zero if told", () => {
  const learnt = { weights: [1, 10, 2, 20], biases: [0.5, -100] };
  const layer = { kind: "linear", ...x, rows: 2, inner: 2, columns: 2 } as const;
  expect(run({ ...layer, ...none }, 4, [1, 2, 3, 4], learnt)).toEqual([5.5, -50, 11.5, 10]);
  expect(run({ ...layer, ...relu }, 4, [1, 2, 3, 4], learnt)).toEqual([5.5, 0, 11.5, 10]);
});

test("a convolution knows strides, pads, dilations and groups", () => {
  const ones = { weights: [1, 1, 1, 1], biases: [0] };
  const conv = (window: Window) => ({ kind: "conv", ...x, window, filters: 1, groups: 1, ...none }) as const;
  expect(run(conv(square(1, 3)), 4, oneToNine, ones)).toEqual([12, 16, 24, 28]);
  expect(run(conv(square(1, 3)), 4, oneToNine, { weights: [1, 2, 3, 4], biases: [0.5] })).toEqual([
    37.5, 47.5, 67.5, 77.5,
  ]);
  expect(run(conv(square(1, 3, { pads: [1, 0, 0, 1], strides: [2, 2] })), 4, oneToNine, ones)).toEqual([3, 3, 24, 15]);
  expect(run(conv(square(1, 3, { dilations: [2, 2] })), 1, oneToNine, ones)).toEqual([20]);
  const grouped = {
    kind: "conv",
    ...x,
    window: square(2, 1, { kernel: [1, 1] }),
    filters: 4,
    groups: 2,
    ...relu,
  } as const;
  expect(run(grouped, 4, [3, 5], { weights: [1, -2, 3, 4], biases: [0, 0, 0, 1] })).toEqual([3, 0, 15, 21]);
  const channels = {
    kind: "conv",
    ...x,
    window: square(2, 1, { kernel: [1, 1] }),
    filters: 2,
    groups: 1,
    ...none,
  } as const;
  expect(run(channels, 2, [3, 5], { weights: [1, 10, 2, 20], biases: [0, 0] })).toEqual([53, 106]);
});

test("a scale has one factor and one addend for each channel", () => {
  const layer = { kind: "scale", ...x, channels: 2, inner: 2 } as const;
  const learnt = { weights: [2, -1], biases: [0, 1] };
  expect(run({ ...layer, ...none }, 4, [1, 2, 3, 4], learnt)).toEqual([2, 4, -2, -3]);
  expect(run({ ...layer, ...relu }, 4, [1, 2, 3, 4], learnt)).toEqual([2, 4, 0, 0]);
});

test("two tensors are added with their signs, or multiplied", () => {
  expect(run({ kind: "add", inputs: ["x", "x"], signs: [1, 1], ...none }, 2, [1, -2])).toEqual([2, -4]);
  expect(run({ kind: "add", inputs: ["x", "x"], signs: [-1, -1], ...relu }, 2, [1, -2])).toEqual([0, 4]);
  expect(run({ kind: "add", inputs: ["x", "x"], signs: [1, -1], ...none }, 2, [1, -2])).toEqual([0, 0]);
  expect(run({ kind: "multiply", inputs: ["x", "x"], ...none }, 2, [3, -2])).toEqual([9, 4]);
});

test("what is below zero is cut off, or shrinks; what is outside of bounds is taken for the bound", () => {
  expect(run({ kind: "relu", ...x }, 3, [-1, 0, 2])).toEqual([0, 0, 2]);
  expect(run({ kind: "leakyRelu", ...x, alpha: 0.5 }, 3, [-1, 0, 2])).toEqual([-0.5, 0, 2]);
  expect(run({ kind: "clip", ...x, low: -1, high: 6 }, 3, [-2, 0, 7])).toEqual([-1, 0, 6]);
  expect(run({ kind: "clip", ...x, low: null, high: 6 }, 2, [-2, 7])).toEqual([-2, 6]);
});

test("pools take the largest or the mean of each window in each channel", () => {
  const twoChannels = [...oneToNine, ...oneToNine.map((value) => -value)];
  expect(run({ kind: "maxPool", ...x, window: square(2, 3) }, 8, twoChannels)).toEqual([5, 6, 8, 9, -1, -2, -4, -5]);
  const padded = square(1, 3, { pads: [1, 1, 0, 0], strides: [2, 2] });
  expect(run({ kind: "maxPool", ...x, window: padded }, 4, oneToNine)).toEqual([1, 3, 7, 9]);
  const mean = { kind: "averagePool", ...x, window: padded } as const;
  expect(run({ ...mean, countsPads: false }, 4, oneToNine)).toEqual([1, 2.5, 5.5, 7]);
  expect(run({ ...mean, countsPads: true }, 4, oneToNine)).toEqual([0.25, 1.25, 2.75, 7]);
});

test("numbers are summed or averaged along one axis", () => {
  const layer = { kind: "reduce", ...x, outer: 2, elements: 2, inner: 2 } as const;
  expect(run({ ...layer, isMean: false }, 4, [1, 2, 3, 4, 5, 6, 7, 8])).toEqual([4, 6, 12, 14]);
  expect(run({ ...layer, isMean: true }, 4, [1, 2, 3, 4, 5, 6, 7, 8])).toEqual([2, 3, 6, 7]);
});

test("softmax is over each row, and large numbers do it no harm", () => {
  const [a, b, c, d] = run({ kind: "softmax", ...x, rows: 2, columns: 2 }, 4, [0, Math.log(3), 10_000, 10_000]);
  expect([a, b, c, d]).toEqual([expect.closeTo(0.25), expect.closeTo(0.75), 0.5, 0.5]);
});

test("of equal numbers the first is the largest", () => {
  expect(run({ kind: "argMax", ...x, rows: 3, columns: 3 }, 3, [1, 5, 5, 7, 0, 7, -3, -2, -1])).toEqual([1, 0, 2]);
});

test("elements are rewired, and zero stands where there is no source", () => {
  const sources: ([number, number] | null)[] = [[0, 2], [1, 0], null, [0, 2]];
  expect(run({ kind: "rewire", inputs: ["x", "x"], sources }, 4, [7, 8, 9])).toEqual([9, 7, 0, 9]);
});

test("trees go low where the feature is not above the threshold, and add their leaves", () => {
  const two = {
    nodes: [
      { feature: 0, low: -1, high: 1 },
      { feature: 1, low: -2, high: -3 },
    ],
    leaves: 3,
  };
  const layer = {
    kind: "trees",
    ...x,
    features: 2,
    outputs: 2,
    trees: [two, { nodes: [], leaves: 1 }, { nodes: [{ feature: 1, low: -2, high: -1 }], leaves: 2 }],
  } as const;
  const body = { ...layer, trees: layer.trees.map((tree) => ({ ...tree, nodes: [...tree.nodes] })) };
  const learnt = { weights: [0.5, 2, 10], biases: [1, 0, 2, 0, 3, 0, 0.5, 0.25, 0, 100, 0, 200] };
  expect(run(body, 2, [0.5, 9], learnt)).toEqual([1.5, 200.25]);
  expect(run(body, 2, [0.6, 2], learnt)).toEqual([2.5, 200.25]);
  expect(run(body, 2, [0.6, 11], learnt)).toEqual([3.5, 100.25]);
});

test("a table's ends stand for what lies outside", () => {
  expect(run({ kind: "table", ...x, function: "abs", low: -2, high: 3 }, 4, [-5, -1, 2, 9])).toEqual([2, 1, 2, 3]);
});

test("the functions of tables are those of ONNX", () => {
  const values = Object.entries(TABLE_VALUES).map(([name, of]) => [name, ...[0.5, 2].map((at) => of(at).toFixed(6))]);
  expect(values).toEqual([
    ["abs", "0.500000", "2.000000"],
    ["elu", "0.500000", "2.000000"],
    ["erf", "0.520500", "0.995322"],
    ["exp", "1.648721", "7.389056"],
    ["gelu", "0.345731", "1.954500"],
    ["hardSigmoid", "0.600000", "0.900000"],
    ["hardSwish", "0.291667", "1.666667"],
    ["log", "-0.693147", "0.693147"],
    ["reciprocal", "2.000000", "0.500000"],
    ["sigmoid", "0.622459", "0.880797"],
    ["softplus", "0.974077", "2.126928"],
    ["sqrt", "0.707107", "1.414214"],
    ["tanh", "0.462117", "0.964028"],
  ]);
  expect(TABLE_VALUES.elu(-1)).toBeCloseTo(Math.exp(-1) - 1, 12);
  expect(TABLE_VALUES.softplus(1_000)).toBe(1_000);
  fc.assert(
    fc.property(fc.double({ min: -7, max: 7, noNaN: true }), (at) => {
      expect(TABLE_VALUES.erf(-at)).toBeCloseTo(-TABLE_VALUES.erf(at), 14);
      expect(Math.abs(TABLE_VALUES.erf(at))).toBeLessThanOrEqual(1 + 1e-15);
    }),
  );
});

test("every tensor is given, and layers follow each other", () => {
  const shape = [2];
  const layers: Layer[] = [
    { kind: "relu", name: "a", input: "x", output: "u", shape },
    { kind: "add", name: "b", inputs: ["u", "x"], signs: [1, 1], activation: "none", output: "v", shape },
  ];
  const architecture = { format: 1 as const, input: { tensor: "x", shape }, layers, output: "v" };
  const tensors = runFloat({ architecture, parameters: new Map() }, new Float32Array([-1, 2]));
  expect([...tensors].map(([name, values]) => [name, ...values])).toEqual([
    ["x", -1, 2],
    ["u", 0, 2],
    ["v", -1, 4],
  ]);
});

test("an input of another size, missing weights and a missing tensor are said, not computed with", () => {
  const layer: Layer = {
    kind: "scale",
    name: "s",
    input: "z",
    channels: 1,
    inner: 2,
    ...none,
    output: "y",
    shape: [2],
  };
  const network = (input: string) => ({
    architecture: {
      format: 1 as const,
      input: { tensor: "x", shape: [2] },
      layers: [{ ...layer, input }],
      output: "y",
    },
    parameters: new Map(),
  });
  expect(() => runFloat(network("x"), new Float32Array(3))).toThrow("3 numbers, not 2");
  expect(() => runFloat(network("x"), new Float32Array(2))).toThrow("no weights");
  expect(() => runFloat(network("z"), new Float32Array(2))).toThrow("tensor z");
});
