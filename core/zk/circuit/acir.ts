import { Packr } from "msgpackr";
import { type Circuit, type Constraint, toField } from "./builder.ts";

/** Serialised ACIR begins with the number of its format: msgpack, structures as arrays. */
const FORMAT = 3;
const FIELD_BYTES = 32;

const packr = new Packr({ useRecords: false, mapsAsObjects: true, variableMapSize: true });
const witnessPackr = new Packr({ useRecords: false, mapsAsObjects: false });

function fieldBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(FIELD_BYTES);
  let rest = toField(value);
  for (let i = FIELD_BYTES - 1; rest > 0n; i--) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

/** Coefficients repeat: each is written once. */
function makeCoefficients(): (value: bigint) => Uint8Array {
  const known = new Map<bigint, Uint8Array>();
  return (value) => {
    const bytes = known.get(value) ?? fieldBytes(value);
    known.set(value, bytes);
    return bytes;
  };
}

const witness = (wire: number) => ({ Witness: wire });

function toOpcode(constraint: Constraint, coefficient: (value: bigint) => Uint8Array): object {
  switch (constraint.kind) {
    case "zero":
      return {
        AssertZero: [
          constraint.products.map(([factor, left, right]) => [coefficient(factor), left, right]),
          constraint.terms.map(([factor, wire]) => [coefficient(factor), wire]),
          coefficient(constraint.constant),
        ],
      };
    case "range":
      return { BlackBoxFuncCall: { RANGE: [witness(constraint.wire), constraint.bits] } };
    case "permutation":
      return { BlackBoxFuncCall: { Poseidon2Permutation: [constraint.inputs.map(witness), [...constraint.outputs]] } };
    case "lookup":
      return { MemoryOp: [constraint.table, [false, constraint.index, constraint.value]] };
  }
}

function withFormat(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(packed.length + 1);
  bytes[0] = FORMAT;
  bytes.set(packed, 1);
  return bytes;
}

/**
 * The circuit as ACIR, which `bb` reads when it is compressed (gzip): what a Noir compiler would write, without one.
 * Loops stay loops until here, so a quarter of a million weights take seconds and not hours.
 */
export function toAcir({ constraints, tables, inputs, outputs }: Circuit): Uint8Array<ArrayBuffer> {
  const coefficient = makeCoefficients();
  const opcodes: object[] = tables.map((wires, number) => ({ MemoryInit: [number, [...wires], "Memory"] }));
  for (const constraint of constraints) opcodes.push(toOpcode(constraint, coefficient));
  return withFormat(packr.pack([[["main", opcodes, [...inputs], [], [...outputs], []]], []]));
}

/** All wires' values, as `bb` reads a witness when it is compressed (gzip). */
export function toWitness(values: readonly bigint[]): Uint8Array<ArrayBuffer> {
  const wires = new Map<number, Uint8Array>();
  for (const [wire, value] of values.entries()) wires.set(wire, fieldBytes(value));
  return withFormat(witnessPackr.pack([[[0, wires]]]));
}
