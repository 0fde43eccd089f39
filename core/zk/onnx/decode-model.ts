import {
  decodeTensor,
  type ElementType,
  elementTypeOf,
  newTensorBudget,
  type OnnxTensor,
  type TensorBudget,
} from "./decode-tensor.ts";
import { newBudget, ProtobufReader } from "./read-protobuf.ts";
import { invalid, shortened, tooLarge, unsupported } from "./refusals.ts";

export const FILE_BYTES_MAX = 64 * 2 ** 20;
const NODES_MAX = 10_000;
const TENSORS_MAX = 10_000;
const VALUES_MAX = 10_000;
const PORTS_MAX = 1_024;
const ATTRIBUTES_MAX = 64;

/** A dimension is a length, the name of one that is open, or null where nothing is said. */
export type OnnxDimension = number | string | null;
/** `type` is null where the value is no tensor, `dims` where nothing is said of its shape. */
export type OnnxValue = { name: string; type: ElementType | null; dims: OnnxDimension[] | null };

/** An attribute's fields. Those of a kind that it is not are empty. */
export type OnnxAttribute = {
  name: string;
  type: number;
  float: number;
  integer: number;
  text: string;
  tensor: OnnxTensor | null;
  floats: number[];
  integers: number[];
  texts: string[];
};

export type OnnxNode = {
  name: string;
  operator: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, OnnxAttribute>;
};

export type OnnxModel = {
  irVersion: number;
  producer: string;
  /** Versions of the operator sets, by their domain; "" is ONNX's own. */
  opsets: Map<string, number>;
  nodes: OnnxNode[];
  initialisers: Map<string, OnnxTensor>;
  inputs: OnnxValue[];
  outputs: OnnxValue[];
};

/**
 * Reads an ONNX file by the published protobuf schema.
 *
 * The graph is read, not understood: names may dangle, operators may be unknown. Throws ONNX_INVALID for what is no such
 * file, ONNX_TOO_LARGE beyond the limits, ONNX_UNSUPPORTED for weights in other files and for element types that are not
 * read.
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  if (bytes.length > FILE_BYTES_MAX) throw tooLarge(`The file has more than ${FILE_BYTES_MAX / 2 ** 20} MiB.`);
  const reader = new ProtobufReader(bytes, newBudget());
  const model: OnnxModel = {
    irVersion: 0,
    producer: "",
    opsets: new Map(),
    nodes: [],
    initialisers: new Map(),
    inputs: [],
    outputs: [],
  };
  let [producer, version, graphs] = ["", "", 0];
  while (reader.next()) {
    if (reader.field === 1) model.irVersion = reader.integer();
    else if (reader.field === 2) producer = reader.text();
    else if (reader.field === 3) version = reader.text();
    else if (reader.field === 7 && graphs++ === 0) decodeGraph(reader.message(), model);
    else if (reader.field === 7) throw invalid("The file has more than one graph.");
    else if (reader.field === 8) decodeOpset(reader.message(), model.opsets);
    else if (reader.field === 25) throw unsupported("The model has functions of its own. Export it with them inlined.");
  }
  if (graphs === 0) throw invalid("The file has no graph: it is no ONNX model.");
  if (model.opsets.size === 0) throw invalid("The file does not say which operators it means: it has no opset.");
  return { ...model, producer: `${producer} ${version}`.trim() };
}

function decodeOpset(reader: ProtobufReader, opsets: Map<string, number>): void {
  let domain = "";
  let version = 0;
  while (reader.next()) {
    if (reader.field === 1) domain = domainOf(reader.text());
    else if (reader.field === 2) version = reader.integer();
  }
  // One version said twice is what some exporters write.
  if ((opsets.get(domain) ?? version) !== version)
    throw invalid(`The file names two versions of the operators of ${domain || "ai.onnx"}.`);
  if (opsets.size >= ATTRIBUTES_MAX) throw tooLarge("The file names too many operator sets.");
  opsets.set(domain, version);
}

/** ONNX's own operators have two names for one domain. */
const domainOf = (text: string): string => (text === "ai.onnx" ? "" : text);

function decodeGraph(reader: ProtobufReader, model: OnnxModel): void {
  const budget = newTensorBudget();
  while (reader.next()) {
    if (reader.field === 1) {
      model.nodes.push(decodeNode(reader.message(), budget));
      if (model.nodes.length > NODES_MAX) throw tooLarge(`The graph has more than ${NODES_MAX} nodes.`);
    } else if (reader.field === 5) {
      addInitialiser(decodeTensor(reader.message(), budget), model.initialisers);
    } else if (reader.field === 11 || reader.field === 12) {
      const values = reader.field === 11 ? model.inputs : model.outputs;
      values.push(decodeValue(reader.message()));
      if (values.length > VALUES_MAX) throw tooLarge(`The graph has more than ${VALUES_MAX} inputs or outputs.`);
    } else if (reader.field === 15) {
      throw unsupported("The model has sparse weights. Export it with dense ones.");
    }
  }
}

function addInitialiser(tensor: OnnxTensor, initialisers: Map<string, OnnxTensor>): void {
  if (tensor.name === "") throw invalid("An initialiser has no name.");
  if (initialisers.has(tensor.name)) throw invalid(`Two initialisers are called ${shortened(tensor.name)}.`);
  initialisers.set(tensor.name, tensor);
  if (initialisers.size > TENSORS_MAX) throw tooLarge(`The graph has more than ${TENSORS_MAX} initialisers.`);
}

function decodeNode(reader: ProtobufReader, budget: TensorBudget): OnnxNode {
  const node: OnnxNode = { name: "", operator: "", domain: "", inputs: [], outputs: [], attributes: new Map() };
  while (reader.next()) {
    if (reader.field === 1) node.inputs.push(reader.text());
    else if (reader.field === 2) node.outputs.push(reader.text());
    else if (reader.field === 3) node.name = reader.text();
    else if (reader.field === 4) node.operator = reader.text();
    else if (reader.field === 5) addAttribute(decodeAttribute(reader.message(), budget), node);
    else if (reader.field === 7) node.domain = domainOf(reader.text());
    if (node.inputs.length > PORTS_MAX || node.outputs.length > PORTS_MAX)
      throw tooLarge(`The node ${shortened(node.name)} has more than ${PORTS_MAX} inputs or outputs.`);
  }
  return node;
}

function addAttribute(attribute: OnnxAttribute, node: OnnxNode): void {
  if (node.attributes.has(attribute.name))
    throw invalid(`The node ${shortened(node.name)} says ${shortened(attribute.name)} twice.`);
  if (node.attributes.size >= ATTRIBUTES_MAX)
    throw tooLarge(`The node ${shortened(node.name)} has more than ${ATTRIBUTES_MAX} attributes.`);
  node.attributes.set(attribute.name, attribute);
}

function decodeAttribute(reader: ProtobufReader, budget: TensorBudget): OnnxAttribute {
  const attribute: OnnxAttribute = {
    name: "",
    type: 0,
    float: 0,
    integer: 0,
    text: "",
    tensor: null,
    floats: [],
    integers: [],
    texts: [],
  };
  while (reader.next()) {
    if (reader.field === 1) attribute.name = reader.text();
    else if (reader.field === 2) attribute.float = reader.float();
    else if (reader.field === 3) attribute.integer = reader.integer();
    else if (reader.field === 4) attribute.text = reader.text();
    else if (reader.field === 5) attribute.tensor = decodeTensor(reader.message(), budget);
    else if (reader.field === 7) reader.floats(attribute.floats);
    else if (reader.field === 8) reader.integers(attribute.integers);
    else if (reader.field === 9) attribute.texts.push(reader.text());
    else if (reader.field === 20) attribute.type = reader.integer();
  }
  if (!Number.isFinite(attribute.float) || !attribute.floats.every(Number.isFinite))
    throw invalid(`The attribute ${shortened(attribute.name)} has numbers that are infinite or none.`);
  return attribute;
}

function decodeValue(reader: ProtobufReader): OnnxValue {
  const value: OnnxValue = { name: "", type: null, dims: null };
  while (reader.next()) {
    if (reader.field === 1) value.name = reader.text();
    else if (reader.field === 2) decodeType(reader.message(), value);
  }
  return value;
}

/** A TypeProto, of which tensors alone are looked into. */
function decodeType(reader: ProtobufReader, value: OnnxValue): void {
  while (reader.next()) {
    if (reader.field !== 1) continue;
    const tensor = reader.message();
    while (tensor.next()) {
      if (tensor.field === 1) value.type = valueType(tensor.integer(), value.name);
      else if (tensor.field === 2) value.dims = decodeShape(tensor.message());
    }
  }
}

/** Labels are texts, and are no reason to refuse a model: only what is computed with has to be numbers. */
const valueType = (number: number, name: string): ElementType | null =>
  number === 8 ? null : elementTypeOf(number, `The value ${shortened(name)}`);

function decodeShape(reader: ProtobufReader): OnnxDimension[] {
  const dims: OnnxDimension[] = [];
  while (reader.next()) {
    if (reader.field !== 1) continue;
    let length: OnnxDimension = null;
    const dimension = reader.message();
    while (dimension.next()) {
      if (dimension.field === 1) length = dimension.integer();
      else if (dimension.field === 2) length = dimension.text();
    }
    dims.push(length);
    if (dims.length > 8) throw tooLarge("A value has more than 8 dimensions.");
  }
  return dims;
}
