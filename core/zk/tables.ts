import { ACTIVATION_BITS, TABLE_PLACES, type TensorFormat } from "./integer-network.ts";
import type { LayerOf, TableFunction } from "./network.ts";
import { TABLE_VALUES } from "./table-functions.ts";

/** What a layer looks up: whole numbers by place, and what they stand for. */
export type Table = {
  /** Place i stands for (first + i) · step. */
  first: number;
  step: number;
  values: Int32Array;
  format: TensorFormat;
};

const SIGNED_LARGEST = 2 ** (ACTIVATION_BITS - 1) - 1;
const UNSIGNED_LARGEST = 2 ** ACTIVATION_BITS - 1;

/** Functions that never leave [-1, 1]: one step of theirs is the same in every network. */
const BOUNDED: ReadonlySet<TableFunction> = new Set(["erf", "hardSigmoid", "sigmoid", "tanh"]);

const roundHalfUp = (value: number): number => Math.floor(value + 0.5);

/** The function at each place. Where it has no value it has that of the nearest place, of two as near the higher one. */
function valuesAt(layer: LayerOf<"table">, first: number, step: number): number[] {
  const values = Array.from({ length: TABLE_PLACES }, (_, i) => TABLE_VALUES[layer.function]((first + i) * step));
  return values.map((_, i) => {
    for (let away = 0; away < TABLE_PLACES; away++) {
      const near = [values[i + away], values[i - away]].find((other) => other !== undefined && Number.isFinite(other));
      if (near !== undefined) return near;
    }
    throw new RangeError(`${layer.function} has no value between ${layer.low} and ${layer.high} (${layer.name}).`);
  });
}

/**
 * The table of a layer, which follows from its function and [low, high) alone. `first` is low in steps of
 * (high - low) / TABLE_PLACES, rounded. One step of what it gives is 1 / 2047 or, where nothing is below zero, 1 / 4095
 * of the largest number there is, which of a bounded function is 1.
 *
 * Throws `RangeError` when high is not above low, or the function has no value in between.
 */
export function tableOf(layer: LayerOf<"table">): Table {
  const table = known.get(layer) ?? makeTable(layer);
  known.set(layer, table);
  return table;
}

const known = new WeakMap<LayerOf<"table">, Table>();

function makeTable(layer: LayerOf<"table">): Table {
  const step = (layer.high - layer.low) / TABLE_PLACES;
  if (!(step > 0)) throw new RangeError(`The table of ${layer.name} ends before it begins.`);
  const first = roundHalfUp(layer.low / step);
  const reals = valuesAt(layer, first, step);
  const isSigned = reals.some((value) => value < 0);
  const largest = BOUNDED.has(layer.function) ? 1 : reals.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = (largest || 1) / (isSigned ? SIGNED_LARGEST : UNSIGNED_LARGEST);
  return {
    first,
    step,
    values: Int32Array.from(reals, (value) => roundHalfUp(value / scale)),
    format: { scale, isSigned },
  };
}

/** A place of softmax's table stands for so much less than the row's largest. */
export const SOFTMAX_STEP = 1 / 64;
/** e^(-place · SOFTMAX_STEP), in steps of 1 / 4095. */
export const SOFTMAX_TABLE: Int32Array = Int32Array.from({ length: TABLE_PLACES }, (_, i) =>
  roundHalfUp(UNSIGNED_LARGEST * Math.exp(-i * SOFTMAX_STEP)),
);
export const SOFTMAX_FORMAT: TensorFormat = { scale: 1 / UNSIGNED_LARGEST, isSigned: false };
export const ARG_MAX_FORMAT: TensorFormat = { scale: 1, isSigned: false };
