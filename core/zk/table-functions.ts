import type { TableFunction } from "./network.ts";

/** All terms of this series have one sign, so nothing cancels; beyond 6 what is missing to 1 is below a double's step. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 2 ** -53; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));

/** The functions that tables hold, with the parameters that ONNX gives them when nothing is said. */
export const TABLE_VALUES: Readonly<Record<TableFunction, (x: number) => number>> = {
  abs: Math.abs,
  elu: (x) => (x < 0 ? Math.expm1(x) : x),
  erf,
  exp: Math.exp,
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  hardSigmoid: (x) => clamp(0.2 * x + 0.5, 0, 1),
  hardSwish: (x) => x * clamp(x / 6 + 0.5, 0, 1),
  log: Math.log,
  reciprocal: (x) => 1 / x,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  sqrt: Math.sqrt,
  tanh: Math.tanh,
};
