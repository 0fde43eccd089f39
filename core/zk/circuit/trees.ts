import { ACTIVATION_BITS, TREE_BITS } from "../integer-network.ts";
import type { LayerOf } from "../network.ts";
import type { CircuitBuilder, Term, Wire } from "./builder.ts";
import { requantise } from "./gadgets.ts";
import { at, type LayerWires, outputFormat, type Scope, wiresOf } from "./scope.ts";

const OFFSET = 1n << BigInt(TREE_BITS - 1);
/** Feature and threshold differ by less than this many bits hold. */
const GAP_BITS = ACTIVATION_BITS + 1;

type Tree = LayerOf<"trees">["trees"][number];

/** 1 when feature ≤ threshold, else 0: the gap, counted from that side, is not negative. */
function asks(builder: CircuitBuilder, label: string, feature: Wire, threshold: Wire): Wire {
  const gap = builder.sum(
    `${label} gap`,
    [],
    [
      [1n, threshold],
      [-1n, feature],
    ],
    -OFFSET,
  );
  const isLow = builder.wire(builder.hint(`${label} side`, builder.signedOf(gap) >= 0n ? 1n : 0n));
  builder.zero(`${label} bit`, [[1n, isLow, isLow]], [[-1n, isLow]]);
  // bit · gap + (1 - bit) · (-gap - 1)
  const side: Term[] = [
    [1n, isLow],
    [-1n, gap],
  ];
  builder.range(`${label} side`, builder.sum(`${label} side`, [[2n, isLow, gap]], side, -1n), GAP_BITS);
  return isLow;
}

type Values = { bits: readonly Wire[]; leaves: readonly Wire[] };

/** What the input comes to in a tree: from the leaves up, each node's value is that of the side it takes. */
function walk(builder: CircuitBuilder, label: string, { nodes }: Tree, { bits, leaves }: Values): Wire {
  const values = new Array<Wire>(nodes.length);
  const valueAt = (place: number): Wire => (place < 0 ? at(leaves, -1 - place) : at(values, place));
  // A node lies before those that it leads to.
  for (let number = nodes.length - 1; number >= 0; number--) {
    const { low, high } = at(nodes, number);
    const [below, above] = [valueAt(low), valueAt(high)];
    const bit = at(bits, number);
    values[number] = builder.sum(
      `${label} way`,
      [
        [1n, bit, below],
        [-1n, bit, above],
      ],
      [[1n, above]],
    );
  }
  return valueAt(nodes.length === 0 ? -1 : 0);
}

export function trees(scope: Scope, layer: LayerOf<"trees">, { weights, biases, multipliers }: LayerWires): Wire[][] {
  const { builder } = scope;
  const { name, outputs } = layer;
  const how = { format: outputFormat(scope, layer), isRelu: false };
  return wiresOf(scope, layer.input).map((input) => {
    const terms: Term[][] = Array.from({ length: outputs }, () => []);
    let [node, leaf] = [0, 0];
    for (const tree of layer.trees) {
      const bits = tree.nodes.map(({ feature }, i) => asks(builder, name, at(input, feature), at(weights, node + i)));
      for (const [output, sum] of terms.entries()) {
        const leaves = Array.from({ length: tree.leaves }, (_, i) => at(biases, (leaf + i) * outputs + output));
        sum.push([1n, walk(builder, name, tree, { bits, leaves })]);
      }
      node += tree.nodes.length;
      leaf += tree.leaves;
    }
    return terms.map((sum, output) => {
      const total = builder.sum(`${name} sum`, [], sum, -OFFSET * BigInt(layer.trees.length));
      return requantise(builder, name, [[1n, total, at(multipliers, output)]], how).output;
    });
  });
}
