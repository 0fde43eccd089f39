import { ACTIVATION_BITS, countsOf } from "../integer-network.ts";
import { type Layer, type LayerOf, patchesOf, positionsOf } from "../network.ts";
import type { Product, Term, Wire } from "./builder.ts";
import { largest, requantise, splitAtZero } from "./gadgets.ts";
import { conv, linear, scale } from "./products.ts";
import { at, type LayerWires, outputFormat, type Scope, wiresOf } from "./scope.ts";
import { argMax, softmax, table } from "./tables.ts";
import { trees } from "./trees.ts";

const BOUND_OFFSET = 1n << BigInt(ACTIVATION_BITS - 1);
/** Two activations differ by less than this many bits hold. */
const GAP_BITS = ACTIVATION_BITS + 1;

const eachInput = (scope: Scope, tensor: string, work: (input: readonly Wire[]) => Wire[]): Wire[][] =>
  wiresOf(scope, tensor).map(work);

function add(scope: Scope, layer: LayerOf<"add">, { multipliers }: LayerWires): Wire[][] {
  const [lefts, rights] = layer.inputs.map((name) => wiresOf(scope, name)) as [Wire[][], Wire[][]];
  const how = { format: outputFormat(scope, layer), isRelu: layer.activation === "relu" };
  return lefts.map((left, n) =>
    left.map((wire, i) => {
      const products: Product[] = [
        [BigInt(layer.signs[0]), wire, at(multipliers, 0)],
        [BigInt(layer.signs[1]), at(at(rights, n), i), at(multipliers, 1)],
      ];
      return requantise(scope.builder, layer.name, products, how).output;
    }),
  );
}

function multiply(scope: Scope, layer: LayerOf<"multiply">, { multipliers }: LayerWires): Wire[][] {
  const { builder } = scope;
  const [lefts, rights] = layer.inputs.map((name) => wiresOf(scope, name)) as [Wire[][], Wire[][]];
  const how = { format: outputFormat(scope, layer), isRelu: layer.activation === "relu" };
  return lefts.map((left, n) =>
    left.map((wire, i) => {
      const product = builder.sum(`${layer.name} product`, [[1n, wire, at(at(rights, n), i)]], []);
      return requantise(builder, layer.name, [[1n, product, at(multipliers, 0)]], how).output;
    }),
  );
}

const relu = (scope: Scope, layer: LayerOf<"relu">): Wire[][] =>
  eachInput(scope, layer.input, (input) =>
    input.map((wire) => splitAtZero(scope.builder, layer.name, [[1n, wire]], 0n, ACTIVATION_BITS).above),
  );

function leakyRelu(scope: Scope, layer: LayerOf<"leakyRelu">, { multipliers }: LayerWires): Wire[][] {
  const { builder } = scope;
  const how = { format: outputFormat(scope, layer), isRelu: false };
  return eachInput(scope, layer.input, (input) =>
    input.map((wire) => {
      const { above, below } = splitAtZero(builder, layer.name, [[1n, wire]], 0n, ACTIVATION_BITS);
      const products: Product[] = [
        [1n, above, at(multipliers, 0)],
        [-1n, below, at(multipliers, 1)],
      ];
      return requantise(builder, layer.name, products, how).output;
    }),
  );
}

/** max(x, low) = low + max(x - low, 0), and min the same way around. */
function clip(scope: Scope, layer: LayerOf<"clip">, { bounds }: LayerWires): Wire[][] {
  const { builder, network } = scope;
  const { low, high } = network.parameters.get(layer.name) ?? { low: null, high: null };
  const [lower, upper] = [low === null ? null : at(bounds, 0), high === null ? null : at(bounds, low === null ? 0 : 1)];
  const raise = (wire: Wire): Wire => {
    if (lower === null) return wire;
    const terms: Term[] = [
      [1n, wire],
      [-1n, lower],
    ];
    const { above } = splitAtZero(builder, `${layer.name} low`, terms, BOUND_OFFSET, GAP_BITS);
    return builder.sum(
      `${layer.name} low`,
      [],
      [
        [1n, above],
        [1n, lower],
      ],
      -BOUND_OFFSET,
    );
  };
  const sink = (wire: Wire): Wire => {
    if (upper === null) return wire;
    const terms: Term[] = [
      [1n, wire],
      [-1n, upper],
    ];
    const { above } = splitAtZero(builder, `${layer.name} high`, terms, BOUND_OFFSET, GAP_BITS);
    return builder.sum(
      `${layer.name} high`,
      [],
      [
        [1n, wire],
        [-1n, above],
      ],
    );
  };
  return eachInput(scope, layer.input, (input) => input.map((wire) => sink(raise(wire))));
}

/** The wires of each channel under a window's positions, those inside of the image. */
function windows(input: readonly Wire[], { window }: LayerOf<"maxPool" | "averagePool">): Wire[][] {
  const { channels, height, width, kernel } = window;
  const patches = patchesOf(window);
  const [down, across] = positionsOf(window);
  const places = kernel[0] * kernel[1];
  return Array.from({ length: channels * down * across }, (_, i) => {
    const [channel, position] = [Math.floor(i / (down * across)), i % (down * across)];
    return Array.from(patches.subarray(position * places, (position + 1) * places))
      .filter((offset) => offset >= 0)
      .map((offset) => at(input, channel * height * width + offset));
  });
}

/** A window that sees nothing of the image gives zero. */
const maxPool = (scope: Scope, layer: LayerOf<"maxPool">): Wire[][] =>
  eachInput(scope, layer.input, (input) =>
    windows(input, layer).map((wires) =>
      wires.length === 0 ? scope.builder.constant(0n) : largest(scope.builder, layer.name, wires, ACTIVATION_BITS),
    ),
  );

function averagePool(scope: Scope, layer: LayerOf<"averagePool">, { multipliers }: LayerWires): Wire[][] {
  const how = { format: outputFormat(scope, layer), isRelu: false };
  const counts = countsOf(layer);
  return eachInput(scope, layer.input, (input) =>
    windows(input, layer).map((wires) => {
      if (wires.length === 0) return scope.builder.constant(0n);
      const multiplier = at(multipliers, layer.countsPads ? 0 : counts.indexOf(wires.length));
      return mean(scope, layer.name, wires, { multiplier, how });
    }),
  );
}

function mean(
  { builder }: Scope,
  label: string,
  wires: readonly Wire[],
  { multiplier, how }: { multiplier: Wire; how: Parameters<typeof requantise>[3] },
): Wire {
  const sum = builder.sum(
    `${label} sum`,
    [],
    wires.map((wire): Term => [1n, wire]),
  );
  return requantise(builder, label, [[1n, sum, multiplier]], how).output;
}

function reduce(scope: Scope, layer: LayerOf<"reduce">, { multipliers }: LayerWires): Wire[][] {
  const how = { format: outputFormat(scope, layer), isRelu: false };
  const { outer, elements, inner } = layer;
  return eachInput(scope, layer.input, (input) =>
    Array.from({ length: outer * inner }, (_, place) => {
      const [o, i] = [Math.floor(place / inner), place % inner];
      const wires = Array.from({ length: elements }, (_, e) => at(input, (o * elements + e) * inner + i));
      return mean(scope, layer.name, wires, { multiplier: at(multipliers, 0), how });
    }),
  );
}

function rewire(scope: Scope, layer: LayerOf<"rewire">): Wire[][] {
  const inputs = layer.inputs.map((name) => wiresOf(scope, name));
  const zero = layer.sources.includes(null) ? scope.builder.constant(0n) : null;
  return at(inputs, 0).map((_, n) =>
    layer.sources.map((source) => (source === null ? (zero as Wire) : at(at(at(inputs, source[0]), n), source[1]))),
  );
}

/** Writes down what a layer demands; answers the wires of its output, of each input. */
export function layerCircuit(scope: Scope, layer: Layer, wires: LayerWires): Wire[][] {
  switch (layer.kind) {
    case "linear":
      return linear(scope, layer, wires);
    case "conv":
      return conv(scope, layer, wires);
    case "scale":
      return scale(scope, layer, wires);
    case "add":
      return add(scope, layer, wires);
    case "multiply":
      return multiply(scope, layer, wires);
    case "relu":
      return relu(scope, layer);
    case "leakyRelu":
      return leakyRelu(scope, layer, wires);
    case "clip":
      return clip(scope, layer, wires);
    case "maxPool":
      return maxPool(scope, layer);
    case "averagePool":
      return averagePool(scope, layer, wires);
    case "reduce":
      return reduce(scope, layer, wires);
    case "rewire":
      return rewire(scope, layer);
    case "table":
      return table(scope, layer, wires);
    case "softmax":
      return softmax(scope, layer, wires);
    case "argMax":
      return argMax(scope, layer);
    case "trees":
      return trees(scope, layer, wires);
  }
}
