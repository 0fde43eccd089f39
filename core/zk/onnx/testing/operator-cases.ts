import { int, integers, ints, type OperatorCase, one, positive, scalar, several, weights } from "./build-cases.ts";
import { TREE_CASES } from "./tree-cases.ts";

const matrices = [
  one("Gemm", [1, 4], { constants: [weights(4, 3), weights(3)] }),
  one("Gemm", [1, 4], {
    constants: [weights(3, 4), weights(1)],
    attributes: { transB: int(1), alpha: { float: 0.5 }, beta: { float: 2 } },
  }),
  one("Gemm", [4, 5], { constants: [weights(4, 3), weights(5, 1)], attributes: { transA: int(1) } }),
  one("Gemm", [2, 4], { constants: [weights(4, 3)] }),
  several("Gemm with the input on the right", [4, 5], [["Gemm", "w x c", "y"]], { w: weights(3, 4), c: weights(3, 5) }),
  several("Gemm with a computed addend", [3, 3], [["Gemm", "x w x", "y", { beta: { float: -1 } }]], {
    w: weights(3, 3),
  }),
  one("MatMul", [1, 6], { constants: [weights(6, 2)] }),
  one("MatMul", [2, 3, 6], { constants: [weights(6, 4)] }),
  one("MatMul", [6], { constants: [weights(6, 4)] }, "of a row"),
  one("MatMul", [2, 6], { constants: [weights(6)] }, "with a column"),
  one("MatMul", [2, 6], { constants: [weights(1, 6, 3)] }, "with one matrix of a stack"),
  several("MatMul with the input on the right", [4, 5], [["MatMul", "w x", "y"]], { w: weights(3, 4) }),
  several("MatMul of a row with the input", [4, 5], [["MatMul", "w x", "y"]], { w: weights(4) }),
];

const arithmetic = [
  one("Add", [1, 3, 4], { constants: [weights(4)] }, "along the last axis"),
  one("Add", [2, 3, 4], { constants: [weights(3, 1)] }, "along a middle axis"),
  one("Add", [2, 3, 4], { constants: [weights(2, 1, 4)] }, "along outer axes"),
  one("Add", [1, 3], { constants: [weights(2, 2, 3)] }, "to a larger shape"),
  one("Sub", [2, 3], { constants: [weights(3)] }),
  one("Mul", [2, 3, 2, 2], { constants: [weights(3, 1, 1)] }),
  one("Div", [2, 3], { constants: [positive(3)] }),
  one("Pow", [6], { constants: [scalar(2)] }, "2"),
  one("Pow", [6], { constants: [scalar(3)] }, "3"),
  one("Pow", [6], { constants: [scalar(0.5)], low: 0.1 }, "½"),
  several("Sub from a constant", [2, 3], [["Sub", "c x", "y"]], { c: weights(3) }),
  several("Div of a constant", [2, 3], [["Div", "c x", "y"]], { c: weights(3) }, { low: 0.5 }),
  several(
    "Add, Sub and Mul of what is computed",
    [2, 3],
    [
      ["Relu", "x", "a"],
      ["Sigmoid", "x", "b"],
      ["Add", "a b", "c"],
      ["Sub", "c x", "d"],
      ["Mul", "d b", "y"],
    ],
  ),
  several(
    "Add and Mul of several shapes",
    [1, 3, 4],
    [
      ["ReduceMean", "x", "a", { axes: ints(2) }],
      ["ReduceMean", "x", "b", { axes: ints(1), keepdims: int(0) }],
      ["Add", "a b", "c"],
      ["Mul", "c x", "y"],
    ],
  ),
  several(
    "Div of what is computed",
    [5],
    [
      ["Exp", "x", "a"],
      ["Div", "x a", "y"],
    ],
  ),
  several(
    "Sum of three",
    [2, 2],
    [
      ["Relu", "x", "a"],
      ["Sum", "x a c", "y"],
    ],
    { c: weights(2) },
  ),
  several(
    "Max and Min of several",
    [2, 3],
    [
      ["Neg", "x", "a"],
      ["Max", "x a c", "b"],
      ["Min", "b x d", "y"],
    ],
    {
      c: weights(3),
      d: scalar(0.75),
    },
  ),
];

const names = [
  "Abs",
  "Elu",
  "Erf",
  "Exp",
  "HardSigmoid",
  "HardSwish",
  "LeakyRelu",
  "Neg",
  "Relu",
  "Selu",
  "Sigmoid",
  "Softplus",
  "Softsign",
  "Tanh",
  "Identity",
];
const functions = [
  ...names.map((operator) => one(operator, [2, 7])),
  ...["Log", "Reciprocal", "Sqrt"].map((operator) => one(operator, [9], { low: 0.05, high: 9 })),
  one("Elu", [9], { attributes: { alpha: { float: 0.3 } } }, "of 0.3"),
  one("LeakyRelu", [9], { attributes: { alpha: { float: 0.2 } } }, "of 0.2"),
  one("LeakyRelu", [9], { attributes: { alpha: { float: -0.5 } } }, "below zero"),
  one("HardSigmoid", [9], { attributes: { alpha: { float: 1 / 6 } } }, "of a sixth"),
  one("Gelu", [9], { opset: 20 }),
  one("Mish", [9], { opset: 18 }),
  one("PRelu", [1, 3, 2, 2], { constants: [positive(3, 1, 1)] }),
  one("PRelu", [5], { constants: [scalar(0.25)] }, "of one slope"),
  one("Clip", [9], { constants: [scalar(-1), scalar(2)] }),
  one("Clip", [9], { constants: [null, scalar(2)] }, "from above"),
  one("Clip", [9], { constants: [scalar(0)] }, "from below"),
  one("Dropout", [4], { constants: [scalar(0.5)] }),
];

const kernel = (...values: number[]) => ({ kernel_shape: ints(...values) });
const pooled = { kernel_shape: ints(3, 3), strides: ints(2, 2) };
const images = [
  one("Conv", [1, 2, 5, 6], { constants: [weights(3, 2, 3, 2), weights(3)] }),
  one(
    "Conv",
    [1, 2, 7, 7],
    {
      constants: [weights(4, 2, 3, 3)],
      attributes: { pads: ints(1, 0, 2, 1), strides: ints(2, 3), dilations: ints(2, 1) },
    },
    "padded",
  ),
  one(
    "Conv",
    [1, 4, 5, 5],
    { constants: [weights(4, 1, 3, 3), weights(4)], attributes: { group: int(4), pads: ints(1, 1, 1, 1) } },
    "of each channel",
  ),
  one("Conv", [1, 4, 5, 5], { constants: [weights(6, 2, 2, 2)], attributes: { group: int(2) } }, "in two groups"),
  one(
    "Conv",
    [1, 1, 6, 5],
    { constants: [weights(2, 1, 3, 3)], attributes: { auto_pad: { text: "SAME_UPPER" }, strides: ints(2, 2) } },
    "SAME_UPPER",
  ),
  one(
    "Conv",
    [1, 1, 6, 5],
    { constants: [weights(2, 1, 4, 2)], attributes: { auto_pad: { text: "SAME_LOWER" } } },
    "SAME_LOWER",
  ),
  one("Conv", [1, 1, 6, 5], { constants: [weights(2, 1, 3, 3)], attributes: { auto_pad: { text: "VALID" } } }, "VALID"),
  one(
    "Conv",
    [1, 3, 9],
    { constants: [weights(2, 3, 4), weights(2)], attributes: { pads: ints(2, 1), strides: ints(2) } },
    "of one axis",
  ),
  one("MaxPool", [1, 2, 5, 6], { attributes: kernel(2, 3) }),
  one("MaxPool", [1, 2, 6, 6], { attributes: { ...pooled, pads: ints(1, 0, 1, 1) } }, "padded"),
  one("MaxPool", [1, 1, 6, 6], { attributes: { ...pooled, ceil_mode: int(1) } }, "over the edge"),
  one("MaxPool", [1, 1, 7, 7], { attributes: { ...kernel(2, 2), dilations: ints(2, 3) } }, "dilated"),
  one(
    "MaxPool",
    [1, 2, 7],
    { attributes: { ...kernel(3), strides: ints(2), auto_pad: { text: "SAME_UPPER" } } },
    "of one axis",
  ),
  one("AveragePool", [1, 2, 5, 6], { attributes: kernel(2, 3) }),
  one("AveragePool", [1, 2, 6, 6], { attributes: { ...pooled, pads: ints(1, 1, 1, 1) } }, "that leaves pads out"),
  one(
    "AveragePool",
    [1, 2, 6, 6],
    { attributes: { ...pooled, pads: ints(1, 1, 1, 1), count_include_pad: int(1) } },
    "that counts pads",
  ),
  one("AveragePool", [1, 1, 6, 6], { attributes: { ...pooled, ceil_mode: int(1) } }, "over the edge"),
  one(
    "AveragePool",
    [1, 1, 6, 6],
    { attributes: { ...pooled, pads: ints(1, 1, 0, 0), ceil_mode: int(1), count_include_pad: int(1) }, opset: 19 },
    "over the edge that counts pads",
  ),
  one(
    "AveragePool",
    [1, 1, 7],
    { attributes: { ...kernel(3), strides: ints(2), auto_pad: { text: "SAME_LOWER" } } },
    "of one axis",
  ),
  one("GlobalAveragePool", [1, 3, 4, 5]),
  one("GlobalMaxPool", [1, 3, 4, 5]),
  one("BatchNormalization", [1, 3, 2, 2], {
    constants: [weights(3), weights(3), weights(3), positive(3)],
    attributes: { epsilon: { float: 1e-3 } },
  }),
  one("BatchNormalization", [2, 3], { constants: [weights(3), weights(3), weights(3), positive(3)] }, "of a table"),
  several(
    "Conv, BatchNormalization and Relu",
    [1, 2, 5, 5],
    [
      ["Conv", "x w", "a"],
      ["BatchNormalization", "a s b m v", "c"],
      ["Relu", "c", "y"],
    ],
    { w: weights(3, 2, 3, 3), s: weights(3), b: weights(3), m: weights(3), v: positive(3) },
  ),
  several(
    "Numbers that are brought to one size before a Conv",
    [1, 2, 4, 4],
    [
      ["Sub", "x m", "a"],
      ["Div", "a s", "b"],
      ["Conv", "b w c", "y"],
    ],
    { m: weights(2, 1, 1), s: positive(2, 1, 1), w: weights(3, 2, 3, 3), c: weights(3) },
  ),
  several(
    "The same with zeros around, where they count",
    [1, 2, 4, 4],
    [
      ["Sub", "x m", "a"],
      ["Conv", "a w", "y", { pads: ints(1, 1, 1, 1) }],
    ],
    { m: weights(2, 1, 1), w: weights(3, 2, 3, 3) },
  ),
  several(
    "Numbers that are brought to one size before a Gemm",
    [1, 4],
    [
      ["Sub", "x m", "a"],
      ["Div", "a s", "b"],
      ["Gemm", "b w c", "d"],
      ["Mul", "d t", "y"],
    ],
    { m: weights(4), s: positive(4), w: weights(4, 3), c: weights(3), t: weights(3) },
  ),
];

const shapes = [
  one("Flatten", [2, 3, 4], { attributes: { axis: int(2) } }),
  one("Flatten", [2, 3, 4], { attributes: { axis: int(-1) } }, "from the end"),
  one("Reshape", [2, 3, 4], { constants: [integers(0, -1, 2)] }),
  one("Transpose", [2, 3, 4], { attributes: { perm: ints(2, 0, 1) } }),
  one("Transpose", [2, 3, 4], {}, "as it is said by nothing"),
  one("Squeeze", [1, 3, 1], { constants: [integers(-1)] }),
  one("Squeeze", [1, 3, 1], { attributes: { axes: ints(0) }, opset: 11 }, "of old"),
  one("Unsqueeze", [3, 2], { constants: [integers(0, -1)] }),
  one("Unsqueeze", [3, 2], { attributes: { axes: ints(1) }, opset: 12 }, "of old"),
  several(
    "Concat",
    [2, 3],
    [
      ["Neg", "x", "a"],
      ["Concat", "x a z", "y", { axis: int(-1) }],
    ],
    { z: { dims: [2, 1], values: [0, 0] } },
  ),
  one("Pad", [2, 3], { constants: [integers(1, 0, 0, 2)] }),
  one("Pad", [2, 3], { constants: [integers(-1, 1, 0, -1), scalar(0)] }, "that cuts"),
  one("Pad", [1, 2, 3], { constants: [integers(1, 2), null, integers(-1)], opset: 18 }, "of one axis"),
  ...["reflect", "edge"].map((mode) =>
    one("Pad", [3, 4], { constants: [integers(1, 2, 2, 3)], attributes: { mode: { text: mode } } }, mode),
  ),
  one("Slice", [4, 5], { constants: [integers(1, -1), integers(2 ** 53, -5), integers(0, 1), integers(2, -2)] }),
  one("Slice", [4, 5], { constants: [integers(-3), integers(-1)] }, "of the first axis"),
  one("Split", [2, 7], { constants: [integers(2, 5)], attributes: { axis: int(1) }, outputs: 2 }),
  one("Split", [6, 2], { opset: 11, attributes: { split: ints(1, 2, 3) }, outputs: 3 }, "of old"),
  one("Split", [2, 7], { opset: 18, attributes: { axis: int(1), num_outputs: int(3) }, outputs: 3 }, "of uneven parts"),
  one("Gather", [4, 3], { constants: [{ dims: [2, 2], type: 7, values: [3, 0, -1, 1] }] }),
  one(
    "Gather",
    [4, 3],
    { constants: [{ dims: [], type: 7, values: [2] }], attributes: { axis: int(1) } },
    "of one column",
  ),
  one("Expand", [3, 1], { constants: [integers(2, 1, 4)] }),
  one("Tile", [2, 3], { constants: [integers(2, 2)] }),
  one("DepthToSpace", [1, 8, 2, 3], { attributes: { blocksize: int(2) } }),
  one("DepthToSpace", [1, 8, 2, 3], { attributes: { blocksize: int(2), mode: { text: "CRD" } } }, "by columns"),
  one("SpaceToDepth", [1, 2, 4, 6], { attributes: { blocksize: int(2) } }),
  several(
    "A shape that is worked out",
    [2, 3, 4],
    [
      ["Shape", "x", "a"],
      ["Gather", "a i", "b"],
      ["Unsqueeze", "b z", "c"],
      ["Concat", "c n", "d", { axis: int(0) }],
      ["Reshape", "x d", "y"],
    ],
    { i: { dims: [], type: 7, values: [1] }, z: integers(0), n: integers(-1) },
  ),
  several(
    "A shape of ConstantOfShape, Mul, Equal and Where",
    [3, 1],
    [
      ["ConstantOfShape", "s", "a", { value: { tensor: { dims: [1], type: 7, values: [1] } } }],
      ["Mul", "a m", "b"],
      ["Equal", "t b", "c"],
      ["Where", "c a t", "d"],
      ["Expand", "x d", "y"],
    ],
    { s: integers(2), m: integers(-1), t: integers(-1, 4) },
  ),
];

const reductions = [
  one("ReduceMean", [2, 3, 4], { attributes: { axes: ints(1) } }),
  one("ReduceMean", [2, 3, 4], { attributes: { axes: ints(-1, 0), keepdims: int(0) } }, "of outer axes"),
  one("ReduceMean", [2, 3], {}, "of all"),
  one("ReduceMean", [2, 3], { constants: [integers(1)], opset: 18 }, "of new"),
  one("ReduceSum", [2, 3, 4], { constants: [integers(0, 1)] }),
  one("ReduceSum", [2, 3], { attributes: { noop_with_empty_axes: int(1) } }, "of none"),
  one("ReduceMax", [2, 3, 4], { attributes: { axes: ints(0, 2) } }),
  one("ArgMax", [2, 5], { attributes: { axis: int(1), keepdims: int(0) }, outputType: 7 }),
  one("ArgMax", [4, 3], { outputType: 7 }, "of rows"),
  one("ArgMin", [2, 5], { attributes: { axis: int(-1) }, outputType: 7 }),
  one("Softmax", [2, 5]),
  one("Softmax", [2, 3, 4], { attributes: { axis: int(1) } }, "of a middle axis"),
  one("Softmax", [2, 3, 4], { opset: 11 }, "of old"),
  one("LogSoftmax", [2, 5]),
];

/** Models of one operator, or of few, with every attribute that matters. */
export const OPERATOR_CASES: readonly OperatorCase[] = [
  ...matrices,
  ...arithmetic,
  ...functions,
  ...images,
  ...shapes,
  ...reductions,
  ...TREE_CASES,
];
