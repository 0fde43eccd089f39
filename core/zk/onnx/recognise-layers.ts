import { type Draft, type DraftLayer, elementsOf } from "./draft.ts";

const ROOT_OF_HALF = Math.SQRT1_2;

/**
 * Puts one look-up where an exporter wrote a function out: x · (1 + erf(x / √2)) / 2 is gelu, in four layers, each of which
 * would round. What is left unread goes away with everything that the output does not need.
 */
export function recogniseLayers(draft: Draft, layers: readonly DraftLayer[]): DraftLayer[] {
  const byOutput = new Map(layers.map((layer) => [layer.output, layer]));
  return layers.flatMap((layer) => geluOf(draft, layer, byOutput) ?? [layer]);
}

type Producers = ReadonlyMap<number, DraftLayer>;

/** The one factor and the one addend of an affine layer that has no more; else null. */
function uniformOf(layer: DraftLayer | undefined): { factor: number; addend: number } | null {
  if (layer?.operation.kind !== "affine" || layer.learnt?.weights.length !== 1) return null;
  return { factor: layer.learnt.weights[0] ?? 0, addend: layer.learnt.biases[0] ?? 0 };
}

/** What a tensor is a multiple of. */
function multipleOf(tensor: number, producers: Producers): { tensor: number; factor: number } {
  const layer = producers.get(tensor);
  const uniform = uniformOf(layer);
  const [input] = layer?.inputs ?? [];
  return uniform && uniform.addend === 0 && input !== undefined
    ? { tensor: input, factor: uniform.factor }
    : { tensor, factor: 1 };
}

/** c · x · (p · erf(x / √2) + p) as 2 · c · p · gelu(x). */
function geluOf(draft: Draft, layer: DraftLayer, producers: Producers): DraftLayer[] | null {
  if (layer.operation.kind !== "multiply") return null;
  const [a = -1, b = -1] = layer.inputs;
  return geluFrom(draft, layer, a, b, producers) ?? geluFrom(draft, layer, b, a, producers);
}

function geluFrom(
  draft: Draft,
  layer: DraftLayer,
  outside: number,
  inside: number,
  producers: Producers,
): DraftLayer[] | null {
  const around = producers.get(inside);
  const uniform = uniformOf(around);
  const erf = producers.get(around?.inputs[0] ?? -1);
  if (!uniform || erf?.operation.kind !== "table" || erf.operation.function !== "erf") return null;
  const within = multipleOf(erf.inputs[0] ?? -1, producers);
  const isGelu = uniform.factor === uniform.addend && Math.abs(within.factor - ROOT_OF_HALF) < 1e-6;
  const source = [{ tensor: outside, factor: 1 }, multipleOf(outside, producers)].find(
    ({ tensor }) => tensor === within.tensor,
  );
  if (!isGelu || !source) return null;
  const looked = draft.newTensor();
  const factor = 2 * source.factor * uniform.factor;
  return [
    {
      ...layer,
      inputs: [source.tensor],
      output: looked,
      operation: { ...erf.operation, function: "gelu" },
    },
    {
      ...layer,
      inputs: [looked],
      operation: { kind: "affine", channels: 1, inner: elementsOf(layer.dims), activation: "none" },
      learnt: { weights: Float64Array.of(factor), biases: Float64Array.of(0) },
    },
  ];
}
