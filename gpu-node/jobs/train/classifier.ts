/** A classifier with one hidden layer: classes = argmax(W2 · relu(W1 · x + b1) + b2). All matrices lie row by row. */
export type Network = {
  inputs: number;
  hidden: number;
  outputs: number;
  w1: Float64Array;
  b1: Float64Array;
  w2: Float64Array;
  b2: Float64Array;
};

/** A small generator of numbers from 0 to 1 (mulberry32): the same seed trains the same network. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Weights after He: normal with a variance of two over the inputs of each unit. */
export function createNetwork(inputs: number, hidden: number, outputs: number, random: () => number): Network {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const matrix = (rows: number, columns: number) =>
    Float64Array.from({ length: rows * columns }, () => normal() * Math.sqrt(2 / columns));
  return {
    inputs,
    hidden,
    outputs,
    w1: matrix(hidden, inputs),
    b1: new Float64Array(hidden),
    w2: matrix(outputs, hidden),
    b2: new Float64Array(outputs),
  };
}

function layer(weights: Float64Array, bias: Float64Array, input: Float64Array): Float64Array {
  const output = Float64Array.from(bias);
  for (let row = 0; row < bias.length; row += 1) {
    let sum = output[row] ?? 0;
    const at = row * input.length;
    for (let i = 0; i < input.length; i += 1) sum += (weights[at + i] ?? 0) * (input[i] ?? 0);
    output[row] = sum;
  }
  return output;
}

/** The scores of each class, before any softmax. */
export function scores(network: Network, input: Float64Array): Float64Array {
  const hidden = layer(network.w1, network.b1, input).map((value) => Math.max(0, value));
  return layer(network.w2, network.b2, hidden);
}

export const indexOfMost = (values: Float64Array): number =>
  values.reduce((best, value, index) => (value > (values[best] ?? Number.NEGATIVE_INFINITY) ? index : best), 0);

function softmax(values: Float64Array): Float64Array {
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/** Adam (Kingma and Ba, 2015) over all parameters. */
export type Optimiser = { step: number; first: Float64Array[]; second: Float64Array[] };
const RATE = 0.01;
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

const parametersOf = (network: Network): Float64Array[] => [network.w1, network.b1, network.w2, network.b2];
const zerosLike = (network: Network): Float64Array[] =>
  parametersOf(network).map(({ length }) => new Float64Array(length));
export const createOptimiser = (network: Network): Optimiser => ({
  step: 0,
  first: zerosLike(network),
  second: zerosLike(network),
});

function update(network: Network, optimiser: Optimiser, gradients: readonly Float64Array[], count: number): void {
  optimiser.step += 1;
  const [scale1, scale2] = [1 - BETA1 ** optimiser.step, 1 - BETA2 ** optimiser.step];
  for (const [part, parameters] of parametersOf(network).entries()) {
    const [first, second, gradient] = [optimiser.first[part], optimiser.second[part], gradients[part]];
    if (!first || !second || !gradient) throw new Error("The optimiser belongs to another network.");
    for (let i = 0; i < parameters.length; i += 1) {
      const slope = (gradient[i] ?? 0) / count;
      first[i] = BETA1 * (first[i] ?? 0) + (1 - BETA1) * slope;
      second[i] = BETA2 * (second[i] ?? 0) + (1 - BETA2) * slope * slope;
      parameters[i] =
        (parameters[i] ?? 0) - (RATE * ((first[i] ?? 0) / scale1)) / (Math.sqrt((second[i] ?? 0) / scale2) + EPSILON);
    }
  }
}

/** Adds one example's slopes to the sums; returns its loss (cross entropy, in nats). */
function backward(network: Network, sums: readonly Float64Array[], input: Float64Array, wanted: number): number {
  const [dw1, db1, dw2, db2] = sums;
  if (!dw1 || !db1 || !dw2 || !db2) throw new Error("Sums of slopes are missing.");
  const hidden = layer(network.w1, network.b1, input).map((value) => Math.max(0, value));
  const chances = softmax(layer(network.w2, network.b2, hidden));
  const errors = chances.map((chance, index) => chance - (index === wanted ? 1 : 0));
  const back = new Float64Array(network.hidden);
  for (const [row, error] of errors.entries()) {
    db2[row] = (db2[row] ?? 0) + error;
    for (let i = 0; i < network.hidden; i += 1) {
      const at = row * network.hidden + i;
      dw2[at] = (dw2[at] ?? 0) + error * (hidden[i] ?? 0);
      back[i] = (back[i] ?? 0) + error * (network.w2[at] ?? 0);
    }
  }
  for (let row = 0; row < network.hidden; row += 1) {
    if ((hidden[row] ?? 0) <= 0) continue;
    const error = back[row] ?? 0;
    db1[row] = (db1[row] ?? 0) + error;
    for (let i = 0; i < network.inputs; i += 1) {
      const at = row * network.inputs + i;
      dw1[at] = (dw1[at] ?? 0) + error * (input[i] ?? 0);
    }
  }
  return -Math.log(Math.max(chances[wanted] ?? 0, 1e-12));
}

export type Examples = { inputs: readonly Float64Array[]; classes: readonly number[] };
const BATCH = 32;

/** One pass over the examples in an order of its own; returns the mean loss. */
export function trainEpoch(network: Network, optimiser: Optimiser, examples: Examples, random: () => number): number {
  const order = examples.inputs.map((_, index) => index);
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  let loss = 0;
  for (let start = 0; start < order.length; start += BATCH) {
    const batch = order.slice(start, start + BATCH);
    const sums = zerosLike(network);
    for (const index of batch) {
      const input = examples.inputs[index];
      if (input) loss += backward(network, sums, input, examples.classes[index] ?? 0);
    }
    update(network, optimiser, sums, batch.length);
  }
  return loss / examples.inputs.length;
}

export const accuracy = (network: Network, { inputs, classes }: Examples): number =>
  inputs.length === 0
    ? 0
    : inputs.filter((input, i) => indexOfMost(scores(network, input)) === classes[i]).length / inputs.length;

/**
 * The same classifier for inputs as they stand in the file: what brought each column to a mean of 0 and a deviation of 1
 * becomes part of the first layer, so that the model needs nothing beside it.
 */
export function foldScaling(network: Network, mean: Float64Array, deviation: Float64Array): Network {
  const w1 = Float64Array.from(network.w1);
  const b1 = Float64Array.from(network.b1);
  for (let row = 0; row < network.hidden; row += 1) {
    for (let i = 0; i < network.inputs; i += 1) {
      const at = row * network.inputs + i;
      const weight = (network.w1[at] ?? 0) / (deviation[i] ?? 1);
      w1[at] = weight;
      b1[row] = (b1[row] ?? 0) - weight * (mean[i] ?? 0);
    }
  }
  return { ...network, w1, b1 };
}
