import type { TableFunction } from "../../network.ts";
import { TABLE_VALUES } from "../../table-functions.ts";
import type { Activation, Constant, Value } from "../draft.ts";
import { emitAdd, emitAffine, emitMultiply, emitScale, emitTable } from "../emit.ts";
import type { NodeImport, OperatorImport } from "../node-import.ts";
import { addValues, foldConstants } from "./arithmetic.ts";

/** Beyond this there are no floats. */
const FLOAT_MAX = 3.4028234663852886e38;

function mapConstant(node: NodeImport, value: Constant, of: (x: number) => number): Constant {
  const values = value.values.map(of);
  if (!values.every(Number.isFinite)) throw node.invalid("makes numbers of its constants that are infinite or none");
  return { ...value, values };
}

/** A function of one number, by a layer where the number is computed. */
const elementwise =
  (of: (x: number) => number, emit: (node: NodeImport, x: Activation) => Value): OperatorImport =>
  (node) => {
    const x = node.input(0);
    return x.kind === "constant" ? mapConstant(node, x, of) : emit(node, x);
  };

const table = (name: TableFunction): OperatorImport =>
  elementwise(TABLE_VALUES[name], (node, x) => emitTable(node, name, x));

const emitRelu = (node: NodeImport, x: Activation): Activation =>
  node.emit({ kind: "relu" }, [x], x.dims, null, x.type);

const emitClip = (node: NodeImport, x: Activation, low: number | null, high: number | null): Activation =>
  low === 0 && high === null ? emitRelu(node, x) : node.emit({ kind: "clip", low, high }, [x], x.dims, null, x.type);

/** max(x, 0) + below(min(x, 0)): what is done to numbers below zero alone. */
const emitBelowZero = (node: NodeImport, x: Activation, below: (x: Activation) => Activation): Activation =>
  emitAdd(node, emitRelu(node, x), below(emitClip(node, x, null, 0)));

function emitLeaky(node: NodeImport, x: Activation, alpha: number): Activation {
  if (alpha >= 0 && alpha <= 8) return node.emit({ kind: "leakyRelu", alpha }, [x], x.dims);
  return emitBelowZero(node, x, (negative) => emitScale(node, negative, alpha));
}

function prelu(node: NodeImport): Value {
  const [x, slope] = [node.activation(0), node.constant(1)];
  const [first = 0] = slope.values;
  if (slope.values.every((other) => other === first)) return emitLeaky(node, x, first);
  return emitBelowZero(node, x, (negative) => emitAffine(node, negative, slope, (c) => ({ weight: c, bias: 0 })));
}

/** elu(x) = alpha · (e^x - 1) below zero. */
function emitElu(node: NodeImport, x: Activation, alpha: number): Activation {
  if (alpha === 1) return emitTable(node, "elu", x);
  return emitBelowZero(node, x, (negative) => emitScale(node, emitTable(node, "elu", negative), alpha));
}

function selu(node: NodeImport): Value {
  const [alpha, gamma] = [node.number("alpha", Math.fround(1.6732632)), node.number("gamma", Math.fround(1.050701))];
  return emitScale(node, emitElu(node, node.activation(0), alpha), gamma);
}

function softsign(node: NodeImport): Value {
  const x = node.activation(0);
  return emitMultiply(node, x, emitTable(node, "reciprocal", emitScale(node, emitTable(node, "abs", x), 1, 1)));
}

/** An infinite bound, or none that floats know, is none. */
const bound = (value: number | undefined): number | null =>
  value === undefined || Math.abs(value) >= FLOAT_MAX ? null : value;

function clip(node: NodeImport): Value {
  const low = bound(node.optionalConstant(1)?.values[0]);
  const high = bound(node.optionalConstant(2)?.values[0]);
  const x = node.input(0);
  if (x.kind === "activation") return low === null && high === null ? x : emitClip(node, x, low, high);
  return mapConstant(node, x, (value) => Math.min(high ?? FLOAT_MAX, Math.max(low ?? -FLOAT_MAX, value)));
}

/** The larger or smaller of all inputs, number by number. One constant number is a bound. */
const extreme =
  (side: "low" | "high", of: (a: number, b: number) => number): OperatorImport =>
  (node) =>
    node.inputs
      .map((_, index) => node.input(index))
      .reduce((a, b) => {
        if (a.kind === "constant" && b.kind === "constant") return foldConstants(node, a, b, of);
        const [x, other] = a.kind === "activation" ? [a, b] : [b, a];
        if (x.kind === "constant") throw node.invalid("has no input that is computed");
        const [limit] = other.kind === "constant" && other.values.length === 1 ? other.values : [];
        if (limit !== undefined)
          return emitClip(node, x, side === "low" ? limit : null, side === "high" ? limit : null);
        return side === "low" ? emitLarger(node, x, other) : emitSmaller(node, x, other);
      });

/** max(x, y) = y + relu(x - y) */
const emitLarger = (node: NodeImport, x: Activation, y: Value): Value =>
  addValues(node, emitRelu(node, emitDifference(node, x, y)), y);

/** min(x, y) = x - relu(x - y) */
const emitSmaller = (node: NodeImport, x: Activation, y: Value): Value =>
  emitAdd(node, x, emitRelu(node, emitDifference(node, x, y)), -1);

const emitDifference = (node: NodeImport, x: Activation, y: Value): Activation =>
  y.kind === "constant" ? emitAffine(node, x, y, (c) => ({ weight: 1, bias: -c })) : emitAdd(node, x, y, -1);

function hardSigmoid(node: NodeImport): Value {
  const x = node.activation(0);
  const [alpha, beta] = [node.number("alpha", Math.fround(0.2)), node.number("beta", 0.5)];
  if (alpha === Math.fround(0.2) && beta === 0.5) return emitTable(node, "hardSigmoid", x);
  return emitClip(node, emitScale(node, x, alpha, beta), 0, 1);
}

function gelu(node: NodeImport): Value {
  if (node.text("approximate", "none") !== "none")
    throw node.unsupported("approximates by tanh; export it with the exact function");
  return emitTable(node, "gelu", node.activation(0));
}

function swish(node: NodeImport): Value {
  const x = node.activation(0);
  const alpha = node.number("alpha", 1);
  return emitMultiply(node, x, emitTable(node, "sigmoid", alpha === 1 ? x : emitScale(node, x, alpha)));
}

function mish(node: NodeImport): Value {
  const x = node.activation(0);
  return emitMultiply(node, x, emitTable(node, "tanh", emitTable(node, "softplus", x)));
}

function refuseRounding(node: NodeImport): never {
  throw node.unsupported("rounds what is computed");
}

export const FUNCTIONS: Record<string, OperatorImport> = {
  Abs: table("abs"),
  Erf: table("erf"),
  Exp: table("exp"),
  HardSwish: table("hardSwish"),
  Log: table("log"),
  Reciprocal: table("reciprocal"),
  Sigmoid: table("sigmoid"),
  Softplus: table("softplus"),
  Sqrt: table("sqrt"),
  Tanh: table("tanh"),
  Elu: (node) => emitElu(node, node.activation(0), node.number("alpha", 1)),
  Gelu: gelu,
  HardSigmoid: hardSigmoid,
  Mish: mish,
  Selu: selu,
  Softsign: softsign,
  Swish: swish,
  Relu: elementwise((x) => Math.max(x, 0), emitRelu),
  LeakyRelu: (node) => emitLeaky(node, node.activation(0), node.number("alpha", Math.fround(0.01))),
  PRelu: prelu,
  Clip: clip,
  Max: extreme("low", Math.max),
  Min: extreme("high", Math.min),
  Neg: elementwise(
    (x) => -x,
    (node, x) => emitScale(node, x, -1),
  ),
  Ceil: elementwise(Math.ceil, refuseRounding),
  Floor: elementwise(Math.floor, refuseRounding),
};
