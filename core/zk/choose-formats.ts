import { type Calibration, observedOf } from "./calibrate.ts";
import { formatGroupsOf, ownFormatOf, signsOf } from "./formats.ts";
import {
  ACTIVATION_BITS,
  BELOW_BITS,
  countsOf,
  MULTIPLIER_BITS,
  SCALE_BITS,
  type TensorFormat,
} from "./integer-network.ts";
import { type Architecture, type FloatNetwork, inputsOf, type Layer, type LayerParameters, sizeOf } from "./network.ts";
import { refuseNetwork } from "./refuse-network.ts";
import { LARGEST_LEAF, LARGEST_WEIGHT, largestOf, worstSumOf } from "./weight-channels.ts";

export const LARGEST_MULTIPLIER = 2 ** MULTIPLIER_BITS - 1;
/** The largest number that a multiplier stands for, less what a double may be off. */
export const LARGEST_RATIO = (LARGEST_MULTIPLIER - 2 ** 10) / 2 ** SCALE_BITS;

type Formats = ReadonlyMap<string, TensorFormat>;

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

function formatOfInput(
  format: TensorFormat,
  size: number,
  calibration: Calibration,
  { tensor, margin }: { tensor: string; margin: number },
): TensorFormat {
  const { lows, highs } = observedOf(calibration, tensor);
  const scales = Float64Array.from({ length: size }, (_, i) => {
    const scale = finestScale(lows[i] ?? 0, highs[i] ?? 0, format.isSigned) * (1 + margin);
    return scale > 0 ? scale : format.scale;
  });
  return { ...format, scales };
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
  const groupOf = (tensor: string) => groups.get(tensor) ?? tensor;
  const signs = signsOf(architecture);
  const given = new Map<string, number>();
  for (const layer of architecture.layers) {
    const own = ownFormatOf(layer);
    if (own) given.set(groupOf(layer.output), own.scale);
  }
  const scales = new Map<string, number>();
  for (const tensor of groups.keys()) {
    const { low, high } = observedOf(calibration, tensor);
    const scale = finestScale(low, high, signs.get(tensor) ?? true) * (1 + margin);
    scales.set(groupOf(tensor), Math.max(scales.get(groupOf(tensor)) ?? 0, scale));
  }
  const formats = new Map<string, TensorFormat>();
  const write = (): void => {
    for (const tensor of groups.keys()) {
      const scale = given.get(groupOf(tensor)) ?? scales.get(groupOf(tensor)) ?? 0;
      if (scale === 0) refuseNetwork({ tensor }, "It is zero on every sample, so that nothing is known of its scale.");
      formats.set(tensor, { scale, isSigned: signs.get(tensor) ?? true });
    }
    const { tensor, shape } = architecture.input;
    const format = formats.get(tensor);
    if (hasScales && format) formats.set(tensor, formatOfInput(format, sizeOf(shape), calibration, { tensor, margin }));
  };
  write();
  for (let pass = 0; ; pass++) {
    const short = architecture.layers.filter((layer) => {
      const group = groupOf(layer.output);
      const least = leastScaleOf(layer, parameters.get(layer.name), formats);
      if (given.has(group) || least <= (scales.get(group) ?? 0)) return false;
      scales.set(group, least);
      return true;
    });
    if (short[0] === undefined) return formats;
    if (pass > architecture.layers.length) refuseNetwork({ layer: short[0].name }, "Its scale follows from itself.");
    write();
  }
}

/** The finest scale of what a layer writes to which multipliers lead, and whose relu knows the sign of everything. */
function leastScaleOf(layer: Layer, learnt: LayerParameters | undefined, formats: Formats): number {
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
