import { at, type LayerOf } from "./network.ts";

/**
 * Walks every tree from its root to a leaf and adds up the leaves, `outputs` numbers each, in the order of the trees.
 *
 * @param x The features, as long as the layer's input.
 * @param thresholds One a node, tree after tree; a feature that is not above its threshold goes low.
 * @param leaves `outputs` numbers a leaf, tree after tree.
 * @throws RangeError where a tree does not lead to a leaf.
 */
export function walkTrees(
  layer: LayerOf<"trees">,
  x: ArrayLike<number>,
  thresholds: ArrayLike<number>,
  leaves: ArrayLike<number>,
): Float64Array<ArrayBuffer> {
  const sums = new Float64Array(layer.outputs);
  let firstNode = 0;
  let firstLeaf = 0;
  for (const tree of layer.trees) {
    // A tree without nodes is its one leaf.
    let place = tree.nodes.length === 0 ? -1 : 0;
    for (let steps = 0; place >= 0; steps++) {
      const node = tree.nodes[place];
      if (!node || steps > tree.nodes.length) throw new RangeError(`A tree of ${layer.name} does not lead to a leaf.`);
      place = at(x, node.feature) <= at(thresholds, firstNode + place) ? node.low : node.high;
    }
    const leaf = firstLeaf - 1 - place;
    for (let output = 0; output < layer.outputs; output++)
      sums[output] = at(sums, output) + at(leaves, leaf * layer.outputs + output);
    firstNode += tree.nodes.length;
    firstLeaf += tree.leaves;
  }
  return sums;
}
