import type { Network } from "./classifier.ts";

// The little of ONNX's protocol buffers that a network of Gemm and Relu needs (onnx.proto, IR version 8, opset 17).

const utf8 = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

const number = (field: number, value: number): Uint8Array => Uint8Array.from([...varint(field * 8), ...varint(value)]);

function bytes(field: number, content: Uint8Array | string): Uint8Array {
  const inner = typeof content === "string" ? utf8.encode(content) : content;
  return join([Uint8Array.from([...varint(field * 8 + 2), ...varint(inner.length)]), inner]);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const FLOAT = 1;
const INT_ATTRIBUTE = 2;

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
function tensor(name: string, dims: readonly number[], values: Float64Array): Uint8Array {
  const raw = new Uint8Array(values.length * 4);
  const view = new DataView(raw.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(i * 4, value, true);
  return join([...dims.map((dim) => number(1, dim)), number(2, FLOAT), bytes(8, name), bytes(9, raw)]);
}

/** ValueInfoProto: name 1, type 2 with tensor_type 1 of elem_type 1 and shape 2; a dimension is a number or a name. */
function valueInfo(name: string, dims: readonly (number | string)[]): Uint8Array {
  const shape = join(dims.map((dim) => bytes(1, typeof dim === "number" ? number(1, dim) : bytes(2, dim))));
  const type = bytes(1, join([number(1, FLOAT), bytes(2, shape)]));
  return join([bytes(1, name), bytes(2, type)]);
}

/** NodeProto: input 1, output 2, name 3, op_type 4, attribute 5. */
const node = (operator: string, inputs: readonly string[], output: string, attributes: readonly Uint8Array[] = []) =>
  join([
    ...inputs.map((name) => bytes(1, name)),
    bytes(2, output),
    bytes(3, `${operator.toLowerCase()}-${output}`),
    bytes(4, operator),
    ...attributes.map((attribute) => bytes(5, attribute)),
  ]);

/** AttributeProto: name 1, i 3, type 20. */
const intAttribute = (name: string, value: number) =>
  join([bytes(1, name), number(3, value), number(20, INT_ATTRIBUTE)]);

/** The classifier as ONNX: `input` (batch, inputs) → Gemm → Relu → Gemm → `scores` (batch, outputs). */
export function writeOnnx(network: Network, description: string): Uint8Array {
  const { inputs, hidden, outputs, w1, b1, w2, b2 } = network;
  const transposed = [intAttribute("transB", 1)];
  const graph = join([
    bytes(1, node("Gemm", ["input", "w1", "b1"], "hidden", transposed)),
    bytes(1, node("Relu", ["hidden"], "active")),
    bytes(1, node("Gemm", ["active", "w2", "b2"], "scores", transposed)),
    bytes(2, "classifier"),
    bytes(5, tensor("w1", [hidden, inputs], w1)),
    bytes(5, tensor("b1", [hidden], b1)),
    bytes(5, tensor("w2", [outputs, hidden], w2)),
    bytes(5, tensor("b2", [outputs], b2)),
    bytes(11, valueInfo("input", ["batch", inputs])),
    bytes(12, valueInfo("scores", ["batch", outputs])),
  ]);
  return join([
    number(1, 8),
    bytes(2, "converge-train"),
    bytes(6, description),
    bytes(7, graph),
    bytes(8, join([bytes(1, ""), number(2, 17)])),
  ]);
}
