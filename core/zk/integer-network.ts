import { type Architecture, type Layer, type LayerOf, patchesOf } from "./network.ts";

/**
 * A network in whole numbers, computed exactly: the circuit's outputs are these, bit for bit.
 *
 * A tensor's numbers have ACTIVATION_BITS bits: [-2048, 2047] where they may be negative, [0, 4095] where not; which of the
 * two follows from the architecture alone (`signsOf`), so that a circuit does not change with what was taught. A number q
 * stands for q · scale. A layer that changes the scale multiplies its sum by a whole multiplier and divides by
 * 2^SCALE_BITS, rounding halves up: `requantise`. A result that does not fit is no result: the input left the range that
 * the network was calibrated for, and nothing is proved (ZK_OUT_OF_RANGE, by the name of the layer).
 *
 * | layer | in whole numbers |
 * |---|---|
 * | linear, conv, scale | requantise(Σ w · x + bias, multiplier of the column, filter or channel) |
 * | add | requantise(s₀ · a · multiplier₀ + s₁ · b · multiplier₁, 1): one rounding of the sum |
 * | multiply | requantise(a · b, multiplier) |
 * | averagePool, reduce | requantise(Σ x, multiplier); an averagePool has a multiplier for each of `countsOf` |
 * | with relu | the same, no lower than -2^BELOW_BITS, and zero where it is below zero |
 * | relu | max(x, 0) |
 * | maxPool | the largest of those that lie in the image; zero where none does |
 * | clip | min(max(x, low), high) with whole bounds in the scale of its input, low ≤ high, both in the range of its format |
 * | rewire | as they are, or zero |
 * | leakyRelu | requantise(max(x, 0) · multiplier₀ - max(-x, 0) · multiplier₁, 1) |
 * | table | what stands in `tableOf` at the place clamp(requantise(x, multiplier) - first, 0, TABLE_PLACES - 1) |
 * | softmax | e = `SOFTMAX_TABLE` at the place min(requantise(max - x, multiplier), TABLE_PLACES - 1), over its row's sum of e: floor((2 · 4095 · e + sum) / (2 · sum)) |
 * | argMax | the place of the first of the largest; its scale is 1 |
 * | trees | at each node low if x ≤ threshold, otherwise high; requantise(Σ leaf values of the output, multiplier of the output) |
 *
 * relu, clip, maxPool and rewire have one format for what they read and write. A table, softmax and argMax write formats
 * that are their own whatever the network was taught.
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

/**
 * Of which kind the numbers of a tensor are, and what one step of them stands for. Each element of the input may have a
 * scale of its own, which `scale` is the largest of: a circuit does not see it.
 */
export type TensorFormat = { scale: number; isSigned: boolean; scales?: Float64Array };

/**
 * Whole numbers of one layer; empty where it has none of a kind (`parameterCountsOf`). Weights and biases lie as in
 * `LayerParameters`; of trees, weights are thresholds and biases leaf values.
 */
export type IntegerParameters = {
  weights: Int16Array;
  /** Safe integers. */
  biases: Float64Array;
  multipliers: Int32Array;
  /** Bounds of a clip, whole; null where its layer has none. */
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

/**
 * How many elements of the image the windows of an averagePool divide by: every number once, the smallest first. A window
 * that sees nothing of the image gives zero, and no count stands for it.
 */
export function countsOf({ window, countsPads }: LayerOf<"averagePool">): number[] {
  const places = window.kernel[0] * window.kernel[1];
  if (countsPads) return [places];
  const patches = patchesOf(window);
  const counts = new Set<number>();
  for (let first = 0; first < patches.length; first += places)
    counts.add(patches.subarray(first, first + places).filter((source) => source >= 0).length);
  counts.delete(0);
  return [...counts].sort((a, b) => a - b);
}

export type ParameterCounts = { weights: number; biases: number; multipliers: number };

/** How many whole numbers of each kind a layer has. */
export function parameterCountsOf(layer: Layer): ParameterCounts {
  const only = (multipliers: number): ParameterCounts => ({ weights: 0, biases: 0, multipliers });
  switch (layer.kind) {
    case "linear":
      return { weights: layer.inner * layer.columns, biases: layer.columns, multipliers: layer.columns };
    case "conv": {
      const { kernel, channels } = layer.window;
      const perFilter = (channels / layer.groups) * kernel[0] * kernel[1];
      return { weights: layer.filters * perFilter, biases: layer.filters, multipliers: layer.filters };
    }
    case "scale":
      return { weights: layer.channels, biases: layer.channels, multipliers: layer.channels };
    case "trees": {
      const nodes = layer.trees.reduce((sum, tree) => sum + tree.nodes.length, 0);
      const leaves = layer.trees.reduce((sum, tree) => sum + tree.leaves, 0);
      return { weights: nodes, biases: leaves * layer.outputs, multipliers: layer.outputs };
    }
    case "averagePool":
      return only(countsOf(layer).length);
    case "add":
    case "leakyRelu":
      return only(2);
    case "multiply":
    case "reduce":
    case "table":
    case "softmax":
      return only(1);
    case "relu":
    case "clip":
    case "maxPool":
    case "rewire":
    case "argMax":
      return only(0);
  }
}

const NONE: IntegerParameters = {
  weights: new Int16Array(),
  biases: new Float64Array(),
  multipliers: new Int32Array(),
  low: null,
  high: null,
};

/** What a layer was taught, none of it missing. */
export function parametersOf({ parameters }: IntegerNetwork, layer: Layer): IntegerParameters {
  const found = parameters.get(layer.name) ?? NONE;
  const counts = parameterCountsOf(layer);
  for (const kind of ["weights", "biases", "multipliers"] as const) {
    if (found[kind].length !== counts[kind])
      throw new RangeError(`The layer ${layer.name} has ${found[kind].length} ${kind}, not ${counts[kind]}.`);
  }
  return found;
}

export function formatOf({ formats }: IntegerNetwork, tensor: string): TensorFormat {
  const format = formats.get(tensor);
  if (!format) throw new RangeError(`The network has no tensor ${tensor}.`);
  return format;
}
