import { type Attributes, int, ints, type Options, one } from "./build-cases.ts";

/** The trees of a node: two of them, on three features, with leaves that vote for classes or outputs. */
function forest(
  modes: string[],
  votes: { prefix: string; ids: number[]; values: number[] },
  rest: Attributes,
): Attributes {
  const [tree, node] = [
    [0, 0, 0, 0, 0, 1, 1, 1],
    [0, 1, 2, 3, 4, 0, 1, 2],
  ];
  const leaves = [2, 3, 4, 6, 7];
  return {
    nodes_treeids: ints(...tree),
    nodes_nodeids: ints(...node),
    nodes_featureids: ints(0, 2, 0, 0, 0, 1, 0, 0),
    nodes_values: { floats: [1, -1, 0, 0, 0, 0, 0, 0] },
    nodes_modes: { texts: [modes[0] ?? "", modes[1] ?? "", "LEAF", "LEAF", "LEAF", modes[2] ?? "", "LEAF", "LEAF"] },
    nodes_truenodeids: ints(1, 3, 0, 0, 0, 1, 0, 0),
    nodes_falsenodeids: ints(2, 4, 0, 0, 0, 2, 0, 0),
    [`${votes.prefix}_treeids`]: ints(...leaves.map((at) => tree[at] ?? 0)),
    [`${votes.prefix}_nodeids`]: ints(...leaves.map((at) => node[at] ?? 0)),
    [`${votes.prefix}_ids`]: ints(...votes.ids),
    [`${votes.prefix}_weights`]: { floats: votes.values },
    ...rest,
  };
}

const below = ["BRANCH_LEQ", "BRANCH_LEQ", "BRANCH_LEQ"];
const targets = { prefix: "target", ids: [0, 1, 0, 1, 0], values: [1, -2, 0.5, 4, 3] };
const classes = { prefix: "class", ids: [0, 1, 2, 1, 2], values: [0.5, 0.25, -0.75, 0.5, 1] };
const oneClass = (...values: number[]) => ({ prefix: "class", ids: [0, 0, 0, 0, 0], values });
const tree = (name: string, attributes: Attributes, options: Options = {}) =>
  one(
    `TreeEnsemble${"n_targets" in attributes ? "Regressor" : "Classifier"}`,
    [1, 3],
    { domain: "ai.onnx.ml", attributes, ...options },
    name,
  );
const label = { outputs: 2, output: 0, outputType: 7 };
const scores = { outputs: 2 };
const threeLabels = { classlabels_int64s: ints(0, 1, 2) };
const twoLabels = { classlabels_int64s: ints(0, 1) };

/** Forests and other classifiers of ai.onnx.ml. */
export const TREE_CASES = [
  tree("", forest(below, targets, { n_targets: int(2) })),
  ...["BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"].map((mode) =>
    tree(`that asks ${mode}`, forest([mode, mode, mode], targets, { n_targets: int(2) }), { low: -2, high: 2 }),
  ),
  tree(
    "of the mean",
    forest(
      below,
      { ...targets, ids: [0, 0, 0, 0, 0] },
      {
        n_targets: int(1),
        aggregate_function: { text: "AVERAGE" },
        base_values: { floats: [0.5] },
      },
    ),
  ),
  tree("label", forest(below, classes, threeLabels), label),
  tree("scores", forest(below, classes, threeLabels), scores),
  tree("softmax", forest(below, classes, { ...threeLabels, post_transform: { text: "SOFTMAX" } }), scores),
  tree("logistic", forest(below, classes, { ...threeLabels, post_transform: { text: "LOGISTIC" } }), scores),
  tree("label of a probability", forest(below, oneClass(0.1, 0.6, 0.35, 0.2, 0.45), twoLabels), label),
  tree("scores of a probability", forest(below, oneClass(0.1, 0.6, 0.35, 0.2, 0.45), twoLabels), scores),
  tree(
    "label of a margin",
    forest(below, oneClass(-1, 2, 0.5, -0.75, 1), { ...twoLabels, base_values: { floats: [0.25] } }),
    label,
  ),
  tree(
    "logistic of a margin",
    forest(below, oneClass(-1, 2, 0.5, -0.75, 1), {
      ...twoLabels,
      post_transform: { text: "LOGISTIC" },
      base_values: { floats: [0.25] },
    }),
    scores,
  ),
  one(
    "LinearClassifier",
    [1, 3],
    {
      domain: "ai.onnx.ml",
      ...label,
      attributes: { coefficients: { floats: [1, -2, 3] }, intercepts: { floats: [0.5] }, classlabels_ints: ints(0, 1) },
    },
    "label of a margin",
  ),
  one(
    "LinearClassifier",
    [1, 3],
    {
      domain: "ai.onnx.ml",
      ...scores,
      attributes: {
        coefficients: { floats: [1, -2, 3] },
        intercepts: { floats: [0.5] },
        classlabels_ints: ints(0, 1),
        post_transform: { text: "LOGISTIC" },
      },
    },
    "logistic of a margin",
  ),
  one("LinearRegressor", [1, 3], {
    domain: "ai.onnx.ml",
    attributes: { coefficients: { floats: [1, 2, 3, -1, 0.5, 0] }, intercepts: { floats: [1, 2] }, targets: int(2) },
  }),
  one("LinearClassifier", [1, 3], {
    domain: "ai.onnx.ml",
    ...scores,
    attributes: {
      coefficients: { floats: [1, 2, 3, -1, 0.5, 0, 2, 1, -2] },
      intercepts: { floats: [1, 2, 0] },
      classlabels_ints: ints(0, 1, 2),
      post_transform: { text: "SOFTMAX" },
    },
  }),
  one("Scaler", [1, 3], {
    domain: "ai.onnx.ml",
    attributes: { offset: { floats: [1, 2, 3] }, scale: { floats: [0.5, 2, -1] } },
  }),
];
