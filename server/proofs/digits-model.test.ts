import { describe, expect, it } from "vitest";
import { measureAccuracy } from "#core/zk/accuracy.ts";
import { quantise } from "#core/zk/quantise.ts";
import { architectureOf } from "#models/digits/networks.ts";
import { DIGITS_MODELS, loadDigitsCalibration, loadDigitsModel, loadDigitsValidation } from "./digits-model.ts";

const validation = loadDigitsValidation();
const calibration = loadDigitsCalibration().map(({ pixels }) => pixels);

describe("the digits", () => {
  it("are a thousand images that nobody trained with, as many of each digit", () => {
    expect(validation).toHaveLength(1_000);
    for (let digit = 0; digit < 10; digit++)
      expect(validation.filter(({ label }) => label === digit)).toHaveLength(100);
    expect(validation.every(({ pixels }) => pixels.every((pixel) => pixel >= 0 && pixel <= 1))).toBe(true);
  });

  it.each(DIGITS_MODELS)(
    "lose nothing to speak of in whole numbers: %s",
    (name) => {
      const network = loadDigitsModel(name);
      expect(network.architecture).toEqual(architectureOf(name));
      const samples = validation.slice(0, 300).map(({ pixels, label }) => ({ input: pixels, label }));
      const { classes, escapes } = measureAccuracy(network, quantise(network, calibration.slice(0, 100)), samples);
      expect(classes?.floatRight).toBeGreaterThan(0.88);
      expect((classes?.floatRight ?? 0) - (classes?.integerRight ?? 0)).toBeLessThan(0.005);
      expect(classes?.agreement).toBeGreaterThan(0.99);
      expect(escapes.reduce((sum, { count }) => sum + count, 0)).toBeLessThan(2);
    },
    60_000,
  );
});
