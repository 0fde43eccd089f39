import { type FloatNetwork, type Layer, type LayerParameters, type Shape, sizeOf } from "../network.ts";
import { type Activation, type Draft, type DraftLayer, elementsOf, type Learnt, type Operation } from "./draft.ts";
import { foldLayers, withoutUnused } from "./fold-layers.ts";
import { lowerLayers } from "./lower-layers.ts";
import { recogniseLayers } from "./recognise-layers.ts";
import { invalid, shortened, tooLarge } from "./refusals.ts";

const LAYERS_MAX = 1_000;
const RANK_MAX = 6;
const NAME_LENGTH_MAX = 200;

/** The network that a draft has come to, as short as it can be. */
export function buildNetwork(draft: Draft, start: Activation, output: Activation): FloatNetwork {
  const folded = foldLayers(draft, recogniseLayers(draft, draft.layers), output.tensor);
  const layers = withoutUnused(lowerLayers(draft, folded), output.tensor);
  if (layers.length > LAYERS_MAX) throw tooLarge(`The model has ${layers.length} layers; ${LAYERS_MAX} are the most.`);
  const names = new Naming();
  const nameOf = nameTensors(draft, layers);
  const input = { tensor: nameOf(start.tensor), shape: shapeOf(start.dims) };
  const parameters = new Map<string, LayerParameters>();
  const built = layers.map((layer, place): Layer => {
    const name = names.name(place, layer.name);
    if (layer.learnt) parameters.set(name, toFloats(layer, layer.learnt));
    return toLayer(layer, { name, output: nameOf(layer.output), shape: shapeOf(layer.dims) }, layer.inputs.map(nameOf));
  });
  // A network that gives its input as it is still is one.
  const whole = built.length > 0 ? built : [passing(input, names.name(0, "output"))];
  return {
    architecture: { format: 1, input, layers: whole, output: whole.at(-1)?.output ?? input.tensor },
    parameters,
  };
}

function passing(input: { tensor: string; shape: Shape }, name: string): Layer {
  const sources = Array.from({ length: sizeOf(input.shape) }, (_, i): [number, number] => [0, i]);
  return { kind: "rewire", name, output: name, shape: input.shape, inputs: [input.tensor], sources };
}

/** Names that are given once each: what is long is cut, what is there already gets a number. */
class Naming {
  readonly #used = new Set<string>();
  readonly #names = new Map<number, string>();

  name(key: number, wanted: string): string {
    const known = this.#names.get(key);
    if (known) return known;
    const base = wanted.slice(0, NAME_LENGTH_MAX - 8) || "unnamed";
    let name = base;
    for (let count = 2; this.#used.has(name); count++) name = `${base}#${count}`;
    this.#used.add(name);
    this.#names.set(key, name);
    return name;
  }
}

/** Tensors are called as ONNX has them; those in between like the layer that gives them. */
function nameTensors(draft: Draft, layers: readonly DraftLayer[]): (tensor: number) => string {
  const tensors = new Naming();
  const byTensor = new Map(layers.map((layer) => [layer.output, layer]));
  return (tensor) => tensors.name(tensor, draft.names.get(tensor) ?? byTensor.get(tensor)?.name ?? "");
}

/** Without the batch, which is one; a shape of very many axes is as good as a row. */
function shapeOf(dims: readonly number[]): Shape {
  const shape = dims[0] === 1 ? dims.slice(1) : [...dims];
  return shape.length > RANK_MAX ? [elementsOf(shape)] : shape;
}

function toFloats({ name }: DraftLayer, learnt: Learnt): LayerParameters {
  const [weights, biases] = [new Float32Array(learnt.weights), new Float32Array(learnt.biases)];
  if (![weights, biases].every((values) => values.every(Number.isFinite)))
    throw invalid(`The weights of ${shortened(name)} come to numbers that are infinite or none.`);
  return { weights, biases };
}

type Named = { name: string; output: string; shape: Shape };

function toLayer({ operation }: DraftLayer, named: Named, inputs: readonly string[]): Layer {
  const [first = "", second = ""] = inputs;
  switch (operation.kind) {
    case "affine":
      return { ...named, ...withoutKind(operation), kind: "scale", input: first };
    case "wiring": {
      const { from, at } = operation;
      const sources = Array.from(at, (place, i): [number, number] | null => (place < 0 ? null : [from[i] ?? 0, place]));
      return { ...named, kind: "rewire", inputs: [...inputs], sources };
    }
    case "add":
    case "multiply":
      return { ...named, ...operation, inputs: [first, second] };
    default:
      return { ...named, ...operation, input: first };
  }
}

function withoutKind({ channels, inner, activation }: Extract<Operation, { kind: "affine" }>) {
  return { channels, inner, activation };
}
