import { type Activation, elementsOf, type Value } from "../draft.ts";
import { emitScale, emitTable } from "../emit.ts";
import type { NodeImport, OperatorImport } from "../node-import.ts";
import { inverseOf, pick, transposed, withLast } from "../rewire.ts";
import { emitLargest } from "./windows.ts";

/** The value with some axes last, in rows of what lies along them. */
type Rows = { value: Activation; rows: number; columns: number; order: number[] };

function inRows(node: NodeImport, x: Activation, axes: readonly number[]): Rows {
  const order = withLast(x.dims.length, axes);
  const columns = elementsOf(axes.map((axis) => x.dims[axis] ?? 1));
  return { value: pick(node, x, transposed(node, x.dims, order)), rows: elementsOf(x.dims) / columns, columns, order };
}

/** The axes that are reduced; all of them where none is named, unless the operator says otherwise. */
function reducedAxes(node: NodeImport, rank: number): number[] {
  const named = node.integersAt(1, "axes");
  const axes = named?.map((axis) => node.axis(axis, rank)) ?? [];
  if (axes.length > 0) return [...new Set(axes)].sort((a, b) => a - b);
  return node.isSet("noop_with_empty_axes") ? [] : Array.from({ length: rank }, (_, axis) => axis);
}

/** Axes that are reduced, and the shape that is left of `dims`. */
type Reduction = { axes: number[]; dims: number[] };

function reductionOf(node: NodeImport, dims: readonly number[], axes: number[]): Reduction {
  const keeps = node.integer("keepdims", 1) !== 0;
  return { axes, dims: dims.flatMap((length, axis) => (axes.includes(axis) ? (keeps ? [1] : []) : [length])) };
}

const reduce =
  (emit: (node: NodeImport, x: Activation, reduction: Reduction) => Activation): OperatorImport =>
  (node) => {
    const x = node.activation(0);
    const reduction = reductionOf(node, x.dims, reducedAxes(node, x.dims.length));
    return reduction.axes.length > 0 ? emit(node, x, reduction) : x;
  };

/** Axes that lie side by side are added up where they are; others are moved together first. */
const addUp = (isMean: boolean) =>
  reduce((node, x, { axes, dims }) => {
    const [first = 0] = axes;
    const isBlock = axes.every((axis, i) => axis === first + i);
    const moved = isBlock ? x : inRows(node, x, axes).value;
    const start = isBlock ? first : x.dims.length - axes.length;
    const operation = {
      kind: "reduce",
      outer: elementsOf(moved.dims.slice(0, start)),
      elements: elementsOf(moved.dims.slice(start, start + axes.length)),
      inner: elementsOf(moved.dims.slice(start + axes.length)),
      isMean,
    } as const;
    return node.emit(operation, [moved], dims, null, x.type);
  });

const largest = reduce((node, x, { axes, dims }) => {
  const { value, rows, columns } = inRows(node, x, axes);
  return emitLargest(node, value, rows, columns, dims);
});

function argMax(node: NodeImport, x: Activation): Value {
  if (node.isSet("select_last_index"))
    throw node.unsupported("takes the last of equal numbers; only the first is proved");
  const axis = node.axis(node.integer("axis", 0), x.dims.length);
  const { value, rows, columns } = inRows(node, x, [axis]);
  const { dims } = reductionOf(node, x.dims, [axis]);
  return node.emit({ kind: "argMax", rows, columns }, [value], dims, null, "int64");
}

/** Along one axis; before operator set 13 over all axes from that one on. */
function emitSoftmax(node: NodeImport): Activation {
  const x = node.activation(0);
  const rank = x.dims.length;
  if (node.opset >= 13) return softmaxAlong(node, x, [node.axis(node.integer("axis", -1), rank)]);
  const first = node.axis(node.integer("axis", 1), rank);
  return softmaxAlong(
    node,
    x,
    x.dims.map((_, axis) => axis).filter((axis) => axis >= first),
  );
}

function softmaxAlong(node: NodeImport, x: Activation, axes: readonly number[]): Activation {
  const { value, rows, columns, order } = inRows(node, x, axes);
  const rowsOf = node.emit({ kind: "softmax", rows, columns }, [value], value.dims);
  return pick(node, rowsOf, transposed(node, value.dims, inverseOf(order)));
}

export const REDUCTIONS: Record<string, OperatorImport> = {
  ArgMax: (node) => argMax(node, node.activation(0)),
  ArgMin: (node) => argMax(node, emitScale(node, node.activation(0), -1)),
  LogSoftmax: (node) => emitTable(node, "log", emitSoftmax(node)),
  ReduceMax: largest,
  ReduceMean: addUp(true),
  ReduceSum: addUp(false),
  Softmax: emitSoftmax,
};
