import { ACTIVATION_BITS, countsOf, type IntegerParameters, requantise, TABLE_PLACES } from "./integer-network.ts";
import { type LayerOf, patchesOf, type Window } from "./network.ts";
import { SOFTMAX_TABLE, tableOf } from "./tables.ts";
import { walkTrees } from "./walk-trees.ts";

/** Whole numbers before they are held to a range: none is larger than 2^53. */
type Results = Float64Array<ArrayBuffer>;

/** Element i of a layer's numbers, which were counted before. */
const of = (numbers: ArrayLike<number>, i: number): number => numbers[i] ?? 0;

export function linear(
  { rows, inner, columns }: LayerOf<"linear">,
  x: Int32Array,
  { weights, biases, multipliers }: IntegerParameters,
): Results {
  const results = new Float64Array(rows * columns);
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    sums.set(biases);
    for (let k = 0; k < inner; k++) {
      const value = of(x, row * inner + k);
      if (value === 0) continue;
      const first = k * columns;
      for (let column = 0; column < columns; column++)
        sums[column] = of(sums, column) + value * of(weights, first + column);
    }
    for (let column = 0; column < columns; column++)
      results[row * columns + column] = requantise(of(sums, column), of(multipliers, column));
  }
  return results;
}

const patchesByPlace = new WeakMap<Window, Int32Array[]>();

/** `patchesOf`, kernel place after kernel place, each with all its positions. */
function placesOf(window: Window): Int32Array[] {
  const known = patchesByPlace.get(window);
  if (known) return known;
  const patches = patchesOf(window);
  const count = window.kernel[0] * window.kernel[1];
  const places = Array.from({ length: count }, (_, place) =>
    Int32Array.from({ length: patches.length / count }, (_, position) => of(patches, position * count + place)),
  );
  patchesByPlace.set(window, places);
  return places;
}

export function conv(
  { window, filters, groups }: LayerOf<"conv">,
  x: Int32Array,
  { weights, biases, multipliers }: IntegerParameters,
): Results {
  const places = placesOf(window);
  const positions = places[0]?.length ?? 0;
  const plane = window.height * window.width;
  const channels = window.channels / groups;
  const results = new Float64Array(filters * positions);
  const sums = new Float64Array(positions);
  for (let filter = 0; filter < filters; filter++) {
    sums.fill(of(biases, filter));
    const firstChannel = Math.floor((filter * groups) / filters) * channels;
    for (let channel = 0; channel < channels; channel++) {
      const origin = (firstChannel + channel) * plane;
      const firstWeight = (filter * channels + channel) * places.length;
      for (const [place, sources] of places.entries()) {
        const weight = of(weights, firstWeight + place);
        if (weight === 0) continue;
        for (let position = 0; position < positions; position++) {
          const source = of(sources, position);
          if (source >= 0) sums[position] = of(sums, position) + weight * of(x, origin + source);
        }
      }
    }
    const multiplier = of(multipliers, filter);
    for (let position = 0; position < positions; position++)
      results[filter * positions + position] = requantise(of(sums, position), multiplier);
  }
  return results;
}

export function scale(
  { channels, inner }: LayerOf<"scale">,
  x: Int32Array,
  { weights, biases, multipliers }: IntegerParameters,
): Results {
  return Float64Array.from({ length: channels * inner }, (_, i) => {
    const channel = Math.floor(i / inner);
    return requantise(of(x, i) * of(weights, channel) + of(biases, channel), of(multipliers, channel));
  });
}

export function add(
  { signs }: LayerOf<"add">,
  a: Int32Array,
  b: Int32Array,
  { multipliers }: IntegerParameters,
): Results {
  const left = signs[0] * of(multipliers, 0);
  const right = signs[1] * of(multipliers, 1);
  return Float64Array.from(a, (value, i) => requantise(value * left + of(b, i) * right, 1));
}

export const multiply = (a: Int32Array, b: Int32Array, { multipliers }: IntegerParameters): Results =>
  Float64Array.from(a, (value, i) => requantise(value * of(b, i), of(multipliers, 0)));

export const leakyRelu = (x: Int32Array, { multipliers }: IntegerParameters): Results =>
  Float64Array.from(x, (value) => requantise(value * of(multipliers, value < 0 ? 1 : 0), 1));

export const clip = (x: Int32Array, { low, high }: IntegerParameters): Results =>
  Float64Array.from(x, (value) => Math.min(Math.max(value, low ?? value), high ?? Number.POSITIVE_INFINITY));

/** Goes through the windows of each channel, and through what of each lies in the image. */
function pool(
  window: Window,
  x: Int32Array,
  {
    start,
    join,
    finish,
  }: {
    start: number;
    join: (total: number, value: number) => number;
    finish: (total: number, count: number) => number;
  },
): Results {
  const places = placesOf(window);
  const positions = places[0]?.length ?? 0;
  const plane = window.height * window.width;
  const results = new Float64Array(window.channels * positions);
  for (let i = 0; i < results.length; i++) {
    const origin = Math.floor(i / positions) * plane;
    let [total, count] = [start, 0];
    for (const sources of places) {
      const source = of(sources, i % positions);
      if (source < 0) continue;
      total = join(total, of(x, origin + source));
      count++;
    }
    results[i] = count === 0 ? 0 : finish(total, count);
  }
  return results;
}

export const maxPool = ({ window }: LayerOf<"maxPool">, x: Int32Array): Results =>
  pool(window, x, { start: Number.NEGATIVE_INFINITY, join: Math.max, finish: (largest) => largest });

export function averagePool(layer: LayerOf<"averagePool">, x: Int32Array, { multipliers }: IntegerParameters): Results {
  const counts = countsOf(layer);
  return pool(layer.window, x, {
    start: 0,
    join: (sum, value) => sum + value,
    finish: (sum, count) => requantise(sum, of(multipliers, layer.countsPads ? 0 : counts.indexOf(count))),
  });
}

export function reduce(
  { outer, elements, inner }: LayerOf<"reduce">,
  x: Int32Array,
  { multipliers }: IntegerParameters,
): Results {
  return Float64Array.from({ length: outer * inner }, (_, at) => {
    const first = Math.floor(at / inner) * elements * inner + (at % inner);
    let sum = 0;
    for (let element = 0; element < elements; element++) sum += of(x, first + element * inner);
    return requantise(sum, of(multipliers, 0));
  });
}

export function table(layer: LayerOf<"table">, x: Int32Array, { multipliers }: IntegerParameters): Results {
  const { first, values } = tableOf(layer);
  return Float64Array.from(x, (value) => {
    const place = requantise(value, of(multipliers, 0)) - first;
    return of(values, Math.min(Math.max(place, 0), TABLE_PLACES - 1));
  });
}

const PROBABILITY_LARGEST = 2 ** ACTIVATION_BITS - 1;

export function softmax(
  { rows, columns }: LayerOf<"softmax">,
  x: Int32Array,
  { multipliers }: IntegerParameters,
): Results {
  const results = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const values = x.subarray(row * columns, (row + 1) * columns);
    const largest = values.reduce((most, value) => Math.max(most, value));
    const powers = Array.from(values, (value) => {
      const place = requantise(largest - value, of(multipliers, 0));
      return of(SOFTMAX_TABLE, Math.min(place, TABLE_PLACES - 1));
    });
    const sum = powers.reduce((total, power) => total + power);
    for (const [column, power] of powers.entries())
      results[row * columns + column] = Math.floor((2 * PROBABILITY_LARGEST * power + sum) / (2 * sum));
  }
  return results;
}

export const argMax = ({ rows, columns }: LayerOf<"argMax">, x: Int32Array): Results =>
  Float64Array.from({ length: rows }, (_, row) => {
    const values = x.subarray(row * columns, (row + 1) * columns);
    return values.indexOf(values.reduce((most, value) => Math.max(most, value)));
  });

export function trees(
  layer: LayerOf<"trees">,
  x: Int32Array,
  { weights, biases, multipliers }: IntegerParameters,
): Results {
  const sums = walkTrees(layer, x, weights, biases);
  return sums.map((sum, output) => requantise(sum, of(multipliers, output)));
}
