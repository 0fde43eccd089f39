import type { TensorFormat } from "./integer-network.ts";
import { type Architecture, inputsOf, type Layer } from "./network.ts";
import { ARG_MAX_FORMAT, SOFTMAX_FORMAT, tableOf } from "./tables.ts";

/** Layers that write the very numbers they read. */
export const sharesFormat = ({ kind }: Layer): boolean =>
  kind === "relu" || kind === "clip" || kind === "maxPool" || kind === "rewire";

/** The format of a layer's output where it follows from the architecture, whatever the network was taught; else null. */
export function ownFormatOf(layer: Layer): TensorFormat | null {
  if (layer.kind === "table") return tableOf(layer).format;
  if (layer.kind === "softmax") return SOFTMAX_FORMAT;
  return layer.kind === "argMax" ? ARG_MAX_FORMAT : null;
}

/** For each tensor the one that stands for all that have one format with it. */
export function formatGroupsOf({ input, layers }: Architecture): ReadonlyMap<string, string> {
  const parents = new Map([input.tensor, ...layers.map((layer) => layer.output)].map((tensor) => [tensor, tensor]));
  const find = (tensor: string): string => {
    let root = tensor;
    for (let parent = parents.get(root); parent !== undefined && parent !== root; parent = parents.get(root))
      root = parent;
    return root;
  };
  for (const layer of layers.filter(sharesFormat))
    for (const tensor of inputsOf(layer)) parents.set(find(layer.output), find(tensor));
  return new Map([...parents.keys()].map((tensor) => [tensor, find(tensor)]));
}

/** Whether what a layer writes may be below zero, by what it reads. */
function isSignedBy(layer: Layer, isSigned: (tensor: string) => boolean): boolean {
  switch (layer.kind) {
    case "linear":
    case "conv":
    case "scale":
      return layer.activation === "none";
    case "add":
      return layer.activation === "none" && (layer.signs.includes(-1) || layer.inputs.some(isSigned));
    case "multiply":
      return layer.activation === "none" && layer.inputs.some(isSigned);
    case "trees":
      return true;
    case "table":
    case "softmax":
    case "argMax":
      return ownFormatOf(layer)?.isSigned ?? false;
    default:
      return inputsOf(layer).some(isSigned);
  }
}

/**
 * Which tensors may hold numbers below zero. The input may; others follow from the layers, and tensors of one format are
 * all signed as soon as one is.
 */
export function signsOf(architecture: Architecture): ReadonlyMap<string, boolean> {
  const groups = formatGroupsOf(architecture);
  const groupOf = (tensor: string) => groups.get(tensor) ?? tensor;
  const signed = new Set([groupOf(architecture.input.tensor)]);
  const isSigned = (tensor: string) => signed.has(groupOf(tensor));
  for (let before = -1; before !== signed.size; ) {
    before = signed.size;
    for (const layer of architecture.layers) if (isSignedBy(layer, isSigned)) signed.add(groupOf(layer.output));
  }
  return new Map([...groups.keys()].map((tensor) => [tensor, isSigned(tensor)]));
}
