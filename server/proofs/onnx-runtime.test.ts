import { expect, test } from "vitest";
import { importOnnx } from "#core/zk/onnx/import-onnx.ts";
import { inputsOf, OPERATOR_CASES } from "#core/zk/onnx/testing/operator-cases.ts";
import { runFloat } from "#core/zk/run-float.ts";
import { type RuntimeOutput, withOnnxRuntime } from "./onnx-runtime.ts";

const RUNS = 8;

/** What the import computes for an output, for each input. */
function compute(file: Uint8Array, output: string, inputs: readonly Float64Array[]): RuntimeOutput[] {
  const { network, metadata } = importOnnx(file, { output });
  return inputs.map((input) => runFloat(network, input).get(network.architecture.output) ?? metadata.outputs.slice());
}

/** The largest difference to the runtime, relative to numbers above 1. */
function difference(ours: RuntimeOutput, theirs: RuntimeOutput): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  const wanted = Array.from(theirs, Number);
  return Math.max(...wanted.map((value, i) => Math.abs(Number(ours[i]) - value) / Math.max(1, Math.abs(value))));
}

test("every operator gives what onnxruntime gives", { timeout: 60_000 }, async () => {
  const differing = await withOnnxRuntime(async (run) => {
    const found: string[] = [];
    for (const item of OPERATOR_CASES) {
      const inputs = inputsOf(item, RUNS);
      const theirs = await run({ model: item.file, output: item.output, inputs }).catch(
        (error: Error) => error.message,
      );
      if (typeof theirs === "string") {
        found.push(`${item.name}: ${theirs}`);
        continue;
      }
      const ours = compute(item.file, item.output, inputs);
      const worst = Math.max(...ours.map((values, i) => difference(values, theirs[i] ?? [])));
      if (!(worst <= 1e-5)) found.push(`${item.name}: differs by ${worst}`);
    }
    return found;
  });
  expect(differing).toEqual([]);
});
