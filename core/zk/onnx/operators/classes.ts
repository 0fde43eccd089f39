import { type Activation, elementsOf, type Value } from "../draft.ts";
import { emitAffine, emitScale, emitTable } from "../emit.ts";
import type { NodeImport, OperatorImport } from "../node-import.ts";

const TRANSFORMS = ["NONE", "LOGISTIC", "SOFTMAX"];

/**
 * A classifier's label, as the place of its class, and its scores; those only after a transformation of which it is clear
 * what it does to these sums.
 */
export function emitClassification(
  node: NodeImport,
  sums: Activation,
  labels: readonly (string | number)[],
  clear: readonly string[] = TRANSFORMS,
): Value[] {
  const classes = sums.dims.at(-1) ?? 1;
  if (labels.length !== classes) throw node.invalid(`names ${labels.length} classes and has ${classes}`);
  node.draft.labels = labels.map(String);
  const rows = elementsOf(sums.dims) / classes;
  const label = node.emit({ kind: "argMax", rows, columns: classes }, [sums], [rows], null, "int64");
  const post = node.text("post_transform", "NONE");
  return clear.includes(post) ? [label, transformed(node, sums, post)] : [label];
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
function emitSums(node: NodeImport, coefficients: readonly number[], intercepts: readonly number[] | null): Activation {
  const x = node.activation(0);
  const inner = x.dims.at(-1) ?? 1;
  const outputs = coefficients.length / inner;
  const isFitting = Number.isInteger(outputs) && outputs > 0 && (intercepts?.length ?? outputs) === outputs;
  if (!isFitting) throw node.invalid(`has ${coefficients.length} coefficients for ${inner} features`);
  const weights = Float64Array.from(
    coefficients,
    (_, i) => coefficients[(i % outputs) * inner + Math.floor(i / outputs)] ?? 0,
  );
  const rows = elementsOf(x.dims) / inner;
  return node.emit({ kind: "linear", rows, inner, columns: outputs, activation: "none" }, [x], [rows, outputs], {
    weights,
    biases: intercepts ? Float64Array.from(intercepts) : new Float64Array(outputs),
  });
}

function linearRegressor(node: NodeImport): Value {
  const sums = emitSums(node, node.numbers("coefficients") ?? [], node.numbers("intercepts"));
  if (sums.dims.at(-1) !== node.integer("targets", 1)) throw node.invalid("has coefficients for other targets");
  return transformed(node, sums, node.text("post_transform", "NONE"));
}

function linearClassifier(node: NodeImport): Value[] {
  const labels = node.texts("classlabels_strings") ?? node.integers("classlabels_ints") ?? [];
  const coefficients = node.numbers("coefficients") ?? [];
  const intercepts = node.numbers("intercepts");
  const isOneSided = labels.length === 2 && coefficients.length === node.activation(0).dims.at(-1);
  if (!isOneSided) return emitClassification(node, emitSums(node, coefficients, intercepts), labels);
  // Of two classes one alone has a sum: the other has its negative.
  const both = [...coefficients.map((coefficient) => -coefficient), ...coefficients];
  const sums = emitSums(node, both, intercepts?.flatMap((sum) => [-sum, sum]) ?? null);
  return emitClassification(node, sums, labels, ["LOGISTIC"]);
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

/** Scores that are put beside their classes' names: the names are kept beside the network. */
function zipMap(node: NodeImport): Value {
  const [texts, integers] = [node.texts("classlabels_strings"), node.integers("classlabels_int64s")];
  node.draft.labels = (texts ?? integers ?? []).map(String);
  return node.input(0);
}

export const CLASSES: Record<string, OperatorImport> = {
  ArrayFeatureExtractor: nameOfClass,
  LinearClassifier: linearClassifier,
  LinearRegressor: linearRegressor,
  Scaler: scaler,
  ZipMap: zipMap,
};
