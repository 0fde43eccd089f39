import { ACTIVATION_BITS, MULTIPLIER_BITS, SCALE_BITS, TABLE_PLACES } from "../integer-network.ts";
import type { LayerOf } from "../network.ts";
import { SOFTMAX_TABLE, tableOf } from "../tables.ts";
import type { CircuitBuilder, Product, Term, Wire } from "./builder.ts";
import { atMost, largest, largestOf, splitAtZero } from "./gadgets.ts";
import { at, constantTable, type LayerWires, type Scope, wiresOf } from "./scope.ts";

/** An activation times a multiplier over 2^24 has fewer bits, whatever its sign. */
const PLACE_BITS = ACTIVATION_BITS + 1 + MULTIPLIER_BITS - SCALE_BITS;
/** Two activations differ by less than this many bits hold. */
const GAP_BITS = ACTIVATION_BITS + 1;
const SCALE = 1n << BigInt(SCALE_BITS);
const ACTIVATION_MAX = (1n << BigInt(ACTIVATION_BITS)) - 1n;
/** Twice the sum of a row's exponentials: 4,095 each, and at most 2^15 of them. */
const SUM_BITS = 28;

/** requantise(x, multiplier) as terms of wires, with no range of its own: what is done with it holds it. */
function place(builder: CircuitBuilder, label: string, wire: Wire, multiplier: Wire): Wire {
  const total = builder.signedOf(wire) * builder.signedOf(multiplier) + SCALE / 2n;
  const remainder = builder.hint(`${label} remainder`, total & (SCALE - 1n));
  const rest = builder.wire(remainder);
  builder.range(`${label} remainder`, rest, SCALE_BITS);
  const quotient = builder.wire((total - remainder) / SCALE);
  const terms: Term[] = [
    [-SCALE, quotient],
    [-1n, rest],
  ];
  builder.zero(`${label} division`, [[1n, wire, multiplier]], terms, SCALE / 2n);
  return quotient;
}

const numbers = (values: ArrayLike<number>): bigint[] => Array.from(values, (value) => BigInt(value));

/** A place is cut at both ends before it is looked up, so that a table is never left. */
export function table(scope: Scope, layer: LayerOf<"table">, { multipliers }: LayerWires): Wire[][] {
  const { builder } = scope;
  const { first, values } = tableOf(layer);
  const number = constantTable(scope, layer.function, numbers(values));
  return wiresOf(scope, layer.input).map((input) =>
    input.map((wire) => {
      const quotient = place(builder, layer.name, wire, at(multipliers, 0));
      const { above } = splitAtZero(builder, `${layer.name} first`, [[1n, quotient]], -BigInt(first), PLACE_BITS);
      const index = atMost(builder, `${layer.name} last`, above, BigInt(TABLE_PLACES - 1), PLACE_BITS);
      return builder.lookup(`${layer.name} table`, number, index);
    }),
  );
}

/** floor((2 · 4095 · e + sum) / (2 · sum)): the quotient's remainder is held below its divisor. */
function share(builder: CircuitBuilder, label: string, exponential: Wire, sum: Wire): Wire {
  const divisor = 2n * builder.valueOf(sum);
  const total = 2n * ACTIVATION_MAX * builder.valueOf(exponential) + builder.valueOf(sum);
  const remainder = builder.hint(`${label} share`, total % divisor);
  const output = builder.wire((total - remainder) / divisor);
  const rest = builder.wire(remainder);
  builder.range(`${label} share`, output, ACTIVATION_BITS);
  builder.range(`${label} remainder`, rest, SUM_BITS);
  const left = builder.sum(
    `${label} left`,
    [],
    [
      [2n, sum],
      [-1n, rest],
    ],
    -1n,
  );
  builder.range(`${label} left`, left, SUM_BITS);
  builder.zero(
    `${label} division`,
    [[2n, sum, output]],
    [
      [1n, rest],
      [-2n * ACTIVATION_MAX, exponential],
      [-1n, sum],
    ],
  );
  return output;
}

export function softmax(scope: Scope, layer: LayerOf<"softmax">, { multipliers }: LayerWires): Wire[][] {
  const { builder } = scope;
  const { name, rows, columns } = layer;
  const number = constantTable(scope, "softmax", numbers(SOFTMAX_TABLE));
  return wiresOf(scope, layer.input).map((input) =>
    Array.from({ length: rows }, (_, row) => input.slice(row * columns, (row + 1) * columns)).flatMap((wires) => {
      const most = largest(builder, `${name} largest`, wires, GAP_BITS);
      const exponentials = wires.map((wire) => {
        const gap = builder.sum(
          `${name} gap`,
          [],
          [
            [1n, most],
            [-1n, wire],
          ],
        );
        const index = place(builder, name, gap, at(multipliers, 0));
        builder.range(`${name} place`, index, PLACE_BITS);
        return builder.lookup(
          `${name} table`,
          number,
          atMost(builder, `${name} last`, index, BigInt(TABLE_PLACES - 1), PLACE_BITS),
        );
      });
      const sum = builder.sum(
        `${name} sum`,
        [],
        exponentials.map((wire): Term => [1n, wire]),
      );
      return exponentials.map((wire) => share(builder, name, wire, sum));
    }),
  );
}

/**
 * The place of the first of the largest: one bit says which it is, none is larger than what it says, and those before it
 * are smaller.
 */
function firstOfLargest(builder: CircuitBuilder, label: string, wires: readonly Wire[]): Wire {
  const values = wires.map((wire) => builder.signedOf(wire));
  const most = largestOf(values);
  const first = Number(builder.hint(`${label} first`, BigInt(values.indexOf(most))));
  const bits = wires.map((_, i) => builder.wire(i === first ? 1n : 0n));
  for (const bit of bits) builder.zero(`${label} bit`, [[1n, bit, bit]], [[-1n, bit]]);
  const one = bits.map((bit): Term => [1n, bit]);
  builder.zero(`${label} one`, [], one, -1n);
  const chosen = builder.sum(
    `${label} chosen`,
    wires.map((wire, i): Product => [1n, at(bits, i), wire]),
    [],
  );
  let passed = builder.constant(0n);
  for (const [i, wire] of wires.entries()) {
    passed = builder.sum(
      `${label} passed`,
      [],
      [
        [1n, passed],
        [1n, at(bits, i)],
      ],
    );
    // Before it has passed, the gap is one more than nothing.
    const gap = builder.sum(
      `${label} gap`,
      [],
      [
        [1n, chosen],
        [-1n, wire],
        [1n, passed],
      ],
      -1n,
    );
    builder.range(`${label} not larger`, gap, GAP_BITS);
  }
  return builder.sum(
    label,
    [],
    bits.map((bit, i): Term => [BigInt(i), bit]),
  );
}

export const argMax = (scope: Scope, { name, input, rows, columns }: LayerOf<"argMax">): Wire[][] =>
  wiresOf(scope, input).map((wires) =>
    Array.from({ length: rows }, (_, row) =>
      firstOfLargest(scope.builder, name, wires.slice(row * columns, (row + 1) * columns)),
    ),
  );
