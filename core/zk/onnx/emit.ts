import type { TableFunction } from "../network.ts";
import { type Activation, type Constant, elementsOf } from "./draft.ts";
import type { NodeImport } from "./node-import.ts";
import { broadcastDims, pick, repeated } from "./rewire.ts";

/**
 * y = x · w + b with constants that stand along some axes of x.
 *
 * The constants are laid along the axes from the first to the last in which they differ; over the others they are the same.
 */
export function emitAffine(
  node: NodeImport,
  x: Activation,
  constant: Constant,
  of: (c: number) => { weight: number; bias: number },
): Activation {
  const dims = broadcastDims(node, x.dims, constant.dims);
  const input = pick(node, x, repeated(node, x.dims, dims));
  const missing = dims.length - constant.dims.length;
  const differing = dims.map((_, axis) => axis).filter((axis) => (constant.dims[axis - missing] ?? 1) > 1);
  const first = differing[0] ?? dims.length;
  const end = (differing.at(-1) ?? dims.length - 1) + 1;
  const channelDims = dims.slice(first, end);
  const within = constant.dims.slice(Math.max(0, first - missing), Math.max(0, end - missing));
  const flat: Constant = { ...constant, dims: within };
  const { values } = pick(node, flat, repeated(node, within, channelDims));
  const weights = Float64Array.from(values, (c) => of(c).weight);
  const biases = Float64Array.from(values, (c) => of(c).bias);
  const inner = elementsOf(dims.slice(end));
  const operation = { kind: "affine", channels: weights.length, inner, activation: "none" } as const;
  return node.emit(operation, [input], dims, { weights, biases }, x.type);
}

/** y = x · weight + bias for all elements. */
export const emitScale = (node: NodeImport, x: Activation, weight: number, bias = 0): Activation =>
  node.emit({ kind: "affine", channels: 1, inner: elementsOf(x.dims), activation: "none" }, [x], x.dims, {
    weights: Float64Array.of(weight),
    biases: Float64Array.of(bias),
  });

/** The two with one shape. */
function broadcastPair(node: NodeImport, a: Activation, b: Activation): [Activation, Activation] {
  const dims = broadcastDims(node, a.dims, b.dims);
  return [pick(node, a, repeated(node, a.dims, dims)), pick(node, b, repeated(node, b.dims, dims))];
}

export function emitAdd(node: NodeImport, a: Activation, b: Activation, sign: 1 | -1 = 1): Activation {
  const [left, right] = broadcastPair(node, a, b);
  return node.emit({ kind: "add", signs: [1, sign], activation: "none" }, [left, right], left.dims, null, a.type);
}

export function emitMultiply(node: NodeImport, a: Activation, b: Activation): Activation {
  const [left, right] = broadcastPair(node, a, b);
  return node.emit({ kind: "multiply", activation: "none" }, [left, right], left.dims, null, a.type);
}

const FLOAT_MAX = 3.4028234663852886e38;
const FLOAT_MIN = 2 ** -126;

/** Where a function is known at all: who calibrates the network narrows this to what occurs. */
const lowOf = (name: TableFunction): number => (name === "log" ? FLOAT_MIN : name === "sqrt" ? 0 : -FLOAT_MAX);

export const emitTable = (node: NodeImport, name: TableFunction, x: Activation): Activation =>
  node.emit({ kind: "table", function: name, low: lowOf(name), high: FLOAT_MAX }, [x], x.dims);
