import { formatOf } from "../commitment.ts";
import type { IntegerNetwork, TensorFormat } from "../integer-network.ts";
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
  columns: number;
  /** Wires of inner × columns, offset. */
  weights: readonly Wire[];
  biases: readonly Wire[];
  /** The sums, row after row, `columns` each. */
  sums: readonly Wire[];
};

/** What the layers of one circuit share. */
export type Scope = {
  builder: CircuitBuilder;
  network: IntegerNetwork;
  /** The wires of each tensor, an array for each of the inputs that are proved together. */
  tensors: Map<string, readonly (readonly Wire[])[]>;
  deferred: DeferredProduct[];
  /** What the challenge absorbs besides commitment and inputs. */
  absorbed: Ranged[];
  /** Tables by what they hold. */
  tables: Map<string, number>;
};

export function wiresOf({ tensors }: Scope, tensor: string): readonly (readonly Wire[])[] {
  const wires = tensors.get(tensor);
  if (!wires) throw new Error(`Tensor ${tensor} is read before it is written.`);
  return wires;
}

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
