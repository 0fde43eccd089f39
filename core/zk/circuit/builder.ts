import { FIELD_ORDER, poseidon2Permutation } from "../poseidon2.ts";

/** A value of the proof, by its place in the witness. */
export type Wire = number;
/** coefficient · wire */
export type Term = readonly [coefficient: bigint, wire: Wire];
/** coefficient · wire · wire */
export type Product = readonly [coefficient: bigint, left: Wire, right: Wire];

/** What a circuit demands of its wires. `label` says for what, and lets a test leave it out. */
export type Constraint =
  | { kind: "zero"; label: string; products: readonly Product[]; terms: readonly Term[]; constant: bigint }
  | { kind: "range"; label: string; wire: Wire; bits: number }
  | { kind: "permutation"; label: string; inputs: readonly Wire[]; outputs: readonly Wire[] }
  /** `value` is what lies at `index` of `table`, whose wires are numbered like it. */
  | { kind: "lookup"; label: string; table: number; index: Wire; value: Wire };

export type Circuit = {
  constraints: readonly Constraint[];
  /** The wires of each table that is looked up. */
  tables: readonly (readonly Wire[])[];
  /** How many wires there are; the first of them are what goes in. */
  wireCount: number;
  inputs: readonly Wire[];
  /** Public, in this order. */
  outputs: readonly Wire[];
};

/** Native checks of wide ranges cost a table of 2^14 once; splitting them by hand costs two gates each time. */
export type RangeStyle = "native" | "split";

export type BuilderOptions = {
  /** False when the circuit is known and only a witness is wanted. */
  keepsConstraints?: boolean;
  rangeStyle?: RangeStyle;
  /** Constraints that are left out: for tests that show what each is for. */
  without?: ReadonlySet<string>;
  /** What a dishonest prover puts in the place of a hint; what follows from it is worked out honestly. For tests. */
  lie?: (label: string, honest: bigint) => bigint;
};

export const LIMB_BITS = 12;

export const toField = (value: bigint): bigint => {
  const rest = value % FIELD_ORDER;
  return rest < 0n ? rest + FIELD_ORDER : rest;
};
/** The whole number nearest to zero that a field element stands for. */
export const toSigned = (value: bigint): bigint => (value > FIELD_ORDER / 2n ? value - FIELD_ORDER : value);

/**
 * Writes a circuit down and its witness at the same time: every wire is given the value that an honest prover puts there.
 * What a wire holds is true only as far as constraints say so.
 */
export class CircuitBuilder {
  readonly values: bigint[] = [];
  readonly constraints: Constraint[] = [];
  readonly tables: Wire[][] = [];
  readonly #inputs: Wire[] = [];
  readonly #keeps: boolean;
  readonly #without: ReadonlySet<string>;
  readonly rangeStyle: RangeStyle;
  readonly #lie: (label: string, honest: bigint) => bigint;
  #constants = new Map<bigint, Wire>();

  constructor(options: BuilderOptions = {}) {
    const {
      keepsConstraints = true,
      rangeStyle = "native",
      without = new Set(),
      lie = (_, honest) => honest,
    } = options;
    this.#keeps = keepsConstraints;
    this.#without = without;
    this.#lie = lie;
    this.rangeStyle = rangeStyle;
  }

  /** A wire that a prover fills; nothing holds it yet. */
  wire(value: bigint): Wire {
    this.values.push(toField(value));
    return this.values.length - 1;
  }

  /** A number that the prover says and nothing computes: true only as far as constraints hold it. */
  hint(label: string, honest: bigint): bigint {
    return this.#lie(label, honest);
  }

  /** A wire that whoever proves brings along. All of them come before every other wire. */
  input(value: bigint): Wire {
    if (this.values.length !== this.#inputs.length) throw new Error("Inputs come first.");
    const wire = this.wire(value);
    this.#inputs.push(wire);
    return wire;
  }

  valueOf(wire: Wire): bigint {
    const value = this.values[wire];
    if (value === undefined) throw new Error(`There is no wire ${wire}.`);
    return value;
  }

  /** The whole number that a wire stands for, negative where it is. */
  signedOf(wire: Wire): bigint {
    return toSigned(this.valueOf(wire));
  }

  #add(constraint: Constraint): void {
    if (this.#keeps && !this.#without.has(constraint.label)) this.constraints.push(constraint);
  }

  /** Σ products + Σ terms + constant = 0 */
  zero(label: string, products: readonly Product[], terms: readonly Term[], constant = 0n): void {
    this.#add({ kind: "zero", label, products, terms, constant });
  }

  /** 0 ≤ wire < 2^bits */
  range(label: string, wire: Wire, bits: number): void {
    if (this.rangeStyle === "native" || bits <= LIMB_BITS) {
      this.#add({ kind: "range", label, wire, bits });
      return;
    }
    const value = this.valueOf(wire);
    const terms: Term[] = [[-1n, wire]];
    for (let at = 0; at < bits; at += LIMB_BITS) {
      const limbBits = Math.min(LIMB_BITS, bits - at);
      const limb = this.wire((value >> BigInt(at)) & ((1n << BigInt(limbBits)) - 1n));
      this.#add({ kind: "range", label, wire: limb, bits: limbBits });
      terms.push([1n << BigInt(at), limb]);
    }
    this.zero(label, [], terms);
  }

  /** A wire that is this number. */
  constant(value: bigint): Wire {
    const found = this.#constants.get(value);
    if (found !== undefined) return found;
    const wire = this.wire(value);
    this.zero("constant", [], [[-1n, wire]], toField(value));
    this.#constants.set(value, wire);
    return wire;
  }

  /** A wire that is Σ products + Σ terms + constant. */
  sum(label: string, products: readonly Product[], terms: readonly Term[], constant = 0n): Wire {
    let value = constant;
    for (const [coefficient, left, right] of products) value += coefficient * this.valueOf(left) * this.valueOf(right);
    for (const [coefficient, wire] of terms) value += coefficient * this.valueOf(wire);
    const result = this.wire(value);
    this.zero(label, products, [...terms, [-1n, result]], constant);
    return result;
  }

  permutation(label: string, inputs: readonly [Wire, Wire, Wire, Wire]): [Wire, Wire, Wire, Wire] {
    const [a, b, c, d] = inputs.map((wire) => this.valueOf(wire)) as [bigint, bigint, bigint, bigint];
    const outputs = poseidon2Permutation([a, b, c, d]).map((value) => this.wire(value)) as [Wire, Wire, Wire, Wire];
    this.#add({ kind: "permutation", label, inputs, outputs });
    return outputs;
  }

  /** A table of wires that are looked into; answers its number. */
  table(wires: readonly Wire[]): number {
    this.tables.push([...wires]);
    return this.tables.length - 1;
  }

  /** What lies at a place of a table. A place outside of it proves nothing. */
  lookup(label: string, table: number, index: Wire): Wire {
    const wires = this.tables[table];
    const at = wires?.[Number(this.valueOf(index))];
    if (at === undefined) throw new Error(`Table ${table} has no place ${this.valueOf(index)}.`);
    const value = this.wire(this.valueOf(at));
    this.#add({ kind: "lookup", label, table, index, value });
    return value;
  }

  finish(outputs: readonly Wire[]): Circuit {
    return {
      constraints: this.constraints,
      tables: this.tables,
      wireCount: this.values.length,
      inputs: this.#inputs,
      outputs,
    };
  }
}
