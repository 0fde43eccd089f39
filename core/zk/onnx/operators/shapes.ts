import { type Constant, elementsOf, type Value } from "../draft.ts";
import type { NodeImport, OperatorImport } from "../node-import.ts";
import { along, broadcastDims, emitWiring, pick, repeated, reshape, stridesOf, transposed } from "../rewire.ts";
import { asCount, isLength } from "./constants.ts";

function flatten(node: NodeImport): Value {
  const x = node.input(0);
  const rank = x.dims.length;
  const listed = node.integer("axis", 1);
  const axis = node.axis(listed < 0 ? listed + rank : listed, rank + 1);
  return reshape(node, x, [elementsOf(x.dims.slice(0, axis)), elementsOf(x.dims.slice(axis))]);
}

function reshapeTo(node: NodeImport): Value {
  const x = node.input(0);
  const wanted = Array.from(node.constant(1).values);
  const keepsZero = node.isSet("allowzero");
  const dims = wanted.map((length, axis) => (length === 0 && !keepsZero ? (x.dims[axis] ?? 0) : length));
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = elementsOf(x.dims) / elementsOf(dims.filter((_, axis) => axis !== open));
  if (!dims.every(isLength)) throw node.invalid(`reshapes [${x.dims.join(", ")}] to [${wanted.join(", ")}]`);
  return reshape(node, x, dims);
}

function transpose(node: NodeImport): Value {
  const x = node.input(0);
  const order = node.integers("perm") ?? x.dims.map((_, axis) => x.dims.length - 1 - axis);
  const isOrder = order.length === x.dims.length && x.dims.every((_, axis) => order.includes(axis));
  if (!isOrder) throw node.invalid(`has [${order.join(", ")}] as the order of ${x.dims.length} axes`);
  return pick(node, x, transposed(node, x.dims, order));
}

function squeeze(node: NodeImport): Value {
  const x = node.input(0);
  const axes = node.integersAt(1, "axes")?.map((axis) => node.axis(axis, x.dims.length));
  if (axes?.some((axis) => x.dims[axis] !== 1)) throw node.invalid("squeezes an axis that has more than one element");
  return reshape(
    node,
    x,
    x.dims.filter((length, axis) => (axes ? !axes.includes(axis) : length !== 1)),
  );
}

function unsqueeze(node: NodeImport): Value {
  const x = node.input(0);
  const listed = node.integersAt(1, "axes");
  if (!listed || listed.length > 8) throw node.invalid("does not say which axes it adds");
  const rank = x.dims.length + listed.length;
  const axes = listed.map((axis) => node.axis(axis, rank));
  if (new Set(axes).size !== axes.length) throw node.invalid("adds an axis twice");
  const rest = [...x.dims];
  return reshape(
    node,
    x,
    Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : (rest.shift() ?? 1))),
  );
}

/** Values one after the other along an axis. */
function concat(node: NodeImport): Value {
  const values = node.inputs.map((_, index) => node.input(index));
  const first = node.input(0);
  const axis = node.axis(node.integer("axis", 0), first.dims.length);
  const isFitting = values.every(
    ({ dims }) =>
      dims.length === first.dims.length && dims.every((length, i) => i === axis || length === first.dims[i]),
  );
  if (!isFitting) throw node.invalid("joins shapes that do not fit");
  const lengths = values.map(({ dims }) => dims[axis] ?? 0);
  const dims = first.dims.with(
    axis,
    lengths.reduce((a, b) => a + b, 0),
  );
  node.draft.spendOn(dims);
  const outer = elementsOf(first.dims.slice(0, axis));
  const inner = elementsOf(first.dims.slice(axis + 1));
  const parts = values
    .map((value, i) => ({ value, block: (lengths[i] ?? 0) * inner }))
    .filter(({ block }) => block > 0);
  if (parts.every(({ value }) => value.kind === "constant")) return joinConstants(first.type, parts, dims, outer);
  return joinComputed(node, parts, dims, outer);
}

/** A value of which `block` elements follow each other, again and again. */
type Part = { value: Value; block: number };

function joinConstants(type: Constant["type"], parts: readonly Part[], dims: number[], outer: number): Constant {
  const values = new Float64Array(elementsOf(dims));
  let next = 0;
  for (let o = 0; o < outer && next < values.length; o++)
    for (const { value, block } of parts) {
      if (value.kind === "constant") values.set(value.values.subarray(o * block, (o + 1) * block), next);
      next += block;
    }
  return { kind: "constant", type, dims, values };
}

/** Zeros may stand among what is computed; other constants would need a layer of their own. */
function joinComputed(node: NodeImport, parts: readonly Part[], dims: number[], outer: number): Value {
  const computed = parts.flatMap(({ value }) => (value.kind === "activation" ? [value] : []));
  if (computed.length > 64) throw node.unsupported("joins more than 64 tensors");
  if (parts.some(({ value }) => value.kind === "constant" && value.values.some((number) => number !== 0)))
    throw node.unsupported("joins constants with what is computed");
  const from = new Uint8Array(elementsOf(dims));
  const at = new Int32Array(elementsOf(dims)).fill(-1);
  let next = 0;
  for (let o = 0; o < outer; o++) {
    let source = 0;
    for (const { value, block } of parts) {
      if (value.kind === "activation") {
        from.fill(source++, next, next + block);
        for (let i = 0; i < block; i++) at[next + i] = o * block + i;
      }
      next += block;
    }
  }
  return emitWiring(node, computed, dims, from, at);
}

/** Zeros around a tensor, its edge repeated, itself mirrored or begun anew; fewer elements where a pad is negative. */
function pad(node: NodeImport): Value {
  const x = node.input(0);
  const rank = x.dims.length;
  const axes = node.optionalConstant(3)?.values ?? x.dims.map((_, axis) => axis);
  const listed = node.constant(1).values;
  const mode = node.text("mode", "constant");
  if (listed.length !== 2 * axes.length || axes.length > rank) throw node.invalid("has pads that do not fit its axes");
  if (!["constant", "edge", "reflect", "wrap"].includes(mode)) throw node.unsupported(`pads in the mode ${mode}`);
  if (mode === "constant" && node.optionalConstant(2)?.values.some((value) => value !== 0))
    throw node.unsupported("pads with another number than zero");
  const before = x.dims.map(() => 0);
  const after = x.dims.map(() => 0);
  axes.forEach((named, i) => {
    const axis = node.axis(named, rank);
    before[axis] = listed[i] ?? 0;
    after[axis] = listed[i + axes.length] ?? 0;
  });
  const lengths = x.dims.map((length, axis) => length + (before[axis] ?? 0) + (after[axis] ?? 0));
  if (!lengths.every((length) => isLength(length) && length > 0)) throw node.invalid("pads to no shape");
  node.draft.spendOn(lengths);
  const strides = stridesOf(x.dims);
  return pick(
    node,
    x,
    lengths.map((length, axis) =>
      along(length, 1).map((place) => {
        const source = sourceOf(mode, place - (before[axis] ?? 0), x.dims[axis] ?? 1);
        return source < 0 ? -1 : source * (strides[axis] ?? 1);
      }),
    ),
  );
}

/** Which element stands at a place along an axis, by the mode of a Pad; -1 is zero. */
function sourceOf(mode: string, place: number, length: number): number {
  if (place >= 0 && place < length) return place;
  if (mode === "constant") return -1;
  if (mode === "edge") return place < 0 ? 0 : length - 1;
  if (mode === "wrap") return ((place % length) + length) % length;
  const period = Math.max(1, 2 * (length - 1));
  const within = ((place % period) + period) % period;
  return within < length ? within : period - within;
}

function slice(node: NodeImport): Value {
  const x = node.input(0);
  const [starts, ends] = [node.constant(1).values, node.constant(2).values];
  const axes = node.optionalConstant(3)?.values ?? starts.map((_, i) => i);
  const steps = node.optionalConstant(4)?.values;
  if (axes.length > x.dims.length || starts.length !== axes.length || ends.length !== axes.length)
    throw node.invalid("cuts along axes that do not fit");
  const places = [...transposed(node, x.dims, along(x.dims.length, 1))];
  axes.forEach((listed, i) => {
    const axis = node.axis(listed, x.dims.length);
    const whole = places[axis] ?? [];
    const step = steps?.[i] ?? 1;
    if (step === 0 || !Number.isInteger(step)) throw node.invalid("cuts with a step of 0");
    places[axis] = cut(whole, starts[i] ?? 0, ends[i] ?? 0, step);
  });
  return pick(node, x, places);
}

function cut(places: readonly number[], start: number, end: number, step: number): number[] {
  const { length } = places;
  const clamp = (at: number, low: number, high: number) => Math.min(high, Math.max(low, at < 0 ? at + length : at));
  const kept: number[] = [];
  if (step > 0)
    for (let at = clamp(start, 0, length); at < clamp(end, 0, length); at += step) kept.push(places[at] ?? 0);
  else
    for (let at = clamp(start, 0, length - 1); at > clamp(end, -1, length - 1); at += step) kept.push(places[at] ?? 0);
  return kept;
}

function split(node: NodeImport): Value[] {
  const x = node.input(0);
  const axis = node.axis(node.integer("axis", 0), x.dims.length);
  const length = x.dims[axis] ?? 1;
  const count = node.integer("num_outputs", node.node.outputs.length);
  const even = Math.ceil(length / count);
  const sizes =
    node.integersAt(1, "split") ??
    Array.from({ length: node.node.outputs.length }, (_, i) => Math.min(even, length - i * even));
  if (
    sizes.length !== node.node.outputs.length ||
    sizes.reduce((a, b) => a + b, 0) !== length ||
    !sizes.every(isLength)
  )
    throw node.invalid(`splits ${length} elements into [${sizes.join(", ")}]`);
  const places = transposed(node, x.dims, along(x.dims.length, 1));
  let next = 0;
  return sizes.map((size) => {
    const part = places[axis]?.slice(next, next + size) ?? [];
    next += size;
    return pick(node, x, places.toSpliced(axis, 1, part));
  });
}

function gather(node: NodeImport): Value {
  const [x, indices] = [node.input(0), node.constant(1)];
  const axis = node.axis(node.integer("axis", 0), x.dims.length);
  const length = x.dims[axis] ?? 1;
  const places = transposed(node, x.dims, along(x.dims.length, 1));
  const chosen = Array.from(indices.values, (index) => (places[axis] ?? [])[node.axis(index, length)] ?? 0);
  const picked = pick(node, x, places.toSpliced(axis, 1, chosen));
  return reshape(node, picked, [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)]);
}

function expand(node: NodeImport): Value {
  const x = node.input(0);
  const wanted = Array.from(node.constant(1).values, (length) => asCount(node, length));
  return pick(node, x, repeated(node, x.dims, broadcastDims(node, x.dims, wanted)));
}

function tile(node: NodeImport): Value {
  const x = node.input(0);
  const repeats = Array.from(node.constant(1).values, (times) => asCount(node, times));
  if (repeats.length !== x.dims.length) throw node.invalid("has repeats that do not fit its axes");
  node.draft.spendOn(x.dims.map((length, axis) => length * (repeats[axis] ?? 1)));
  const strides = stridesOf(x.dims);
  return pick(
    node,
    x,
    x.dims.map((length, axis) =>
      along(length * (repeats[axis] ?? 1), 1).map((i) => (i % length) * (strides[axis] ?? 1)),
    ),
  );
}

/** Squares of elements side by side become channels, or channels such squares. */
const blocks =
  (toDepth: boolean): OperatorImport =>
  (node) => {
    const x = node.input(0);
    const size = asCount(node, node.integer("blocksize", 0));
    const [n = 1, c = 1, h = 1, w = 1] = x.dims;
    if (x.dims.length !== 4 || size === 0) throw node.invalid("reads what is no image");
    if (toDepth) {
      const parted = reshape(node, x, [n, c, h / size, size, w / size, size]);
      return reshape(node, pick(node, parted, transposed(node, parted.dims, [0, 3, 5, 1, 2, 4])), [
        n,
        c * size * size,
        h / size,
        w / size,
      ]);
    }
    const isColumnFirst = node.text("mode", "DCR") === "CRD";
    const depth = c / (size * size);
    const parted = reshape(node, x, isColumnFirst ? [n, depth, size, size, h, w] : [n, size, size, depth, h, w]);
    const order = isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
    return reshape(node, pick(node, parted, transposed(node, parted.dims, order)), [n, depth, h * size, w * size]);
  };

const same: OperatorImport = (node) => node.input(0);

function dropout(node: NodeImport): Value {
  // The ratio, which counts in training alone.
  node.optional(1);
  if (node.optionalConstant(2)?.values[0])
    throw node.unsupported("was exported for training; export the model in evaluation mode");
  return node.input(0);
}

export const SHAPES: Record<string, OperatorImport> = {
  Concat: concat,
  DepthToSpace: blocks(false),
  Dropout: dropout,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  Identity: same,
  Pad: pad,
  Reshape: reshapeTo,
  Slice: slice,
  SpaceToDepth: blocks(true),
  Split: split,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
