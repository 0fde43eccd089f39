import { seededRandom } from "../../../../models/event-scorer/random.ts";
import { type WrittenAttribute, type WrittenModel, type WrittenTensor, writeOnnx } from "./write-onnx.ts";

/** A small model, and between which numbers its inputs lie. */
export type OperatorCase = {
  name: string;
  file: Uint8Array;
  elements: number;
  low: number;
  high: number;
  output: string;
};

export type Attributes = Record<string, WrittenAttribute>;
export type Options = {
  attributes?: Attributes;
  /** What the operator reads after the input; null where an input is left out. */
  constants?: (WrittenTensor | null)[];
  opset?: number;
  domain?: string;
  low?: number;
  high?: number;
  /** Element type of the output, as ONNX numbers it. */
  outputType?: number;
  outputs?: number;
  /** Which output is asked for: the last, where nothing is said. */
  output?: number;
};

const random = seededRandom(20261126);
const elementsOf = (dims: readonly number[]) => dims.reduce((product, length) => product * length, 1);

/** Weights between -1 and 1. */
export const weights = (...dims: number[]): WrittenTensor => ({
  dims,
  values: Array.from({ length: elementsOf(dims) }, () => Math.fround(random.between(-1, 1))),
});
export const positive = (...dims: number[]): WrittenTensor => ({
  dims,
  values: Array.from({ length: elementsOf(dims) }, () => Math.fround(random.between(0.5, 2))),
});
export const integers = (...values: number[]): WrittenTensor => ({ dims: [values.length], type: 7, values });
export const scalar = (value: number): WrittenTensor => ({ dims: [], values: [value] });
export const int = (value: number) => ({ int: value });
export const ints = (...values: number[]) => ({ ints: values });

function caseOf(name: string, dims: number[], model: WrittenModel, { low = -3, high = 3 }: Options = {}): OperatorCase {
  const [output = ""] = model.outputs;
  const outputName = typeof output === "string" ? output : output.name;
  return { name, file: writeOnnx(model), elements: elementsOf(dims), low, high, output: outputName };
}

/** A model of one node, whose first input is the model's. */
export function one(operator: string, dims: number[], options: Options = {}, note = ""): OperatorCase {
  const { attributes = {}, constants = [], opset, domain, outputType = 1, outputs = 1 } = options;
  const asked = options.output ?? outputs - 1;
  const named = constants.map((tensor, i) => tensor && { ...tensor, name: `c${i}` });
  const node = {
    operator,
    inputs: ["x", ...named.map((tensor) => tensor?.name ?? "")],
    outputs: Array.from({ length: outputs }, (_, i) => `y${i}`),
    attributes,
    ...(domain === undefined ? {} : { domain }),
  };
  const model: WrittenModel = {
    ...(opset === undefined ? {} : { opset }),
    inputs: [{ name: "x", dims }],
    outputs: [{ name: `y${asked}`, type: outputType }],
    nodes: [node],
    constants: named.filter((tensor) => tensor !== null),
  };
  return caseOf([operator, note, `[${dims.join("×")}]`].filter(Boolean).join(" "), dims, model, options);
}

/** A model of several nodes, with constants by their names. */
export function several(
  name: string,
  dims: number[],
  nodes: [operator: string, inputs: string, output: string, attributes?: Attributes][],
  constants: Record<string, WrittenTensor> = {},
  options: Options = {},
): OperatorCase {
  const model: WrittenModel = {
    ...(options.opset === undefined ? {} : { opset: options.opset }),
    inputs: [{ name: "x", dims }],
    outputs: ["y"],
    nodes: nodes.map(([operator, inputs, output, attributes = {}]) => ({
      operator,
      inputs: inputs.split(" "),
      outputs: [output],
      attributes,
    })),
    constants: Object.entries(constants).map(([key, tensor]) => ({ ...tensor, name: key })),
  };
  return caseOf(name, dims, model, options);
}

/** Inputs for a case: rows of numbers that floats hold. */
export const inputsOf = ({ elements, low, high }: OperatorCase, count: number): Float64Array[] =>
  Array.from({ length: count }, () =>
    Float64Array.from({ length: elements }, () => Math.fround(random.between(low, high))),
  );
