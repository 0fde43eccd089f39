import { keccak256, stringToHex } from "viem/utils";
import {
  ACTIVATION_BITS,
  BIAS_BITS,
  formatOf,
  type IntegerNetwork,
  type IntegerParameters,
  MULTIPLIER_BITS,
  parametersOf,
  type TensorFormat,
  TREE_BITS,
  WEIGHT_BITS,
} from "./integer-network.ts";
import { type Architecture, architectureSchema, type Layer } from "./network.ts";
import { FIELD_ORDER, poseidon2Hash } from "./poseidon2.ts";

// ASCII of "cvmodel2", "cvinput2" and "cvcheck2": what was hashed for one purpose is never taken for another.
export const MODEL_DOMAIN = 0x63766d6f64656c32n;
export const INPUT_DOMAIN = 0x6376696e70757432n;
export const CHALLENGE_DOMAIN = 0x6376636865636b32n;

/** What stays below the field's order, in bits. */
const PACKED_BITS = 248;
export const perLimb = (bits: number): number => Math.floor(PACKED_BITS / bits);

/** Names an architecture: every layer, shape and place of it. The circuit has it as a constant. */
export function hashArchitecture(architecture: Architecture): bigint {
  const text = JSON.stringify(architectureSchema.parse(architecture));
  return BigInt(keccak256(stringToHex(text))) % FIELD_ORDER;
}

/** What is committed to of a layer: numbers of one width each, made positive by an offset. */
export type Committed = { values: readonly bigint[]; bits: number; offset: bigint };

/** Bounds of a clip lie within what activations of either kind can be. */
export const BOUND_BITS = ACTIVATION_BITS + 1;

const halfOf = (bits: number): bigint => 1n << BigInt(bits - 1);
const wholes = (values: ArrayLike<number>): bigint[] => Array.from(values, (value) => BigInt(value));

/** Everything that decides what a layer computes, besides the architecture, in a fixed order. */
export function committedOf(layer: Layer, { weights, biases, multipliers, low, high }: IntegerParameters): Committed[] {
  const isTrees = layer.kind === "trees";
  const bounds = [low, high].filter((bound) => bound !== null);
  return [
    isTrees
      ? { values: wholes(weights), bits: TREE_BITS, offset: halfOf(TREE_BITS) }
      : { values: wholes(weights), bits: WEIGHT_BITS, offset: halfOf(WEIGHT_BITS) },
    isTrees
      ? { values: wholes(biases), bits: TREE_BITS, offset: halfOf(TREE_BITS) }
      : { values: wholes(biases), bits: BIAS_BITS, offset: halfOf(BIAS_BITS) },
    { values: wholes(multipliers), bits: MULTIPLIER_BITS, offset: 0n },
    { values: wholes(bounds), bits: BOUND_BITS, offset: halfOf(ACTIVATION_BITS) },
  ];
}

/** Packs numbers of so many bits each, the first lowest, into as few field elements as hold them. */
export function packNumbers(values: readonly bigint[], bits: number): bigint[] {
  const limbs: bigint[] = [];
  const size = perLimb(bits);
  for (let at = 0; at < values.length; at += size) {
    let limb = 0n;
    for (const [i, value] of values.slice(at, at + size).entries()) limb += value << BigInt(bits * i);
    limbs.push(limb);
  }
  return limbs;
}

/** The public name of private weights: Poseidon2 over architecture, salt, and every number of every layer. */
export function commitToNetwork(network: IntegerNetwork, salt: bigint): bigint {
  const packed = network.architecture.layers.flatMap((layer) =>
    committedOf(layer, parametersOf(network, layer)).flatMap(({ values, bits, offset }) =>
      packNumbers(
        values.map((value) => value + offset),
        bits,
      ),
    ),
  );
  return poseidon2Hash(MODEL_DOMAIN, [hashArchitecture(network.architecture), salt, ...packed]);
}

/** How much is added to a tensor's numbers so that none is negative. */
export const offsetOf = ({ isSigned }: Pick<TensorFormat, "isSigned">): bigint =>
  isSigned ? halfOf(ACTIVATION_BITS) : 0n;

const packActivations = (values: readonly ArrayLike<number>[], format: TensorFormat): bigint[] =>
  packNumbers(
    values.flatMap((one) => Array.from(one, (value) => BigInt(value) + offsetOf(format))),
    ACTIVATION_BITS,
  );

/** The public name of private inputs, for one request: the context keeps two requests from being linked. */
export function hashInputs(
  network: IntegerNetwork,
  inputs: readonly ArrayLike<number>[],
  { inputSalt, context }: { inputSalt: bigint; context: bigint },
): bigint {
  const format = formatOf(network, network.architecture.input.tensor);
  return poseidon2Hash(INPUT_DOMAIN, [...packActivations(inputs, format), inputSalt, context]);
}

/** The outputs of all inputs one after the other, twenty to a field element, each made positive by its offset. */
export const packOutputs = (network: IntegerNetwork, outputs: readonly ArrayLike<number>[]): bigint[] =>
  packActivations(outputs, formatOf(network, network.architecture.output));
