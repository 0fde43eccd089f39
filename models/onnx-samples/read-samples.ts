import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Rows that the models have not seen, and what they should say of them. */
export type TestRows = { inputs: Float64Array[]; labels: number[] };

const read = (path: string): Buffer => readFileSync(join(import.meta.dirname, path));

/** Names of all samples, those of one operator as `operators/NAME`. */
export function listSamples(): string[] {
  const paths = ["", "operators"].flatMap((folder) =>
    readdirSync(join(import.meta.dirname, folder)).map((name) => join(folder, name)),
  );
  return paths.filter((path) => path.endsWith(".onnx")).map((path) => path.slice(0, -".onnx".length));
}

export const readSample = (name: string): Uint8Array => new Uint8Array(read(`${name}.onnx`));

/** What is kept for the tests of `digits`, `cancer` or `wine`. Digits are enlarged to 28 by 28 in [0, 1], as in training. */
export function readTestRows(data: "digits" | "cancer" | "wine"): TestRows {
  const { inputs, labels } = JSON.parse(read(`${data}-test.json`).toString()) as {
    inputs: number[][];
    labels: number[];
  };
  const asFloats = (row: number[]) => Float64Array.from(data === "digits" ? enlarge(row) : row, Math.fround);
  return { inputs: inputs.map(asFloats), labels };
}

/** Each of 28 by 28 pixels is the nearest of 8 by 8. */
const enlarge = (pixels: number[]): number[] =>
  Array.from({ length: 28 * 28 }, (_, i) => {
    const [row, column] = [Math.floor(i / 28), i % 28].map((at) => Math.floor((at * 8) / 28));
    return (pixels[(row ?? 0) * 8 + (column ?? 0)] ?? 0) / 16;
  });
