import type { Observed } from "./calibrate.ts";
import { ACTIVATION_BITS, type TensorFormat, TREE_BITS } from "./integer-network.ts";
import { type LayerOf, type LayerParameters, patchesOf } from "./network.ts";

/** Weights are symmetric: -128 is left out. */
export const LARGEST_WEIGHT = 127;
export const LARGEST_LEAF = 2 ** (TREE_BITS - 1) - 1;

export type WeightedLayer = LayerOf<"linear"> | LayerOf<"conv"> | LayerOf<"scale">;

/**
 * The weights that one multiplier scales: a column of a matrix, a filter, a channel's one. Tap t is the weight at
 * first + t · stride.
 */
export type Channel = { taps: number; first: number; stride: number; group: number };

export function channelsOf(layer: WeightedLayer): Channel[] {
  if (layer.kind === "linear")
    return Array.from({ length: layer.columns }, (_, first) => ({
      ...{ taps: layer.inner, first, stride: layer.columns, group: 0 },
    }));
  if (layer.kind === "scale")
    return Array.from({ length: layer.channels }, (_, first) => ({ taps: 1, first, stride: 1, group: first }));
  const { window, filters, groups } = layer;
  const taps = (window.channels / groups) * window.kernel[0] * window.kernel[1];
  return Array.from({ length: filters }, (_, filter) => ({
    ...{ taps, first: filter * taps, stride: 1, group: Math.floor((filter * groups) / filters) },
  }));
}

/** What one step of the number that a tap is multiplied with stands for. */
export function tapScaleOf(
  layer: WeightedLayer,
  { scale, scales }: TensorFormat,
  { group }: Channel,
  tap: number,
): number {
  if (!scales || layer.kind === "conv") return scale;
  return scales[layer.kind === "scale" ? group : tap] ?? scale;
}

/** Mean and variance of the numbers that each tap of a channel is multiplied with. */
export type Moments = { means: Float64Array; variances: Float64Array };

/** Which elements of the input a tap meets; a place outside of the image counts among them as -1. */
function* elementsOf(layer: WeightedLayer, group: number, tap: number): Generator<number> {
  if (layer.kind === "linear") for (let row = 0; row < layer.rows; row++) yield row * layer.inner + tap;
  else if (layer.kind === "scale") for (let i = 0; i < layer.inner; i++) yield group * layer.inner + i;
}

function momentsAt(observed: Observed, elements: Iterable<number>): [mean: number, variance: number] {
  let [count, mean, power] = [0, 0, 0];
  for (const element of elements) {
    count++;
    mean += observed.means[element] ?? 0;
    power += observed.powers[element] ?? 0;
  }
  if (count === 0) return [0, 0];
  return [mean / count, Math.max(0, power / count - (mean / count) ** 2)];
}

function* convElementsOf(layer: LayerOf<"conv">, patches: Int32Array, group: number, tap: number): Generator<number> {
  const { window, groups } = layer;
  const places = window.kernel[0] * window.kernel[1];
  const plane = window.height * window.width;
  const channel = group * (window.channels / groups) + Math.floor(tap / places);
  for (let at = tap % places; at < patches.length; at += places) {
    const source = patches[at] ?? -1;
    yield source < 0 ? -1 : channel * plane + source;
  }
}

/** The moments of all groups of a layer. */
export function momentsOf(layer: WeightedLayer, observed: Observed): Map<number, Moments> {
  const moments = new Map<number, Moments>();
  const patches = layer.kind === "conv" ? patchesOf(layer.window) : new Int32Array();
  for (const { group, taps } of channelsOf(layer)) {
    if (moments.has(group)) continue;
    const found = Array.from({ length: taps }, (_, tap) => {
      const elements =
        layer.kind === "conv" ? convElementsOf(layer, patches, group, tap) : elementsOf(layer, group, tap);
      return momentsAt(observed, elements);
    });
    moments.set(group, {
      means: Float64Array.from(found, ([mean]) => mean),
      variances: Float64Array.from(found, ([, variance]) => variance),
    });
  }
  return moments;
}

/** The largest that one step of an input is multiplied by. */
export function largestOf(layer: WeightedLayer, { weights }: LayerParameters, format: TensorFormat): number {
  let largest = 0;
  for (const channel of channelsOf(layer))
    for (let tap = 0; tap < channel.taps; tap++) {
      const weight = weights[channel.first + tap * channel.stride] ?? 0;
      largest = Math.max(largest, Math.abs(weight) * tapScaleOf(layer, format, channel, tap));
    }
  return largest;
}

/** How far from zero a layer's sums can be, whatever its input is. */
export function worstSumOf(layer: WeightedLayer, { weights, biases }: LayerParameters, format: TensorFormat): number {
  const largestInput = format.isSigned ? 2 ** (ACTIVATION_BITS - 1) : 2 ** ACTIVATION_BITS;
  let worst = 0;
  for (const [i, channel] of channelsOf(layer).entries()) {
    let sum = Math.abs(biases[i] ?? 0);
    for (let tap = 0; tap < channel.taps; tap++) {
      const weight = weights[channel.first + tap * channel.stride] ?? 0;
      sum += Math.abs(weight) * tapScaleOf(layer, format, channel, tap) * largestInput;
    }
    worst = Math.max(worst, sum);
  }
  return worst;
}
