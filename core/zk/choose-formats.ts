import { type Calibration, type Observed, observedOf } from "./calibrate.ts";
import { formatGroupsOf, ownFormatOf, signsOf } from "./formats.ts";
import {
  ACTIVATION_BITS,
  BELOW_BITS,
  countsOf,
  MULTIPLIER_BITS,
  SCALE_BITS,
  type TensorFormat,
} from "./integer-network.ts";
import { type Architecture, type FloatNetwork, inputsOf, type Layer, type LayerParameters } from "./network.ts";
import { refuseNetwork } from "./refuse-network.ts";
import { LARGEST_LEAF, LARGEST_WEIGHT, largestOf, worstSumOf } from "./weight-channels.ts";

export const LARGEST_MULTIPLIER = 2 ** MULTIPLIER_BITS - 1;
/** The largest number that a multiplier stands for, less what a double may be off. */
export const LARGEST_RATIO = (LARGEST_MULTIPLIER - 2 ** 10) / 2 ** SCALE_BITS;

/** The finest scale at which numbers from low to high are whole numbers in range. */
const finestScale = (low: number, high: number, isSigned: boolean): number =>
  isSigned
    ? Math.max(-low / 2 ** (ACTIVATION_BITS - 1), high / (2 ** (ACTIVATION_BITS - 1) - 1))
    : high / (2 ** ACTIVATION_BITS - 1);

/** Whether the input's elements may have a scale each: what reads them has a number of its own for each of them. */
function canScaleEach({ input, layers, output }: Architecture): boolean {
  const readers = layers.filter((layer) => inputsOf(layer).includes(input.tensor));
  const hasOwn = (layer: Layer) =>
    layer.kind === "trees" ||
    (layer.kind === "linear" && layer.rows === 1) ||
    (layer.kind === "scale" && layer.inner === 1);
  return output !== input.tensor && readers.every(hasOwn);
}

/** Unless it is said, features that a normalisation or trees read have a scale each: they are of different kinds. */
export function scalesEach(architecture: Architecture, wanted: "one" | "each" | undefined): boolean {
  const { input, layers } = architecture;
  const isTabular = layers.some(
    (layer) => inputsOf(layer).includes(input.tensor) && (layer.kind === "trees" || layer.kind === "scale"),
  );
  if (wanted === "each" && !canScaleEach(architecture))
    refuseNetwork({ tensor: input.tensor }, "What reads the input has no weight for each of its elements.");
  return wanted === undefined ? isTabular && canScaleEach(architecture) : wanted === "each";
}

type Groups = ReadonlyMap<string, string>;

/** The scales of groups that a table, a softmax or an argMax writes. */
function givenScales({ layers }: Architecture, groups: Groups): Map<string | undefined, number> {
  const given = new Map<string | undefined, number>();
  for (const layer of layers) {
    const own = ownFormatOf(layer);
    if (own) given.set(groups.get(layer.output), own.scale);
  }
  return given;
}

/** The finest scale at which a group holds what was seen of all of its tensors, and `margin` of it more. */
function seenScales(architecture: Architecture, groups: Groups, calibration: Calibration, margin: number) {
  const signs = signsOf(architecture);
  const seen = new Map<string | undefined, number>();
  for (const [tensor, group] of groups) {
    const { low, high } = observedOf(calibration, tensor);
    const scale = finestScale(low, high, signs.get(tensor) ?? true) * (1 + margin);
    seen.set(group, Math.max(seen.get(group) ?? 0, scale));
  }
  return seen;
}

function formatsOf(architecture: Architecture, groups: Groups, scales: ReadonlyMap<string | undefined, number>) {
  const signs = signsOf(architecture);
  return new Map(
    [...groups].map(([tensor, group]): [string, TensorFormat] => {
      const scale = scales.get(group) ?? 0;
      if (scale === 0) refuseNetwork({ tensor }, "It is zero on every sample, so that nothing is known of its scale.");
      return [tensor, { scale, isSigned: signs.get(tensor) ?? true }];
    }),
  );
}

/** Each element's own scale; that of all where it was zero on every sample. */
function scalesOfInput({ scale, isSigned }: TensorFormat, { lows, highs }: Observed, margin: number): Float64Array {
  return lows.map((low, i) => finestScale(low, highs[i] ?? low, isSigned) * (1 + margin) || scale);
}

/**
 * Gives every tensor the finest scale that holds what was seen of it, and `margin` of it more, where the multipliers that
 * lead there can be written.
 *
 * Throws ZK_NETWORK_REFUSED by the name of a tensor that is zero on all samples, or of a layer that cannot be scaled.
 */
export function chooseFormats(
  { architecture, parameters }: FloatNetwork,
  calibration: Calibration,
  { margin, hasScales }: { margin: number; hasScales: boolean },
): Map<string, TensorFormat> {
  const groups = formatGroupsOf(architecture);
  const given = givenScales(architecture, groups);
  const scales = new Map([...seenScales(architecture, groups, calibration, margin), ...given]);
  const { tensor } = architecture.input;
  for (let pass = 0; ; pass++) {
    const formats = formatsOf(architecture, groups, scales);
    const format = formats.get(tensor);
    if (hasScales && format)
      formats.set(tensor, { ...format, scales: scalesOfInput(format, observedOf(calibration, tensor), margin) });
    const short = architecture.layers.filter((layer) => {
      const group = groups.get(layer.output);
      const least = leastScaleOf(layer, parameters.get(layer.name), formats);
      if (given.has(group) || least <= (scales.get(group) ?? 0)) return false;
      scales.set(group, least);
      return true;
    });
    if (short[0] === undefined) return formats;
    // A scale that a layer makes coarser may be that of what it reads, over and over.
    if (pass > architecture.layers.length) refuseNetwork({ layer: short[0].name }, "Its scale follows from itself.");
  }
}

/** The finest scale of what a layer writes to which multipliers lead, and whose relu knows the sign of everything. */
function leastScaleOf(
  layer: Layer,
  learnt: LayerParameters | undefined,
  formats: ReadonlyMap<string, TensorFormat>,
): number {
  const scaleOf = (tensor: string) => formats.get(tensor)?.scale ?? 1;
  const below = (worst: number) => ("activation" in layer && layer.activation === "relu" ? worst / 2 ** BELOW_BITS : 0);
  switch (layer.kind) {
    case "linear":
    case "conv":
    case "scale": {
      const format = formats.get(layer.input);
      if (!learnt || !format) return 0;
      const largest = largestOf(layer, learnt, format);
      return Math.max(largest / LARGEST_WEIGHT / LARGEST_RATIO, below(worstSumOf(layer, learnt, format)));
    }
    case "trees": {
      const leaves = learnt?.biases ?? new Float32Array();
      const largest = leaves.reduce((most, leaf) => Math.max(most, Math.abs(leaf)), 0);
      return largest / LARGEST_LEAF / LARGEST_RATIO;
    }
    case "add":
      return Math.max(...layer.inputs.map(scaleOf)) / LARGEST_RATIO;
    case "multiply": {
      const product = scaleOf(layer.inputs[0]) * scaleOf(layer.inputs[1]);
      return Math.max(product / LARGEST_RATIO, below(product * 2 ** (2 * ACTIVATION_BITS)));
    }
    case "leakyRelu":
      return (scaleOf(layer.input) * Math.max(1, layer.alpha)) / LARGEST_RATIO;
    case "averagePool":
      return scaleOf(layer.input) / (countsOf(layer)[0] ?? 1) / LARGEST_RATIO;
    case "reduce":
      return scaleOf(layer.input) / (layer.isMean ? layer.elements : 1) / LARGEST_RATIO;
    default:
      return 0;
  }
}
