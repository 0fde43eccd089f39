import { FIELD_ORDER, poseidon2Hash } from "./poseidon2.ts";

export const FEATURE_COUNT = 16;
export const HIDDEN_COUNT = 16;

const BIAS_LIMIT = 2 ** 22;
const BIAS_SLOT = 2n ** 23n;
const MODEL_DOMAIN = 0x63766d6f64656c31n;
const INPUT_DOMAIN = 0x6376696e70757431n;
const ARCHITECTURE = 0x6d6c7000100010000101n;

/**
 * A quantised network of one hidden layer.
 *
 * Weights are int8, biases lie in [-2^22, 2^22), and a layer's scale is 2^-shift with a shift of 1 to 16.
 */
export type QuantisedMlp = {
  hiddenWeights: number[][];
  hiddenBiases: number[];
  hiddenShift: number;
  outputWeights: number[];
  outputBias: number;
  outputShift: number;
};

const isIntegerIn = (value: number, low: number, high: number) =>
  Number.isInteger(value) && value >= low && value <= high;

/** True when every number fits the ranges that the circuit enforces. */
export function isValidModel(model: QuantisedMlp): boolean {
  const areWeights = (row: number[], length: number) =>
    row.length === length && row.every((weight) => isIntegerIn(weight, -128, 127));
  const biases = [...model.hiddenBiases, model.outputBias];
  return (
    model.hiddenWeights.length === HIDDEN_COUNT &&
    model.hiddenWeights.every((row) => areWeights(row, FEATURE_COUNT)) &&
    areWeights(model.outputWeights, HIDDEN_COUNT) &&
    biases.length === HIDDEN_COUNT + 1 &&
    biases.every((bias) => isIntegerIn(bias, -BIAS_LIMIT, BIAS_LIMIT - 1)) &&
    isIntegerIn(model.hiddenShift, 1, 16) &&
    isIntegerIn(model.outputShift, 1, 16)
  );
}

/** clamp(floor(accumulator / 2^shift + 1/2), 0, 255): ties round up, the result saturates at both ends. */
export function requantise(accumulator: number, shift: number): number {
  const scaled = Math.floor((accumulator + 2 ** (shift - 1)) / 2 ** shift);
  return Math.min(255, Math.max(0, scaled));
}

const dot = (weights: readonly number[], values: readonly number[]) =>
  weights.reduce((sum, weight, i) => sum + weight * (values[i] ?? 0), 0);

/** The exact integer semantics of the circuit: the same features give the same byte in both, for every model. */
export function scoreMlp(model: QuantisedMlp, features: readonly number[]): number {
  const hidden = model.hiddenWeights.map((row, j) =>
    requantise(dot(row, features) + (model.hiddenBiases[j] ?? 0), model.hiddenShift),
  );
  return requantise(dot(model.outputWeights, hidden) + model.outputBias, model.outputShift);
}

function packBytes(bytes: readonly number[]): bigint {
  return bytes.reduce((packed, byte) => packed * 256n + BigInt(byte), 0n);
}

const packBiases = (biases: readonly number[]) =>
  biases.reduce((packed, bias) => packed * BIAS_SLOT + BigInt(bias + BIAS_LIMIT), 0n);

/** The public name of private weights: covers architecture, scales, weights and biases, hidden by the salt. */
export function commitToModel(model: QuantisedMlp, salt: bigint): bigint {
  const bytes = [...model.hiddenWeights.flat(), ...model.outputWeights].map((weight) => weight + 128);
  const packed: bigint[] = [];
  for (let i = 0; i < bytes.length; i += 31) packed.push(packBytes(bytes.slice(i, i + 31)));
  const shape = (ARCHITECTURE * 256n + BigInt(model.hiddenShift)) * 256n + BigInt(model.outputShift);
  const firstBiases = packBiases(model.hiddenBiases.slice(0, 9));
  const lastBiases = packBiases([...model.hiddenBiases.slice(9), model.outputBias]);
  return poseidon2Hash(MODEL_DOMAIN, [shape, salt, ...packed, firstBiases, lastBiases]);
}

/** The public name of a private input, for one request only: the context keeps two requests from being linked. */
export function hashInput(features: readonly number[], inputSalt: bigint, context: bigint): bigint {
  return poseidon2Hash(INPUT_DOMAIN, [packBytes(features), inputSalt, context]);
}

/** Public inputs in the order of the circuit and of the registry: context, commitment, input hash, output. */
export function publicInputsOf(input: {
  model: QuantisedMlp;
  salt: bigint;
  features: readonly number[];
  inputSalt: bigint;
  context: bigint;
}): [bigint, bigint, bigint, bigint] {
  return [
    input.context % FIELD_ORDER,
    commitToModel(input.model, input.salt),
    hashInput(input.features, input.inputSalt, input.context),
    BigInt(scoreMlp(input.model, input.features)),
  ];
}

/** The circuit's witness for a model and an input, in the shape of its ABI. */
export function toCircuitInput(input: {
  model: QuantisedMlp;
  salt: bigint;
  features: readonly number[];
  inputSalt: bigint;
  context: bigint;
}) {
  const { model } = input;
  const weight = (value: number) => String(value + 128);
  const bias = (value: number) => String(value + BIAS_LIMIT);
  return {
    model: {
      hidden_weights: model.hiddenWeights.map((row) => row.map(weight)),
      hidden_biases: model.hiddenBiases.map(bias),
      hidden_shift: String(model.hiddenShift),
      output_weights: model.outputWeights.map(weight),
      output_bias: bias(model.outputBias),
      output_shift: String(model.outputShift),
      salt: String(input.salt),
    },
    features: input.features.map(String),
    input_salt: String(input.inputSalt),
    context: String(input.context),
  };
}
