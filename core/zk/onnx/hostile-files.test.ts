import fc from "fast-check";
import { expect, test } from "vitest";
import { DomainError } from "../../errors.ts";
import { architectureSchema, sizeOf } from "../network.ts";
import { runFloat } from "../run-float.ts";
import { importOnnx } from "./import-onnx.ts";
import { integers } from "./testing/build-cases.ts";
import { OPERATOR_CASES } from "./testing/operator-cases.ts";
import {
  bytesField,
  joinBytes,
  type WrittenNode,
  type WrittenTensor,
  writeFile,
  writeGraph,
  writeNode,
  writeOnnx,
  writeTensor,
} from "./testing/write-onnx.ts";

/** Twice the second that an import may take: the machines that run tests have other work. */
const RUN_MS_MAX = 2_000;
const input = { name: "x", dims: [1, 4] };
const relu: WrittenNode = { operator: "Relu", inputs: ["x"], outputs: ["y"], name: "last" };
const simple = { inputs: [input], outputs: ["y"], nodes: [relu] };

/** What a file comes to: the code of its refusal, or that it is a network that can be computed. Anything else is thrown. */
function outcomeOf(file: Uint8Array): string {
  const startedAt = performance.now();
  let outcome = "imported";
  try {
    const { network } = importOnnx(file);
    architectureSchema.parse(network.architecture);
    const values = runFloat(network, new Float32Array(sizeOf(network.architecture.input.shape)));
    if (!values.has(network.architecture.output)) throw new Error("The network does not give its output.");
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    outcome = error.code;
  }
  const took = performance.now() - startedAt;
  if (took > RUN_MS_MAX) throw new Error(`The import took ${Math.round(took)} ms.`);
  return outcome;
}

function refusal(file: Uint8Array): { code: string; message: string } {
  const startedAt = performance.now();
  try {
    importOnnx(file);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect(performance.now() - startedAt).toBeLessThan(RUN_MS_MAX);
    return { code: error.code, message: error.message };
  }
  throw new Error("The file was imported.");
}

const withTensor = (tensor: Uint8Array) => writeFile(joinBytes([writeGraph(simple), bytesField(5, tensor)]));

test("what is no ONNX file is said to be none", () => {
  const texts = ["", "hello", "\u0000", "PK\u0003\u0004", '{"nodes": []}', "GIF89a", "\u0008"];
  for (const text of texts) expect(outcomeOf(new TextEncoder().encode(text))).toBe("ONNX_INVALID");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(outcomeOf(bytes)).toMatch(/^ONNX_/);
    }),
    { numRuns: 500 },
  );
});

test("a file that is cut off anywhere is refused, or was whole without its end", () => {
  for (const { file } of OPERATOR_CASES.filter((_, i) => i % 7 === 0))
    for (let length = 0; length < file.length; length++)
      expect(outcomeOf(file.subarray(0, length))).toMatch(/^(imported|ONNX_.*)$/);
});

test("bits that flip anywhere never bring down the import, nor hold it up", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(
      fc.nat(OPERATOR_CASES.length - 1),
      fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 6 }),
      (which, flips) => {
        const file = Uint8Array.from(OPERATOR_CASES[which]?.file ?? []);
        for (const [at, bit] of flips) file[at % file.length] = (file[at % file.length] ?? 0) ^ (1 << bit);
        outcomeOf(file);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("bytes that are overwritten with lengths and counts of any size do neither", { timeout: 60_000 }, () => {
  const large = fc.constantFrom(
    [0xff, 0xff, 0xff, 0xff, 0x07],
    [0xff, 0x7f],
    [0x80, 0x80, 0x40],
    [0],
    [0xff, 0xff, 0xff],
  );
  fc.assert(
    fc.property(fc.nat(OPERATOR_CASES.length - 1), fc.nat(), large, (which, at, bytes) => {
      const file = Uint8Array.from(OPERATOR_CASES[which]?.file ?? []);
      file.set(bytes.slice(0, file.length - (at % file.length)), at % file.length);
      outcomeOf(file);
    }),
    { numRuns: 2_000 },
  );
});

test("dimensions are multiplied without overflow, before anything is set aside for them", () => {
  const tensor = (dims: number[]) => refusal(withTensor(writeTensor({ name: "w", dims, values: [1] })));
  expect(tensor([2 ** 30])).toMatchObject({ code: "ONNX_TOO_LARGE" });
  expect(tensor([2 ** 32, 2 ** 32])).toMatchObject({ code: "ONNX_TOO_LARGE" });
  expect(tensor([2 ** 62, 4, 0])).toMatchObject({ code: "ONNX_TOO_LARGE" });
  expect(tensor([-1])).toMatchObject({ code: "ONNX_INVALID", message: "The tensor w has a dimension of -1." });
  expect(tensor([3])).toMatchObject({
    code: "ONNX_INVALID",
    message: "The tensor w has 4 bytes for 3 numbers of type float32.",
  });
  expect(tensor([1, 1, 1, 1, 1, 1, 1, 1, 1])).toMatchObject({ code: "ONNX_TOO_LARGE" });
  expect(refusal(writeOnnx({ ...simple, inputs: [{ name: "x", dims: [1, 2 ** 40] }] })).code).toBe("ONNX_TOO_LARGE");
});

test("constants that would be worked out to any size are not", () => {
  const grown = (nodes: WrittenNode[], shape: number[]) =>
    refusal(writeOnnx({ inputs: [input], outputs: ["y"], nodes, constants: [{ ...integers(...shape), name: "s" }] }))
      .code;
  const node = (operator: string, inputs: string[]): WrittenNode => ({ operator, inputs, outputs: ["y"] });
  expect(grown([node("Expand", ["x", "s"])], [2 ** 31, 4])).toBe("ONNX_TOO_LARGE");
  expect(grown([node("Tile", ["x", "s"])], [2 ** 31, 2 ** 31])).toBe("ONNX_TOO_LARGE");
  expect(grown([node("ConstantOfShape", ["s"])], [2 ** 31])).toBe("ONNX_TOO_LARGE");
  expect(grown([node("Pad", ["x", "s"])], [0, 2 ** 30, 0, 0])).toBe("ONNX_TOO_LARGE");
  expect(grown([node("Reshape", ["x", "s"])], [2 ** 31, -1])).toBe("ONNX_INVALID");
  expect(grown([node("Reshape", ["x", "s"])], [0, 0, 0, -1])).toBe("ONNX_INVALID");
});

test("weights that lie in other files, in pieces or scattered are refused, and no path is followed", () => {
  const entry = joinBytes([
    bytesField(1, new TextEncoder().encode("location")),
    bytesField(2, new TextEncoder().encode("/etc/passwd")),
  ]);
  const tensor = writeTensor({ name: "w", dims: [1], values: [1] });
  for (const more of [bytesField(13, entry), Uint8Array.of(14 * 8, 1)])
    expect(refusal(withTensor(joinBytes([tensor, more])))).toEqual({
      code: "ONNX_UNSUPPORTED",
      message: "Weights lie in another file. Export the model into one file, with its weights inside.",
    });
  expect(refusal(withTensor(joinBytes([tensor, bytesField(3, new Uint8Array())]))).code).toBe("ONNX_UNSUPPORTED");
  expect(refusal(writeFile(joinBytes([writeGraph(simple), bytesField(15, new Uint8Array())]))).code).toBe(
    "ONNX_UNSUPPORTED",
  );
});

test("weights that are infinite or no numbers are refused, and those that come to it", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const { code, message } = refusal(withTensor(writeTensor({ name: "w", dims: [2], values: [1, value] })));
    expect({ code, message }).toEqual({
      code: "ONNX_INVALID",
      message: "The tensor w has numbers that are infinite or none.",
    });
  }
  const node = { operator: "LeakyRelu", inputs: ["x"], outputs: ["y"], attributes: { alpha: { float: Number.NaN } } };
  expect(refusal(writeOnnx({ ...simple, nodes: [node] })).code).toBe("ONNX_INVALID");
  const large = { name: "c", dims: [4], values: [3e38, 3e38, 3e38, 3e38] };
  const twice: WrittenNode[] = [
    { operator: "Mul", inputs: ["x", "c"], outputs: ["a"] },
    { operator: "Mul", inputs: ["a", "c"], outputs: ["y"] },
  ];
  expect(refusal(writeOnnx({ ...simple, nodes: twice, constants: [large] })).code).toBe("ONNX_INVALID");
  const zero = { name: "c", dims: [4], values: [0, 1, 1, 1] };
  const divided = [{ operator: "Div", inputs: ["x", "c"], outputs: ["y"] }];
  expect(refusal(writeOnnx({ ...simple, nodes: divided, constants: [zero] })).code).toBe("ONNX_INVALID");
});

test("a graph in a circle, with values twice or from nowhere is refused by the node's name", () => {
  const graph = (...nodes: WrittenNode[]) => refusal(writeOnnx({ ...simple, nodes }));
  const add = (name: string, inputs: string[], output: string): WrittenNode => ({
    operator: "Add",
    inputs,
    outputs: [output],
    name,
  });
  expect(graph(add("one", ["x", "b"], "a"), add("two", ["a", "x"], "b"), add("three", ["b", "x"], "y"))).toEqual({
    code: "ONNX_INVALID",
    message: "The graph has a circle: the node two (Add) reads its own output.",
  });
  expect(graph(add("self", ["y", "x"], "y")).message).toContain("circle");
  expect(graph(relu, add("again", ["x", "x"], "y")).message).toBe("The graph has two values called y.");
  expect(graph(relu, add("over", ["x", "x"], "x")).message).toBe("The graph has two values called x.");
  expect(graph(add("lost", ["x", "z"], "y")).message).toBe(
    "Nothing gives the value z, which the node lost (Add) reads.",
  );
  expect(refusal(writeOnnx({ ...simple, outputs: ["z"] })).message).toBe("Nothing gives the output z.");
});

test("what is nested without end, long without end or many without end ends soon", () => {
  let nested: Uint8Array = writeGraph(simple);
  // A graph in an attribute of a node of a graph, and so on.
  for (let depth = 0; depth < 300; depth++) nested = bytesField(1, bytesField(5, bytesField(6, nested)));
  const inside = joinBytes([
    writeNode({ operator: "If", inputs: ["x"], outputs: ["y"], name: "deep" }),
    bytesField(5, bytesField(6, nested)),
  ]);
  const graph = joinBytes([bytesField(1, inside), writeGraph({ ...simple, nodes: [] })]);
  expect(refusal(writeFile(graph))).toEqual({
    code: "ONNX_UNSUPPORTED",
    message: "The model cannot be proved: the operator of the node deep (If) is not supported.",
  });
  expect(refusal(writeOnnx({ ...simple, nodes: [{ ...relu, name: "n".repeat(100_000) }] })).code).toBe(
    "ONNX_TOO_LARGE",
  );
  expect(refusal(new Uint8Array(64 * 2 ** 20 + 1)).code).toBe("ONNX_TOO_LARGE");
  const nothings = (field: number, count: number) =>
    new Uint8Array(2 * count).map((_, i) => (i % 2 === 0 ? field * 8 + 2 : 0));
  expect(refusal(writeFile(nothings(1, 20_000))).code).toBe("ONNX_TOO_LARGE");
  expect(refusal(writeFile(nothings(13, 5_000_000))).code).toBe("ONNX_TOO_LARGE");
  const list = joinBytes([bytesField(1, new TextEncoder().encode("axes")), bytesField(8, new Uint8Array(9_000_000))]);
  const node = joinBytes([writeNode(relu), bytesField(5, list)]);
  expect(refusal(writeFile(bytesField(1, node))).code).toBe("ONNX_TOO_LARGE");
});

test("long chains are followed without a deep call, and work is bounded, however little of it is said", () => {
  const chain = Array.from({ length: 9_000 }, (_, i) => ({
    operator: "Identity",
    inputs: [i === 0 ? "x" : `v${i - 1}`],
    outputs: [`v${i}`],
  }));
  expect(outcomeOf(writeOnnx({ ...simple, nodes: chain.toReversed(), outputs: ["v8999"] }))).toBe("imported");
  const reluChain = chain.map((node) => ({ ...node, operator: "Relu" }));
  expect(refusal(writeOnnx({ ...simple, nodes: reluChain, outputs: ["v8999"] })).code).toBe("ONNX_TOO_LARGE");
  const wide = Array.from({ length: 500 }, (_, i) => ({
    operator: "Transpose",
    inputs: [i === 0 ? "x" : `v${i - 1}`],
    outputs: [`v${i}`],
  }));
  const image = { name: "x", dims: [1_000, 1_000] };
  expect(refusal(writeOnnx({ inputs: [image], nodes: wide, outputs: ["v499"] })).code).toBe("ONNX_TOO_LARGE");
  const pool = {
    operator: "MaxPool",
    inputs: ["x"],
    outputs: ["y"],
    attributes: { kernel_shape: { ints: [500, 500] } },
  };
  expect(
    refusal(writeOnnx({ inputs: [{ name: "x", dims: [1, 1, 999, 999] }], nodes: [pool], outputs: ["y"] })).code,
  ).toBe("ONNX_TOO_LARGE");
});

test("lists of axes, empty shapes and constants that many nodes read hold nobody up", () => {
  const node = (operator: string, inputs: string[], output: string, attributes = {}): WrittenNode => ({
    operator,
    inputs,
    outputs: [output],
    attributes,
  });
  const coded = (nodes: WrittenNode[], constants: WrittenTensor[], dims = [1, 4]) => {
    const startedAt = performance.now();
    const outputs = [nodes.at(-1)?.outputs[0] ?? ""];
    const outcome = outcomeOf(writeOnnx({ inputs: [{ name: "x", dims }], outputs, nodes, constants }));
    expect(performance.now() - startedAt).toBeLessThan(2 * RUN_MS_MAX);
    return outcome;
  };
  const whole = (name: string, values: number[], dims = [values.length]): WrittenTensor => ({
    name,
    dims,
    type: 7,
    values,
  });
  const ones = new Array<number>(300_000).fill(1);
  expect(coded([node("Reshape", ["x", "s"], "y")], [whole("s", [4, ...ones])])).toBe("ONNX_TOO_LARGE");
  expect(coded([node("Expand", ["x", "s"], "y")], [whole("s", ones)])).toBe("ONNX_TOO_LARGE");
  const [zeros, ends] = [ones.map(() => 0), ones.map(() => 9)];
  const lists = [whole("a", zeros), whole("b", ends)];
  expect(coded([node("Slice", ["x", "a", "b", "a"], "y")], lists, [1_000, 1_000])).toBe("ONNX_INVALID");
  expect(coded([node("Pad", ["x", "p", "", "a"], "y")], [...lists, whole("p", [...zeros, ...zeros])])).toBe(
    "ONNX_INVALID",
  );
  const empty = { name: "e", dims: [0, 1], values: [] };
  expect(coded([node("Expand", ["e", "s"], "y")], [empty, whole("s", [0, 2 ** 31])])).toBe("ONNX_TOO_LARGE");
  expect(coded([node("Tile", ["e", "s"], "y")], [empty, whole("s", [0, 2 ** 31])])).toBe("ONNX_TOO_LARGE");
  expect(coded([node("ConstantOfShape", ["s"], "y")], [whole("s", [0, 2 ** 31])])).toBe("ONNX_TOO_LARGE");
  const tall = { name: "e", dims: [2 ** 40, 0], values: [] };
  expect(coded([node("Concat", ["e", "e"], "y", { axis: { int: 1 } })], [tall])).toBe("ONNX_TOO_LARGE");
  expect(coded([node("Transpose", ["e"], "y")], [tall])).toBe("ONNX_TOO_LARGE");
  const many = Array.from({ length: 9_000 }, (_, i) => i);
  const negated = many.map((i) => node("Neg", ["a"], `n${i}`));
  const gathered = many.map((i) => node("Gather", ["x", "i"], `g${i}`));
  const powers = many.map((i) => node("Pow", ["x", "a"], `p${i}`));
  const all = (nodes: WrittenNode[]) => [
    ...nodes,
    node(
      "Sum",
      nodes.slice(0, 1_000).map(({ outputs: [name = ""] }) => name),
      "y",
    ),
  ];
  expect(coded(all(negated), lists)).toBe("ONNX_TOO_LARGE");
  expect(coded(all(gathered), [whole("i", [0], [])], [1_000_000])).toBe("ONNX_TOO_LARGE");
  expect(coded(all(powers), lists)).toMatch(/^ONNX_/);
});

test("folding the same weights over and over is work, too, and is bounded", () => {
  const scales = Array.from({ length: 900 }, (_, i) => ({
    operator: "Mul",
    inputs: [`v${i}`, "two"],
    outputs: [`v${i + 1}`],
  }));
  const product = { operator: "MatMul", inputs: ["x", "w"], outputs: ["v0"] };
  const constants = [
    { name: "two", dims: [1], values: [1.001] },
    { name: "w", dims: [1_000, 1_000], values: Array<number>(1_000_000).fill(1) },
  ];
  const inputs = [{ name: "x", dims: [1, 1_000] }];
  const file = writeOnnx({ inputs, outputs: ["v900"], nodes: [product, ...scales], constants });
  expect(refusal(file).code).toBe("ONNX_TOO_LARGE");
});

test("a full file of weights is read within a second, and so is one that computes with them", () => {
  const [inner, columns] = [1_000, 4_000];
  const raw = new Uint8Array(4 * inner * columns);
  const tensor = joinBytes([
    writeTensor({ name: "w", dims: [inner, columns], values: [] }).subarray(0, -2),
    bytesField(9, raw),
  ]);
  const nodes: WrittenNode[] = [
    { operator: "MatMul", inputs: ["x", "w"], outputs: ["a"] },
    { operator: "Add", inputs: ["a", "one"], outputs: ["b"] },
    { operator: "Mul", inputs: ["b", "two"], outputs: ["y"] },
  ];
  const constants = [
    { name: "one", dims: [1], values: [1] },
    { name: "two", dims: [1], values: [2] },
  ];
  const graph = writeGraph({ inputs: [{ name: "x", dims: [1, inner] }], outputs: ["y"], nodes, constants });
  const file = writeFile(joinBytes([graph, bytesField(5, tensor)]));
  const startedAt = performance.now();
  const { network } = importOnnx(file);
  expect(performance.now() - startedAt).toBeLessThan(RUN_MS_MAX);
  expect(network.architecture.layers).toMatchObject([{ kind: "linear", inner, columns }]);
});
