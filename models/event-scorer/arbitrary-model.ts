import fc from "fast-check";
import { FEATURE_COUNT, HIDDEN_COUNT, type QuantisedMlp } from "../../core/zk/mlp.ts";

const edgy = (min: number, max: number) =>
  fc.oneof({ weight: 1, arbitrary: fc.constantFrom(min, max, 0) }, { weight: 4, arbitrary: fc.integer({ min, max }) });
const arrayOf = (arbitrary: fc.Arbitrary<number>, length: number) =>
  fc.array(arbitrary, { minLength: length, maxLength: length });

const weight = edgy(-128, 127);
const bias = fc.oneof(edgy(-(2 ** 22), 2 ** 22 - 1), edgy(-50_000, 50_000));

/** Any model the circuit takes, extremes included; for tests. */
export const arbitraryModel: fc.Arbitrary<QuantisedMlp> = fc.record({
  hiddenWeights: fc.array(arrayOf(weight, FEATURE_COUNT), { minLength: HIDDEN_COUNT, maxLength: HIDDEN_COUNT }),
  hiddenBiases: arrayOf(bias, HIDDEN_COUNT),
  hiddenShift: fc.integer({ min: 1, max: 16 }),
  outputWeights: arrayOf(weight, HIDDEN_COUNT),
  outputBias: bias,
  outputShift: fc.integer({ min: 1, max: 16 }),
}) as fc.Arbitrary<QuantisedMlp>;

export const arbitraryFeatures = arrayOf(edgy(0, 255), FEATURE_COUNT);
