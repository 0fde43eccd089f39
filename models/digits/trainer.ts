import {
  type Architecture,
  type Layer,
  type LayerOf,
  type LayerParameters,
  positionsOf,
  sizeOf,
} from "../../core/zk/network.ts";
import type { Random } from "../event-scorer/random.ts";
import type { LabelledImage } from "./dataset.ts";

const BATCH = 32;

/** One kind of numbers of a layer, with what Adam keeps of them. */
type Learnt = { values: Float32Array; gradient: Float32Array; mean: Float32Array; power: Float32Array };
type TrainedLayer = { layer: Layer; weights: Learnt; biases: Learnt; y: Float32Array; dy: Float32Array };

const learnt = (values: Float32Array): Learnt => ({
  values,
  gradient: new Float32Array(values.length),
  mean: new Float32Array(values.length),
  power: new Float32Array(values.length),
});

/** He's initialisation: what a relu halves is made up for. */
function start(random: Random, layer: Layer): TrainedLayer {
  let [weights, biases, taps] = [0, 0, 1];
  if (layer.kind === "linear") [weights, biases, taps] = [layer.inner * layer.columns, layer.columns, layer.inner];
  if (layer.kind === "conv") {
    taps = layer.window.channels * layer.window.kernel[0] * layer.window.kernel[1];
    [weights, biases] = [layer.filters * taps, layer.filters];
  }
  const spread = Math.sqrt(2 / taps);
  return {
    layer,
    weights: learnt(Float32Array.from({ length: weights }, () => random.normal() * spread)),
    biases: learnt(new Float32Array(biases)),
    y: new Float32Array(sizeOf(layer.shape)),
    dy: new Float32Array(sizeOf(layer.shape)),
  };
}

function linearForward({ inner, columns }: LayerOf<"linear">, x: Float32Array, { weights, biases, y }: TrainedLayer) {
  y.set(biases.values);
  for (let k = 0; k < inner; k++) {
    const value = x[k] ?? 0;
    if (value === 0) continue;
    for (let c = 0; c < columns; c++) y[c] = (y[c] ?? 0) + value * (weights.values[k * columns + c] ?? 0);
  }
}

function linearBackward(
  { inner, columns }: LayerOf<"linear">,
  x: Float32Array,
  dx: Float32Array | null,
  own: TrainedLayer,
) {
  const { weights, biases, dy } = own;
  for (let c = 0; c < columns; c++) biases.gradient[c] = (biases.gradient[c] ?? 0) + (dy[c] ?? 0);
  for (let k = 0; k < inner; k++) {
    const value = x[k] ?? 0;
    const row = k * columns;
    if (value !== 0)
      for (let c = 0; c < columns; c++)
        weights.gradient[row + c] = (weights.gradient[row + c] ?? 0) + value * (dy[c] ?? 0);
    if (!dx) continue;
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += (weights.values[row + c] ?? 0) * (dy[c] ?? 0);
    dx[k] = sum;
  }
}

/** Calls for each weight of a convolution with the rows that it multiplies: both run `length` numbers. */
function eachRow(
  { window, filters }: LayerOf<"conv">,
  of: (weight: number, from: number, to: number, length: number) => void,
): void {
  const { channels, height, width, kernel, pads } = window;
  const [down, across] = positionsOf(window);
  let weight = 0;
  for (let filter = 0; filter < filters; filter++)
    for (let channel = 0; channel < channels; channel++)
      for (let i = 0; i < kernel[0]; i++)
        for (let j = 0; j < kernel[1]; j++, weight++) {
          const left = Math.max(0, pads[1] - j);
          const length = Math.min(across, width + pads[1] - j) - left;
          for (let y = 0; y < down; y++) {
            const row = y + i - pads[0];
            if (row < 0 || row >= height) continue;
            const from = (channel * height + row) * width + left + j - pads[1];
            of(weight, from, (filter * down + y) * across + left, length);
          }
        }
}

function convForward(layer: LayerOf<"conv">, x: Float32Array, { weights, biases, y }: TrainedLayer) {
  const positions = y.length / layer.filters;
  for (let i = 0; i < y.length; i++) y[i] = biases.values[Math.floor(i / positions)] ?? 0;
  eachRow(layer, (weight, from, to, length) => {
    const w = weights.values[weight] ?? 0;
    for (let i = 0; i < length; i++) y[to + i] = (y[to + i] ?? 0) + w * (x[from + i] ?? 0);
  });
}

function convBackward(layer: LayerOf<"conv">, x: Float32Array, dx: Float32Array | null, own: TrainedLayer) {
  const { weights, biases, dy } = own;
  const positions = dy.length / layer.filters;
  for (let i = 0; i < dy.length; i++) {
    const filter = Math.floor(i / positions);
    biases.gradient[filter] = (biases.gradient[filter] ?? 0) + (dy[i] ?? 0);
  }
  dx?.fill(0);
  eachRow(layer, (weight, from, to, length) => {
    const w = weights.values[weight] ?? 0;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const error = dy[to + i] ?? 0;
      sum += error * (x[from + i] ?? 0);
      if (dx) dx[from + i] = (dx[from + i] ?? 0) + w * error;
    }
    weights.gradient[weight] = (weights.gradient[weight] ?? 0) + sum;
  });
}

/** Calls for each window of a pool of two by two with its place and that of its largest. */
function eachLargest({ window }: LayerOf<"maxPool">, x: Float32Array, of: (to: number, from: number) => void): void {
  const { channels, height, width } = window;
  let to = 0;
  for (let channel = 0; channel < channels; channel++)
    for (let y = 0; y < height; y += 2)
      for (let column = 0; column < width; column += 2) {
        const corner = (channel * height + y) * width + column;
        let largest = corner;
        for (const other of [corner + 1, corner + width, corner + width + 1])
          if ((x[other] ?? 0) > (x[largest] ?? 0)) largest = other;
        of(to++, largest);
      }
}

function forward(layers: readonly TrainedLayer[], pixels: Float32Array): Float32Array {
  let x = pixels;
  for (const own of layers) {
    const { layer, y } = own;
    if (layer.kind === "linear") linearForward(layer, x, own);
    else if (layer.kind === "conv") convForward(layer, x, own);
    else if (layer.kind === "maxPool")
      eachLargest(layer, x, (to, from) => {
        y[to] = x[from] ?? 0;
      });
    else throw new Error(`A layer of kind ${layer.kind} is not trained here.`);
    if ("activation" in layer && layer.activation === "relu")
      for (let i = 0; i < y.length; i++) if ((y[i] ?? 0) < 0) y[i] = 0;
    x = y;
  }
  return x;
}

/** `dy` of the last layer is there already. */
function backward(layers: readonly TrainedLayer[], pixels: Float32Array): void {
  for (let i = layers.length - 1; i >= 0; i--) {
    const own = layers[i];
    if (!own) continue;
    const { layer, y, dy } = own;
    const [x, dx] = [layers[i - 1]?.y ?? pixels, layers[i - 1]?.dy ?? null];
    if ("activation" in layer && layer.activation === "relu")
      for (let j = 0; j < y.length; j++) if (y[j] === 0) dy[j] = 0;
    if (layer.kind === "linear") linearBackward(layer, x, dx, own);
    if (layer.kind === "conv") convBackward(layer, x, dx, own);
    if (layer.kind === "maxPool" && dx) {
      dx.fill(0);
      eachLargest(layer, x, (to, from) => {
        dx[from] = (dx[from] ?? 0) + (dy[to] ?? 0);
      });
    }
  }
}

/** Cross entropy of a softmax: what is given to each digit, less what should have been. */
function blame(logits: Float32Array, label: number, error: Float32Array): void {
  const largest = logits.reduce((most, value) => Math.max(most, value));
  let sum = 0;
  for (const [i, logit] of logits.entries()) sum += error[i] = Math.exp(logit - largest);
  for (let i = 0; i < error.length; i++) error[i] = (error[i] ?? 0) / sum - (i === label ? 1 : 0);
}

/** A step of Adam, with the gradients of a batch, which it forgets. */
function adam({ values, gradient, mean, power }: Learnt, rate: number, step: number): void {
  const [meanLeft, powerLeft] = [1 - 0.9 ** step, 1 - 0.999 ** step];
  for (let i = 0; i < values.length; i++) {
    const slope = (gradient[i] ?? 0) / BATCH;
    mean[i] = 0.9 * (mean[i] ?? 0) + 0.1 * slope;
    power[i] = 0.999 * (power[i] ?? 0) + 0.001 * slope * slope;
    values[i] = (values[i] ?? 0) - (rate * (mean[i] ?? 0)) / meanLeft / (Math.sqrt((power[i] ?? 0) / powerLeft) + 1e-8);
  }
  gradient.fill(0);
}

/** Trains a network whose layers follow one another, with seeded Adam at a rate that falls to a hundredth. */
export function train(
  architecture: Architecture,
  images: readonly LabelledImage[],
  { random, epochs, rate }: { random: Random; epochs: number; rate: number },
): Map<string, LayerParameters> {
  const layers = architecture.layers.map((layer) => start(random, layer));
  const last = layers.at(-1);
  if (!last) throw new Error("The network has no layers.");
  const steps = Math.floor((epochs * images.length) / BATCH);
  for (let step = 1; step <= steps; step++) {
    for (let i = 0; i < BATCH; i++) {
      const image = images[random.integer(0, images.length - 1)];
      if (!image) continue;
      blame(forward(layers, image.pixels), image.label, last.dy);
      backward(layers, image.pixels);
    }
    const now = rate * (0.01 + (0.99 * (1 + Math.cos((Math.PI * step) / steps))) / 2);
    for (const { weights, biases } of layers) for (const one of [weights, biases]) adam(one, now, step);
  }
  const taught = layers.filter(({ weights }) => weights.values.length > 0);
  return new Map(
    taught.map(({ layer, weights, biases }) => [layer.name, { weights: weights.values, biases: biases.values }]),
  );
}
