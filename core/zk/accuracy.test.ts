import { describe, expect, it } from "vitest";
import { measureAccuracy } from "./accuracy.ts";
import type { FloatNetwork } from "./network.ts";
import { quantise } from "./quantise.ts";

/** Two inputs, and for each class its own: a scaled copy that a second layer makes coarser. */
const network: FloatNetwork = {
  architecture: {
    ...{ format: 1, input: { tensor: "x", shape: [2] }, output: "y" },
    layers: [
      {
        ...{ kind: "linear", name: "first", input: "x", output: "h", shape: [2] },
        ...{ rows: 1, inner: 2, columns: 2, activation: "none" },
      },
      { kind: "table", name: "bend", input: "h", output: "y", shape: [2], function: "tanh", low: -4, high: 4 },
    ],
  },
  parameters: new Map([["first", { weights: Float32Array.of(1, 0, 0, 1), biases: Float32Array.of(0, 0) }]]),
};
const integer = quantise(network, [Float32Array.of(1, -1), Float32Array.of(-1, 1)], { margin: 0.5 });
const sampleOf = (a: number, b: number, label: number | null) => ({ input: Float32Array.of(a, b), label });

describe("measureAccuracy", () => {
  it("counts what both get right, where they agree, and what has no whole numbers as wrong", () => {
    const report = measureAccuracy(network, integer, [
      sampleOf(1, 0.2, 0),
      sampleOf(0.1, 0.9, 1),
      sampleOf(0.9, 0.1, 1),
      sampleOf(1.6, 0, 0),
    ]);
    expect(report.classes).toEqual({ floatRight: 0.75, integerRight: 0.5, agreement: 0.75 });
    expect(report.escapes).toEqual([{ layer: null, count: 1 }]);
  });

  it("says how far outputs are off, and which layer adds most noise", () => {
    const { errors, layers, worstLayer, classes } = measureAccuracy(network, integer, [
      sampleOf(0.333, -0.777, null),
      sampleOf(-0.123, 0.456, null),
    ]);
    expect(classes).toBeNull();
    // A table's place is 1 / 128 wide.
    expect(errors.largest).toBeGreaterThan(0.0005);
    expect(errors.largest).toBeLessThan(1 / 256 + 0.002);
    expect(errors.mean).toBeLessThan(errors.largest);
    expect(layers.map(({ layer }) => layer)).toEqual(["first", "bend"]);
    expect(worstLayer).toBe("bend");
  });

  it("refuses samples that are none", () => {
    expect(() => measureAccuracy(network, integer, [])).toThrow("There are no samples");
  });
});
