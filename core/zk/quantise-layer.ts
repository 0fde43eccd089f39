import { type Calibration, observedOf } from "./calibrate.ts";
import { LARGEST_MULTIPLIER } from "./choose-formats.ts";
import {
  ACTIVATION_BITS,
  BIAS_BITS,
  countsOf,
  type IntegerParameters,
  rangeOf,
  SCALE_BITS,
  type TensorFormat,
} from "./integer-network.ts";
import type { Layer, LayerOf, LayerParameters } from "./network.ts";
import { refuseNetwork } from "./refuse-network.ts";
import { SOFTMAX_STEP, tableOf } from "./tables.ts";
import {
  type Channel,
  channelsOf,
  LARGEST_LEAF,
  LARGEST_WEIGHT,
  type Moments,
  momentsOf,
  tapScaleOf,
  type WeightedLayer,
} from "./weight-channels.ts";

const LARGEST_BIAS = 2 ** (BIAS_BITS - 1) - 1;
const ONE = 2 ** SCALE_BITS;
/** How much of a channel's largest weight is tried as the largest that is kept; what is larger is cut. */
const KEPT = [1, 0.97, 0.94, 0.91, 0.88, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5];

export type LayerContext = {
  formatOf: (tensor: string) => TensorFormat;
  calibration: Calibration;
  learnt: () => LayerParameters;
};

const parametersOf = (some: Partial<IntegerParameters>): IntegerParameters => ({
  ...{ weights: new Int16Array(), biases: new Float64Array(), multipliers: new Int32Array(), low: null, high: null },
  ...some,
});

/** The whole multipliers that stand for ratios of scales. */
function multipliersOf(layer: Layer, ratios: readonly number[]): IntegerParameters {
  const multipliers = Int32Array.from(ratios, (ratio) => {
    const multiplier = Math.round(ratio * ONE);
    if (!(multiplier <= LARGEST_MULTIPLIER))
      refuseNetwork(layerAt(layer), `Its numbers would have to be scaled by ${ratio}, and 16 is the most.`);
    return multiplier;
  });
  return parametersOf({ multipliers });
}

const layerAt = ({ name }: Layer) => ({ layer: name });

/** A layer's whole numbers; null of a layer that has none. */
export function quantiseLayer(layer: Layer, context: LayerContext): IntegerParameters | null {
  const scaleOf = (tensor: string) => context.formatOf(tensor).scale;
  const to = scaleOf(layer.output);
  switch (layer.kind) {
    case "linear":
    case "conv":
    case "scale":
      return quantiseWeights(layer, context);
    case "add":
      return multipliersOf(layer, [scaleOf(layer.inputs[0]) / to, scaleOf(layer.inputs[1]) / to]);
    case "multiply":
      return multipliersOf(layer, [(scaleOf(layer.inputs[0]) * scaleOf(layer.inputs[1])) / to]);
    case "leakyRelu":
      return multipliersOf(layer, [scaleOf(layer.input) / to, (layer.alpha * scaleOf(layer.input)) / to]);
    case "averagePool":
      return multipliersOf(
        layer,
        countsOf(layer).map((count) => scaleOf(layer.input) / to / count),
      );
    case "reduce":
      return multipliersOf(layer, [scaleOf(layer.input) / to / (layer.isMean ? layer.elements : 1)]);
    case "table":
      return multipliersOf(layer, [scaleOf(layer.input) / tableOf(layer).step]);
    case "softmax":
      return multipliersOf(layer, [scaleOf(layer.input) / SOFTMAX_STEP]);
    case "clip":
      return quantiseBounds(layer, context.formatOf(layer.input));
    case "trees":
      return quantiseTrees(layer, context);
    case "argMax":
      if (layer.columns > 2 ** ACTIVATION_BITS)
        refuseNetwork(layerAt(layer), `It chooses among ${layer.columns}, and a place has ${ACTIVATION_BITS} bits.`);
      return null;
    case "relu":
    case "maxPool":
    case "rewire":
      return null;
  }
}

function quantiseBounds({ low, high }: LayerOf<"clip">, format: TensorFormat): IntegerParameters {
  const [least, most] = rangeOf(format);
  const wholeOf = (bound: number) => Math.min(most, Math.max(least, Math.round(bound / format.scale)));
  const top = high === null ? null : wholeOf(high);
  // Bounds that cross leave the upper one, as ONNX says.
  const bottom = low === null ? null : Math.min(wholeOf(low), top ?? most);
  return parametersOf({ low: bottom, high: top });
}

function quantiseWeights(layer: WeightedLayer, context: LayerContext): IntegerParameters {
  const { weights, biases } = context.learnt();
  const from = context.formatOf(layer.input);
  const to = context.formatOf(layer.output).scale;
  const moments = momentsOf(layer, observedOf(context.calibration, layer.input));
  const wholes = parametersOf({
    weights: new Int16Array(weights.length),
    biases: new Float64Array(biases.length),
    multipliers: new Int32Array(biases.length),
  });
  for (const [i, channel] of channelsOf(layer).entries()) {
    const reals = Float64Array.from(
      { length: channel.taps },
      (_, tap) => weights[channel.first + tap * channel.stride] ?? 0,
    );
    const scales = Float64Array.from(reals, (_, tap) => tapScaleOf(layer, from, channel, tap));
    const found = quantiseChannel({ reals, scales, bias: biases[i] ?? 0, to }, momentsIn(moments, channel));
    if (Math.abs(found.bias) > LARGEST_BIAS)
      refuseNetwork(layerAt(layer), `Its bias ${i} is too large beside its weights.`);
    for (const [tap, whole] of found.weights.entries()) wholes.weights[channel.first + tap * channel.stride] = whole;
    wholes.biases[i] = found.bias;
    wholes.multipliers[i] = found.multiplier;
  }
  checkSums(layer, wholes, from);
  return wholes;
}

function momentsIn(moments: ReadonlyMap<number, Moments>, { group, taps }: Channel): Moments {
  return moments.get(group) ?? { means: new Float64Array(taps), variances: new Float64Array(taps) };
}

type RealChannel = { reals: Float64Array; scales: Float64Array; bias: number; to: number };
type WholeChannel = { weights: Int16Array; bias: number; multiplier: number };

/** Halves are rounded up; no -0. */
const roundHalfUp = (value: number) => Math.floor(value + 0.5);

function roundWeights({ reals, scales, to }: RealChannel, multiplier: number): Int16Array {
  const unit = (to * multiplier) / ONE;
  return Int16Array.from(reals, (weight, tap) => {
    const whole = roundHalfUp((weight * (scales[tap] ?? 1)) / unit);
    return Math.min(LARGEST_WEIGHT, Math.max(-LARGEST_WEIGHT, whole));
  });
}

/**
 * The multiplier is chosen first and is exact: weights and bias are rounded to the unit that it makes, so that only they
 * are ever off. Among some units the one is taken whose weights let the sum vary least from the real one, and the bias
 * takes up what the sum is off in the mean.
 */
function quantiseChannel(channel: RealChannel, { means, variances }: Moments): WholeChannel {
  const { reals, scales, bias, to } = channel;
  const largest = reals.reduce((most, weight, tap) => Math.max(most, Math.abs(weight) * (scales[tap] ?? 1)), 0);
  // Half of the range that biases have is left for what rounding adds to this one.
  const least = Math.max(1, Math.ceil((2 * Math.abs(bias) * ONE) / to / LARGEST_BIAS));
  let best: WholeChannel & { error: number } = {
    ...{ weights: new Int16Array(reals.length), bias: 0, multiplier: 0, error: Number.POSITIVE_INFINITY },
  };
  for (const kept of KEPT) {
    const multiplier = Math.min(
      LARGEST_MULTIPLIER,
      Math.max(least, Math.ceil(((kept * largest) / LARGEST_WEIGHT / to) * ONE)),
    );
    const unit = (to * multiplier) / ONE;
    const weights = roundWeights(channel, multiplier);
    let error = 0;
    let shift = 0;
    for (const [tap, weight] of weights.entries()) {
      const off = (reals[tap] ?? 0) - (weight * unit) / (scales[tap] ?? 1);
      error += off * off * (variances[tap] ?? 0);
      shift += off * (means[tap] ?? 0);
    }
    if (error < best.error) best = { weights, bias: roundHalfUp((bias + shift) / unit), multiplier, error };
  }
  return best;
}

/** Nothing that a layer adds up is too large to be exact, whatever its input. */
function checkSums(layer: WeightedLayer, { weights, biases }: IntegerParameters, format: TensorFormat): void {
  const largestInput = Math.max(...rangeOf(format).map(Math.abs));
  for (const [i, { taps, first, stride }] of channelsOf(layer).entries()) {
    let worst = Math.abs(biases[i] ?? 0);
    for (let tap = 0; tap < taps; tap++) worst += Math.abs(weights[first + tap * stride] ?? 0) * largestInput;
    if (!Number.isSafeInteger(worst)) refuseNetwork(layerAt(layer), `Its sums may be as large as ${worst}.`);
  }
}

function quantiseTrees(layer: LayerOf<"trees">, { formatOf, learnt }: LayerContext): IntegerParameters {
  const { weights, biases } = learnt();
  const from = formatOf(layer.input);
  const to = formatOf(layer.output).scale;
  const features = layer.trees.flatMap(({ nodes }) => nodes.map(({ feature }) => feature));
  // A whole number q is at most t / scale exactly when it is at most the whole number below. Beyond the range is its end.
  const thresholds = Int16Array.from(weights, (threshold, node) => {
    const whole = Math.floor(threshold / (from.scales?.[features[node] ?? 0] ?? from.scale));
    return Math.min(LARGEST_LEAF, Math.max(-LARGEST_LEAF - 1, whole));
  });
  const largest = new Float64Array(layer.outputs);
  for (const [i, leaf] of biases.entries())
    largest[i % layer.outputs] = Math.max(largest[i % layer.outputs] ?? 0, Math.abs(leaf));
  const multipliers = Int32Array.from(largest, (leaf) => Math.max(1, Math.ceil((leaf / LARGEST_LEAF / to) * ONE)));
  const leaves = Float64Array.from(biases, (leaf, i) =>
    roundHalfUp((leaf / to / (multipliers[i % layer.outputs] ?? 1)) * ONE),
  );
  return parametersOf({ weights: thresholds, biases: leaves, multipliers });
}
