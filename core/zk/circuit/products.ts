import { BIAS_BITS, type TensorFormat, WEIGHT_BITS } from "../integer-network.ts";
import { type LayerOf, patchesOf, positionsOf } from "../network.ts";
import type { Product, Term, Wire } from "./builder.ts";
import { type Requantised, requantise } from "./gadgets.ts";
import { at, type DeferredProduct, type LayerWires, outputFormat, type Scope, tensorOf, wiresOf } from "./scope.ts";

const WEIGHT_OFFSET = 1n << BigInt(WEIGHT_BITS - 1);
const BIAS_OFFSET = 1n << BigInt(BIAS_BITS - 1);

/** A matrix product of one layer or of one group of a convolution, its sums not yet made. */
type MatrixProduct = Omit<DeferredProduct, "sums"> & {
  multipliers: readonly Wire[];
  format: TensorFormat;
  isRelu: boolean;
};

/** What a check of the whole product by a challenge costs of one of its sums: packing and hashing, in gates. */
const ABSORBED_GATES = 8;

/** Whether a challenge is cheaper than every product for itself. Depends on the shape alone, so that the circuit does. */
function isDeferred({ count, inner, columns }: { count: number; inner: number; columns: number }): boolean {
  return count * inner * columns > count * inner + inner * columns + count * columns * ABSORBED_GATES;
}

function sumOf(scope: Scope, product: MatrixProduct, row: readonly (Wire | null)[], column: number): bigint {
  const { builder } = scope;
  let sum = builder.valueOf(at(product.biases, column)) - BIAS_OFFSET;
  for (const [k, wire] of row.entries()) {
    if (wire === null) continue;
    const weight = builder.valueOf(at(product.weights, k * product.columns + column)) - WEIGHT_OFFSET;
    sum += weight * (builder.signedOf(wire) - product.offset);
  }
  return sum;
}

/** Σ (w - 2^7) · x + b - 2^35 = sum, every product for itself. `rowSum` is Σ x. */
function checkDirectly(
  scope: Scope,
  { label, weights, columns, biases }: MatrixProduct,
  row: readonly (Wire | null)[],
  column: number,
  { sum, rowSum }: { sum: Wire; rowSum: Wire },
): void {
  const products: Product[] = [];
  for (const [k, wire] of row.entries()) {
    if (wire !== null) products.push([1n, at(weights, k * columns + column), wire]);
  }
  const terms: Term[] = [
    [-WEIGHT_OFFSET, rowSum],
    [1n, at(biases, column)],
    [-1n, sum],
  ];
  scope.builder.zero(`${label} sum`, products, terms, -BIAS_OFFSET);
}

const present = (row: readonly (Wire | null)[]): Wire[] => row.filter((wire) => wire !== null);

/** The outputs of a product, row after row. */
function multiply(scope: Scope, product: MatrixProduct): Wire[] {
  const { builder, absorbed, deferred } = scope;
  const { label, rows, offset, columns, weights, biases, multipliers, format, isRelu } = product;
  const isLater = isDeferred({ count: rows.length, inner: rows[0]?.length ?? 0, columns });
  const sums: Wire[] = [];
  const outputs: Wire[] = [];
  for (const row of rows) {
    const rowSum = isLater
      ? null
      : builder.sum(
          `${label} row`,
          [],
          present(row).map((wire): Term => [1n, wire]),
        );
    for (let column = 0; column < columns; column++) {
      const sum = builder.wire(builder.hint(`${label} sum`, sumOf(scope, product, row, column)));
      if (rowSum !== null) checkDirectly(scope, product, row, column, { sum, rowSum });
      const { output, ranged }: Requantised = requantise(builder, label, [[1n, sum, at(multipliers, column)]], {
        format,
        isRelu,
      });
      sums.push(sum);
      outputs.push(output);
      if (isLater) absorbed.push(...ranged);
    }
  }
  if (isLater) deferred.push({ label, rows, offset, columns, weights, biases, sums });
  return outputs;
}

export function linear(scope: Scope, layer: LayerOf<"linear">, { weights, biases, multipliers }: LayerWires): Wire[][] {
  const { rows, inner, columns } = layer;
  const { raised, wires } = tensorOf(scope, layer.input);
  // Only a challenge takes an offset off for nothing.
  const isRaised = raised !== null && isDeferred({ count: raised.wires.length * rows, inner, columns });
  const inputs = isRaised ? raised.wires : wires();
  const outputs = multiply(scope, {
    label: layer.name,
    rows: inputs.flatMap((input) =>
      Array.from({ length: rows }, (_, row) => input.slice(row * inner, (row + 1) * inner)),
    ),
    offset: isRaised ? raised.offset : 0n,
    columns,
    weights,
    biases,
    multipliers,
    format: outputFormat(scope, layer),
    isRelu: layer.activation === "relu",
  });
  const size = rows * columns;
  return inputs.map((_, i) => outputs.slice(i * size, (i + 1) * size));
}

/** The wires under a window at each of its positions, channel after channel of a group. */
function rowsOf(
  input: readonly Wire[],
  { window: { channels, height, width, kernel }, groups }: Pick<LayerOf<"conv">, "window" | "groups">,
  { patches, group }: { patches: Int32Array; group: number },
): (Wire | null)[][] {
  const [area, places] = [height * width, kernel[0] * kernel[1]];
  const perGroup = channels / groups;
  return Array.from({ length: patches.length / places }, (_, position) =>
    Array.from({ length: perGroup * places }, (_, k) => {
      const [channel, place] = [group * perGroup + Math.floor(k / places), k % places];
      const offset = patches[position * places + place] ?? -1;
      return offset < 0 ? null : at(input, channel * area + offset);
    }),
  );
}

export function conv(scope: Scope, layer: LayerOf<"conv">, wires: LayerWires): Wire[][] {
  const { window, filters, groups } = layer;
  const inputs = wiresOf(scope, layer.input);
  const patches = patchesOf(window);
  const [down, across] = positionsOf(window);
  const positions = down * across;
  const columns = filters / groups;
  const inner = (window.channels / groups) * window.kernel[0] * window.kernel[1];
  const outputs = inputs.map((): Wire[] => new Array(filters * positions));
  for (let group = 0; group < groups; group++) {
    const first = group * columns;
    const made = multiply(scope, {
      label: layer.name,
      rows: inputs.flatMap((input) => rowsOf(input, layer, { patches, group })),
      offset: 0n,
      columns,
      // A filter's weights lie together; a product has them by column.
      weights: Array.from({ length: inner * columns }, (_, i) =>
        at(wires.weights, (first + (i % columns)) * inner + Math.floor(i / columns)),
      ),
      biases: wires.biases.slice(first, first + columns),
      multipliers: wires.multipliers.slice(first, first + columns),
      format: outputFormat(scope, layer),
      isRelu: layer.activation === "relu",
    });
    for (const [i, wire] of made.entries()) {
      const [row, column] = [Math.floor(i / columns), i % columns];
      const output = at(outputs, Math.floor(row / positions));
      output[(first + column) * positions + (row % positions)] = wire;
    }
  }
  return outputs;
}

/** y[c, i] = (w[c] - 2^7) · x[c, i] + b[c] - 2^35, requantised. */
export function scale(scope: Scope, layer: LayerOf<"scale">, { weights, biases, multipliers }: LayerWires): Wire[][] {
  const { builder } = scope;
  const format = outputFormat(scope, layer);
  return wiresOf(scope, layer.input).map((input) =>
    input.map((wire, i) => {
      const channel = Math.floor(i / layer.inner) % layer.channels;
      const sum = builder.sum(
        `${layer.name} sum`,
        [[1n, at(weights, channel), wire]],
        [
          [-WEIGHT_OFFSET, wire],
          [1n, at(biases, channel)],
        ],
        -BIAS_OFFSET,
      );
      const products: Product[] = [[1n, sum, at(multipliers, channel)]];
      return requantise(builder, layer.name, products, { format, isRelu: layer.activation === "relu" }).output;
    }),
  );
}

/**
 * Freivalds: for a random r the products of all rows hold exactly when Σ rⁿ · (sum[n] - bias) = Σ (w - 2^7) · (Σ rⁿ · x[n])
 * does, but for a chance of rows / field order. r must follow from everything that is multiplied: `powers` are made of a
 * challenge over commitment, inputs, and what the sums follow from.
 */
export function checkDeferred(
  { builder, deferred }: Pick<Scope, "builder" | "deferred">,
  powers: readonly Wire[],
): void {
  for (const { label, rows, offset, columns, weights, biases, sums } of deferred) {
    const name = `${label} challenge`;
    const inner = rows[0]?.length ?? 0;
    const power = builder.sum(
      name,
      [],
      rows.map((_, n): Term => [1n, at(powers, n)]),
    );
    const folded = Array.from({ length: inner }, (_, k) =>
      builder.sum(
        name,
        rows.flatMap((row, n): Product[] => {
          const wire = row[k] ?? null;
          return wire === null ? [] : [[1n, at(powers, n), wire]];
        }),
        offset === 0n ? [] : [[-offset, power]],
      ),
    );
    const foldedSum = builder.sum(
      name,
      [],
      folded.map((wire): Term => [1n, wire]),
    );
    for (let column = 0; column < columns; column++) {
      const products: Product[] = [
        ...folded.map((wire, k): Product => [1n, at(weights, k * columns + column), wire]),
        ...rows.map((_, n): Product => [-1n, at(powers, n), at(sums, n * columns + column)]),
        [1n, at(biases, column), power],
      ];
      builder.zero(name, products, [
        [-WEIGHT_OFFSET, foldedSum],
        [-BIAS_OFFSET, power],
      ]);
    }
  }
}
