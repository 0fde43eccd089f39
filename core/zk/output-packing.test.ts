import fc from "fast-check";
import { expect, test } from "vitest";
import { packNumbers } from "./commitment.ts";
import { readOutput } from "./output-packing.ts";

test("outputs come back as they were packed, with and without a sign", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4095 }), { maxLength: 70 }), (shown) => {
      const words = packNumbers(shown.map(BigInt), 12);
      expect(words.every((word) => word < 2n ** 240n)).toBe(true);
      expect(shown.map((_, slot) => readOutput(words, slot, false))).toEqual(shown);
      expect(shown.map((_, slot) => readOutput(words, slot, true))).toEqual(shown.map((value) => value - 2048));
    }),
  );
});

test("one output is its own word, the second begins at bit 12, and what is not there is not read", () => {
  expect(readOutput([200n], 0, false)).toBe(200);
  expect(readOutput([0xfff000n], 0, true)).toBe(-2048);
  expect(readOutput([0xfff000n], 1, true)).toBe(2047);
  expect(() => readOutput([1n], 20, false)).toThrow("no output 20");
});
