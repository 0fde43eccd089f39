import { type Draft, type DraftLayer, elementsOf, type Learnt } from "./draft.ts";

/** How far the factors of one row of weights may lie apart before they are taken in: see `foldIntoNext`. */
const SPREAD_MAX = 4;

type Uses = Map<number, number>;

/** How many layers read each tensor; the network's output is read once more. */
function countUses(layers: readonly DraftLayer[], output: number): Uses {
  const uses: Uses = new Map([[output, 1]]);
  for (const { inputs } of layers) for (const tensor of inputs) uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
  return uses;
}

/** The layers that the output needs. */
export function withoutUnused(layers: readonly DraftLayer[], output: number): DraftLayer[] {
  const needed = new Set([output]);
  const kept = layers.toReversed().filter((layer) => {
    if (!needed.has(layer.output)) return false;
    for (const tensor of layer.inputs) needed.add(tensor);
    return true;
  });
  return kept.reverse();
}

/**
 * Takes factors and addends into the layers before or behind them, where the result is the same number for number, and
 * lets layers that end in a relu say so. What is left is as short as it can be: every layer rounds once more.
 */
export function foldLayers(draft: Draft, layers: readonly DraftLayer[], output: number): DraftLayer[] {
  const folds = [foldIntoPrevious, foldIntoNext, dropIdentity, dropSoftmax, fuseRelu];
  return folds.reduce((folded, fold) => foldPairs(draft, folded, output, fold), withoutUnused(layers, output));
}

/** Tries each pair of layers of which the second is the only one to read the first; `fold` gives what stands for both. */
function foldPairs(
  draft: Draft,
  layers: readonly DraftLayer[],
  output: number,
  fold: (first: DraftLayer, second: DraftLayer) => DraftLayer | null,
): DraftLayer[] {
  const uses = countUses(layers, output);
  const byOutput = new Map<number, DraftLayer>();
  const folded = new Set<DraftLayer>();
  const kept: DraftLayer[] = [];
  for (let layer of layers) {
    for (;;) {
      const [input] = layer.inputs;
      const first = input === undefined || layer.inputs.length !== 1 ? undefined : byOutput.get(input);
      const both = first && uses.get(first.output) === 1 ? fold(first, layer) : null;
      if (!first || !both) break;
      draft.spend((both.learnt?.weights.length ?? 0) + elementsOf(first.dims));
      folded.add(first);
      layer = both;
    }
    byOutput.set(layer.output, layer);
    kept.push(layer);
  }
  return kept.filter((layer) => !folded.has(layer));
}

/** What an affine layer does to each element, wherever its tensor has it. */
function elementwise({ operation, learnt, dims }: DraftLayer): ((element: number) => [number, number]) | null {
  if (operation.kind !== "affine" || operation.activation !== "none" || !learnt) return null;
  const { channels, inner } = operation;
  if (elementsOf(dims) % (channels * inner) !== 0) return null;
  return (element) => {
    const channel = Math.floor(element / inner) % channels;
    return [learnt.weights[channel] ?? 1, learnt.biases[channel] ?? 0];
  };
}

/** Factor and addend of each group, where all elements of a group have the same; else null. */
function perGroup(
  elements: number,
  groups: number,
  groupOf: (element: number) => number,
  of: (element: number) => [number, number],
): Learnt | null {
  const weights = new Float64Array(groups).fill(Number.NaN);
  const biases = new Float64Array(groups);
  for (let element = 0; element < elements; element++) {
    const group = groupOf(element);
    const [weight, bias] = of(element);
    if (Number.isNaN(weights[group])) {
      weights[group] = weight;
      biases[group] = bias;
    } else if (weights[group] !== weight || biases[group] !== bias) return null;
  }
  return { weights, biases };
}

/** (x · W + b) · s + t = x · (W · s) + (b · s + t), where s and t belong to a column, a filter or a channel. */
function foldIntoPrevious(first: DraftLayer, second: DraftLayer): DraftLayer | null {
  const of = elementwise(second);
  const { operation, learnt } = first;
  if (!of || !learnt || !("activation" in operation) || operation.activation !== "none") return null;
  const elements = elementsOf(first.dims);
  const groupOf = groupsOf(first);
  if (!groupOf) return null;
  const factors = perGroup(elements, learnt.biases.length, groupOf, of);
  if (!factors) return null;
  const weightGroup = weightGroupsOf(first);
  const weights = learnt.weights.map((weight, i) => weight * (factors.weights[weightGroup(i)] ?? 1));
  const biases = learnt.biases.map(
    (bias, group) => bias * (factors.weights[group] ?? 1) + (factors.biases[group] ?? 0),
  );
  return { ...first, output: second.output, dims: second.dims, learnt: { weights, biases } };
}

/** Which bias an output element of a layer has. */
function groupsOf({ operation, dims }: DraftLayer): ((element: number) => number) | null {
  if (operation.kind === "linear") return (element) => element % operation.columns;
  if (operation.kind === "conv") {
    const positions = elementsOf(dims) / operation.filters;
    return (element) => Math.floor(element / positions);
  }
  if (operation.kind === "affine") return (element) => Math.floor(element / operation.inner) % operation.channels;
  return null;
}

/** Which bias belongs to a weight of a layer. */
function weightGroupsOf({ operation, learnt }: DraftLayer): (place: number) => number {
  if (operation.kind === "linear") return (place) => place % operation.columns;
  if (operation.kind !== "conv") return (place) => place;
  const perFilter = (learnt?.weights.length ?? 0) / operation.filters;
  return (place) => Math.floor(place / perFilter);
}

/**
 * (x · s + t) · W + b = x · (s · W) + (t · W + b), where s and t belong to an input of a linear layer or a channel of a
 * convolution that puts no zeros around it.
 *
 * Only where the factors are of one size: a column's weights are rounded to one step, and factors that lie far apart
 * would leave some of them with nothing.
 */
function foldIntoNext(first: DraftLayer, second: DraftLayer): DraftLayer | null {
  const of = elementwise(first);
  const { operation, learnt } = second;
  if (!of || !learnt || (operation.kind !== "linear" && operation.kind !== "conv")) return null;
  const elements = elementsOf(first.dims);
  const groups = operation.kind === "linear" ? operation.inner : operation.window.channels;
  const size = elements / groups;
  const groupOf =
    operation.kind === "linear"
      ? (element: number) => element % groups
      : (element: number) => Math.floor(element / size);
  const factors = perGroup(elements, groups, groupOf, of);
  if (!factors || !areNear(factors.weights)) return null;
  const isPadded = operation.kind === "conv" && operation.window.pads.some((pad) => pad > 0);
  if (isPadded && factors.biases.some((bias) => bias !== 0)) return null;
  const sourceOf = weightSourcesOf(second);
  const weightGroup = weightGroupsOf(second);
  const biases = new Float64Array(learnt.biases);
  const weights = learnt.weights.map((weight, i) => {
    const source = sourceOf(i);
    biases[weightGroup(i)] = (biases[weightGroup(i)] ?? 0) + weight * (factors.biases[source] ?? 0);
    return weight * (factors.weights[source] ?? 1);
  });
  return { ...second, inputs: first.inputs, learnt: { weights, biases } };
}

function areNear(weights: Float64Array): boolean {
  const sizes = weights.map(Math.abs);
  const [least, most] = [sizes.reduce((a, b) => Math.min(a, b)), sizes.reduce((a, b) => Math.max(a, b))];
  return least > 0 && most / least <= SPREAD_MAX;
}

/** Which input, or channel, a weight of a linear layer or a convolution is for. */
function weightSourcesOf({ operation }: DraftLayer): (place: number) => number {
  if (operation.kind === "linear") return (place) => Math.floor(place / operation.columns);
  if (operation.kind !== "conv") return () => 0;
  const { window, filters, groups } = operation;
  const places = window.kernel[0] * window.kernel[1];
  const channels = window.channels / groups;
  return (place) => {
    const filter = Math.floor(place / (channels * places));
    return Math.floor((filter * groups) / filters) * channels + (Math.floor(place / places) % channels);
  };
}

/** A factor of 1 and an addend of 0 are nothing, whatever is before them. */
function dropIdentity(first: DraftLayer, { operation, learnt, output, dims }: DraftLayer): DraftLayer | null {
  const isIdentity =
    operation.kind === "affine" &&
    operation.activation === "none" &&
    learnt?.weights.every((weight) => weight === 1) &&
    learnt.biases.every((bias) => bias === 0);
  return isIdentity ? { ...first, output, dims } : null;
}

/** The largest of a row is in the same place before softmax and behind it. */
function dropSoftmax({ operation: first, inputs }: DraftLayer, second: DraftLayer): DraftLayer | null {
  const { operation } = second;
  if (first.kind !== "softmax" || operation.kind !== "argMax" || first.columns !== operation.columns) return null;
  return { ...second, inputs };
}

/** A relu that alone reads a layer which can end in one becomes its end. */
function fuseRelu(first: DraftLayer, { operation: relu, output, dims }: DraftLayer): DraftLayer | null {
  const { operation } = first;
  if (relu.kind !== "relu" || !("activation" in operation) || operation.activation !== "none") return null;
  return { ...first, output, dims, operation: { ...operation, activation: "relu" } };
}
