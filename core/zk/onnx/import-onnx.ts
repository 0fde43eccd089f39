import { DomainError } from "../../errors.ts";
import type { FloatNetwork } from "../network.ts";
import { buildNetwork } from "./build-network.ts";
import { decodeModel, type OnnxModel, type OnnxNode, type OnnxValue } from "./decode-model.ts";
import { type Activation, Draft, type Value } from "./draft.ts";
import { NodeImport, type OperatorImport } from "./node-import.ts";
import { ARITHMETIC } from "./operators/arithmetic.ts";
import { CLASSES } from "./operators/classes.ts";
import { CONSTANTS } from "./operators/constants.ts";
import { FUNCTIONS } from "./operators/functions.ts";
import { LINEAR } from "./operators/linear.ts";
import { REDUCTIONS } from "./operators/reductions.ts";
import { SHAPES } from "./operators/shapes.ts";
import { TREES } from "./operators/trees.ts";
import { WINDOWS } from "./operators/windows.ts";
import { nodeLabel, orderGraph } from "./order-graph.ts";
import { invalid, shortened, unsupported } from "./refusals.ts";

/** Operators by the domain of their set, as ONNX names it. */
const OPERATORS: ReadonlyMap<string, Readonly<Record<string, OperatorImport>>> = new Map([
  ["", { ...ARITHMETIC, ...CONSTANTS, ...FUNCTIONS, ...LINEAR, ...REDUCTIONS, ...SHAPES, ...WINDOWS }],
  ["ai.onnx.ml", { ...CLASSES, ...TREES }],
]);
const OPSETS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["", [11, 28]],
  ["ai.onnx.ml", [1, 5]],
]);
const REFUSALS_NAMED_MAX = 20;

/** What a file says besides the network. */
export type OnnxMetadata = {
  /** Version of ONNX's own operators, or null where the model has none of them. */
  opset: number | null;
  producer: string;
  /** The shape that the file gives, with its batch; a dimension that is open is its name, or null. */
  input: { name: string; shape: readonly (number | string | null)[] };
  /** The shape has the batch, of one. */
  output: { name: string; shape: readonly number[] };
  /** Everything that the graph gives. */
  outputs: readonly string[];
  /** How often each operator is there, among those that the output needs. */
  operators: Readonly<Record<string, number>>;
  /** What a classifier calls its classes, by the place that it answers with. */
  labels: readonly string[] | null;
};

export type OnnxImport = { network: FloatNetwork; metadata: OnnxMetadata };

/**
 * Turns an ONNX file into a network, for one of its outputs: the first, or the one that is named.
 *
 * Throws ONNX_INVALID for what is no model or contradicts itself, ONNX_TOO_LARGE beyond the limits, and ONNX_UNSUPPORTED
 * with all the nodes that cannot be proved at once.
 */
export function importOnnx(bytes: Uint8Array, choice: { output?: string } = {}): OnnxImport {
  const model = decodeModel(bytes);
  checkOpsets(model);
  const outputName = outputOf(model, choice.output);
  const nodes = orderGraph(model, [outputName]);
  const draft = new Draft();
  const input = inputOf(model);
  const start = draft.addInput(input.name, input.type, input.dims);
  const values = new Map<string, Value | null>([[input.name, start]]);
  for (const [name, { type, dims, values: numbers }] of model.initialisers)
    values.set(name, { kind: "constant", type, dims, values: numbers });
  importNodes(model, nodes, outputName, draft, values);
  const output = values.get(outputName);
  if (output?.kind !== "activation")
    throw unsupported(`The output ${shortened(outputName)} does not depend on the input.`);
  return {
    network: buildNetwork(draft, start, output),
    metadata: {
      opset: model.opsets.get("") ?? null,
      producer: model.producer,
      input: { name: input.name, shape: input.said },
      output: { name: outputName, shape: output.dims },
      outputs: model.outputs.map(({ name }) => name),
      operators: countOperators(nodes),
      labels: draft.labels,
    },
  };
}

function checkOpsets({ opsets }: OnnxModel): void {
  for (const [domain, version] of opsets) {
    const range = OPSETS.get(domain);
    if (!range) continue;
    const [first, last] = range;
    if (!(version >= first && version <= last))
      throw unsupported(
        `The model uses version ${version} of the operators of ${domain || "ai.onnx"}; versions ${first} to ${last} can be read.`,
      );
  }
}

function outputOf({ outputs }: OnnxModel, wanted: string | undefined): string {
  const output = wanted === undefined ? outputs[0] : outputs.find(({ name }) => name === wanted);
  if (output) return output.name;
  throw wanted === undefined
    ? invalid("The graph gives no output.")
    : invalid(`The graph gives no output ${shortened(wanted)}.`);
}

/** The one input that is no weight. An open first dimension is the batch, of which there is one. */
function inputOf(model: OnnxModel): {
  name: string;
  type: Activation["type"];
  dims: number[];
  said: NonNullable<OnnxValue["dims"]>;
} {
  const inputs = model.inputs.filter(({ name }) => !model.initialisers.has(name));
  const [input] = inputs;
  if (!input) throw invalid("The graph has no input.");
  const name = shortened(input.name);
  if (inputs.length > 1)
    throw unsupported(
      `The model has ${inputs.length} inputs, among them ${name} and ${shortened(inputs[1]?.name ?? "")}; it may have one.`,
    );
  if (!input.type || input.type === "bool") throw unsupported(`The input ${name} is no tensor of numbers.`);
  if (!input.dims) throw unsupported(`The input ${name} has no shape. Export the model with the shape of its input.`);
  const dims = input.dims.map((length, axis) => {
    if (axis === 0 && typeof length !== "number") return 1;
    if (typeof length === "number" && Number.isInteger(length) && length > 0) return length;
    if (typeof length === "number") throw invalid(`The input ${name} has a dimension of ${length}.`);
    throw unsupported(
      `The input ${name} leaves its dimension ${axis + 1}${length ? ` (${shortened(length)})` : ""} open. Only the first, the batch, may be.`,
    );
  });
  return { name: input.name, type: input.type, dims, said: input.dims };
}

/** Works node after node, and tells of all that cannot be done at once. */
function importNodes(
  model: OnnxModel,
  nodes: readonly OnnxNode[],
  output: string,
  draft: Draft,
  values: Map<string, Value | null>,
): void {
  const read = new Set([output, ...nodes.flatMap(({ inputs }) => inputs)]);
  const refusals: { node: OnnxNode; message: string }[] = [];
  for (const node of nodes) {
    const given = importNode(model, node, draft, values);
    if (typeof given === "string") refusals.push({ node, message: given });
    const missing = node.outputs.findIndex((name, index) => read.has(name) && Array.isArray(given) && !given[index]);
    if (missing >= 0)
      refusals.push({
        node,
        message: `The model cannot be proved: output ${missing + 1} of ${nodeLabel(node)} is not supported.`,
      });
    node.outputs.forEach((name, index) => {
      const value = Array.isArray(given) ? (given[index] ?? null) : null;
      values.set(name, value);
      if (value?.kind === "activation" && !draft.names.has(value.tensor)) draft.names.set(value.tensor, name);
    });
  }
  if (refusals.length > 0) throw refusalOf(refusals);
}

function refusalOf(refusals: readonly { node: OnnxNode; message: string }[]): DomainError {
  const named = refusals.slice(0, REFUSALS_NAMED_MAX);
  const list = named.map(({ node }) => nodeLabel(node)).join(", ");
  const more = refusals.length > named.length ? ` and ${refusals.length - named.length} more` : "";
  return new DomainError("ONNX_UNSUPPORTED", {
    message: refusals.length === 1 ? named[0]?.message : `The model cannot be proved because of ${list}${more}.`,
    nodes: named.map(({ node, message }) => ({
      node: shortened(node.name),
      operator: shortened(node.operator),
      message,
    })),
  });
}

/** What a node gives, a sentence that says why it cannot be proved, or null where it reads what was refused already. */
function importNode(
  model: OnnxModel,
  node: OnnxNode,
  draft: Draft,
  values: ReadonlyMap<string, Value | null>,
): Value[] | string | null {
  const operator = operatorOf(node);
  if (!operator) {
    const domain = node.domain ? ` of ${shortened(node.domain)}` : "";
    return `The model cannot be proved: the operator${domain} of ${nodeLabel(node)} is not supported.`;
  }
  const version = model.opsets.get(node.domain);
  if (version === undefined) throw invalid(`The file does not say which version ${nodeLabel(node)} is of.`);
  if (node.inputs.some((name) => name !== "" && !values.get(name))) return null;
  const inputs = node.inputs.map((name) => values.get(name) ?? null);
  try {
    const reading = new NodeImport(node, version, draft, inputs);
    const given = operator(reading);
    reading.refuseUnread();
    return Array.isArray(given) ? given : [given];
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== "ONNX_UNSUPPORTED") throw error;
    return error.message;
  }
}

function operatorOf({ domain, operator }: OnnxNode): OperatorImport | undefined {
  const operators = OPERATORS.get(domain);
  return operators && Object.hasOwn(operators, operator) ? operators[operator] : undefined;
}

function countOperators(nodes: readonly OnnxNode[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { operator } of nodes) counts.set(operator, (counts.get(operator) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
