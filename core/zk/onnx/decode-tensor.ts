import type { ProtobufReader } from "./read-protobuf.ts";
import { invalid, shortened, tooLarge, unsupported } from "./refusals.ts";

/** Numbers that a model may hold, all its tensors together: several times what can be proved. */
const ELEMENTS_MAX = 4 * 2 ** 20;
const RANK_MAX = 8;

/** What ONNX calls its element types, by number. */
const ELEMENT_TYPES = [
  "undefined",
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
  "float8e8m0",
  "uint2",
  "int2",
] as const;

/** Those whose numbers are read, with their width in bytes. */
const WIDTHS = { float32: 4, float64: 8, int32: 4, int64: 8, bool: 1 } as const;

export type ElementType = keyof typeof WIDTHS;

/** Integers are doubles here: the few that doubles do not hold are bounds that mean "to the end". */
export type OnnxTensor = {
  name: string;
  type: ElementType;
  dims: readonly number[];
  values: Float32Array | Float64Array;
};

export const isFloat = (type: ElementType): boolean => type === "float32" || type === "float64";

/** The name of an element type. Throws ONNX_UNSUPPORTED for one whose numbers are not read. */
export function elementTypeOf(number: number, owner: string): ElementType {
  const type = ELEMENT_TYPES[number];
  if (!type) throw invalid(`${owner} has the element type ${number}, which ONNX does not know.`);
  if (!(type in WIDTHS)) throw unsupported(`${owner} has numbers of the type ${type}. Export the model with float32.`);
  return type as ElementType;
}

/** What is left of the numbers that a model may hold. */
export type TensorBudget = { elements: number };
export const newTensorBudget = (): TensorBudget => ({ elements: ELEMENTS_MAX });

type Parts = {
  name: string;
  dims: number[];
  type: number;
  raw: Uint8Array | null;
  floats: number[];
  integers: number[];
  doubles: number[];
};

/**
 * A TensorProto. Nothing is read from a path, and nothing is allocated before the bytes are known to be there.
 */
export function decodeTensor(reader: ProtobufReader, budget: TensorBudget): OnnxTensor {
  const parts: Parts = { name: "", dims: [], type: 0, raw: null, floats: [], integers: [], doubles: [] };
  while (reader.next()) readField(reader, parts);
  const owner = parts.name ? `The tensor ${shortened(parts.name)}` : "A tensor";
  const type = elementTypeOf(parts.type, owner);
  const count = countOf(parts.dims, owner);
  if (count > budget.elements) throw tooLarge(`The model holds more than ${ELEMENTS_MAX} numbers.`);
  const values = valuesOf(parts, type, count, owner);
  budget.elements -= count;
  if (!values.every(Number.isFinite)) throw invalid(`${owner} has numbers that are infinite or none.`);
  return { name: parts.name, type, dims: parts.dims, values };
}

function readField(reader: ProtobufReader, parts: Parts): void {
  switch (reader.field) {
    case 1:
      reader.integers(parts.dims);
      if (parts.dims.length > RANK_MAX) throw tooLarge(`A tensor has more than ${RANK_MAX} dimensions.`);
      break;
    case 2:
      parts.type = reader.integer();
      break;
    case 3:
      throw unsupported("A tensor is stored in segments, which are not read.");
    case 4:
      reader.floats(parts.floats);
      break;
    case 5:
    case 7:
      reader.integers(parts.integers);
      break;
    case 8:
      parts.name = reader.text();
      break;
    case 9:
      parts.raw = reader.bytes();
      break;
    case 10:
      reader.doubles(parts.doubles);
      break;
    case 13:
      throw unsupported("Weights lie in another file. Export the model into one file, with its weights inside.");
    case 14:
      if (reader.integer() !== 0)
        throw unsupported("Weights lie in another file. Export the model into one file, with its weights inside.");
  }
}

/** The number of elements. It is compared after each factor, so that it never leaves what doubles hold exactly. */
export function countOf(dims: readonly number[], owner: string): number {
  let count = 1;
  for (const length of dims) {
    if (!Number.isInteger(length) || length < 0) throw invalid(`${owner} has a dimension of ${length}.`);
    count *= length;
    if (count > ELEMENTS_MAX) throw tooLarge(`${owner} has more than ${ELEMENTS_MAX} numbers.`);
  }
  return count;
}

function valuesOf(parts: Parts, type: ElementType, count: number, owner: string): Float32Array | Float64Array {
  if (parts.raw) {
    const isWhole = parts.raw.length === count * WIDTHS[type];
    if (!isWhole) throw invalid(`${owner} has ${parts.raw.length} bytes for ${count} numbers of type ${type}.`);
    return readRaw(parts.raw, type, count);
  }
  const listed = type === "float32" ? parts.floats : type === "float64" ? parts.doubles : parts.integers;
  if (listed.length !== count) throw invalid(`${owner} has ${listed.length} numbers, not the ${count} of its shape.`);
  return type === "float32" ? Float32Array.from(listed) : Float64Array.from(listed);
}

/** Numbers lie in the file as they lie in memory: little end first on every machine that browsers and Node run on. */
function readRaw(raw: Uint8Array, type: ElementType, count: number): Float32Array | Float64Array {
  if (type === "bool") return Float64Array.from(raw);
  // Not `slice`: a Buffer of Node's has another one, which copies nothing.
  const { buffer } = new Uint8Array(raw);
  if (type === "float32") return new Float32Array(buffer);
  if (type === "float64") return new Float64Array(buffer);
  if (type === "int32") return Float64Array.from(new Int32Array(buffer));
  const [low, high] = [new Uint32Array(buffer), new Int32Array(buffer)];
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = (high[2 * i + 1] ?? 0) * 2 ** 32 + (low[2 * i] ?? 0);
  return values;
}
