import { describe, expect, it } from "vitest";
import type { LayerOf, TableFunction } from "./network.ts";
import { TABLE_FUNCTIONS } from "./network.ts";
import { SOFTMAX_TABLE, tableOf } from "./tables.ts";

const layerOf = (looked: TableFunction, low: number, high: number): LayerOf<"table"> => ({
  ...{ kind: "table", name: looked, input: "x", output: "y", shape: [1] },
  ...{ function: looked, low, high },
});

const placesOf = (looked: TableFunction, low: number, high: number) => {
  const { first, step, values, format } = tableOf(layerOf(looked, low, high));
  return { first, step, format, at: (x: number) => values[Math.round(x / step) - first] };
};

describe("tableOf", () => {
  it("has places at whole multiples of its step, and bounded functions in steps that never change", () => {
    const sigmoid = placesOf("sigmoid", -8, 8);
    expect(sigmoid).toMatchObject({ first: -512, step: 1 / 64, format: { scale: 1 / 4095, isSigned: false } });
    expect([sigmoid.at(-8), sigmoid.at(0), sigmoid.at(1)]).toEqual([1, 2048, 2994]);
    const tanh = placesOf("tanh", -4, 4);
    expect(tanh.format).toEqual({ scale: 1 / 2047, isSigned: true });
    expect([tanh.at(-4), tanh.at(0), tanh.at(1)]).toEqual([-2046, 0, 1559]);
  });

  it("takes the largest number there is for the end of the range of other functions", () => {
    const exp = placesOf("exp", -8, 0);
    expect(exp.format.isSigned).toBe(false);
    expect([exp.at(-1 / 128), exp.at(-1)]).toEqual([4095, 1518]);
    expect(placesOf("gelu", -8, 8).format.isSigned).toBe(true);
  });

  it("gives a place without a value that of the nearest that has one", () => {
    const log = placesOf("log", 0, 4);
    expect(log.at(0)).toBe(log.at(1 / 256));
    const reciprocal = placesOf("reciprocal", -4, 4);
    expect([reciprocal.at(0), reciprocal.at(1 / 128), reciprocal.at(-1 / 128)]).toEqual([2047, 2047, -2047]);
    expect(placesOf("sqrt", -4, 4).at(-2)).toBe(0);
  });

  it("stays in range for every function, wherever its stretch begins", () => {
    for (const looked of TABLE_FUNCTIONS)
      for (const [low, high] of [
        [-4, 4],
        [0, 16],
        [-0.3, 0.9],
        [1, 4],
      ] as const) {
        const { values, format } = tableOf(layerOf(looked, low, high));
        const [least, most] = format.isSigned ? [-2047, 2047] : [0, 4095];
        expect([looked, values.every((value) => value >= least && value <= most)]).toEqual([looked, true]);
      }
  });

  it("refuses a stretch that ends before it begins, and one without any value", () => {
    expect(() => tableOf(layerOf("tanh", 4, 4))).toThrow(RangeError);
    expect(() => tableOf(layerOf("sqrt", -4, -2))).toThrow(RangeError);
  });
});

it("softmax's powers begin at one and end at nothing", () => {
  expect([SOFTMAX_TABLE[0], SOFTMAX_TABLE[64], SOFTMAX_TABLE[576], SOFTMAX_TABLE[577]]).toEqual([4095, 1506, 1, 0]);
});
