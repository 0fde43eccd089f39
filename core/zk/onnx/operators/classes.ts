import { type Activation, elementsOf, type Value } from "../draft.ts";
import { emitAffine, emitScale, emitTable } from "../emit.ts";
import type { NodeImport, OperatorImport } from "../node-import.ts";
import { broadcastDims, pick, repeated } from "../rewire.ts";

/**
 * A classifier's label and scores from the sums for its classes.
 *
 * `oneSided` is of a classifier of two classes that has a sum for one of them alone: as a probability it leaves to the
 * other what it lacks to 1, as a margin its negative.
 */
export function emitClassification(
  node: NodeImport,
  sums: Activation,
  oneSided: "probability" | "margin" | null,
): Value[] {
  const labels =
    node.texts("classlabels_strings") ?? node.integers("classlabels_ints") ?? node.integers("classlabels_int64s");
  const both = oneSided ? bothSides(node, sums, oneSided) : sums;
  const classes = both.dims.at(-1) ?? 1;
  if (labels?.length !== classes) throw node.invalid(`names ${labels?.length ?? 0} classes and has ${classes}`);
  node.draft.labels = labels.map(String);
  const rows = elementsOf(both.dims) / classes;
  const label = node.emit({ kind: "argMax", rows, columns: classes }, [both], [rows], null, "int64");
  return [label, transformed(node, both, node.text("post_transform", "NONE"))];
}

/** From the sum s of a row: [1 - s, s] or [-s, s]. */
function bothSides(node: NodeImport, sums: Activation, kind: "probability" | "margin"): Activation {
  const twice = pick(node, sums, repeated(node, sums.dims, broadcastDims(node, sums.dims, [1, 2])));
  const inner = elementsOf(twice.dims) / 2;
  if (inner !== 1) throw node.unsupported("classifies several rows at once");
  return node.emit({ kind: "affine", channels: 2, inner, activation: "none" }, [twice], twice.dims, {
    weights: Float64Array.of(-1, 1),
    biases: Float64Array.of(kind === "probability" ? 1 : 0, 0),
  });
}

function transformed(node: NodeImport, sums: Activation, post: string): Activation {
  const columns = sums.dims.at(-1) ?? 1;
  if (post === "NONE") return sums;
  if (post === "LOGISTIC") return emitTable(node, "sigmoid", sums);
  if (post === "SOFTMAX")
    return node.emit({ kind: "softmax", rows: elementsOf(sums.dims) / columns, columns }, [sums], sums.dims);
  throw node.unsupported(`ends in the function ${post}`);
}

/** y = x · coefficientsᵀ + intercepts, with a row of coefficients for each output. */
function emitSums(node: NodeImport, outputs: number): Activation {
  const x = node.activation(0);
  const inner = x.dims.at(-1) ?? 1;
  const coefficients = node.numbers("coefficients") ?? [];
  const intercepts = node.numbers("intercepts") ?? Array<number>(outputs).fill(0);
  if (outputs < 1 || coefficients.length !== outputs * inner || intercepts.length !== outputs)
    throw node.invalid(`has ${coefficients.length} coefficients for ${inner} features`);
  const weights = Float64Array.from(
    coefficients,
    (_, i) => coefficients[(i % outputs) * inner + Math.floor(i / outputs)] ?? 0,
  );
  const rows = elementsOf(x.dims) / inner;
  return node.emit({ kind: "linear", rows, inner, columns: outputs, activation: "none" }, [x], [rows, outputs], {
    weights,
    biases: Float64Array.from(intercepts),
  });
}

function linearRegressor(node: NodeImport): Value {
  return transformed(node, emitSums(node, node.integer("targets", 1)), node.text("post_transform", "NONE"));
}

function linearClassifier(node: NodeImport): Value[] {
  const classes = (node.texts("classlabels_strings") ?? node.integers("classlabels_ints") ?? []).length;
  const inner = node.activation(0).dims.at(-1) ?? 1;
  const outputs = (node.numbers("coefficients") ?? []).length / inner;
  return emitClassification(node, emitSums(node, outputs), classes === 2 && outputs === 1 ? "margin" : null);
}

/** y = (x - offset) · scale */
function scaler(node: NodeImport): Value {
  const x = node.activation(0);
  const [offsets, factors] = [node.numbers("offset") ?? [0], node.numbers("scale") ?? [1]];
  const features = x.dims.at(-1) ?? 1;
  if ([offsets, factors].some(({ length }) => length !== 1 && length !== features))
    throw node.invalid(`has numbers that do not fit its ${features} features`);
  if (offsets.length === 1 && factors.length === 1)
    return emitScale(node, x, factors[0] ?? 1, -(offsets[0] ?? 0) * (factors[0] ?? 1));
  const of = (list: number[], i: number) => list[list.length === 1 ? 0 : i] ?? 0;
  const places = {
    kind: "constant",
    type: "float32",
    dims: [features],
    values: Float64Array.from({ length: features }, (_, i) => i),
  } as const;
  return emitAffine(node, x, places, (i) => ({ weight: of(factors, i), bias: -of(offsets, i) * of(factors, i) }));
}

/** The name of the class whose place was computed: the place goes on, and the names are kept beside the network. */
function nameOfClass(node: NodeImport): Value {
  const [names, place] = [node.constant(0), node.activation(1)];
  if (place.type !== "int64" || names.dims.length > 2 || elementsOf(names.dims) !== (names.dims.at(-1) ?? 0))
    throw node.unsupported("picks by what is computed");
  node.draft.labels = Array.from(names.values, String);
  return { ...place, dims: [1, elementsOf(place.dims)] };
}

export const CLASSES: Record<string, OperatorImport> = {
  ArrayFeatureExtractor: nameOfClass,
  LinearClassifier: linearClassifier,
  LinearRegressor: linearRegressor,
  Scaler: scaler,
  ZipMap: (node) => node.input(0),
};
