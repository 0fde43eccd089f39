import type { Random } from "../../../models/event-scorer/random.ts";
import { type Layer, type LayerOf, positionsOf, sizeOf, TABLE_FUNCTIONS, type Window } from "../network.ts";

export type Tensor = { name: string; size: number };

export const LAYER_KINDS = [
  ...["linear", "conv", "scale", "add", "multiply", "relu", "leakyRelu", "clip", "maxPool", "averagePool"],
  ...["reduce", "table", "softmax", "argMax", "rewire", "trees"],
] as Layer["kind"][];

export const pick = <T>(random: Random, values: readonly [T, ...T[]] | readonly T[]): T => {
  const value = values[random.integer(0, values.length - 1)];
  if (value === undefined) throw new RangeError("There is nothing to pick from.");
  return value;
};

const divisorsOf = (size: number): number[] =>
  Array.from({ length: size }, (_, i) => i + 1).filter((divisor) => size % divisor === 0);

const activation = (random: Random) => pick(random, ["none", "relu"] as const);

/** A window over a tensor that is taken for an image; its pads are less than its kernel, as ONNX has it. */
function randomWindow(random: Random, size: number): Window {
  const channels = pick(random, divisorsOf(size));
  const height = pick(random, divisorsOf(size / channels));
  const width = size / channels / height;
  const kernel: [number, number] = [random.integer(1, Math.min(3, height)), random.integer(1, Math.min(3, width))];
  const pad = (length: number) => random.integer(0, Math.min(1, length - 1));
  const dilation = (length: number, along: number) =>
    length > 1 && 2 * (length - 1) < along ? random.integer(1, 2) : 1;
  return {
    ...{ channels, height, width, kernel },
    strides: [random.integer(1, 2), random.integer(1, 2)],
    pads: [pad(kernel[0]), pad(kernel[1]), pad(kernel[0]), pad(kernel[1])],
    dilations: [dilation(kernel[0], height), dilation(kernel[1], width)],
  };
}

function randomTree(random: Random, features: number): LayerOf<"trees">["trees"][number] {
  const nodes: LayerOf<"trees">["trees"][number]["nodes"] = [];
  let leaves = 0;
  const grow = (depth: number): number => {
    if (depth === 0 || random.uniform() < 0.25) return -1 - leaves++;
    const at = nodes.push({ feature: random.integer(0, features - 1), low: 0, high: 0 }) - 1;
    const [low, high] = [grow(depth - 1), grow(depth - 1)];
    nodes[at] = { feature: nodes[at]?.feature ?? 0, low, high };
    return at;
  };
  grow(3);
  return { nodes, leaves };
}

function randomRewire(
  random: Random,
  tensors: readonly Tensor[],
): Pick<LayerOf<"rewire">, "inputs" | "sources"> & { shape: number[] } {
  const inputs = tensors.slice(-random.integer(1, 2));
  const size = random.integer(1, 12);
  const sources = Array.from({ length: size }, (): [number, number] | null => {
    if (random.uniform() < 0.15) return null;
    const input = random.integer(0, inputs.length - 1);
    return [input, random.integer(0, (inputs[input]?.size ?? 1) - 1)];
  });
  return { inputs: inputs.map(({ name }) => name), sources, shape: [size] };
}

const TABLES: Partial<Record<(typeof TABLE_FUNCTIONS)[number], readonly [number, number]>> = {
  log: [0.25, 4],
  reciprocal: [0.5, 4],
  sqrt: [0, 4],
  exp: [-4, 2],
};

/** A small layer of a kind, which reads the last of the tensors, and the one before where it reads two of one size. */
export function randomLayer(random: Random, kind: Layer["kind"], tensors: readonly Tensor[], name: string): Layer {
  const last = tensors.at(-1);
  if (!last) throw new RangeError("There is nothing to read.");
  const { size } = last;
  const one = { name, output: `${name}.y`, input: last.name };
  const same = { ...one, shape: [size] };
  const other = tensors.findLast((tensor) => tensor !== last && tensor.size === size) ?? last;
  const two = { name, output: `${name}.y`, shape: [size], inputs: [last.name, other.name] as [string, string] };
  const rows = pick(random, divisorsOf(size));
  switch (kind) {
    case "linear": {
      const columns = random.integer(1, 5);
      return {
        ...one,
        kind,
        shape: [rows, columns],
        rows,
        inner: size / rows,
        columns,
        activation: activation(random),
      };
    }
    case "conv": {
      const window = randomWindow(random, size);
      const groups = pick(random, divisorsOf(window.channels));
      const filters = groups * random.integer(1, 2);
      return {
        ...one,
        kind,
        shape: [filters, ...positionsOf(window)],
        window,
        filters,
        groups,
        activation: activation(random),
      };
    }
    case "scale":
      return { ...same, kind, channels: rows, inner: size / rows, activation: activation(random) };
    case "add":
      return { ...two, kind, signs: [pick(random, [1, -1]), pick(random, [1, -1])], activation: activation(random) };
    case "multiply":
      return { ...two, kind, activation: activation(random) };
    case "relu":
      return { ...same, kind };
    case "leakyRelu":
      return { ...same, kind, alpha: pick(random, [0, 0.01, 0.25, 1, 2]) };
    case "clip":
      return { ...same, kind, low: pick(random, [null, -0.5, 0]), high: pick(random, [null, 0.75, 6]) };
    case "maxPool":
    case "averagePool": {
      const window = randomWindow(random, size);
      const shape = [window.channels, ...positionsOf(window)];
      return kind === "maxPool"
        ? { ...one, kind, shape, window }
        : { ...one, kind, shape, window, countsPads: random.uniform() < 0.5 };
    }
    case "reduce": {
      const inner = pick(random, divisorsOf(size / rows));
      return {
        ...one,
        kind,
        shape: [rows, inner],
        outer: rows,
        elements: size / rows / inner,
        inner,
        isMean: random.uniform() < 0.5,
      };
    }
    case "table": {
      const looked = pick(random, TABLE_FUNCTIONS);
      const [low, high] = TABLES[looked] ?? [-4, 4];
      return { ...same, kind, function: looked, low, high };
    }
    case "softmax":
      return { ...same, kind, rows, columns: size / rows };
    case "argMax":
      return { ...one, kind, shape: [rows], rows, columns: size / rows };
    case "rewire":
      return { name, output: `${name}.y`, kind, ...randomRewire(random, tensors) };
    case "trees": {
      const outputs = random.integer(1, 3);
      const trees = Array.from({ length: random.integer(1, 3) }, () => randomTree(random, size));
      return { ...one, kind, shape: [outputs], features: size, outputs, trees };
    }
  }
}

/** Layers that follow one another, of these kinds, on an input of this size. */
export function randomLayers(random: Random, kinds: readonly Layer["kind"][], size: number): Layer[] {
  const tensors: Tensor[] = [{ name: "x", size }];
  return kinds.map((kind, i) => {
    const layer = randomLayer(random, kind, tensors, `${kind}${i}`);
    tensors.push({ name: layer.output, size: sizeOf(layer.shape) });
    return layer;
  });
}
