import type { OnnxModel, OnnxNode } from "./decode-model.ts";
import { invalid, shortened } from "./refusals.ts";

/** How a sentence names a node. */
export const nodeLabel = ({ name, operator, outputs }: OnnxNode): string =>
  `the node ${shortened(name || (outputs[0] ?? "without a name"))} (${shortened(operator)})`;

/**
 * The nodes that the outputs need, each after those that it reads from.
 *
 * Throws ONNX_INVALID where a value is computed twice, comes from nowhere, or from itself.
 */
export function orderGraph(model: OnnxModel, outputs: readonly string[]): OnnxNode[] {
  const producers = producersOf(model);
  checkValuesExist(model, producers);
  const ordered: OnnxNode[] = [];
  const states = new Map<OnnxNode, "open" | "done">();
  // The path is kept here and not on the call stack, which a long chain of nodes would exhaust.
  const path = outputs.flatMap((name) => producers.get(name) ?? []);
  for (let node = path.at(-1); node; node = path.at(-1)) {
    if (states.has(node)) {
      path.pop();
      if (states.get(node) === "open") ordered.push(node);
      states.set(node, "done");
      continue;
    }
    states.set(node, "open");
    for (const input of node.inputs.toReversed()) {
      const source = producers.get(input);
      if (!source || states.get(source) === "done") continue;
      if (states.get(source) === "open")
        throw invalid(`The graph has a circle: ${nodeLabel(source)} reads its own output.`);
      path.push(source);
    }
  }
  return ordered;
}

/** Which node computes a value: null for inputs and initialisers, which nothing computes. */
function producersOf(model: OnnxModel): Map<string, OnnxNode | null> {
  const producers = new Map<string, OnnxNode | null>();
  const claim = (name: string, node: OnnxNode | null) => {
    if (producers.has(name)) throw invalid(`The graph has two values called ${shortened(name)}.`);
    producers.set(name, node);
  };
  for (const name of model.initialisers.keys()) claim(name, null);
  // Before version 4 of the format initialisers had to be named among the inputs too.
  for (const { name } of model.inputs) if (!model.initialisers.has(name)) claim(name, null);
  for (const node of model.nodes) for (const output of node.outputs) if (output !== "") claim(output, node);
  return producers;
}

function checkValuesExist(model: OnnxModel, producers: Map<string, OnnxNode | null>): void {
  for (const node of model.nodes)
    for (const input of node.inputs)
      if (input !== "" && !producers.has(input))
        throw invalid(`Nothing gives the value ${shortened(input)}, which ${nodeLabel(node)} reads.`);
  for (const { name } of model.outputs)
    if (!producers.has(name)) throw invalid(`Nothing gives the output ${shortened(name)}.`);
}
