import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryFeatures, arbitraryModel } from "../../models/event-scorer/arbitrary-model.ts";
import { commitToModel, hashInput, isValidModel, requantise, scoreMlp } from "./mlp.ts";

test("requantising divides, rounds half up and saturates, for negative accumulators too", () => {
  expect([-1000, -9, -8, -7, 0, 7, 8, 23, 24, 4079, 4088, 100_000].map((value) => requantise(value, 4))).toEqual([
    0, 0, 0, 0, 0, 0, 1, 1, 2, 255, 255, 255,
  ]);
});

test("every model gives a byte for every input", () => {
  fc.assert(
    fc.property(arbitraryModel, arbitraryFeatures, (model, features) => {
      expect(isValidModel(model)).toBe(true);
      const score = scoreMlp(model, features);
      expect(Number.isInteger(score) && score >= 0 && score <= 255).toBe(true);
    }),
  );
});

test("a commitment changes with every weight, bias, shift and salt", () => {
  fc.assert(
    fc.property(arbitraryModel, fc.nat(15), fc.nat(15), (model, j, i) => {
      const bump = (value: number, high: number) => (value === high ? value - 1 : value + 1);
      const replace = (row: number[], at: number, high: number) =>
        row.map((value, k) => (k === at ? bump(value, high) : value));
      const others = [
        { ...model, hiddenWeights: model.hiddenWeights.map((row, k) => (k === j ? replace(row, i, 127) : row)) },
        { ...model, outputWeights: replace(model.outputWeights, j, 127) },
        { ...model, hiddenBiases: replace(model.hiddenBiases, j, 2 ** 22 - 1) },
        { ...model, outputBias: bump(model.outputBias, 2 ** 22 - 1) },
        { ...model, hiddenShift: bump(model.hiddenShift, 16) },
        { ...model, outputShift: bump(model.outputShift, 16) },
      ];
      const commitments = [commitToModel(model, 7n), commitToModel(model, 8n)];
      for (const other of others) commitments.push(commitToModel(other, 7n));
      expect(new Set(commitments).size).toBe(commitments.length);
    }),
    { numRuns: 20 },
  );
});

test("an input hash changes with features, salt and context", () => {
  const features = Array.from({ length: 16 }, (_, i) => i);
  const other = features.with(15, 200);
  const hashes = [
    hashInput(features, 1n, 1n),
    hashInput(other, 1n, 1n),
    hashInput(features, 2n, 1n),
    hashInput(features, 1n, 2n),
  ];
  expect(new Set(hashes).size).toBe(4);
});
