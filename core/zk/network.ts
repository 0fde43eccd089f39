import { z } from "zod";

/**
 * What a network computes, layer after layer, without what it was taught: the circuit, its keys and its verifier depend on
 * this alone, and any weights of this shape are proved by them.
 *
 * A shape leaves the batch out. Tensors lie in memory row by row, as ONNX has them; images are channels, height, width.
 */
const count = z.int().min(1).max(1_000_000);
const index = z.int().min(0).max(1_000_000);
const pair = z.tuple([count, count]);
const shapeSchema = z.array(count).max(6);
const tensor = z.string().min(1).max(200);
/** What a layer that scales does with what is below zero. */
const activation = z.enum(["none", "relu"]);

/** A window that moves over an image: rows before columns; pads are top, left, bottom, right. */
const windowSchema = z.strictObject({
  channels: count,
  height: count,
  width: count,
  kernel: pair,
  strides: pair,
  pads: z.tuple([index, index, index, index]),
  dilations: pair,
});

/** Functions of one number that are looked up. */
export const TABLE_FUNCTIONS = [
  "abs",
  "elu",
  "erf",
  "exp",
  "gelu",
  "hardSigmoid",
  "hardSwish",
  "log",
  "reciprocal",
  "sigmoid",
  "softplus",
  "sqrt",
  "tanh",
] as const;

const named = { name: tensor, output: tensor, shape: shapeSchema };
const layerSchema = z.discriminatedUnion("kind", [
  /** y[row, column] = Σ x[row, k] · w[k, column] + b[column] */
  z.strictObject({
    ...named,
    kind: z.literal("linear"),
    input: tensor,
    rows: count,
    inner: count,
    columns: count,
    activation,
  }),
  /** Weights are filters, channels of the group, kernel rows, kernel columns. */
  z.strictObject({
    ...named,
    kind: z.literal("conv"),
    input: tensor,
    window: windowSchema,
    filters: count,
    groups: count,
    activation,
  }),
  /** y[c, i] = x[c, i] · w[c] + b[c]: a batch normalisation that nothing takes in, or numbers that are added or multiplied. */
  z.strictObject({ ...named, kind: z.literal("scale"), input: tensor, channels: count, inner: count, activation }),
  /** y = ±a ± b, element by element. */
  z.strictObject({
    ...named,
    kind: z.literal("add"),
    inputs: z.tuple([tensor, tensor]),
    signs: z.tuple([z.literal([1, -1]), z.literal([1, -1])]),
    activation,
  }),
  /** y = a · b, element by element. */
  z.strictObject({ ...named, kind: z.literal("multiply"), inputs: z.tuple([tensor, tensor]), activation }),
  z.strictObject({ ...named, kind: z.literal("relu"), input: tensor }),
  /** y = x where x is not below zero, alpha · x elsewhere. */
  z.strictObject({ ...named, kind: z.literal("leakyRelu"), input: tensor, alpha: z.number().min(0).max(8) }),
  z.strictObject({
    ...named,
    kind: z.literal("clip"),
    input: tensor,
    low: z.number().nullable(),
    high: z.number().nullable(),
  }),
  z.strictObject({ ...named, kind: z.literal("maxPool"), input: tensor, window: windowSchema }),
  /** The mean of a window. What lies outside of the image counts as zero, or does not count. */
  z.strictObject({
    ...named,
    kind: z.literal("averagePool"),
    input: tensor,
    window: windowSchema,
    countsPads: z.boolean(),
  }),
  /** Sum or mean of `elements` numbers each: y[o, i] = Σ x[o, element, i]. */
  z.strictObject({
    ...named,
    kind: z.literal("reduce"),
    input: tensor,
    outer: count,
    elements: count,
    inner: count,
    isMean: z.boolean(),
  }),
  z.strictObject({
    ...named,
    kind: z.literal("table"),
    input: tensor,
    function: z.enum(TABLE_FUNCTIONS),
    /** What is looked up lies in [low, high); numbers outside are taken for the nearest inside. */
    low: z.number(),
    high: z.number(),
  }),
  /** Over the columns of each row. */
  z.strictObject({ ...named, kind: z.literal("softmax"), input: tensor, rows: count, columns: count }),
  /** The place of the largest in each row; of equal ones the first. */
  z.strictObject({ ...named, kind: z.literal("argMax"), input: tensor, rows: count, columns: count }),
  /** Each element is one of the inputs' elements, or zero: reshaping, transposing, cutting, joining, padding, gathering. */
  z.strictObject({
    ...named,
    kind: z.literal("rewire"),
    inputs: z.array(tensor).min(1).max(64),
    sources: z.array(z.tuple([index, index]).nullable()).max(1_000_000),
  }),
  /**
   * Trees that ask at each node whether feature ≤ threshold. Node 0 of a tree is its root; `low` and `high` lead to a node,
   * or with -1 - leaf to a leaf. A leaf adds its values to the outputs.
   */
  z.strictObject({
    ...named,
    kind: z.literal("trees"),
    input: tensor,
    features: count,
    outputs: count,
    trees: z
      .array(
        z.strictObject({
          nodes: z.array(z.strictObject({ feature: index, low: z.int(), high: z.int() })).max(4_096),
          leaves: z.int().min(1).max(4_097),
        }),
      )
      .min(1)
      .max(1_024),
  }),
]);

export const architectureSchema = z.strictObject({
  format: z.literal(1),
  input: z.strictObject({ tensor, shape: shapeSchema }),
  layers: z.array(layerSchema).min(1).max(1_000),
  output: tensor,
});

export type Shape = z.output<typeof shapeSchema>;
export type Window = z.output<typeof windowSchema>;
export type Layer = z.output<typeof layerSchema>;
export type LayerOf<Kind extends Layer["kind"]> = Extract<Layer, { kind: Kind }>;
export type Architecture = z.output<typeof architectureSchema>;
export type TableFunction = (typeof TABLE_FUNCTIONS)[number];

/**
 * What one layer was taught, by the name of the layer.
 *
 * linear: weights of inner × columns, biases of columns. conv: weights of filters × channels / groups × kernel, biases of
 * filters. scale: weights and biases of channels. trees: weights are all trees' thresholds, node after node, biases all
 * leaves' values, leaf after leaf, each `outputs` long. Other layers have none.
 */
export type LayerParameters = { weights: Float32Array; biases: Float32Array };

/** A network as it was trained. */
export type FloatNetwork = { architecture: Architecture; parameters: ReadonlyMap<string, LayerParameters> };

export const sizeOf = (shape: Shape): number => shape.reduce((size, length) => size * length, 1);

/** How many positions a window takes, down and across. */
export function positionsOf({ height, width, kernel, strides, pads, dilations }: Window): [number, number] {
  const along = (length: number, before: number, after: number, axis: 0 | 1) =>
    Math.floor((length + before + after - dilations[axis] * (kernel[axis] - 1) - 1) / strides[axis]) + 1;
  return [along(height, pads[0], pads[2], 0), along(width, pads[1], pads[3], 1)];
}

/**
 * Where a window looks at each of its positions, within one channel: position after position, kernel place after kernel
 * place; -1 outside of the image.
 */
export function patchesOf(window: Window): Int32Array {
  const { height, width, kernel, strides, pads, dilations } = window;
  const [down, across] = positionsOf(window);
  const patches = new Int32Array(down * across * kernel[0] * kernel[1]);
  let at = 0;
  for (let y = 0; y < down; y++)
    for (let x = 0; x < across; x++)
      for (let i = 0; i < kernel[0]; i++)
        for (let j = 0; j < kernel[1]; j++) {
          const row = y * strides[0] + i * dilations[0] - pads[0];
          const column = x * strides[1] + j * dilations[1] - pads[1];
          const isInside = row >= 0 && row < height && column >= 0 && column < width;
          patches[at++] = isInside ? row * width + column : -1;
        }
  return patches;
}

/** The tensors that a layer reads. */
export const inputsOf = (layer: Layer): readonly string[] => ("inputs" in layer ? layer.inputs : [layer.input]);

/** A number that has to be there: what is not there would go on as NaN, unseen until the end. */
export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`There is no element ${index} among ${values.length}.`);
  return value;
}
