import { type Activation, type Constant, elementsOf, type Value } from "./draft.ts";
import type { NodeImport } from "./node-import.ts";

/** What one step along each axis is in memory. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = (strides[axis + 1] ?? 1) * (dims[axis + 1] ?? 1);
  return strides;
}

/** Places along an axis of a shape that has `stride` there, first to last. */
export const along = (length: number, stride: number): number[] => Array.from({ length }, (_, i) => i * stride);

/** For each axis of a result the places in memory that its elements add, -1 for an element that is zero. */
export type Axes = readonly (readonly number[])[];

/**
 * Picks elements by the place that each axis adds: element [i, j] of the result is element axes[0][i] + axes[1][j] of the
 * value, or zero where one of them is -1.
 *
 * Transposing, cutting, padding, gathering, repeating: all are this. Constants are picked from at once; for activations a
 * layer is made, unless everything stays where it is.
 */
export function pick(node: NodeImport, value: Activation, axes: Axes): Activation;
export function pick(node: NodeImport, value: Constant, axes: Axes): Constant;
export function pick(node: NodeImport, value: Value, axes: Axes): Value;
export function pick(node: NodeImport, value: Value, axes: Axes): Value {
  const dims = axes.map(({ length }) => length);
  node.checkRank(dims);
  node.draft.spendOn(dims);
  if (elementsOf(dims) === 0 && value.kind === "activation") throw node.unsupported("leaves a tensor without elements");
  const at = placesOf(axes);
  if (value.kind === "constant") return { ...value, dims, values: pickValues(value.values, at) };
  const isInPlace = at.length === elementsOf(value.dims) && at.every((place, i) => place === i);
  return isInPlace ? { ...value, dims } : emitWiring(node, [value], dims, new Uint8Array(at.length), at);
}

export const emitWiring = (
  node: NodeImport,
  inputs: readonly Activation[],
  dims: readonly number[],
  from: Uint8Array,
  at: Int32Array,
): Activation => node.emit({ kind: "wiring", from, at }, inputs, dims, null, inputs[0]?.type);

function placesOf(axes: readonly (readonly number[])[]): Int32Array {
  if (axes.some(({ length }) => length === 0)) return new Int32Array();
  let places = Int32Array.of(0);
  for (const axis of axes) {
    const longer = new Int32Array(places.length * axis.length);
    let next = 0;
    for (const place of places) for (const step of axis) longer[next++] = place < 0 || step < 0 ? -1 : place + step;
    places = longer;
  }
  return places;
}

function pickValues(values: Float32Array | Float64Array, at: Int32Array): Float32Array | Float64Array {
  const picked = values instanceof Float32Array ? new Float32Array(at.length) : new Float64Array(at.length);
  for (let i = 0; i < at.length; i++) {
    const place = at[i] ?? -1;
    picked[i] = place < 0 ? 0 : (values[place] ?? 0);
  }
  return picked;
}

/** The axes in another order: axis i of the result is axis `order[i]` of the shape. */
export function transposed(node: NodeImport, dims: readonly number[], order: readonly number[]): Axes {
  node.draft.spend(dims.reduce((sum, length) => sum + length, 0));
  const strides = stridesOf(dims);
  return order.map((axis) => along(dims[axis] ?? 1, strides[axis] ?? 1));
}

/** What undoes a transposition. */
export const inverseOf = (order: readonly number[]): number[] => order.map((_, axis) => order.indexOf(axis));

/** All axes but those named, then those. */
export const withLast = (rank: number, last: readonly number[]): number[] => [
  ...Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !last.includes(axis)),
  ...last,
];

/** The shape that two shapes have together when each is repeated along the axes where it has one element. */
export function broadcastDims(node: NodeImport, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  node.checkRank(a.length > b.length ? a : b);
  return Array.from({ length: rank }, (_, axis) => {
    const lengthA = a[axis - rank + a.length] ?? 1;
    const lengthB = b[axis - rank + b.length] ?? 1;
    if (lengthA !== lengthB && lengthA !== 1 && lengthB !== 1)
      throw node.invalid(`joins the shapes [${a.join(", ")}] and [${b.join(", ")}], which do not fit`);
    return lengthA === 1 ? lengthB : lengthA;
  });
}

/** Repeats a shape so that it becomes one that `broadcastDims` gave. */
export function repeated(node: NodeImport, from: readonly number[], dims: readonly number[]): Axes {
  node.draft.spendOn(dims);
  const missing = dims.length - from.length;
  const strides = stridesOf(from);
  return dims.map((length, axis) =>
    along(length, from[axis - missing] === length ? (strides[axis - missing] ?? 0) : 0),
  );
}

/** The same elements in another shape. */
export function reshape(node: NodeImport, value: Activation, dims: readonly number[]): Activation;
export function reshape(node: NodeImport, value: Constant, dims: readonly number[]): Constant;
export function reshape(node: NodeImport, value: Value, dims: readonly number[]): Value;
export function reshape(node: NodeImport, value: Value, dims: readonly number[]): Value {
  node.checkRank(dims);
  if (elementsOf(dims) !== elementsOf(value.dims))
    throw node.invalid(
      `reshapes [${value.dims.join(", ")}] to [${dims.join(", ")}], which has another number of elements`,
    );
  return { ...value, dims };
}
