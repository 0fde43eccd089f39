import { isFloat } from "../decode-tensor.ts";
import { type Constant, elementsOf, type Value } from "../draft.ts";
import type { NodeImport, OperatorImport } from "../node-import.ts";

export const isLength = (length: number): boolean => Number.isInteger(length) && length >= 0 && length <= 2 ** 31;

/** A whole number that an operator counts with. */
export function asCount(node: NodeImport, value: number): number {
  if (!isLength(value)) throw node.invalid(`counts with ${value}`);
  return value;
}

function shape(node: NodeImport): Constant {
  const { dims } = node.input(0);
  const clamp = (at: number) => Math.min(dims.length, Math.max(0, at < 0 ? at + dims.length : at));
  const part = dims.slice(clamp(node.integer("start", 0)), clamp(node.integer("end", dims.length)));
  return { kind: "constant", type: "int64", dims: [part.length], values: Float64Array.from(part) };
}

function constant(node: NodeImport): Constant {
  const tensor = node.tensor("value");
  if (tensor) return { kind: "constant", type: tensor.type, dims: tensor.dims, values: tensor.values };
  if (node.has("value_float")) return scalar(node.number("value_float", 0), "float32");
  if (node.has("value_int")) return scalar(node.integer("value_int", 0), "int64");
  const [floats, integers] = [node.numbers("value_floats"), node.integers("value_ints")];
  const listed = floats ?? integers;
  if (!listed) throw node.unsupported("is a constant that is neither a number nor a dense tensor of numbers");
  const type = floats ? "float32" : "int64";
  return { kind: "constant", type, dims: [listed.length], values: Float64Array.from(listed) };
}

const scalar = (value: number, type: Constant["type"]): Constant => ({
  kind: "constant",
  type,
  dims: [],
  values: Float64Array.of(value),
});

function constantOfShape(node: NodeImport): Constant {
  const dims = Array.from(node.constant(0).values, (length) => asCount(node, length));
  node.checkRank(dims);
  node.draft.spendOn(dims);
  const value = node.tensor("value");
  const values = new Float64Array(elementsOf(dims)).fill(value?.values[0] ?? 0);
  return { kind: "constant", type: value?.type ?? "float32", dims, values };
}

function range(node: NodeImport): Constant {
  const [start = 0, limit = 0, step = 0] = [0, 1, 2].map((index) => node.constant(index).values[0]);
  const length = asCount(node, Math.max(0, Math.ceil((limit - start) / step)));
  node.draft.spend(length);
  const values = Float64Array.from({ length }, (_, i) => start + i * step);
  return { kind: "constant", type: node.constant(0).type, dims: [length], values };
}

/** Numbers of ONNX's element types that a cast may lead to. */
const CASTS: Record<number, Constant["type"]> = { 1: "float32", 6: "int32", 7: "int64", 9: "bool", 11: "float64" };

function cast(node: NodeImport): Value {
  const x = node.input(0);
  const type = CASTS[node.integer("to", 0)];
  // A label is the place of a class here, whatever it is called.
  if (x.kind === "activation" && (isFloat(x.type) ? type !== undefined && isFloat(type) : type !== "bool"))
    return { ...x, type: type ?? x.type };
  if (!type || x.kind === "activation") throw node.unsupported("casts to a type that is not computed in");
  if (type === "bool") return { ...x, type, values: x.values.map((value) => Number(value !== 0)) };
  return { ...x, type, values: isFloat(type) ? x.values : x.values.map(Math.trunc) };
}

export const CONSTANTS: Record<string, OperatorImport> = {
  Cast: cast,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  Shape: shape,
};
