import type { Random } from "../../../models/event-scorer/random.ts";
import { formatGroupsOf, ownFormatOf, signsOf } from "../formats.ts";
import {
  BIAS_BITS,
  countsOf,
  type IntegerNetwork,
  type IntegerParameters,
  MULTIPLIER_BITS,
  parameterCountsOf,
  rangeOf,
  SCALE_BITS,
  type TensorFormat,
  TREE_BITS,
  WEIGHT_BITS,
} from "../integer-network.ts";
import { type Architecture, type FloatNetwork, type Layer, type LayerParameters, sizeOf } from "../network.ts";
import { channelsOf } from "../weight-channels.ts";
import { pick, randomLayers } from "./random-layers.ts";

/** Whole numbers from low to high, the ends more often than others. */
function edgy(random: Random, low: number, high: number): number {
  const edges = [low, high, 0, 1, -1].filter((edge) => edge >= low && edge <= high);
  return random.uniform() < 0.2 ? pick(random, edges) : random.integer(low, high);
}

const signed = (random: Random, bits: number) => edgy(random, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1);

/** A multiplier that keeps a sum no larger than `worst` within a format, often one that just does. */
function fitting(random: Random, worst: number, format: TensorFormat): number {
  const most = Math.min(
    2 ** MULTIPLIER_BITS - 1,
    Math.floor((rangeOf(format)[1] * 2 ** SCALE_BITS) / Math.max(1, worst)),
  );
  return random.uniform() < 0.5 ? most - random.integer(0, Math.floor(most / 8)) : random.integer(0, most);
}

const largestOf = (format: TensorFormat) => Math.max(...rangeOf(format).map(Math.abs));

function randomWeights(
  random: Random,
  layer: Extract<Layer, { kind: "linear" | "conv" | "scale" }>,
  from: TensorFormat,
  to: TensorFormat,
) {
  const counts = parameterCountsOf(layer);
  const weights = Int16Array.from({ length: counts.weights }, () => signed(random, WEIGHT_BITS));
  const biasBits = pick(random, [1, 12, 20, BIAS_BITS]);
  const biases = Float64Array.from({ length: counts.biases }, () => signed(random, biasBits));
  const multipliers = Int32Array.from(channelsOf(layer), ({ taps, first, stride }, i) => {
    let worst = Math.abs(biases[i] ?? 0);
    for (let tap = 0; tap < taps; tap++) worst += Math.abs(weights[first + tap * stride] ?? 0) * largestOf(from);
    return fitting(random, worst, to);
  });
  return { weights, biases, multipliers };
}

function randomParameters(
  random: Random,
  layer: Layer,
  formatOf: (tensor: string) => TensorFormat,
): Partial<IntegerParameters> {
  const to = formatOf(layer.output);
  const multipliersOf = (...worsts: number[]) => ({
    multipliers: Int32Array.from(worsts, (worst) => fitting(random, worst, to)),
  });
  switch (layer.kind) {
    case "linear":
    case "conv":
    case "scale":
      return randomWeights(random, layer, formatOf(layer.input), to);
    case "add":
      return multipliersOf(...layer.inputs.map((tensor) => 2 * largestOf(formatOf(tensor))));
    case "multiply":
      return multipliersOf(layer.inputs.reduce((product, tensor) => product * largestOf(formatOf(tensor)), 1));
    case "leakyRelu":
      return multipliersOf(largestOf(formatOf(layer.input)), largestOf(formatOf(layer.input)));
    case "averagePool": {
      const places = layer.window.kernel[0] * layer.window.kernel[1];
      return multipliersOf(...countsOf(layer).map(() => places * largestOf(formatOf(layer.input))));
    }
    case "reduce":
      return multipliersOf(layer.elements * largestOf(formatOf(layer.input)));
    case "table":
    case "softmax":
      return { multipliers: Int32Array.of(random.integer(0, 2 ** random.integer(16, MULTIPLIER_BITS) - 1)) };
    case "clip": {
      const [least, most] = rangeOf(to);
      const [low = 0, high = 0] = [edgy(random, least, most), edgy(random, least, most)].sort((a, b) => a - b);
      return { low: layer.low === null ? null : low, high: layer.high === null ? null : high };
    }
    case "trees": {
      const counts = parameterCountsOf(layer);
      const worst = layer.trees.length * 2 ** (TREE_BITS - 1);
      return {
        weights: Int16Array.from({ length: counts.weights }, () => signed(random, TREE_BITS)),
        biases: Float64Array.from({ length: counts.biases }, () => signed(random, TREE_BITS)),
        ...multipliersOf(...Array.from({ length: layer.outputs }, () => worst)),
      };
    }
    case "relu":
    case "maxPool":
    case "rewire":
    case "argMax":
      return {};
  }
}

/** Formats with the signs that an architecture asks for; null where tensors of different tables would have to share one. */
function formatsOf(architecture: Architecture): Map<string, TensorFormat> | null {
  const groups = formatGroupsOf(architecture);
  const signs = signsOf(architecture);
  const given = new Map<string | undefined, TensorFormat>();
  for (const layer of architecture.layers) {
    const own = ownFormatOf(layer);
    const group = groups.get(layer.output);
    if (!own) continue;
    if (own.isSigned !== signs.get(layer.output) || (given.get(group)?.scale ?? own.scale) !== own.scale) return null;
    given.set(group, own);
  }
  return new Map(
    [...groups].map(([tensor, group]) => [
      tensor,
      { scale: given.get(group)?.scale ?? 1, isSigned: signs.get(tensor) ?? true },
    ]),
  );
}

const architectureOf = (layers: readonly Layer[], size: number): Architecture => ({
  format: 1,
  input: { tensor: "x", shape: [size] },
  layers: [...layers],
  output: layers.at(-1)?.output ?? "x",
});

/**
 * A small network in whole numbers, of layers of these kinds. Whatever input is in range, every number of it stays in
 * range, now and then at its very end.
 */
export function randomIntegerNetwork(random: Random, kinds: readonly Layer["kind"][]): IntegerNetwork {
  for (;;) {
    const size = pick(random, [1, 4, 6, 9, 12, 18]);
    const architecture = architectureOf(randomLayers(random, kinds, size), size);
    const formats = formatsOf(architecture);
    if (!formats) continue;
    const formatOf = (tensor: string) => formats.get(tensor) ?? { scale: 1, isSigned: true };
    const parameters = new Map(
      architecture.layers.map((layer): [string, IntegerParameters] => [
        layer.name,
        {
          ...{
            weights: new Int16Array(),
            biases: new Float64Array(),
            multipliers: new Int32Array(),
            low: null,
            high: null,
          },
          ...randomParameters(random, layer, formatOf),
        },
      ]),
    );
    return { architecture, formats, parameters };
  }
}

/** An input in range of a network, its ends and zero more often than other numbers. */
export function randomInput(random: Random, { architecture, formats }: IntegerNetwork): Int32Array {
  const { tensor, shape } = architecture.input;
  const [low, high] = rangeOf(formats.get(tensor) ?? { scale: 1, isSigned: true });
  return Int32Array.from({ length: sizeOf(shape) }, () => edgy(random, low, high));
}

/** A small network as if it were trained, of layers of these kinds. */
export function randomFloatNetwork(random: Random, kinds: readonly Layer["kind"][]): FloatNetwork {
  const size = pick(random, [4, 6, 9, 12, 18]);
  const architecture = architectureOf(randomLayers(random, kinds, size), size);
  const parameters = new Map<string, LayerParameters>();
  for (const layer of architecture.layers) {
    const counts = parameterCountsOf(layer);
    if (counts.weights + counts.biases === 0) continue;
    const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
    parameters.set(layer.name, { weights: normals(counts.weights), biases: normals(counts.biases) });
  }
  return { architecture, parameters };
}

/** Inputs of a network between `low` and `high`. */
export const randomSamples = (
  random: Random,
  { architecture }: FloatNetwork,
  { count, low, high }: { count: number; low: number; high: number },
): Float32Array[] =>
  Array.from({ length: count }, () =>
    Float32Array.from({ length: sizeOf(architecture.input.shape) }, () => random.between(low, high)),
  );
