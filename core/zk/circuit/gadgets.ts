import { type CircuitBuilder, type Term, toField, type Wire } from "./builder.ts";

/** Bits of an activation: whole numbers in [-2048, 2047]. */
export const ACTIVATION_BITS = 12;
export const ACTIVATION_HALF = 1n << BigInt(ACTIVATION_BITS - 1);
/** A scale is multiplier / 2^SCALE_BITS; multipliers lie in [0, 2^SCALE_BITS). */
export const SCALE_BITS = 24;

/** 31 bytes, 20 activations, 10 multipliers or 5 biases: what stays below the field's order. */
const PACKED_BITS = 248;

/**
 * Packs wires of so many bits each into as few as hold them. Injective only because every wire was checked to have no
 * more bits: without that two models could be packed into the same.
 */
export function pack(builder: CircuitBuilder, wires: readonly Wire[], bits: number): Wire[] {
  const perLimb = Math.floor(PACKED_BITS / bits);
  const limbs: Wire[] = [];
  for (let at = 0; at < wires.length; at += perLimb) {
    const terms = wires.slice(at, at + perLimb).map((wire, i): Term => [1n << BigInt(bits * i), wire]);
    limbs.push(builder.sum("pack", [], terms));
  }
  return limbs;
}

/** `poseidon2Hash` of wires: a sponge of rate 3 whose capacity starts as domain · 2^64 + length. */
export function hash(builder: CircuitBuilder, domain: bigint, wires: readonly Wire[]): Wire {
  const zero = builder.constant(0n);
  let state: [Wire, Wire, Wire, Wire] = [
    zero,
    zero,
    zero,
    builder.constant(toField(domain * 2n ** 64n + BigInt(wires.length))),
  ];
  for (let at = 0; at < wires.length; at += 3) {
    const absorb = (rate: Wire, next: Wire | undefined): Wire => {
      if (next === undefined) return rate;
      if (rate === zero) return next;
      return builder.sum(
        "hash",
        [],
        [
          [1n, rate],
          [1n, next],
        ],
      );
    };
    const [a, b, c, capacity] = state;
    state = builder.permutation("hash", [
      absorb(a, wires[at]),
      absorb(b, wires[at + 1]),
      absorb(c, wires[at + 2]),
      capacity,
    ]);
  }
  return state[0];
}

/** Holds a wire to the range of activations. */
export function activation(builder: CircuitBuilder, label: string, wire: Wire): void {
  builder.range(label, builder.sum(label, [], [[1n, wire]], ACTIVATION_HALF), ACTIVATION_BITS);
}
