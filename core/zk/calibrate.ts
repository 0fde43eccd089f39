import { DomainError } from "#core/errors.ts";
import { type FloatNetwork, sizeOf } from "./network.ts";
import { refuseNetwork } from "./refuse-network.ts";
import { runFloat } from "./run-float.ts";

/** What samples showed of a tensor: of all of its numbers, and of each of its elements. */
export type Observed = {
  low: number;
  high: number;
  lows: Float64Array;
  highs: Float64Array;
  means: Float64Array;
  /** Means of the squares. */
  powers: Float64Array;
};

export type Calibration = ReadonlyMap<string, Observed>;

const invalid = (message: string, details: Record<string, unknown> = {}) =>
  new DomainError("ZK_SAMPLES_INVALID", { ...details, message });

/** Throws ZK_SAMPLES_INVALID unless there are samples and each is an input of the network. */
export function checkSamples({ architecture }: FloatNetwork, samples: readonly ArrayLike<number>[]): void {
  if (samples.length === 0) throw invalid("There are no samples to calibrate the network with.");
  const size = sizeOf(architecture.input.shape);
  for (const [sample, numbers] of samples.entries()) {
    if (numbers.length !== size)
      throw invalid(`Sample ${sample} has ${numbers.length} numbers; the network takes ${size}.`, { sample });
    const element = Array.prototype.findIndex.call(numbers, (value: number) => !Number.isFinite(value));
    if (element >= 0) throw invalid(`Sample ${sample} has what is no number at place ${element}.`, { sample, element });
  }
}

const unobserved = (size: number): Observed => ({
  low: Number.POSITIVE_INFINITY,
  high: Number.NEGATIVE_INFINITY,
  lows: new Float64Array(size).fill(Number.POSITIVE_INFINITY),
  highs: new Float64Array(size).fill(Number.NEGATIVE_INFINITY),
  means: new Float64Array(size),
  powers: new Float64Array(size),
});

function observe({ lows, highs, means, powers }: Observed, values: Float64Array, share: number): void {
  for (const [i, value] of values.entries()) {
    lows[i] = Math.min(lows[i] ?? value, value);
    highs[i] = Math.max(highs[i] ?? value, value);
    means[i] = (means[i] ?? 0) + value * share;
    powers[i] = (powers[i] ?? 0) + value * value * share;
  }
}

/**
 * Watches every tensor of a network while it computes the samples in double precision.
 *
 * Throws ZK_SAMPLES_INVALID for what are no samples, and ZK_NETWORK_REFUSED where the network gives what is no number.
 */
export function calibrate(network: FloatNetwork, samples: readonly Float32Array[]): Calibration {
  checkSamples(network, samples);
  const calibration = new Map<string, Observed>();
  for (const sample of samples) {
    for (const [tensor, values] of runFloat(network, sample)) {
      if (!values.every(Number.isFinite)) refuseNetwork({ tensor }, "It is not a number on one of the samples.");
      const observed = calibration.get(tensor) ?? unobserved(values.length);
      observe(observed, values, 1 / samples.length);
      calibration.set(tensor, observed);
    }
  }
  for (const observed of calibration.values()) {
    observed.low = observed.lows.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
    observed.high = observed.highs.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  }
  return calibration;
}

/** Throws `RangeError` when nothing was watched under this name. */
export function observedOf(calibration: Calibration, tensor: string): Observed {
  const observed = calibration.get(tensor);
  if (!observed) throw new RangeError(`Nothing was seen of the tensor ${tensor}.`);
  return observed;
}
