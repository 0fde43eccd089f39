import { DomainError } from "#core/errors.ts";
import * as compute from "./integer-layers.ts";
import {
  BELOW_BITS,
  formatOf,
  type IntegerNetwork,
  type IntegerParameters,
  parametersOf,
  rangeOf,
  type TensorFormat,
} from "./integer-network.ts";
import { type Layer, type LayerOf, sizeOf } from "./network.ts";

type Range = readonly [low: number, high: number];

/** Which number it was: `layer` is null of the input. */
type Place = { layer: string | null; tensor: string; element: number; value: number };

/** A number left its range: the input is not one that the network was calibrated for. `over` says by how many steps. */
export class OutOfRange extends DomainError {
  readonly layer: string | null;

  constructor({ layer, tensor, element, value }: Place, [low, high]: Range) {
    const bound = value > high ? high : low;
    const over = Math.abs(value - bound);
    const whose = layer === null ? "The" : `Of the layer ${layer}, the`;
    super("ZK_OUT_OF_RANGE", {
      ...{ layer, tensor, element, value, low, high, over },
      message: `The input leaves the range that the network was calibrated for. ${whose} number ${element} of ${tensor} is ${value}, ${over} beyond ${bound}.`,
    });
    this.layer = layer;
  }
}

/**
 * Computes a network in whole numbers, exactly as its circuit does, and gives the numbers of every tensor.
 *
 * Throws PROOF_INPUT_INVALID for what is no input of the network, `OutOfRange` (ZK_OUT_OF_RANGE) where a number leaves
 * the range of its tensor, and `RangeError` when the network itself is not whole.
 */
export function runInteger(network: IntegerNetwork, input: ArrayLike<number>): Map<string, Int32Array> {
  const { tensor, shape } = network.architecture.input;
  checkLength(input, sizeOf(shape));
  const numbers = Float64Array.from(input);
  if (!numbers.every(Number.isInteger)) throw inputInvalid("The input's numbers are not all whole.");
  const tensors = new Map([[tensor, heldTo(numbers, { layer: null, tensor }, rangeOf(formatOf(network, tensor)))]]);
  const read = (name: string): Int32Array => {
    const values = tensors.get(name);
    if (!values) throw new RangeError(`Nothing computes the tensor ${name}.`);
    return values;
  };
  for (const layer of network.architecture.layers) {
    const results = runLayer(layer, read, parametersOf(network, layer));
    if (results.length !== sizeOf(layer.shape))
      throw new RangeError(`The layer ${layer.name} gives ${results.length} numbers, not ${sizeOf(layer.shape)}.`);
    if ("activation" in layer && layer.activation === "relu") cutBelow(layer, results);
    const range = rangeOf(formatOf(network, layer.output));
    tensors.set(layer.output, heldTo(results, { layer: layer.name, tensor: layer.output }, range));
  }
  return tensors;
}

function runLayer(layer: Layer, read: (tensor: string) => Int32Array, parameters: IntegerParameters) {
  switch (layer.kind) {
    case "linear":
      return compute.linear(layer, read(layer.input), parameters);
    case "conv":
      return compute.conv(layer, read(layer.input), parameters);
    case "scale":
      return compute.scale(layer, read(layer.input), parameters);
    case "add":
      return compute.add(layer, read(layer.inputs[0]), read(layer.inputs[1]), parameters);
    case "multiply":
      return compute.multiply(read(layer.inputs[0]), read(layer.inputs[1]), parameters);
    case "relu":
      return Float64Array.from(read(layer.input), (value) => Math.max(value, 0));
    case "leakyRelu":
      return compute.leakyRelu(read(layer.input), parameters);
    case "clip":
      return compute.clip(read(layer.input), parameters);
    case "maxPool":
      return compute.maxPool(layer, read(layer.input));
    case "averagePool":
      return compute.averagePool(layer, read(layer.input), parameters);
    case "reduce":
      return compute.reduce(layer, read(layer.input), parameters);
    case "table":
      return compute.table(layer, read(layer.input), parameters);
    case "softmax":
      return compute.softmax(layer, read(layer.input), parameters);
    case "argMax":
      return compute.argMax(layer, read(layer.input));
    case "rewire":
      return rewire(layer, layer.inputs.map(read));
    case "trees":
      return compute.trees(layer, read(layer.input), parameters);
  }
}

function rewire({ name, sources }: LayerOf<"rewire">, inputs: readonly Int32Array[]): Float64Array {
  return Float64Array.from(sources, (source) => {
    const value = source ? inputs[source[0]]?.[source[1]] : 0;
    if (value === undefined) throw new RangeError(`The layer ${name} takes an element that is not there.`);
    return value;
  });
}

/** Relu, of numbers that are not too low for the circuit to know their sign. */
function cutBelow({ name, output }: Layer, results: Float64Array): void {
  const low = -(2 ** BELOW_BITS);
  for (const [element, value] of results.entries()) {
    if (value < low) throw new OutOfRange({ layer: name, tensor: output, element, value }, [low, 0]);
    if (value < 0) results[element] = 0;
  }
}

function heldTo(numbers: Float64Array, at: { layer: string | null; tensor: string }, range: Range): Int32Array {
  const [low, high] = range;
  const element = numbers.findIndex((value) => !(value >= low && value <= high));
  const value = numbers[element];
  if (value !== undefined) throw new OutOfRange({ ...at, element, value }, range);
  return Int32Array.from(numbers);
}

const inputInvalid = (message: string) => new DomainError("PROOF_INPUT_INVALID", { message });

function checkLength(input: ArrayLike<number>, size: number): void {
  if (input.length !== size) throw inputInvalid(`The input has ${input.length} numbers, not ${size}.`);
}

/**
 * The whole numbers that stand for an input, halves rounded up.
 *
 * Throws PROOF_INPUT_INVALID for what is no input, and `OutOfRange` where a number is larger than the network was
 * calibrated for.
 */
export function quantiseInput(network: IntegerNetwork, input: ArrayLike<number>): Int32Array {
  const { tensor, shape } = network.architecture.input;
  checkLength(input, sizeOf(shape));
  const format = formatOf(network, tensor);
  const wholes = Float64Array.from(input, (value, i) => Math.floor(value / (format.scales?.[i] ?? format.scale) + 0.5));
  if (wholes.some(Number.isNaN)) throw inputInvalid("Not everything in the input is a number.");
  return heldTo(wholes, { layer: null, tensor }, rangeOf(format));
}

/** What whole numbers of a tensor stand for. */
export const dequantise = (format: TensorFormat, wholes: ArrayLike<number>): Float64Array =>
  Float64Array.from(wholes, (whole, i) => whole * (format.scales?.[i] ?? format.scale));
