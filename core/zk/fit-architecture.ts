import { type Calibration, type Observed, observedOf } from "./calibrate.ts";
import { formatGroupsOf, sharesFormat } from "./formats.ts";
import {
  type Architecture,
  type FloatNetwork,
  type Layer,
  type LayerOf,
  sizeOf,
  type TableFunction,
} from "./network.ts";

/** Where functions that level off are looked up, so that an architecture does not change with what a network was taught. */
const DOMAINS: Partial<Record<TableFunction, readonly [low: number, high: number]>> = {
  sigmoid: [-8, 8],
  tanh: [-4, 4],
  erf: [-4, 4],
  hardSigmoid: [-4, 4],
};

/** The same text for layers that write one format whatever their network was taught; null for those that fit theirs. */
function ownFormatKeyOf(layer: Layer): string | null {
  if (layer.kind === "table") return DOMAINS[layer.function] ? layer.function : layer.name;
  return layer.kind === "softmax" || layer.kind === "argMax" ? layer.kind : null;
}

/** For each group of tensors with one format, the formats that layers outside of it bring in. */
function formatsBroughtIn({ input, layers }: Architecture, groups: ReadonlyMap<string, string>) {
  const brought = new Map<string | undefined, Set<string | null>>([[groups.get(input.tensor), new Set([null])]]);
  for (const layer of layers.filter((one) => !sharesFormat(one))) {
    const group = groups.get(layer.output);
    brought.set(group, (brought.get(group) ?? new Set()).add(ownFormatKeyOf(layer)));
  }
  return brought;
}

/**
 * Puts a layer that only changes the scale behind tables and softmaxes whose numbers are joined with others: what is joined
 * has one format, and theirs is given.
 */
export function separateFormats(network: FloatNetwork): FloatNetwork {
  const { architecture } = network;
  const groups = formatGroupsOf(architecture);
  const brought = formatsBroughtIn(architecture, groups);
  const isMixed = (layer: Layer) =>
    ownFormatKeyOf(layer) !== null && (brought.get(groups.get(layer.output))?.size ?? 0) > 1;
  const mixed = new Set(architecture.layers.filter(isMixed).map((layer) => layer.output));
  const rescaled = (tensor: string) => (mixed.has(tensor) ? `${tensor} rescaled` : tensor);
  const parameters = new Map(network.parameters);
  const layers = architecture.layers.flatMap((layer): Layer[] => {
    const own = sharesFormat(layer) ? readingFrom(layer, rescaled) : layer;
    if (!mixed.has(layer.output)) return [own];
    const change: Layer = {
      ...{ kind: "scale", name: `${layer.name} rescaled`, activation: "none" },
      ...{ input: layer.output, output: rescaled(layer.output) },
      ...{ shape: layer.shape, channels: 1, inner: sizeOf(layer.shape) },
    };
    parameters.set(change.name, { weights: Float32Array.of(1), biases: Float32Array.of(0) });
    return [own, change];
  });
  return { architecture: { ...architecture, layers }, parameters };
}

/** A layer that shares its format has one input, but for rewire. */
function readingFrom(layer: Layer, rename: (tensor: string) => string): Layer {
  if ("inputs" in layer) return layer.kind === "rewire" ? { ...layer, inputs: layer.inputs.map(rename) } : layer;
  return { ...layer, input: rename(layer.input) };
}

/** Below these a function is what it is there, to a step or so: more places are left for what it bends in. */
const FLAT_BELOW: Partial<Record<TableFunction, number>> = { elu: -8, gelu: -8, hardSwish: -4, softplus: -8 };
/** A power that much below the largest is nothing beside it. */
const EXP_DEPTH = 16;
const EXP_STEP = 0.25;

const powerAbove = (value: number) => 2 ** Math.ceil(Math.log2(value));
const powerBelow = (value: number) => 2 ** Math.floor(Math.log2(value));

/** Of exp a margin is one of what it gives: twice the exponent would leave its numbers no digits. */
function domainOfExp(low: number, high: number, margin: number): readonly [number, number] {
  const above = Math.ceil((high + Math.log1p(margin)) / EXP_STEP) * EXP_STEP;
  const below = Math.floor((low - Math.log1p(margin)) / EXP_STEP) * EXP_STEP;
  return [Math.max(below, above - EXP_DEPTH), Math.max(above, below + EXP_STEP)];
}

/** Powers of two around what was seen; zero where a function begins or everything lies on one side of it. */
function domainOf({ function: looked }: LayerOf<"table">, low: number, high: number): readonly [number, number] {
  const isNarrow = looked === "log" || looked === "reciprocal";
  if (isNarrow && low > 0) return [powerBelow(low), powerAbove(high)];
  if (isNarrow && high < 0) return [-powerAbove(-low), -powerBelow(-high)];
  const below = low < 0 ? -powerAbove(-low) : 0;
  const above = high > 0 ? powerAbove(high) : 0;
  if (looked === "sqrt" || looked === "log") return [0, above || 1];
  if (below === above) return [0, 1];
  const flat = FLAT_BELOW[looked];
  return flat === undefined || above === 0 ? [below, above] : [Math.max(below, flat), above];
}

function stretchOf(layer: LayerOf<"table">, { low, high }: Observed, margin: number): readonly [number, number] {
  const fixed = DOMAINS[layer.function];
  if (fixed) return fixed;
  if (layer.function === "exp") return domainOfExp(low, high, margin);
  // What is above zero stays above it: a margin is a part of the number, not of the stretch.
  const widened = (bound: number, isOutward: boolean) => (isOutward ? bound * (1 + margin) : bound / (1 + margin));
  return domainOf(layer, widened(low, low < 0), widened(high, high > 0));
}

/** Gives each table the stretch that what it reads was seen to lie in, and `margin` of it more on both sides. */
export function fitTables(architecture: Architecture, calibration: Calibration, margin: number): Architecture {
  const layers = architecture.layers.map((layer) => {
    if (layer.kind !== "table") return layer;
    const [low, high] = stretchOf(layer, observedOf(calibration, layer.input), margin);
    return { ...layer, low, high };
  });
  return { ...architecture, layers };
}
