import { checkSamples } from "./calibrate.ts";
import { formatOf, type IntegerNetwork } from "./integer-network.ts";
import { type Architecture, type FloatNetwork, inputsOf } from "./network.ts";
import { runFloat } from "./run-float.ts";
import { dequantise, OutOfRange, quantiseInput, runInteger } from "./run-integer.ts";

/** Inputs that left the range that the network was calibrated for, where: `layer` is null of the input itself. */
export type Escape = { layer: string | null; count: number };

export type LayerAccuracy = {
  layer: string;
  /** Signal to noise, of whole numbers against doubles; null where they are the same. */
  decibels: number | null;
  /** How much more noise there is, as a part of the signal, than in what the layer reads. */
  lost: number;
};

/**
 * How much of a network is lost in whole numbers.
 *
 * Parts are from 0 to 1 and of all samples: what leaves the range counts as wrong, for it has no proof. `errors` are those
 * of the samples in range, in units of the output.
 */
export type AccuracyReport = {
  samples: number;
  escapes: Escape[];
  classes: { floatRight: number; integerRight: number; agreement: number } | null;
  errors: { mean: number; largest: number };
  layers: LayerAccuracy[];
  /** The layer that loses most; null when none loses anything. */
  worstLayer: string | null;
};

/** `label` is the class of the input, from 0; without one nothing is said of classes. */
export type LabelledSample = { input: Float32Array; label: number | null };

type Noise = { signal: number; noise: number };

const placeOfLargest = (values: Float64Array): number =>
  values.indexOf(values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY));

/** What names the class: the place where a network ends with argMax, else the place of the largest. */
function readClass({ layers, output }: Architecture): (values: Float64Array) => number {
  const last = layers.find((layer) => layer.output === output);
  return last?.kind === "argMax" ? (values) => values[0] ?? -1 : placeOfLargest;
}

function runInRange(network: IntegerNetwork, input: Float32Array): Map<string, Int32Array> | OutOfRange {
  try {
    return runInteger(network, quantiseInput(network, input));
  } catch (error) {
    if (error instanceof OutOfRange) return error;
    throw error;
  }
}

/** What samples added up to. */
class Tally {
  readonly escapes = new Map<string | null, number>();
  readonly noises = new Map<string, Noise>();
  floatRight = 0;
  integerRight = 0;
  agreed = 0;
  errorSum = 0;
  errorCount = 0;
  errorLargest = 0;

  addNoise(tensor: string, real: Float64Array, whole: Float64Array): void {
    const total = this.noises.get(tensor) ?? { signal: 0, noise: 0 };
    for (const [i, value] of real.entries()) {
      total.signal += value * value;
      total.noise += (value - (whole[i] ?? 0)) ** 2;
    }
    this.noises.set(tensor, total);
  }

  addErrors(real: Float64Array, whole: Float64Array): void {
    for (const [i, value] of real.entries()) {
      const error = Math.abs(value - (whole[i] ?? 0));
      this.errorSum += error;
      this.errorCount++;
      this.errorLargest = Math.max(this.errorLargest, error);
    }
  }
}

/**
 * Compares a network in whole numbers with what it was written from.
 *
 * Throws ZK_SAMPLES_INVALID for what are no samples of the network.
 */
export function measureAccuracy(
  float: FloatNetwork,
  integer: IntegerNetwork,
  samples: readonly LabelledSample[],
): AccuracyReport {
  checkSamples(
    float,
    samples.map(({ input }) => input),
  );
  const tally = new Tally();
  for (const sample of samples) addSample(tally, float, integer, sample);
  const part = (count: number) => count / samples.length;
  const hasClasses = samples.every(({ label }) => label !== null);
  const layers = layersOf(integer, tally.noises);
  const worst = layers.reduce<LayerAccuracy | null>((most, one) => (one.lost > (most?.lost ?? 0) ? one : most), null);
  return {
    samples: samples.length,
    escapes: [...tally.escapes].map(([layer, count]) => ({ layer, count })),
    classes: hasClasses
      ? { floatRight: part(tally.floatRight), integerRight: part(tally.integerRight), agreement: part(tally.agreed) }
      : null,
    errors: { mean: tally.errorCount === 0 ? 0 : tally.errorSum / tally.errorCount, largest: tally.errorLargest },
    layers,
    worstLayer: worst?.layer ?? null,
  };
}

function addSample(tally: Tally, float: FloatNetwork, integer: IntegerNetwork, { input, label }: LabelledSample): void {
  const { output } = float.architecture;
  const classOf = readClass(float.architecture);
  const reals = runFloat(float, input);
  const real = reals.get(output) ?? new Float64Array();
  const isRight = classOf(real) === label;
  if (isRight) tally.floatRight++;
  const wholes = runInRange(integer, input);
  if (wholes instanceof OutOfRange) {
    tally.escapes.set(wholes.layer, (tally.escapes.get(wholes.layer) ?? 0) + 1);
    return;
  }
  for (const [tensor, numbers] of wholes) {
    const exact = reals.get(tensor);
    if (exact) tally.addNoise(tensor, exact, dequantise(formatOf(integer, tensor), numbers));
  }
  const whole = dequantise(formatOf(integer, output), wholes.get(output) ?? []);
  tally.addErrors(real, whole);
  if (classOf(whole) === label) tally.integerRight++;
  if (classOf(whole) === classOf(real)) tally.agreed++;
}

/** Layers that were put in when the network was written in whole numbers are left out, as are places that argMax names. */
function layersOf({ architecture }: IntegerNetwork, noises: ReadonlyMap<string, Noise>): LayerAccuracy[] {
  const partOf = (tensor: string) => {
    const { signal, noise } = noises.get(tensor) ?? { signal: 0, noise: 0 };
    return noise === 0 ? 0 : noise / (signal || noise);
  };
  return architecture.layers
    .filter((layer) => layer.kind !== "argMax" && noises.has(layer.output))
    .map((layer) => {
      const part = partOf(layer.output);
      return {
        layer: layer.name,
        decibels: part === 0 ? null : -10 * Math.log10(part),
        lost: part - Math.max(...inputsOf(layer).map(partOf)),
      };
    });
}
