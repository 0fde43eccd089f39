import type { OnnxAttribute, OnnxNode } from "./decode-model.ts";
import type { ElementType, OnnxTensor } from "./decode-tensor.ts";
import type { Activation, Constant, Draft, Learnt, Operation, Value } from "./draft.ts";
import { nodeLabel } from "./order-graph.ts";
import { invalid, shortened, tooLarge, unsupported } from "./refusals.ts";

const RANK_MAX = 8;
/** Numbers of ONNX's attribute types. */
const FLOAT = 1;
const INTEGER = 2;
const TEXT = 3;
const TENSOR = 4;
const FLOATS = 6;
const INTEGERS = 7;
const TEXTS = 8;

/** Attributes that change nothing of what is computed here. */
const IDLE_ATTRIBUTES: ReadonlySet<string> = new Set([
  "is_test",
  "momentum",
  "multi_class",
  "nodes_hitrates",
  "nodes_hitrates_as_tensor",
  "nodes_missing_value_tracks_true",
  "ratio",
  "round_mode",
  "saturate",
  "seed",
  "storage_order",
]);

/** What an operator's import gives: the node's outputs, in order, as far as they can be proved. */
export type OperatorImport = (node: NodeImport) => Value | Value[];

/** A node with what it reads, while it is turned into layers. */
export class NodeImport {
  readonly node: OnnxNode;
  /** Version of the operator set that the node's operator is of. */
  readonly opset: number;
  readonly draft: Draft;
  readonly inputs: readonly (Value | null)[];
  readonly #readInputs = new Set<number>();
  readonly #readAttributes = new Set<string>();

  constructor(node: OnnxNode, opset: number, draft: Draft, inputs: readonly (Value | null)[]) {
    this.node = node;
    this.opset = opset;
    this.draft = draft;
    this.inputs = inputs;
  }

  get label(): string {
    return nodeLabel(this.node);
  }

  /** The node asks for what is not done. `reason` goes on "the node conv1 (Conv)". */
  unsupported(reason: string): Error {
    return unsupported(`The model cannot be proved: ${this.label} ${reason}.`);
  }

  /** The node contradicts itself. */
  invalid(reason: string): Error {
    return invalid(`The model is not valid: ${this.label} ${reason}.`);
  }

  /**
   * Refuses a node of which something was not read: a file that says it where this version of the operator does not have
   * it would be computed as if it had not said it.
   */
  refuseUnread(): void {
    const unread = [...this.node.attributes.keys()].find(
      (name) => !this.#readAttributes.has(name) && !IDLE_ATTRIBUTES.has(name),
    );
    if (unread !== undefined) throw this.unsupported(`says ${shortened(unread)}, which is not known of this operator`);
    const input = this.inputs.findIndex((value, index) => value && !this.#readInputs.has(index));
    if (input >= 0) throw this.unsupported(`reads ${input + 1} inputs, more than are known of this operator`);
  }

  /** Constants are paid for when they are first read: many nodes may read the same ones. */
  optional(index: number): Value | null {
    const value = this.inputs[index] ?? null;
    if (value?.kind === "constant" && !this.#readInputs.has(index)) this.draft.spend(value.values.length);
    this.#readInputs.add(index);
    return value;
  }

  input(index: number): Value {
    const value = this.optional(index);
    if (!value) throw this.invalid(`has no input ${index + 1}`);
    return value;
  }

  activation(index: number): Activation {
    const value = this.input(index);
    if (value.kind === "constant") throw this.unsupported(`reads a constant as its input ${index + 1}`);
    return value;
  }

  constant(index: number): Constant {
    const value = this.input(index);
    if (value.kind !== "constant")
      throw this.unsupported(`computes its input ${index + 1} from other layers, where a constant has to be`);
    return value;
  }

  optionalConstant(index: number): Constant | null {
    return this.optional(index) ? this.constant(index) : null;
  }

  /** A list of whole numbers, which older operator sets have as an attribute and newer ones as an input. */
  integersAt(index: number, name: string): number[] | null {
    const [value, listed] = [this.optionalConstant(index), this.integers(name)];
    return value ? Array.from(value.values) : listed;
  }

  integer(name: string, otherwise: number): number {
    return this.#attribute(name, INTEGER)?.integer ?? otherwise;
  }

  isSet(name: string): boolean {
    return this.integer(name, 0) !== 0;
  }

  number(name: string, otherwise: number): number {
    return this.#attribute(name, FLOAT)?.float ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    return this.#attribute(name, TEXT)?.text ?? otherwise;
  }

  tensor(name: string): OnnxTensor | null {
    return this.#attribute(name, TENSOR)?.tensor ?? null;
  }

  integers(name: string): number[] | null {
    return this.#attribute(name, INTEGERS)?.integers ?? null;
  }

  numbers(name: string): number[] | null {
    return this.#attribute(name, FLOATS)?.floats ?? null;
  }

  texts(name: string): string[] | null {
    return this.#attribute(name, TEXTS)?.texts ?? null;
  }

  has(name: string): boolean {
    this.#readAttributes.add(name);
    return this.node.attributes.has(name);
  }

  /** An axis counted from the front. `rank` is the number of axes there are to choose from. */
  axis(axis: number, rank: number): number {
    const counted = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(counted) || counted < 0 || counted >= rank)
      throw this.invalid(`names the axis ${axis} of a tensor that has ${rank}`);
    return counted;
  }

  checkRank(dims: readonly number[]): void {
    if (dims.length > RANK_MAX) throw tooLarge(`The model has more than ${RANK_MAX} axes at ${this.label}.`);
  }

  emit(
    operation: Operation,
    inputs: readonly Activation[],
    dims: readonly number[],
    learnt: Learnt | null = null,
    type: ElementType = "float32",
  ): Activation {
    const name = shortened(this.node.name || (this.node.outputs[0] ?? this.node.operator));
    return this.draft.add({ name, inputs: inputs.map(({ tensor }) => tensor), dims, operation, learnt }, type);
  }

  #attribute(name: string, type: number): OnnxAttribute | undefined {
    this.#readAttributes.add(name);
    const attribute = this.node.attributes.get(name);
    // Files from before the type was written down have none.
    if (attribute && attribute.type !== type && attribute.type !== 0)
      throw this.invalid(`has the attribute ${name} in another type than it is of`);
    return attribute;
  }
}
