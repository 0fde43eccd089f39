/** Writes ONNX files for tests, by the published schema: those that nobody's tool would write, too. */

export type WrittenTensor = {
  name?: string;
  dims: readonly number[];
  /** As ONNX numbers its types: 1 float32, 7 int64, 11 float64. */
  type?: number;
  values: readonly number[];
};

export type WrittenAttribute =
  | { float: number }
  | { int: number }
  | { text: string }
  | { tensor: WrittenTensor }
  | { floats: readonly number[] }
  | { ints: readonly number[] }
  | { texts: readonly string[] };

export type WrittenNode = {
  operator: string;
  inputs: readonly string[];
  outputs: readonly string[];
  name?: string;
  domain?: string;
  attributes?: Readonly<Record<string, WrittenAttribute>>;
};

export type WrittenModel = {
  opset?: number;
  /** Version of the operators of ai.onnx.ml. */
  treeOpset?: number;
  inputs: readonly { name: string; dims: readonly (number | string)[]; type?: number }[];
  /** By their names alone where they are float32. */
  outputs: readonly (string | { name: string; type: number })[];
  nodes: readonly WrittenNode[];
  constants?: readonly WrittenTensor[];
};

const encoder = new TextEncoder();

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

const integerField = (field: number, value: number) => joinBytes([varint(field * 8), varint(value)]);
export const bytesField = (field: number, content: Uint8Array): Uint8Array =>
  joinBytes([varint(field * 8 + 2), varint(content.length), content]);
const textField = (field: number, text: string) => bytesField(field, encoder.encode(text));
const floatField = (field: number, value: number) =>
  joinBytes([varint(field * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)]);

export function writeTensor({ name, dims, type = 1, values }: WrittenTensor): Uint8Array {
  const content =
    type === 1
      ? Float32Array.from(values)
      : type === 7
        ? BigInt64Array.from(values, BigInt)
        : Float64Array.from(values);
  return joinBytes([
    ...dims.map((length) => integerField(1, length)),
    integerField(2, type),
    ...(name === undefined ? [] : [textField(8, name)]),
    bytesField(9, new Uint8Array(content.buffer)),
  ]);
}

function writeAttribute(name: string, attribute: WrittenAttribute): Uint8Array {
  const content = (): [type: number, fields: Uint8Array[]] => {
    if ("float" in attribute) return [1, [floatField(2, attribute.float)]];
    if ("int" in attribute) return [2, [integerField(3, attribute.int)]];
    if ("text" in attribute) return [3, [textField(4, attribute.text)]];
    if ("tensor" in attribute) return [4, [bytesField(5, writeTensor(attribute.tensor))]];
    if ("floats" in attribute) return [6, attribute.floats.map((value) => floatField(7, value))];
    if ("ints" in attribute) return [7, attribute.ints.map((value) => integerField(8, value))];
    return [8, attribute.texts.map((text) => textField(9, text))];
  };
  const [type, fields] = content();
  return joinBytes([textField(1, name), ...fields, integerField(20, type)]);
}

export function writeNode({ operator, inputs, outputs, name, domain, attributes = {} }: WrittenNode): Uint8Array {
  return joinBytes([
    ...inputs.map((input) => textField(1, input)),
    ...outputs.map((output) => textField(2, output)),
    ...(name === undefined ? [] : [textField(3, name)]),
    textField(4, operator),
    ...Object.entries(attributes).map(([key, attribute]) => bytesField(5, writeAttribute(key, attribute))),
    ...(domain === undefined ? [] : [textField(7, domain)]),
  ]);
}

function writeValue(name: string, type: number, dims: readonly (number | string)[] | null): Uint8Array {
  const shape = dims?.map((length) =>
    bytesField(1, typeof length === "number" ? integerField(1, length) : textField(2, length)),
  );
  const tensor = joinBytes([integerField(1, type), ...(shape ? [bytesField(2, joinBytes(shape))] : [])]);
  return joinBytes([textField(1, name), bytesField(2, bytesField(1, tensor))]);
}

/** The fields of a GraphProto. */
export const writeGraph = (model: WrittenModel): Uint8Array =>
  joinBytes([
    ...model.nodes.map((node) => bytesField(1, writeNode(node))),
    textField(2, "graph"),
    ...(model.constants ?? []).map((tensor) => bytesField(5, writeTensor(tensor))),
    ...model.inputs.map(({ name, dims, type = 1 }) => bytesField(11, writeValue(name, type, dims))),
    ...model.outputs.map((output) =>
      typeof output === "string"
        ? bytesField(12, writeValue(output, 1, null))
        : bytesField(12, writeValue(output.name, output.type, null)),
    ),
  ]);

export const writeOpset = (domain: string, version: number): Uint8Array =>
  bytesField(8, joinBytes([textField(1, domain), integerField(2, version)]));

/** A whole file around the fields of a graph. */
export const writeFile = (graph: Uint8Array, { opset = 17, treeOpset = 3 }: Partial<WrittenModel> = {}): Uint8Array =>
  joinBytes([
    integerField(1, 8),
    textField(2, "write-onnx"),
    bytesField(7, graph),
    writeOpset("", opset),
    writeOpset("ai.onnx.ml", treeOpset),
  ]);

export const writeOnnx = (model: WrittenModel): Uint8Array => writeFile(writeGraph(model), model);
