import { invalid, tooLarge } from "./refusals.ts";

const FIELDS_MAX = 4_000_000;
const NUMBERS_MAX = 8_000_000;
export const TEXT_BYTES_MAX = 4_096;

/** What is left to be read of one file: a file of a million empty fields costs far more than its bytes. */
export type ReadBudget = { fields: number; numbers: number };

export const newBudget = (): ReadBudget => ({ fields: FIELDS_MAX, numbers: NUMBERS_MAX });

const decoder = new TextDecoder("utf-8");

/** Wire types of the protobuf encoding. */
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/**
 * One message of the protobuf wire format, field after field, without copies.
 *
 * Nothing is taken on trust: every length is checked against the bytes that are there, groups are refused, and a field that
 * is not asked for is stepped over, whatever it holds; so nothing nests deeper than the schema that is read.
 */
export class ProtobufReader {
  /** The field that was read last. */
  field = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #budget: ReadBudget;
  #at = 0;
  #wire = 0;
  #low = 0;
  #high = 0;
  #content: Uint8Array = new Uint8Array();

  constructor(bytes: Uint8Array, budget: ReadBudget) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#budget = budget;
  }

  /** Reads the next field whole; false at the end of the message. */
  next(): boolean {
    if (this.#at === this.#bytes.length) return false;
    if (--this.#budget.fields < 0) throw tooLarge(`The file has more than ${FIELDS_MAX} fields.`);
    this.#readVarint();
    this.#wire = this.#low & 7;
    this.field = this.#low >>> 3;
    if (this.#high !== 0 || this.field === 0) throw invalid("The file has a field without a number.");
    if (this.#wire === VARINT) this.#readVarint();
    else if (this.#wire === BYTES) this.#content = this.#take(this.#readLength());
    else if (this.#wire === FIXED_64) this.#take(8);
    else if (this.#wire === FIXED_32) this.#take(4);
    else throw invalid(`The file has a field of wire type ${this.#wire}, which ONNX does not use.`);
    return true;
  }

  /** The field as a signed integer of 64 bits; beyond 2^53 the nearest double. */
  integer(): number {
    this.#expect(VARINT);
    return this.#signed();
  }

  float(): number {
    this.#expect(FIXED_32);
    return this.#view.getFloat32(this.#at - 4, true);
  }

  bytes(): Uint8Array {
    this.#expect(BYTES);
    return this.#content;
  }

  message(): ProtobufReader {
    return new ProtobufReader(this.bytes(), this.#budget);
  }

  text(): string {
    const bytes = this.bytes();
    if (bytes.length > TEXT_BYTES_MAX)
      throw tooLarge(`The file has a name of ${bytes.length} bytes; ${TEXT_BYTES_MAX} are the most.`);
    this.#spend(1);
    return decoder.decode(bytes);
  }

  /** Adds a repeated field's integers, packed or one by one. */
  integers(into: number[]): void {
    if (this.#wire !== BYTES) {
      this.#spend(1);
      into.push(this.integer());
      return;
    }
    const packed = this.message();
    while (packed.#at < packed.#bytes.length) {
      this.#spend(1);
      packed.#readVarint();
      into.push(packed.#signed());
    }
  }

  /** Adds a repeated field's numbers of 4 bytes, packed or one by one. */
  floats(into: number[]): void {
    if (this.#wire !== BYTES) this.#expect(FIXED_32);
    this.#pushFixed(into, 4, (view, at) => view.getFloat32(at, true));
  }

  /** The same for numbers of 8 bytes. */
  doubles(into: number[]): void {
    if (this.#wire !== BYTES) this.#expect(FIXED_64);
    this.#pushFixed(into, 8, (view, at) => view.getFloat64(at, true));
  }

  #pushFixed(into: number[], width: number, read: (view: DataView, at: number) => number): void {
    const content = this.#wire === BYTES ? this.#content : this.#bytes.subarray(this.#at - width, this.#at);
    if (content.length % width !== 0) throw invalid("The file has a packed list that is cut off.");
    this.#spend(content.length / width);
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    for (let at = 0; at < content.length; at += width) into.push(read(view, at));
  }

  #spend(numbers: number): void {
    this.#budget.numbers -= numbers;
    if (this.#budget.numbers < 0) throw tooLarge(`The file lists more than ${NUMBERS_MAX} numbers and names.`);
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) throw invalid(`Field ${this.field} is not encoded as ONNX has it.`);
  }

  #signed(): number {
    return (this.#high | 0) * 2 ** 32 + this.#low;
  }

  #readLength(): number {
    this.#readVarint();
    return this.#high * 2 ** 32 + this.#low;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw invalid("The file is cut off, or it is no ONNX model.");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #readVarint(): void {
    this.#low = 0;
    this.#high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw invalid("The file is cut off, or it is no ONNX model.");
      const bits = byte & 0x7f;
      if (shift < 32) this.#low = (this.#low | (bits << shift)) >>> 0;
      if (shift === 28) this.#high = bits >>> 4;
      else if (shift > 28) this.#high = (this.#high | (bits << (shift - 32))) >>> 0;
      if (byte < 0x80) return;
    }
    throw invalid("The file has a number of more than 64 bits.");
  }
}
