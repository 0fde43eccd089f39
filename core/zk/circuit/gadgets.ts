import { perLimb } from "../commitment.ts";
import { ACTIVATION_BITS, BELOW_BITS, SCALE_BITS, type TensorFormat } from "../integer-network.ts";
import { type CircuitBuilder, type Product, type Term, toField, type Wire } from "./builder.ts";

const ACTIVATION_HALF = 1n << BigInt(ACTIVATION_BITS - 1);
const SCALE = 1n << BigInt(SCALE_BITS);

/** Σ coefficient · wire: what a hash absorbs without a wire of its own. */
export type Limb = readonly Term[];

/**
 * Packs wires of so many bits each into as few limbs as hold them. Injective only because every wire was checked to have
 * no more bits: without that two models could be packed into the same.
 */
export function pack(wires: readonly Wire[], bits: number): Limb[] {
  const size = perLimb(bits);
  const limbs: Limb[] = [];
  for (let at = 0; at < wires.length; at += size) {
    limbs.push(wires.slice(at, at + size).map((wire, i): Term => [1n << BigInt(bits * i), wire]));
  }
  return limbs;
}

export const limbOf = (wire: Wire): Limb => [[1n, wire]];

/** `poseidon2Hash` of limbs: a sponge of rate 3 whose capacity starts as domain · 2^64 + length. */
export function hash(builder: CircuitBuilder, domain: bigint, limbs: readonly Limb[]): Wire {
  const zero = builder.constant(0n);
  const start = builder.constant(toField(domain * 2n ** 64n + BigInt(limbs.length)));
  let state: [Wire, Wire, Wire, Wire] = [zero, zero, zero, start];
  const absorb = (rate: Wire, limb: Limb | undefined): Wire => {
    if (limb === undefined) return rate;
    const [only] = limb;
    if (rate === zero && limb.length === 1 && only?.[0] === 1n) return only[1];
    return builder.sum("hash", [], rate === zero ? limb : [...limb, [1n, rate]]);
  };
  for (let at = 0; at < limbs.length; at += 3) {
    const [a, b, c, capacity] = state;
    const rate = [absorb(a, limbs[at]), absorb(b, limbs[at + 1]), absorb(c, limbs[at + 2])] as const;
    state = builder.permutation("hash", [...rate, capacity]);
  }
  return state[0];
}

/** Holds a wire to what its format allows; answers the wire with its offset, which has ACTIVATION_BITS bits. */
export function holdToFormat(builder: CircuitBuilder, label: string, wire: Wire, { isSigned }: TensorFormat): Wire {
  const positive = isSigned ? builder.sum(label, [], [[1n, wire]], ACTIVATION_HALF) : wire;
  builder.range(label, positive, ACTIVATION_BITS);
  return positive;
}

/** A number in ranges: what a Freivalds challenge absorbs in place of the sum that it follows from. */
export type Ranged = { wire: Wire; bits: number };
export type Requantised = { output: Wire; ranged: Ranged[] };

/**
 * requantise(Σ products): y · 2^24 + r = Σ + 2^23 with 0 ≤ r < 2^24, and with relu y - d in the place of y where one of
 * both is zero. For each sum there is one acceptable y, d and r: none is the prover's choice.
 */
export function requantise(
  builder: CircuitBuilder,
  label: string,
  products: readonly Product[],
  { format, isRelu }: { format: TensorFormat; isRelu: boolean },
): Requantised {
  let total = SCALE / 2n;
  for (const [factor, left, right] of products) total += factor * builder.signedOf(left) * builder.signedOf(right);
  const remainder = builder.hint(`${label} remainder`, total & (SCALE - 1n));
  const quotient = (total - remainder) / SCALE;
  const below = isRelu ? builder.hint(`${label} below`, quotient < 0n ? -quotient : 0n) : 0n;
  const output = builder.wire(quotient + below);
  const rest = builder.wire(remainder);
  builder.range(`${label} remainder`, rest, SCALE_BITS);
  const positive = holdToFormat(builder, `${label} range`, output, format);
  const ranged: Ranged[] = [
    { wire: positive, bits: ACTIVATION_BITS },
    { wire: rest, bits: SCALE_BITS },
  ];
  const terms: Term[] = [
    [-SCALE, output],
    [-1n, rest],
  ];
  if (isRelu) {
    const under = builder.wire(below);
    builder.range(`${label} below`, under, BELOW_BITS);
    builder.zero(`${label} one is zero`, [[1n, output, under]], []);
    ranged.push({ wire: under, bits: BELOW_BITS });
    terms.push([SCALE, under]);
  }
  builder.zero(`${label} division`, products, terms, SCALE / 2n);
  return { output, ranged };
}

/** x = above - below, both not negative and one of them zero: a number cut in two at zero. */
export function splitAtZero(
  builder: CircuitBuilder,
  label: string,
  terms: readonly Term[],
  constant: bigint,
  bits: number,
): { above: Wire; below: Wire } {
  let value = constant;
  for (const [factor, wire] of terms) value += factor * builder.signedOf(wire);
  const under = builder.hint(`${label} below`, value < 0n ? -value : 0n);
  const above = builder.wire(value + under);
  const below = builder.wire(under);
  builder.range(`${label} above`, above, bits);
  builder.range(`${label} below`, below, bits);
  builder.zero(`${label} one is zero`, [[1n, above, below]], []);
  builder.zero(`${label} split`, [], [...terms, [-1n, above], [1n, below]], constant);
  return { above, below };
}

export function largestOf(values: readonly bigint[]): bigint {
  let [most = 0n] = values;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** The largest of wires that differ by less than 2^bits: none is larger, and it is one of them. */
export function largest(builder: CircuitBuilder, label: string, wires: readonly Wire[], bits: number): Wire {
  const most = largestOf(wires.map((wire) => builder.signedOf(wire)));
  const result = builder.wire(builder.hint(`${label} largest`, most));
  const gaps = wires.map((wire) => {
    const gap = builder.sum(
      `${label} gap`,
      [],
      [
        [1n, result],
        [-1n, wire],
      ],
    );
    builder.range(`${label} not larger`, gap, bits);
    return gap;
  });
  const [first, ...others] = gaps as [Wire, ...Wire[]];
  let product = first;
  for (const [i, gap] of others.entries()) {
    if (i === others.length - 1) builder.zero(`${label} one of them`, [[1n, product, gap]], []);
    else product = builder.sum(`${label} one of them`, [[1n, product, gap]], []);
  }
  if (others.length === 0) builder.zero(`${label} one of them`, [], [[1n, first]]);
  return result;
}

/** The smaller of a wire that is not negative and a bound. */
export function atMost(builder: CircuitBuilder, label: string, wire: Wire, bound: bigint, bits: number): Wire {
  const { above } = splitAtZero(builder, label, [[1n, wire]], -bound, bits);
  return builder.sum(
    label,
    [],
    [
      [1n, wire],
      [-1n, above],
    ],
  );
}
