import { formatOf, type IntegerNetwork, type TensorFormat } from "../integer-network.ts";
import type { Layer } from "../network.ts";
import type { CircuitBuilder, Wire } from "./builder.ts";
import type { Ranged } from "./gadgets.ts";

/** The committed wires of a layer: numbers as they are, their offsets taken off by whoever uses them. */
export type LayerWires = {
  /** Offset by 2^7, and by 2^11 in trees. */
  weights: readonly Wire[];
  /** Offset by 2^35, and by 2^11 in trees. */
  biases: readonly Wire[];
  multipliers: readonly Wire[];
  /** Offset by 2^11: the lower and the upper bound of a clip, those that it has. */
  bounds: readonly Wire[];
};

/** y = W·x of many rows, to be checked for all of them at once by a challenge that comes when all of it is written down. */
export type DeferredProduct = {
  label: string;
  /** Wires of row after row, `inner` each; null where nothing is looked at. */
  rows: readonly (readonly (Wire | null)[])[];
  /** How much more each of them holds than what is multiplied; zero where a row has gaps. */
  offset: bigint;
  columns: number;
  /** Wires of inner × columns, offset. */
  weights: readonly Wire[];
  biases: readonly Wire[];
  /** The sums, row after row, `columns` each. */
  sums: readonly Wire[];
};

/** The numbers of a tensor, an array for each of the inputs that are proved together. */
export type Tensor = {
  /** Wires of the numbers themselves. */
  wires: () => readonly (readonly Wire[])[];
  /** Wires that hold so much more, where there are such; then those above are made only when somebody wants them. */
  raised: { wires: readonly (readonly Wire[])[]; offset: bigint } | null;
};

/** What the layers of one circuit share. */
export type Scope = {
  builder: CircuitBuilder;
  network: IntegerNetwork;
  tensors: Map<string, Tensor>;
  deferred: DeferredProduct[];
  /** What the challenge absorbs besides commitment and inputs. */
  absorbed: Ranged[];
  /** Tables by what they hold. */
  tables: Map<string, number>;
};

export function tensorOf({ tensors }: Scope, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`Tensor ${name} is read before it is written.`);
  return tensor;
}

export const wiresOf = (scope: Scope, name: string): readonly (readonly Wire[])[] => tensorOf(scope, name).wires();

export const outputFormat = ({ network }: Scope, layer: Layer): TensorFormat => formatOf(network, layer.output);

/** A wire of a list that is as long as its architecture says. */
export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`There is no item ${index} of ${items.length}.`);
  return item;
}

/** The table of these numbers, written down once. */
export function constantTable({ builder, tables }: Scope, name: string, values: readonly bigint[]): number {
  const key = `${name} ${values.join(" ")}`;
  const found = tables.get(key) ?? builder.table(values.map((value) => builder.constant(value)));
  tables.set(key, found);
  return found;
}
