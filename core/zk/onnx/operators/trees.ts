import type { LayerOf } from "../../network.ts";
import type { Activation, Value } from "../draft.ts";
import type { NodeImport, OperatorImport } from "../node-import.ts";
import { tooLarge } from "../refusals.ts";
import { emitClassification } from "./classes.ts";

const TREES_MAX = 1_024;
const NODES_MAX = 4_096;
/** Nodes of all trees, and what leaves add. */
const LISTED_MAX = 250_000;

/** A node as the file lists it. Where `isLeaf`, the rest says nothing. */
type ListedNode = {
  isLeaf: boolean;
  feature: number;
  threshold: number;
  /** The node where the feature is not above the threshold, and the other. */
  low: string;
  high: string;
};

/** What leaves add, by their key: output after output. */
type Votes = Map<string, { output: number; weight: number }[]>;

type Tree = LayerOf<"trees">["trees"][number];
type Forest = { trees: Tree[]; thresholds: number[]; leaves: number[] };

const keyOf = (tree: number | undefined, node: number | undefined): string => `${tree}:${node}`;

/** The largest float that is not above a number, or below it. */
function floatBelow(value: number, isStrictly: boolean): number {
  const nearest = Math.fround(value);
  if (isStrictly ? nearest < value : nearest <= value) return nearest;
  const float = new Float32Array([nearest]);
  const bits = new Int32Array(float.buffer);
  if (nearest === 0) return -(2 ** -149);
  bits[0] = (bits[0] ?? 0) + (nearest > 0 ? -1 : 1);
  return float[0] ?? 0;
}

/** Numbers as floats, or as a tensor of doubles, which newer files may have instead. */
const numbersOf = (node: NodeImport, name: string): ArrayLike<number> =>
  node.tensor(`${name}_as_tensor`)?.values ?? node.numbers(name) ?? [];

function checkListed(node: NodeImport, count: number): void {
  if (count > LISTED_MAX) throw tooLarge(`The forest of ${node.label} lists more than ${LISTED_MAX} nodes or votes.`);
}

/** All nodes, by tree and then by key. Throws ONNX_INVALID where lists do not fit each other. */
function listNodes(node: NodeImport): Map<number, Map<string, ListedNode>> {
  const lists = ["treeids", "nodeids", "featureids", "truenodeids", "falsenodeids"].map(
    (name) => node.integers(`nodes_${name}`) ?? [],
  );
  const [treeIds = [], nodeIds = [], features = [], whenTrue = [], whenFalse = []] = lists;
  const modes = node.texts("nodes_modes") ?? [];
  const values = numbersOf(node, "nodes_values");
  if ([...lists, modes, values].some(({ length }) => length !== treeIds.length) || treeIds.length === 0)
    throw node.invalid("lists its trees' nodes in lists of several lengths");
  checkListed(node, treeIds.length);
  const trees = new Map<number, Map<string, ListedNode>>();
  treeIds.forEach((treeId, i) => {
    const nodes = trees.get(treeId) ?? new Map<string, ListedNode>();
    trees.set(treeId, nodes);
    const key = keyOf(treeId, nodeIds[i]);
    if (nodes.has(key)) throw node.invalid("lists a node of its trees twice");
    const branches = { yes: keyOf(treeId, whenTrue[i]), no: keyOf(treeId, whenFalse[i]) };
    nodes.set(key, listedNode(node, modes[i] ?? "", features[i] ?? 0, values[i] ?? 0, branches));
  });
  if (trees.size > TREES_MAX) throw tooLarge(`The forest of ${node.label} has more than ${TREES_MAX} trees.`);
  return trees;
}

/** Every question is asked as "not above": "below" has the float before as its threshold, the others swap their branches. */
function listedNode(
  node: NodeImport,
  mode: string,
  feature: number,
  value: number,
  { yes, no }: { yes: string; no: string },
): ListedNode {
  const ask = (isStrictly: boolean, low: string, high: string): ListedNode => ({
    isLeaf: false,
    feature,
    threshold: floatBelow(value, isStrictly),
    low,
    high,
  });
  switch (mode) {
    case "LEAF":
      return { isLeaf: true, feature: 0, threshold: 0, low: "", high: "" };
    case "BRANCH_LEQ":
      return ask(false, yes, no);
    case "BRANCH_LT":
      return ask(true, yes, no);
    case "BRANCH_GT":
      return ask(false, no, yes);
    case "BRANCH_GTE":
      return ask(true, no, yes);
    default:
      throw node.unsupported(`asks ${mode} in its trees`);
  }
}

/** Leaf values by node, from the lists `prefix`_treeids, _nodeids, _ids and _weights. */
function listVotes(node: NodeImport, prefix: "target" | "class"): Votes {
  const [trees = [], nodes = [], outputs = []] = ["treeids", "nodeids", "ids"].map(
    (name) => node.integers(`${prefix}_${name}`) ?? [],
  );
  const weights = numbersOf(node, `${prefix}_weights`);
  if ([trees, nodes, weights].some(({ length }) => length !== outputs.length))
    throw node.invalid("lists its leaves in lists of several lengths");
  checkListed(node, outputs.length);
  const votes: Votes = new Map();
  outputs.forEach((output, i) => {
    const key = keyOf(trees[i], nodes[i]);
    const listed = votes.get(key) ?? [];
    listed.push({ output, weight: weights[i] ?? 0 });
    votes.set(key, listed);
  });
  return votes;
}

/** The node that no other leads to. */
function rootOf(node: NodeImport, nodes: Map<string, ListedNode>): string {
  const reached = new Set([...nodes.values()].flatMap(({ low, high }) => [low, high]));
  const roots = [...nodes.keys()].filter((key) => !reached.has(key));
  const [root] = roots;
  if (root === undefined || roots.length > 1) throw node.invalid("has a tree that does not have one root");
  return root;
}

/** One tree, its nodes and leaves in the order in which they are met, low before high. */
function addTree(
  node: NodeImport,
  nodes: Map<string, ListedNode>,
  votes: Votes,
  outputs: number,
  forest: Forest,
): void {
  const tree: Tree = { nodes: [], leaves: 0 };
  const met = new Set<string>();
  const open: { key: string; enter: (place: number) => void }[] = [{ key: rootOf(node, nodes), enter: () => {} }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { key, enter } = next;
    const listed = nodes.get(key);
    if (!listed || met.has(key)) throw node.invalid("has a tree that leads nowhere, or twice to one node");
    met.add(key);
    if (listed.isLeaf) {
      enter(-1 - tree.leaves++);
      forest.leaves.push(...leafOf(node, votes.get(key) ?? [], outputs));
      continue;
    }
    enter(tree.nodes.length);
    const placed = { feature: listed.feature, low: 0, high: 0 };
    tree.nodes.push(placed);
    forest.thresholds.push(listed.threshold);
    open.push({
      key: listed.high,
      enter: (place) => {
        placed.high = place;
      },
    });
    open.push({
      key: listed.low,
      enter: (place) => {
        placed.low = place;
      },
    });
  }
  if (met.size < nodes.size) throw node.invalid("has a tree with nodes that nothing leads to");
  if (tree.nodes.length > NODES_MAX) throw tooLarge(`A tree of ${node.label} has more than ${NODES_MAX} nodes.`);
  forest.trees.push(tree);
}

function leafOf(node: NodeImport, votes: { output: number; weight: number }[], outputs: number): number[] {
  const values = Array<number>(outputs).fill(0);
  for (const { output, weight } of votes) {
    const sum = values[output];
    if (sum === undefined) throw node.invalid(`votes for the output ${output} of ${outputs}`);
    values[output] = sum + weight;
  }
  return values;
}

/** The sum of all trees, and what is there before any tree. */
function emitTrees(
  node: NodeImport,
  votes: Votes,
  outputs: number,
  base: ArrayLike<number>,
  factor: (trees: number) => number = () => 1,
): Activation {
  const x = node.activation(0);
  const features = x.dims.at(-1) ?? 1;
  if (x.dims.length > 2 || (x.dims.length === 2 && x.dims[0] !== 1))
    throw node.unsupported(`reads a shape of [${x.dims.join(", ")}]; one row of features can be proved`);
  if (!Number.isInteger(outputs) || outputs < 1 || outputs > 1_024)
    throw node.unsupported(`gives ${outputs} outputs; 1 to 1,024 can be proved`);
  const listed = listNodes(node);
  node.draft.spend([...listed.values()].reduce((sum, nodes) => sum + nodes.size * (outputs + 8), 0));
  const forest: Forest = { trees: [], thresholds: [], leaves: [] };
  for (const nodes of listed.values()) addTree(node, nodes, votes, outputs, forest);
  if (forest.trees.some(({ nodes }) => nodes.some(({ feature }) => !(feature >= 0 && feature < features))))
    throw node.invalid(`asks for features that are not among its ${features}`);
  const leavesOfFirst = (forest.trees[0]?.leaves ?? 0) * outputs;
  const biases = Float64Array.from(
    forest.leaves,
    (value, i) => value * factor(listed.size) + (i < leavesOfFirst ? (base[i % outputs] ?? 0) : 0),
  );
  const operation = { kind: "trees", features, outputs, trees: forest.trees } as const;
  return node.emit(operation, [x], [1, outputs], { weights: Float64Array.from(forest.thresholds), biases });
}

function regressor(node: NodeImport): Value {
  const how = node.text("aggregate_function", "SUM");
  if (how !== "SUM" && how !== "AVERAGE") throw node.unsupported(`takes the ${how} of its trees`);
  const outputs = node.integer("n_targets", 1);
  const base = numbersOf(node, "base_values");
  const votes = listVotes(node, "target");
  const sums = emitTrees(node, votes, outputs, base, how === "AVERAGE" ? (trees) => 1 / trees : () => 1);
  const post = node.text("post_transform", "NONE");
  if (post !== "NONE") throw node.unsupported(`ends in the function ${post}`);
  return sums;
}

/**
 * Of two classes of which one alone is voted for, the other has what is left: as a probability what lacks to 1, where all
 * votes are above zero, else the negative.
 */
function classifier(node: NodeImport): Value[] {
  const votes = listVotes(node, "class");
  const labels = node.texts("classlabels_strings") ?? node.integers("classlabels_int64s") ?? [];
  const base = Array.from(numbersOf(node, "base_values"));
  const isOneSided = labels.length === 2 && new Set(node.integers("class_ids")).size === 1;
  if (!isOneSided) return emitClassification(node, emitTrees(node, votes, labels.length, base), labels);
  const isProbability = Array.from(numbersOf(node, "class_weights")).every((weight) => weight >= 0);
  const [before = 0] = base;
  const both: Votes = new Map();
  for (const [key, listed] of votes)
    both.set(
      key,
      listed.flatMap(({ weight }) => [
        { output: 0, weight: -weight },
        { output: 1, weight },
      ]),
    );
  const sums = emitTrees(node, both, 2, [(isProbability ? 1 : 0) - before, before]);
  return emitClassification(node, sums, labels, isProbability ? ["NONE"] : ["NONE", "LOGISTIC"]);
}

export const TREES: Record<string, OperatorImport> = {
  TreeEnsembleClassifier: classifier,
  TreeEnsembleRegressor: regressor,
};
