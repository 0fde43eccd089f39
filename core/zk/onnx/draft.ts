import type { Layer } from "../network.ts";
import type { ElementType } from "./decode-tensor.ts";
import { tooLarge } from "./refusals.ts";

/** Elements of one tensor, and of all that layers give together: each of them is a number in the circuit. */
const TENSOR_ELEMENTS_MAX = 1_000_000;
const NETWORK_ELEMENTS_MAX = 2_000_000;
/** Numbers that are worked out while a model is read, of constants too. */
const WORK_MAX = 16_000_000;
/** Multiplications and comparisons of one inference: far more than can be proved, and as many as are run in seconds. */
const OPERATIONS_MAX = 1_000_000_000;

/** Numbers that are known before anything is computed. Shapes have the batch, of one, as ONNX has it. */
export type Constant = {
  kind: "constant";
  type: ElementType;
  dims: readonly number[];
  values: Float32Array | Float64Array;
};

/** What a layer gives, by the number of its tensor. Two activations of other shapes may be one tensor. */
export type Activation = { kind: "activation"; type: ElementType; dims: readonly number[]; tensor: number };

export type Value = Constant | Activation;

type Bare<L> = L extends Layer ? Omit<L, "name" | "output" | "shape" | "input" | "inputs"> : never;

/** y[o, c, i] = x[o, c, i] · w[c] + b[c], for any number of o: what becomes a scale, or goes into a neighbour. */
export type Affine = { kind: "affine"; channels: number; inner: number; activation: "none" | "relu" };

/** Where each element comes from: the place `at` in the input number `from`; zero where `at` is -1. */
export type Wiring = { kind: "wiring"; from: Uint8Array; at: Int32Array };

export type Operation = Bare<Exclude<Layer, { kind: "scale" | "rewire" }>> | Affine | Wiring;

export type Learnt = { weights: Float64Array; biases: Float64Array };

export type DraftLayer = {
  name: string;
  inputs: number[];
  output: number;
  dims: readonly number[];
  operation: Operation;
  learnt: Learnt | null;
};

export const elementsOf = (dims: readonly number[]): number => dims.reduce((product, length) => product * length, 1);

/** A network while it is read: tensors have numbers, and their names come last. */
export class Draft {
  readonly layers: DraftLayer[] = [];
  readonly names = new Map<number, string>();
  /** What the places of a classifier's answer are called. */
  labels: string[] | null = null;
  #tensors = 0;
  #elements = 0;
  #work = 0;
  #operations = 0;

  /** A tensor that no layer gives. */
  addInput(name: string, type: ElementType, dims: readonly number[]): Activation {
    this.spend(elementsOf(dims));
    if (elementsOf(dims) > TENSOR_ELEMENTS_MAX)
      throw tooLarge(`The input has more than ${TENSOR_ELEMENTS_MAX} numbers.`);
    const tensor = this.#tensors++;
    this.names.set(tensor, name);
    return { kind: "activation", type, dims, tensor };
  }

  add(layer: Omit<DraftLayer, "output">, type: ElementType): Activation {
    const elements = elementsOf(layer.dims);
    this.#elements += elements;
    this.spend(elements);
    if (elements > TENSOR_ELEMENTS_MAX)
      throw tooLarge(`The layer ${layer.name} gives more than ${TENSOR_ELEMENTS_MAX} numbers.`);
    if (this.#elements > NETWORK_ELEMENTS_MAX)
      throw tooLarge(`The layers give more than ${NETWORK_ELEMENTS_MAX} numbers together.`);
    const output = this.#tensors++;
    this.layers.push({ ...layer, output });
    return { kind: "activation", type, dims: layer.dims, tensor: output };
  }

  newTensor(): number {
    return this.#tensors++;
  }

  /** Work is paid for before it is done, so that no file, however made, keeps its reader busy. */
  spend(elements: number): void {
    this.#work += elements;
    if (!(this.#work <= WORK_MAX)) throw tooLarge("Working out this model's shapes and constants takes too long.");
  }

  /** A shape costs its elements, and its lengths, which are walked along even where there are no elements. */
  spendOn(dims: readonly number[]): void {
    this.spend(elementsOf(dims) + dims.reduce((sum, length) => sum + length, 0));
  }

  /** What a layer multiplies or compares. */
  spendOperations(operations: number): void {
    this.#operations += operations;
    if (!(this.#operations <= OPERATIONS_MAX))
      throw tooLarge(`The network takes more than ${OPERATIONS_MAX} multiplications or comparisons.`);
  }
}
