import { type Activation, type Constant, elementsOf, type Value } from "../draft.ts";
import { emitAffine, emitScale } from "../emit.ts";
import type { NodeImport, OperatorImport } from "../node-import.ts";
import { pick, reshape, transposed } from "../rewire.ts";
import { addValues } from "./arithmetic.ts";

/** y[…, column] = Σ x[…, k] · w[k, column] */
function emitLinear(node: NodeImport, x: Activation, weights: Constant): Activation {
  const [inner = 0, columns = 0] = weights.dims;
  if (x.dims.at(-1) !== inner)
    throw node.invalid(`multiplies [${x.dims.join(", ")}] with [${weights.dims.join(", ")}], which do not fit`);
  if (inner === 0 || columns === 0) throw node.invalid("has no weights");
  const rows = elementsOf(x.dims) / inner;
  node.draft.spendOperations(rows * inner * columns);
  const learnt = { weights: new Float64Array(weights.values), biases: new Float64Array(columns) };
  return node.emit(
    { kind: "linear", rows, inner, columns, activation: "none" },
    [x],
    [...x.dims.slice(0, -1), columns],
    learnt,
  );
}

const flip = (node: NodeImport, { dims }: Value) => transposed(node, dims, [1, 0]);

function gemm(node: NodeImport): Value {
  const [a, b] = [node.input(0), node.input(1)];
  if (a.dims.length !== 2 || b.dims.length !== 2) throw node.invalid("multiplies what are no matrices");
  if (a.kind === b.kind) throw node.unsupported(productOf(a));
  const [alpha, beta] = [node.number("alpha", 1), node.number("beta", 1)];
  const left = node.isSet("transA") ? pick(node, a, flip(node, a)) : a;
  const right = node.isSet("transB") ? pick(node, b, flip(node, b)) : b;
  const product = multiplyMatrices(node, left, right);
  const scaled = alpha === 1 ? product : emitScale(node, product, alpha);
  const addend = node.optional(2);
  if (!addend || beta === 0) return scaled;
  if (addend.kind === "constant") return emitAffine(node, scaled, addend, (c) => ({ weight: 1, bias: beta * c }));
  return addValues(node, scaled, beta === 1 ? addend : emitScale(node, addend, beta));
}

const productOf = (a: Value): string =>
  a.kind === "constant"
    ? "multiplies two constants"
    : "multiplies two matrices that are both computed (as attention does)";

function matMul(node: NodeImport): Value {
  const [a, b] = [node.input(0), node.input(1)];
  if (a.kind === b.kind) throw node.unsupported(productOf(a));
  return multiplyMatrices(node, a, b);
}

/** A product of which one side is constant. */
function multiplyMatrices(node: NodeImport, a: Value, b: Value): Activation {
  if (a.kind === "activation" && b.kind === "constant") return multiplyRight(node, a, b);
  if (a.kind === "constant" && b.kind === "activation") return multiplyLeft(node, a, b);
  throw node.unsupported(productOf(a));
}

function multiplyRight(node: NodeImport, x: Activation, weights: Constant): Activation {
  if (weights.dims.length === 0 || x.dims.length === 0) throw node.invalid("multiplies what is no matrix");
  if (weights.dims.length === 1) {
    const column = emitLinear(node, x, reshape(node, weights, [weights.dims[0] ?? 0, 1]));
    return reshape(node, column, column.dims.slice(0, -1));
  }
  const leading = weights.dims.slice(0, -2);
  if (elementsOf(leading) !== 1) throw node.unsupported("has weights of its own for each of several matrices");
  const product = emitLinear(node, x, reshape(node, weights, weights.dims.slice(-2)));
  const missing = Math.max(0, leading.length + 2 - Math.max(2, product.dims.length));
  return reshape(node, product, [...Array(x.dims.length === 1 ? leading.length : missing).fill(1), ...product.dims]);
}

/** A · x is the transpose of xᵀ · Aᵀ. */
function multiplyLeft(node: NodeImport, weights: Constant, x: Activation): Activation {
  if (weights.dims.length > 2 || x.dims.length > 2)
    throw node.unsupported("multiplies weights with a stack of matrices");
  if (weights.dims.length === 0 || x.dims.length === 0) throw node.invalid("multiplies what is no matrix");
  const matrix = weights.dims.length === 1 ? reshape(node, weights, [1, ...weights.dims]) : weights;
  const rows = x.dims.length === 2 ? pick(node, x, flip(node, x)) : x;
  const product = emitLinear(node, rows, pick(node, matrix, flip(node, matrix)));
  const upright = product.dims.length === 2 ? pick(node, product, flip(node, product)) : product;
  return weights.dims.length === 1 ? reshape(node, upright, x.dims.length === 2 ? [x.dims[1] ?? 1] : []) : upright;
}

export const LINEAR: Record<string, OperatorImport> = { Gemm: gemm, MatMul: matMul };
