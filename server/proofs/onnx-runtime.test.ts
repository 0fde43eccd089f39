import { expect, test } from "vitest";
import { importOnnx } from "#core/zk/onnx/import-onnx.ts";
import { inputsOf } from "#core/zk/onnx/testing/build-cases.ts";
import { OPERATOR_CASES } from "#core/zk/onnx/testing/operator-cases.ts";
import { type WrittenModel, writeOnnx } from "#core/zk/onnx/testing/write-onnx.ts";
import { runFloat } from "#core/zk/run-float.ts";
import { seededRandom } from "../../models/event-scorer/random.ts";
import { listSamples, readSample, readTestRows } from "../../models/onnx-samples/read-samples.ts";
import { type RuntimeOutput, withOnnxRuntime } from "./onnx-runtime.ts";

/** What the import computes for an output: names of classes where the runtime gives names. */
function compute(file: Uint8Array, output: string, inputs: readonly Float64Array[], isNamed = false): RuntimeOutput[] {
  const { network, metadata } = importOnnx(file, { output });
  return inputs.map((input) => {
    const values = runFloat(network, input).get(network.architecture.output) ?? new Float64Array();
    return isNamed ? Array.from(values, (place) => metadata.labels?.[place] ?? "") : values;
  });
}

/** The largest difference to the runtime, relative to numbers above 1. */
function difference(ours: RuntimeOutput, theirs: RuntimeOutput): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  const distances = [...theirs].map((wanted, i) => {
    if (typeof wanted === "string") return ours[i] === wanted ? 0 : 1;
    return Math.abs(Number(ours[i]) - wanted) / Math.max(1, Math.abs(wanted));
  });
  return Math.max(...distances);
}

const worstOf = (ours: RuntimeOutput[], theirs: RuntimeOutput[]): number =>
  Math.max(...theirs.map((values, i) => difference(ours[i] ?? [], values)));

test("every operator gives what onnxruntime gives", { timeout: 60_000 }, async () => {
  const differing = await withOnnxRuntime(async (run) => {
    const found: string[] = [];
    for (const item of OPERATOR_CASES) {
      const inputs = inputsOf(item, 8);
      const theirs = await run({ model: item.file, output: item.output, inputs });
      const worst = worstOf(compute(item.file, item.output, inputs), theirs);
      if (!(worst <= 1e-5)) found.push(`${item.name}: differs by ${worst}`);
    }
    return found;
  });
  expect(differing).toEqual([]);
});

test("samples that other tools exported give what onnxruntime gives", { timeout: 60_000 }, async () => {
  const random = seededRandom(7);
  const differing = await withOnnxRuntime(async (run) => {
    const found: string[] = [];
    for (const name of listSamples()) {
      const file = readSample(name);
      const { network, metadata } = importOnnx(file);
      const elements = network.architecture.input.shape.reduce((product, length) => product * length, 1);
      const inputs = Array.from({ length: 8 }, () =>
        Float64Array.from({ length: elements }, () => Math.fround(random.between(-1, 2))),
      );
      for (const output of metadata.outputs.filter((given) => given !== "maps")) {
        const theirs = await run({ model: file, output, inputs });
        const isNamed = typeof theirs[0]?.[0] === "string";
        const worst = worstOf(compute(file, output, inputs, isNamed), theirs);
        if (!(worst <= 1e-4)) found.push(`${name}: ${output} differs by ${worst}`);
      }
    }
    return found;
  });
  expect(differing).toEqual([]);
});

/** What a model says of a row: its label, or the place of its largest score. */
const answerOf = ([first = 0, ...rest]: number[]): number =>
  rest.length === 0 ? first : [first, ...rest].indexOf(Math.max(first, ...rest));

test.each([
  ["digits-mlp", "digits", "0.9806"],
  ["digits-depthwise", "digits", "0.9722"],
  ["cancer-forest", "cancer", "0.9708"],
  ["cancer-boosted", "cancer", "0.9649"],
  ["cancer-logistic", "cancer", "0.9766"],
  ["wine-forest", "wine", "0.9444"],
] as const)("%s is as right on %s that it has not seen as when it was trained", (name, data, share) => {
  const { inputs, labels } = readTestRows(data);
  const { network } = importOnnx(readSample(name));
  const right = inputs.filter((input, i) => {
    const values = runFloat(network, input).get(network.architecture.output) ?? [];
    return answerOf([...values]) === labels[i];
  });
  expect((right.length / labels.length).toFixed(4)).toBe(share);
});

const one = [Float64Array.of(1)];
const grown = (shape: number[], nodes: WrittenModel["nodes"]) =>
  writeOnnx({
    inputs: [{ name: "x", dims: [1] }],
    outputs: ["y"],
    nodes: [{ operator: "Expand", inputs: ["x", "s"], outputs: ["a"] }, ...nodes],
    constants: [{ name: "s", dims: [shape.length], type: 7, values: shape }],
  });

test("a model that wants more memory than it may have does not get it", async () => {
  const hungry = grown(
    [400_000_000],
    [
      { operator: "Exp", inputs: ["a"], outputs: ["b"] },
      { operator: "ReduceSum", inputs: ["b"], outputs: ["y"] },
    ],
  );
  const run = withOnnxRuntime((job) => job({ model: hungry, output: "y", inputs: one }), {
    timeoutMs: 20_000,
    memoryMb: 1_500,
  });
  await expect(run).rejects.toMatchObject({ code: "ONNX_RUN_FAILED" });
});

test("a model that runs too long is ended, and what comes after it is refused at once", async () => {
  const products = Array.from({ length: 50 }, (_, i) => ({
    operator: "MatMul",
    inputs: [i === 0 ? "a" : `b${i}`, "a"],
    outputs: [`b${i + 1}`],
  }));
  const slow = grown([3_000, 3_000], [...products, { operator: "ReduceSum", inputs: ["b50"], outputs: ["y"] }]);
  await withOnnxRuntime(
    async (run) => {
      await expect(run({ model: slow, output: "y", inputs: one })).rejects.toThrow(
        "The model ran longer than 1000 ms.",
      );
      await expect(run({ model: slow, output: "y", inputs: one })).rejects.toMatchObject({ code: "ONNX_RUN_FAILED" });
    },
    { timeoutMs: 1_000, memoryMb: 2_048 },
  );
});

test("what is no model is refused in the runtime's own words, and the next model runs", async () => {
  await withOnnxRuntime(async (run) => {
    await expect(run({ model: new Uint8Array(100), output: "y", inputs: one })).rejects.toThrow(
      "protobuf parsing failed",
    );
    const relu = writeOnnx({
      inputs: [{ name: "x", dims: [""] }],
      outputs: ["y"],
      nodes: [{ operator: "Relu", inputs: ["x"], outputs: ["y"] }],
    });
    await expect(run({ model: relu, output: "y", inputs: one })).resolves.toEqual(one);
  });
});
