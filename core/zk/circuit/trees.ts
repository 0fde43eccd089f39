import { ACTIVATION_BITS, TREE_BITS } from "../integer-network.ts";
import type { LayerOf } from "../network.ts";
import type { CircuitBuilder, Product, Term, Wire } from "./builder.ts";
import { requantise } from "./gadgets.ts";
import { at, type LayerWires, outputFormat, type Scope, wiresOf } from "./scope.ts";

const OFFSET = 1n << BigInt(TREE_BITS - 1);
/** Feature and threshold differ by less than this many bits hold. */
const GAP_BITS = ACTIVATION_BITS + 1;

type Tree = LayerOf<"trees">["trees"][number];

/** 1 when feature ≤ threshold, else 0: the gap, counted from that side, is not negative. */
function asks(builder: CircuitBuilder, label: string, feature: Wire, threshold: Wire): Wire {
  const gap = builder.signedOf(threshold) - OFFSET - builder.signedOf(feature);
  const isLow = builder.wire(gap >= 0n ? 1n : 0n);
  builder.zero(`${label} bit`, [[1n, isLow, isLow]], [[-1n, isLow]]);
  // bit · gap + (1 - bit) · (-gap - 1) = 2 · bit · gap + bit - gap - 1, where gap = threshold - 2^11 - feature.
  const distance = builder.sum(
    `${label} side`,
    [
      [2n, isLow, threshold],
      [-2n, isLow, feature],
    ],
    [
      [1n - 2n * OFFSET, isLow],
      [-1n, threshold],
      [1n, feature],
    ],
    OFFSET - 1n,
  );
  builder.range(`${label} side`, distance, GAP_BITS);
  return isLow;
}

/** For each leaf a wire that is 1 when the input comes there, else 0. */
function reachLeaves(
  builder: CircuitBuilder,
  label: string,
  { nodes, leaves }: Tree,
  { input, thresholds }: { input: readonly Wire[]; thresholds: readonly Wire[] },
): Wire[] {
  const reached = new Map<number, Wire>([[nodes.length === 0 ? -1 : 0, builder.constant(1n)]]);
  // A node lies after the one that leads to it.
  for (const [number, { feature, low, high }] of nodes.entries()) {
    const here = reached.get(number);
    if (here === undefined) throw new Error(`Nothing leads to node ${number} of ${label}.`);
    const isLow = asks(builder, label, at(input, feature), at(thresholds, number));
    const left = builder.sum(`${label} way`, [[1n, here, isLow]], []);
    const right = builder.sum(
      `${label} way`,
      [],
      [
        [1n, here],
        [-1n, left],
      ],
    );
    reached.set(low, left).set(high, right);
  }
  return Array.from({ length: leaves }, (_, leaf) => {
    const wire = reached.get(-1 - leaf);
    if (wire === undefined) throw new Error(`Nothing leads to leaf ${leaf} of ${label}.`);
    return wire;
  });
}

export function trees(scope: Scope, layer: LayerOf<"trees">, { weights, biases, multipliers }: LayerWires): Wire[][] {
  const { builder } = scope;
  const how = { format: outputFormat(scope, layer), isRelu: false };
  return wiresOf(scope, layer.input).map((input) => {
    const products: Product[][] = Array.from({ length: layer.outputs }, () => []);
    const reached: Term[] = [];
    let [node, leaf] = [0, 0];
    for (const tree of layer.trees) {
      const thresholds = weights.slice(node, node + tree.nodes.length);
      for (const [i, wire] of reachLeaves(builder, layer.name, tree, { input, thresholds }).entries()) {
        for (const [output, terms] of products.entries()) {
          terms.push([1n, at(biases, (leaf + i) * layer.outputs + output), wire]);
        }
        reached.push([-OFFSET, wire]);
      }
      node += tree.nodes.length;
      leaf += tree.leaves;
    }
    return products.map((terms, output) => {
      const sum = builder.sum(`${layer.name} sum`, terms, reached);
      return requantise(builder, layer.name, [[1n, sum, at(multipliers, output % multipliers.length)]], how).output;
    });
  });
}
