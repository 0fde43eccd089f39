import { isFloat } from "../decode-tensor.ts";
import type { Constant, Value } from "../draft.ts";
import { emitAdd, emitAffine, emitMultiply, emitTable } from "../emit.ts";
import type { NodeImport, OperatorImport } from "../node-import.ts";
import { broadcastDims, pick, repeated } from "../rewire.ts";

type Binary = (a: number, b: number) => number;

/** Two constants, number by number. */
export function foldConstants(node: NodeImport, a: Constant, b: Constant, of: Binary): Constant {
  const dims = broadcastDims(node, a.dims, b.dims);
  const [left, right] = [pick(node, a, repeated(node, a.dims, dims)), pick(node, b, repeated(node, b.dims, dims))];
  const values = left.values.map((value, i) => of(value, right.values[i] ?? 0));
  if (!values.every(Number.isFinite)) throw node.invalid("makes numbers of its constants that are infinite or none");
  return { kind: "constant", type: a.type, dims, values };
}

export function addValues(node: NodeImport, a: Value, b: Value): Value {
  if (a.kind === "constant") {
    if (b.kind === "constant") return foldConstants(node, a, b, (x, y) => x + y);
    return emitAffine(node, b, a, (c) => ({ weight: 1, bias: c }));
  }
  return b.kind === "constant" ? emitAffine(node, a, b, (c) => ({ weight: 1, bias: c })) : emitAdd(node, a, b);
}

function subtract(node: NodeImport): Value {
  const [a, b] = [node.input(0), node.input(1)];
  if (a.kind === "constant") {
    if (b.kind === "constant") return foldConstants(node, a, b, (x, y) => x - y);
    return emitAffine(node, b, a, (c) => ({ weight: -1, bias: c }));
  }
  return b.kind === "constant" ? emitAffine(node, a, b, (c) => ({ weight: 1, bias: -c })) : emitAdd(node, a, b, -1);
}

function multiply(node: NodeImport): Value {
  const [a, b] = [node.input(0), node.input(1)];
  if (a.kind === "constant") {
    if (b.kind === "constant") return foldConstants(node, a, b, (x, y) => x * y);
    return emitAffine(node, b, a, (c) => ({ weight: c, bias: 0 }));
  }
  return b.kind === "constant" ? emitAffine(node, a, b, (c) => ({ weight: c, bias: 0 })) : emitMultiply(node, a, b);
}

function divide(node: NodeImport): Value {
  const [a, b] = [node.input(0), node.input(1)];
  if (a.kind === "constant" && b.kind === "constant")
    return foldConstants(node, a, b, isFloat(a.type) ? (x, y) => x / y : (x, y) => Math.trunc(x / y));
  if (!isFloat(a.type)) throw node.unsupported("divides whole numbers");
  if (b.kind === "constant") {
    if (a.kind === "constant") throw node.invalid("has no input that is computed");
    return emitAffine(node, a, b, (c) => ({ weight: 1 / c, bias: 0 }));
  }
  const reciprocal = emitTable(node, "reciprocal", b);
  return a.kind === "constant"
    ? emitAffine(node, reciprocal, a, (c) => ({ weight: c, bias: 0 }))
    : emitMultiply(node, a, reciprocal);
}

/** Powers that are few multiplications, a root or a reciprocal. */
function power(node: NodeImport): Value {
  const [x, exponents] = [node.input(0), node.constant(1)];
  if (x.kind === "constant") return foldConstants(node, x, exponents, (a, b) => a ** b);
  const exponent = exponents.values[0];
  if (exponents.values.some((other) => other !== exponent)) throw node.unsupported("has more than one exponent");
  if (exponent === 1) return x;
  if (exponent === 2) return emitMultiply(node, x, x);
  if (exponent === 3) return emitMultiply(node, emitMultiply(node, x, x), x);
  if (exponent === 0.5) return emitTable(node, "sqrt", x);
  if (exponent === -1) return emitTable(node, "reciprocal", x);
  throw node.unsupported(`raises to the power ${exponent}`);
}

function sum(node: NodeImport): Value {
  return node.inputs.map((_, i) => node.input(i)).reduce((total, value) => addValues(node, total, value));
}

/** Two constants that are compared, as exporters do where they work out shapes. */
const compare =
  (of: Binary): OperatorImport =>
  (node) => ({
    ...foldConstants(node, node.constant(0), node.constant(1), of),
    type: "bool",
  });

function choose(node: NodeImport): Value {
  const [condition, a, b] = [node.constant(0), node.constant(1), node.constant(2)];
  const dims = broadcastDims(node, broadcastDims(node, condition.dims, a.dims), b.dims);
  const [decides, left, right] = [condition, a, b].map((value) => pick(node, value, repeated(node, value.dims, dims)));
  const values = Float64Array.from(decides?.values ?? [], (is, i) => (is ? left : right)?.values[i] ?? 0);
  return { kind: "constant", type: a.type, dims, values };
}

export const ARITHMETIC: Record<string, OperatorImport> = {
  Add: (node) => addValues(node, node.input(0), node.input(1)),
  Sub: subtract,
  Mul: multiply,
  Div: divide,
  Pow: power,
  Sum: sum,
  Equal: compare((a, b) => Number(a === b)),
  Greater: compare((a, b) => Number(a > b)),
  Less: compare((a, b) => Number(a < b)),
  Where: choose,
};
