import { expect, test } from "vitest";
import { DomainError } from "../../errors.ts";
import { architectureSchema } from "../network.ts";
import { runFloat } from "../run-float.ts";
import { importOnnx } from "./import-onnx.ts";
import { integers } from "./testing/build-cases.ts";
import { OPERATOR_CASES } from "./testing/operator-cases.ts";
import {
  joinBytes,
  type WrittenModel,
  type WrittenNode,
  type WrittenTensor,
  writeOnnx,
  writeOpset,
} from "./testing/write-onnx.ts";

type Line = [operator: string, inputs: string, output: string, attributes?: WrittenNode["attributes"]];

/** A model written line by line; its input is x and its output y. */
function model(
  dims: (number | string)[],
  lines: Line[],
  constants: Record<string, WrittenTensor> = {},
  rest: Partial<WrittenModel> = {},
) {
  return writeOnnx({
    inputs: [{ name: "x", dims }],
    outputs: ["y"],
    nodes: lines.map(([operator, inputs, outputs, attributes = {}]) => ({
      operator,
      inputs: inputs.split(" ").filter((name) => name !== "-"),
      outputs: outputs.split(" "),
      name: `${operator.toLowerCase()} of ${inputs}`,
      attributes,
    })),
    constants: Object.entries(constants).map(([name, tensor]) => ({ ...tensor, name })),
    ...rest,
  });
}

const row = (...values: number[]): WrittenTensor => ({ dims: [values.length], values });
const matrix = (rows: number, columns: number, fill = 0.5): WrittenTensor => ({
  dims: [rows, columns],
  values: Array<number>(rows * columns).fill(fill),
});

/** Kinds of the layers that a model comes to; with a + where a layer ends in a relu. */
const kindsOf = (file: Uint8Array) =>
  importOnnx(file).network.architecture.layers.map((layer) =>
    "activation" in layer && layer.activation === "relu" ? `${layer.kind}+` : layer.kind,
  );

function refusalOf(file: Uint8Array): { code: string; message: string; nodes: unknown } {
  try {
    importOnnx(file);
  } catch (error) {
    if (error instanceof DomainError) return { code: error.code, message: error.message, nodes: error.details.nodes };
    throw error;
  }
  throw new Error("The file was imported.");
}

test("every operator comes to layers of the schema", () => {
  for (const { file, output } of OPERATOR_CASES)
    expect(architectureSchema.safeParse(importOnnx(file, { output }).network.architecture).error).toBeUndefined();
});

test("what a file says besides the network is kept", () => {
  const file = model(
    ["batch", 3],
    [
      ["Relu", "x", "a"],
      ["Relu", "a", "b"],
      ["MatMul", "b w", "y"],
    ],
    { w: matrix(3, 2) },
    { outputs: ["y", "a"] },
  );
  const { network, metadata } = importOnnx(file);
  expect(metadata).toEqual({
    opset: 17,
    producer: "write-onnx",
    input: { name: "x", shape: ["batch", 3] },
    output: { name: "y", shape: [1, 2] },
    outputs: ["y", "a"],
    operators: { MatMul: 1, Relu: 2 },
    labels: null,
  });
  expect(network.architecture.input).toEqual({ tensor: "x", shape: [3] });
  expect(network.architecture.layers.at(-1)).toMatchObject({ name: "matmul of b w", output: "y", shape: [2] });
});

test("a file is read the same wherever it lies in memory", () => {
  const file = model([1, 2], [["MatMul", "x w", "y"]], { w: { dims: [2, 2], values: [1, 2, 3, 4] } });
  const shifted = Buffer.concat([Buffer.of(0), file, Buffer.of(0)]).subarray(1, -1);
  expect(importOnnx(shifted)).toEqual(importOnnx(file));
  expect(importOnnx(shifted).network.parameters.get("matmul of x w")?.weights).toEqual(new Float32Array([1, 2, 3, 4]));
});

test("an exporter may say one version of the operators twice, but not two versions", () => {
  const file = model([1, 4], [["Relu", "x", "y"]]);
  expect(kindsOf(joinBytes([file, writeOpset("ai.onnx", 17)]))).toEqual(["relu"]);
  expect(refusalOf(joinBytes([file, writeOpset("", 16)])).message).toContain("names two versions");
});

test("one output is taken, and what it does not need is not read", () => {
  const file = model(
    [1, 2],
    [
      ["Relu", "x", "y"],
      ["Mystery", "y", "z"],
    ],
    {},
    { outputs: ["y", "z"] },
  );
  expect(kindsOf(file)).toEqual(["relu"]);
  expect(() => importOnnx(file, { output: "z" })).toThrow(
    "the operator of the node mystery of y (Mystery) is not supported",
  );
  expect(() => importOnnx(file, { output: "w" })).toThrow("The graph gives no output w.");
});

test("factors, addends and normalisations go into the layers before and behind them", () => {
  const parts = { w: matrix(2, 3), s: row(2, 3, 4), t: row(1, 2, 3), n: row(2, 4) };
  expect(
    kindsOf(
      model(
        [1, 2],
        [
          ["MatMul", "x w", "a"],
          ["Mul", "a s", "c"],
          ["Add", "c t", "d"],
          ["Relu", "d", "y"],
        ],
        parts,
      ),
    ),
  ).toEqual(["linear+"]);
  expect(
    kindsOf(
      model(
        [1, 2],
        [
          ["Div", "x n", "a"],
          ["Sub", "a n", "b"],
          ["MatMul", "b w", "y"],
        ],
        parts,
      ),
    ),
  ).toEqual(["linear"]);
  // What else is read before the factor has to stay.
  expect(
    kindsOf(
      model(
        [1, 2],
        [
          ["MatMul", "x w", "a"],
          ["Mul", "a s", "c"],
          ["Add", "c a", "y"],
        ],
        parts,
      ),
    ),
  ).toEqual(["linear", "scale", "add"]);
  const { network } = importOnnx(
    model(
      [1, 2],
      [
        ["MatMul", "x w", "a"],
        ["Mul", "a s", "c"],
        ["Add", "c t", "y"],
      ],
      parts,
    ),
  );
  expect(network.parameters.get("matmul of x w")).toEqual({
    weights: new Float32Array([1, 1.5, 2, 1, 1.5, 2]),
    biases: new Float32Array([1, 2, 3]),
  });
});

test("factors that lie far apart stay a layer of their own, so that no weight is rounded to nothing", () => {
  const lines: Line[] = [
    ["Mul", "x s", "a"],
    ["MatMul", "a w", "y"],
  ];
  expect(kindsOf(model([1, 2], lines, { w: matrix(2, 3), s: row(1, 3) }))).toEqual(["linear"]);
  expect(kindsOf(model([1, 2], lines, { w: matrix(2, 3), s: row(1, 1_000) }))).toEqual(["scale", "linear"]);
});

test("reshaping is no layer, rewirings in a row are one, and a rewiring back is none", () => {
  const perm = { perm: { ints: [0, 2, 1] } };
  expect(
    kindsOf(
      model(
        [1, 2, 3],
        [
          ["Transpose", "x", "a", perm],
          ["Flatten", "a", "b"],
          ["Relu", "b", "y"],
        ],
      ),
    ),
  ).toEqual(["rewire", "relu"]);
  const twice: Line[] = [
    ["Transpose", "x", "a", perm],
    ["Slice", "a s e", "b"],
    ["Transpose", "b", "y", perm],
  ];
  expect(kindsOf(model([1, 2, 3], twice, { s: integers(0), e: integers(1) }))).toEqual(["rewire"]);
  expect(kindsOf(model([1, 2], [["Identity", "x", "y"]]))).toEqual(["rewire"]);
  const kept: Line[] = [
    ["Reshape", "x s", "a"],
    ["Softmax", "a", "b"],
    ["ArgMax", "b", "y", { axis: { int: -1 } }],
  ];
  expect(kindsOf(model([1, 6], kept, { s: integers(2, 3) }))).toEqual(["argMax"]);
});

test("gelu that an exporter wrote out is one look-up again", () => {
  const lines: Line[] = [
    ["Div", "x r", "a"],
    ["Erf", "a", "b"],
    ["Add", "b o", "c"],
    ["Mul", "x c", "d"],
    ["Mul", "d h", "y"],
  ];
  const numbers = { r: row(Math.SQRT2), o: row(1), h: row(0.5) };
  expect(kindsOf(model([1, 4], lines, numbers))).toEqual(["table"]);
  expect(kindsOf(model([1, 4], lines, { ...numbers, r: row(1.5) }))).toEqual([
    "scale",
    "table",
    "scale",
    "multiply",
    "scale",
  ]);
});

test("a classifier's classes are kept by name, and its label is their place", () => {
  const coefficients = { coefficients: { floats: [1, 0, 0, 1] }, intercepts: { floats: [0, 0] } };
  const node = {
    operator: "LinearClassifier",
    domain: "ai.onnx.ml",
    inputs: ["x"],
    outputs: ["label", "scores"],
    attributes: { ...coefficients, classlabels_strings: { texts: ["ham", "spam"] } },
  };
  const { network, metadata } = importOnnx(
    writeOnnx({ inputs: [{ name: "x", dims: ["n", 2] }], outputs: ["label"], nodes: [node] }),
  );
  expect(metadata.labels).toEqual(["ham", "spam"]);
  expect(runFloat(network, new Float32Array([1, 2])).get(network.architecture.output)).toEqual(new Float64Array([1]));
});

test("scores of which it is not clear what they are made into are refused, their label is not", () => {
  const attributes = {
    coefficients: { floats: [1, 2] },
    intercepts: { floats: [0.5] },
    classlabels_ints: { ints: [0, 1] },
    post_transform: { text: "SOFTMAX" },
  };
  const node = {
    operator: "LinearClassifier",
    domain: "ai.onnx.ml",
    inputs: ["x"],
    outputs: ["label", "scores"],
    attributes,
  };
  const file = writeOnnx({ inputs: [{ name: "x", dims: ["n", 2] }], outputs: ["label", "scores"], nodes: [node] });
  expect(kindsOf(file)).toEqual(["linear", "argMax"]);
  expect(() => importOnnx(file, { output: "scores" })).toThrow(
    "output 2 of the node label (LinearClassifier) is not supported",
  );
});

test("a label that is looked up among the classes stays the place of its class", () => {
  const names = { name: "classes", dims: [3], type: 7, values: [10, 20, 30] };
  const nodes: WrittenNode[] = [
    { operator: "ArgMax", inputs: ["x"], outputs: ["place"], attributes: { axis: { int: 1 }, keepdims: { int: 0 } } },
    { operator: "ArrayFeatureExtractor", domain: "ai.onnx.ml", inputs: ["classes", "place"], outputs: ["picked"] },
    { operator: "Cast", inputs: ["picked"], outputs: ["label"], attributes: { to: { int: 7 } } },
  ];
  const file = writeOnnx({ inputs: [{ name: "x", dims: ["n", 3] }], outputs: ["label"], nodes, constants: [names] });
  const { network, metadata } = importOnnx(file);
  expect(metadata.labels).toEqual(["10", "20", "30"]);
  expect(runFloat(network, new Float32Array([1, 5, 2])).get(network.architecture.output)).toEqual(
    new Float64Array([1]),
  );
});

test("whole numbers may come in and are cast to floats, but are not divided", () => {
  const whole = { inputs: [{ name: "x", dims: [1, 2], type: 7 }] };
  const cast: Line[] = [
    ["Cast", "x", "a", { to: { int: 1 } }],
    ["Div", "a c", "y"],
  ];
  expect(kindsOf(model([1, 2], cast, { c: row(2) }, whole))).toEqual(["scale"]);
  expect(refusalOf(model([1, 2], [["Div", "x c", "y"]], { c: row(2) }, whole)).message).toContain(
    "divides whole numbers",
  );
  const back: Line[] = [
    ["Relu", "x", "a"],
    ["Cast", "a", "y", { to: { int: 7 } }],
  ];
  expect(refusalOf(model([1, 2], back)).message).toContain("casts to a type that is not computed in");
});

test("a normalisation of old that gives statistics was exported for training", () => {
  const parts = Object.fromEntries(["s", "b", "m", "v"].map((name) => [name, row(1, 1)]));
  const lines: Line[] = [["BatchNormalization", "x s b m v", "y mean variance"]];
  expect(refusalOf(model([1, 2], lines, parts, { opset: 11 })).message).toContain("was exported for training");
  expect(kindsOf(model([1, 2], [["BatchNormalization", "x s b m v", "y"]], parts, { opset: 11 }))).toEqual(["scale"]);
});

test("all that cannot be proved is named at once, with its node", () => {
  const file = model(
    [1, 4],
    [
      ["LSTM", "x", "a"],
      ["Resize", "x", "b"],
      ["MatMul", "x x", "c"],
      ["Add", "a b", "d"],
      ["Add", "d c", "y"],
    ],
  );
  const { code, message, nodes } = refusalOf(file);
  expect(code).toBe("ONNX_UNSUPPORTED");
  expect(message).toBe(
    "The model cannot be proved because of the node lstm of x (LSTM), the node resize of x (Resize), the node matmul of x x (MatMul).",
  );
  expect(nodes).toMatchObject([
    { operator: "LSTM" },
    { operator: "Resize" },
    { operator: "MatMul", node: "matmul of x x" },
  ]);
});

test("what is refused is refused with a sentence that says what to do", () => {
  const say = (dims: (number | string)[], lines: Line[], constants = {}, rest: Partial<WrittenModel> = {}) =>
    refusalOf(model(dims, lines, constants, rest)).message;
  const relu: Line[] = [["Relu", "x", "y"]];
  expect(say(["batch", "width"], relu)).toBe(
    "The input x leaves its dimension 2 (width) open. Only the first, the batch, may be.",
  );
  expect(say([1, 4], relu, {}, { opset: 9 })).toBe(
    "The model uses version 9 of the operators of ai.onnx; versions 11 to 28 can be read.",
  );
  expect(
    say(
      [1, 4],
      relu,
      {},
      {
        inputs: [
          { name: "x", dims: [1] },
          { name: "z", dims: [1] },
        ],
      },
    ),
  ).toBe("The model has 2 inputs, among them x and z; it may have one.");
  expect(say([1, 4], relu, {}, { inputs: [{ name: "x", dims: [1], type: 10 }] })).toBe(
    "The value x has numbers of the type float16. Export the model with float32.",
  );
  expect(
    say(
      [8, 3, 4, 4],
      [
        ["GlobalAveragePool", "x", "a"],
        ["Conv", "a w", "y"],
      ],
      { w: { dims: [1, 3, 1, 1], values: [1, 1, 1] } },
    ),
  ).toContain("reads a batch of 8; export the model with a batch of 1, or an open one");
  expect(
    say(
      [1, 3, 4, 4],
      [
        ["MaxPool", "x", "a b", { kernel_shape: { ints: [2, 2] } }],
        ["Relu", "b", "y"],
      ],
    ),
  ).toContain("output 2 of the node maxpool of x (MaxPool) is not supported");
  expect(say([1, 4], [["Relu", "x", "y", { alpha: { float: 1 } }]])).toContain(
    "says alpha, which is not known of this operator",
  );
  expect(say([1, 4], [["Relu", "x c", "y"]], { c: row(1) })).toContain(
    "reads 2 inputs, more than are known of this operator",
  );
  expect(say([1, 4], [["Gelu", "x", "y", { approximate: { text: "tanh" } }]], {}, { opset: 20 })).toContain(
    "export it with the exact function",
  );
  expect(say([1, 4], [["Softmax", "x", "y", { axis: { float: 1 } }]])).toContain(
    "has the attribute axis in another type than it is of",
  );
  expect(say([1, 4], [["MatMul", "x w", "y"]], { w: matrix(3, 2) })).toContain(
    "multiplies [1, 4] with [3, 2], which do not fit",
  );
  expect(say([1, 4], [["Concat", "x c", "y", { axis: { int: 1 } }]], { c: matrix(1, 2) })).toContain(
    "joins constants with what is computed",
  );
});

test("trees that lead nowhere, in circles or to strangers' features are refused", () => {
  const trees = (changes: Record<string, number[]>) => {
    const lists: Record<string, number[]> = {
      nodes_treeids: [0, 0, 0],
      nodes_nodeids: [0, 1, 2],
      nodes_featureids: [1, 0, 0],
      nodes_truenodeids: [1, 0, 0],
      nodes_falsenodeids: [2, 0, 0],
      target_treeids: [0, 0],
      target_nodeids: [1, 2],
      target_ids: [0, 0],
      ...changes,
    };
    const attributes = {
      ...Object.fromEntries(Object.entries(lists).map(([name, ints]) => [name, { ints }])),
      nodes_values: { floats: [0.5, 0, 0] },
      nodes_modes: { texts: ["BRANCH_LEQ", "LEAF", "LEAF"] },
      target_weights: { floats: [1, 2] },
    };
    const node = { operator: "TreeEnsembleRegressor", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["y"], attributes };
    return writeOnnx({ inputs: [{ name: "x", dims: ["n", 2] }], outputs: ["y"], nodes: [node] });
  };
  expect(kindsOf(trees({}))).toEqual(["trees"]);
  expect(refusalOf(trees({ nodes_falsenodeids: [7, 0, 0] })).message).toContain("does not have one root");
  expect(refusalOf(trees({ nodes_truenodeids: [0, 0, 0] })).message).toContain("nodes that nothing leads to");
  expect(refusalOf(trees({ nodes_falsenodeids: [1, 0, 0], nodes_nodeids: [0, 1, 1] })).message).toContain(
    "lists a node of its trees twice",
  );
  expect(refusalOf(trees({ nodes_featureids: [2, 0, 0] })).message).toContain(
    "asks for features that are not among its 2",
  );
  expect(refusalOf(trees({ nodes_featureids: [1, 0] })).message).toContain("lists of several lengths");
  expect(refusalOf(trees({ target_ids: [0, 3] })).message).toContain("votes for the output 3 of 1");
});
