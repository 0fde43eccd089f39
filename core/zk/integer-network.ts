import type { Architecture } from "./network.ts";

/**
 * A network in whole numbers, computed exactly: the circuit's outputs are these, bit for bit.
 *
 * A tensor's numbers have ACTIVATION_BITS bits: [-2048, 2047] where they may be negative, [0, 4095] where not. A number q
 * stands for q · scale. A layer that changes the scale multiplies its sum by a whole multiplier and divides by
 * 2^SCALE_BITS, rounding halves up: `requantise`. A result that does not fit is no result: the input left the range that
 * the network was calibrated for, and nothing is proved (`RangeError` of the layer).
 *
 * | layer | in whole numbers |
 * |---|---|
 * | linear, conv, scale | requantise(Σ w · x + bias, multiplier of the column, filter or channel) |
 * | add | requantise(s₀ · a · multiplier₀ + s₁ · b · multiplier₁): one rounding of the sum |
 * | multiply | requantise(a · b, multiplier) |
 * | averagePool, reduce | requantise(Σ x, multiplier); a window that counts pads out has a multiplier for each count |
 * | with relu | the same, and zero where it is below zero |
 * | relu, maxPool, rewire | as they are: inputs and output have one scale |
 * | clip | with whole bounds low and high, in the scale of its input |
 * | leakyRelu | requantise(max(x, 0) · multiplier₀ - max(-x, 0) · multiplier₁) |
 * | table | place = clamp(requantise(x, multiplier) - first, 0, places - 1), then what stands there |
 * | softmax | table of exp at requantise(max - x, multiplier), each divided by the sum: floor((2 · e · 4095 + sum) / (2 · sum)) |
 * | argMax | the place of the first of the largest; its scale is 1 |
 * | trees | x ≤ threshold in whole numbers; requantise(Σ leaf values, multiplier of the output) |
 */
export const ACTIVATION_BITS = 12;
/** Weights are whole numbers in [-128, 127]. */
export const WEIGHT_BITS = 8;
export const SCALE_BITS = 24;
/** Multipliers lie in [0, 2^28): a scale is made at most 16 times finer. */
export const MULTIPLIER_BITS = 28;
/** Biases lie in [-2^35, 2^35). */
export const BIAS_BITS = 36;
/** Before relu a number may be as low as -2^24. */
export const BELOW_BITS = 24;
/** Thresholds and leaf values of trees lie in [-2048, 2047]. */
export const TREE_BITS = 12;
/** A table has so many places. */
export const TABLE_PLACES = 1_024;

/** Of which kind the numbers of a tensor are, and what one step of them stands for. */
export type TensorFormat = { scale: number; isSigned: boolean };

/** Whole numbers of one layer; empty where it has none of a kind. Trees: weights are thresholds, biases leaf values. */
export type IntegerParameters = {
  weights: Int16Array;
  /** Safe integers. */
  biases: Float64Array;
  multipliers: Int32Array;
  /** Bounds of a clip, whole; null where there is none. */
  low: number | null;
  high: number | null;
};

export type IntegerNetwork = {
  architecture: Architecture;
  formats: ReadonlyMap<string, TensorFormat>;
  parameters: ReadonlyMap<string, IntegerParameters>;
};

export const rangeOf = ({ isSigned }: TensorFormat): readonly [number, number] =>
  isSigned ? [-(2 ** (ACTIVATION_BITS - 1)), 2 ** (ACTIVATION_BITS - 1) - 1] : [0, 2 ** ACTIVATION_BITS - 1];

/** floor((sum · multiplier + 2^23) / 2^24), exactly: products of 36 and 28 bits do not fit into a double. */
export function requantise(sum: number, multiplier: number): number {
  const product = sum * multiplier;
  if (Math.abs(product) < 2 ** 52) return Math.floor((product + 2 ** (SCALE_BITS - 1)) / 2 ** SCALE_BITS);
  return Number((BigInt(sum) * BigInt(multiplier) + (1n << BigInt(SCALE_BITS - 1))) >> BigInt(SCALE_BITS));
}
