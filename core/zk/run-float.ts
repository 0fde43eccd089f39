import {
  at,
  type FloatNetwork,
  type Layer,
  type LayerOf,
  type LayerParameters,
  patchesOf,
  positionsOf,
  sizeOf,
} from "./network.ts";
import { TABLE_VALUES } from "./table-functions.ts";
import { walkTrees } from "./walk-trees.ts";

type Values = Float32Array | Float64Array;
type Read = (tensor: string) => Values;

/**
 * Computes a network in double precision and gives the values of every tensor, the input's among them.
 *
 * Throws `RangeError` when the input is not of the network's shape or a layer names what is not there.
 */
export function runFloat(network: FloatNetwork, input: Values): Map<string, Float64Array> {
  const { architecture, parameters } = network;
  const tensors = new Map([[architecture.input.tensor, Float64Array.from(input)]]);
  if (input.length !== sizeOf(architecture.input.shape))
    throw new RangeError(`The input has ${input.length} numbers, not ${sizeOf(architecture.input.shape)}.`);
  const read = (tensor: string) => {
    const values = tensors.get(tensor);
    if (!values) throw new RangeError(`Nothing computes the tensor ${tensor}.`);
    return values;
  };
  for (const layer of architecture.layers) {
    const values = runLayer(layer, read, () => {
      const learnt = parameters.get(layer.name);
      if (!learnt) throw new RangeError(`The layer ${layer.name} has no weights.`);
      return learnt;
    });
    if (values.length !== sizeOf(layer.shape))
      throw new RangeError(`The layer ${layer.name} gives ${values.length} numbers, not ${sizeOf(layer.shape)}.`);
    tensors.set(layer.output, values);
  }
  return tensors;
}

function runLayer(layer: Layer, read: Read, learnt: () => LayerParameters): Float64Array<ArrayBuffer> {
  switch (layer.kind) {
    case "linear":
      return activate(layer, runLinear(layer, read(layer.input), learnt()));
    case "conv":
      return activate(layer, runConv(layer, read(layer.input), learnt()));
    case "scale":
      return activate(layer, runScale(layer, read(layer.input), learnt()));
    case "add": {
      const [a, b] = layer.inputs.map(read) as [Values, Values];
      const [signA, signB] = layer.signs;
      return activate(
        layer,
        Float64Array.from(a, (value, i) => signA * value + signB * at(b, i)),
      );
    }
    case "multiply": {
      const [a, b] = layer.inputs.map(read) as [Values, Values];
      return activate(
        layer,
        Float64Array.from(a, (value, i) => value * at(b, i)),
      );
    }
    case "relu":
      return Float64Array.from(read(layer.input), (x) => Math.max(x, 0));
    case "leakyRelu":
      return Float64Array.from(read(layer.input), (x) => (x < 0 ? layer.alpha * x : x));
    case "clip":
      return clamped(read(layer.input), layer.low ?? -Infinity, layer.high ?? Infinity);
    case "maxPool":
      return runPool(layer, read(layer.input), (inside) => inside.reduce((a, b) => Math.max(a, b), -Infinity));
    case "averagePool": {
      const places = layer.window.kernel[0] * layer.window.kernel[1];
      return runPool(layer, read(layer.input), (inside) => {
        const sum = inside.reduce((a, b) => a + b, 0);
        return sum / (layer.countsPads ? places : inside.length);
      });
    }
    case "reduce":
      return runReduce(layer, read(layer.input));
    case "table":
      return clamped(read(layer.input), layer.low, layer.high).map(TABLE_VALUES[layer.function]);
    case "softmax":
      return perRow(layer, read(layer.input), layer.columns, softmax);
    case "argMax":
      return perRow(layer, read(layer.input), 1, (row) => [row.indexOf(row.reduce((a, b) => Math.max(a, b)))]);
    case "rewire": {
      const inputs = layer.inputs.map(read);
      return Float64Array.from(layer.sources, (source) => (source ? at(inputs[source[0]] ?? [], source[1]) : 0));
    }
    case "trees":
      return walkTrees(layer, read(layer.input), learnt().weights, learnt().biases);
  }
}

function activate(
  layer: { activation: "none" | "relu" },
  values: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  return layer.activation === "relu" ? values.map((value) => Math.max(value, 0)) : values;
}

const clamped = (values: Values, low: number, high: number) =>
  Float64Array.from(values, (x) => Math.min(high, Math.max(low, x)));

function runLinear({ rows, inner, columns }: LayerOf<"linear">, x: Values, { weights, biases }: LayerParameters) {
  const y = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      let sum = at(biases, column);
      for (let k = 0; k < inner; k++) sum += at(x, row * inner + k) * at(weights, k * columns + column);
      y[row * columns + column] = sum;
    }
  return y;
}

function runConv(layer: LayerOf<"conv">, x: Values, { weights, biases }: LayerParameters) {
  const { window, filters, groups } = layer;
  const patches = patchesOf(window);
  const places = window.kernel[0] * window.kernel[1];
  const positions = patches.length / places;
  const plane = window.height * window.width;
  const channelsPerGroup = window.channels / groups;
  const y = new Float64Array(filters * positions);
  for (let filter = 0; filter < filters; filter++) {
    const firstChannel = Math.floor((filter * groups) / filters) * channelsPerGroup;
    for (let position = 0; position < positions; position++) {
      let sum = at(biases, filter);
      for (let channel = 0; channel < channelsPerGroup; channel++)
        for (let place = 0; place < places; place++) {
          const source = at(patches, position * places + place);
          if (source < 0) continue;
          const weight = at(weights, (filter * channelsPerGroup + channel) * places + place);
          sum += weight * at(x, (firstChannel + channel) * plane + source);
        }
      y[filter * positions + position] = sum;
    }
  }
  return y;
}

function runScale({ channels, inner }: LayerOf<"scale">, x: Values, { weights, biases }: LayerParameters) {
  return Float64Array.from({ length: channels * inner }, (_, i) => {
    const channel = Math.floor(i / inner);
    return at(x, i) * at(weights, channel) + at(biases, channel);
  });
}

/** What a pool makes of the numbers of each window that lie inside of the image. */
function runPool({ window }: { window: LayerOf<"maxPool">["window"] }, x: Values, pool: (inside: number[]) => number) {
  const patches = patchesOf(window);
  const [down, across] = positionsOf(window);
  const places = window.kernel[0] * window.kernel[1];
  const plane = window.height * window.width;
  return Float64Array.from({ length: window.channels * down * across }, (_, i) => {
    const channel = Math.floor(i / (down * across));
    const first = (i % (down * across)) * places;
    const sources = patches.subarray(first, first + places).filter((source) => source >= 0);
    return pool(Array.from(sources, (source) => at(x, channel * plane + source)));
  });
}

function runReduce({ outer, elements, inner, isMean }: LayerOf<"reduce">, x: Values) {
  const y = new Float64Array(outer * inner);
  for (let o = 0; o < outer; o++)
    for (let element = 0; element < elements; element++)
      for (let i = 0; i < inner; i++)
        y[o * inner + i] = at(y, o * inner + i) + at(x, (o * elements + element) * inner + i);
  return isMean ? y.map((sum) => sum / elements) : y;
}

function perRow(
  { rows, columns }: { rows: number; columns: number },
  x: Values,
  width: number,
  of: (row: number[]) => ArrayLike<number>,
) {
  const y = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) y.set(of([...x.subarray(row * columns, (row + 1) * columns)]), row * width);
  return y;
}

/** The largest is taken off first, so that no power is too large for a number. */
function softmax(row: number[]): number[] {
  const largest = row.reduce((a, b) => Math.max(a, b));
  const powers = row.map((x) => Math.exp(x - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
