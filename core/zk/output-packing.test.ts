import fc from "fast-check";
import { expect, test } from "vitest";
import { packOutputs, readOutput } from "./output-packing.ts";
import { FIELD_ORDER } from "./poseidon2.ts";

test("outputs come back as they were packed, with and without a sign", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4095 }), { maxLength: 70 }), fc.boolean(), (shown, isSigned) => {
      const outputs = shown.map((value) => (isSigned ? value - 2048 : value));
      const words = packOutputs(outputs, isSigned);
      expect(words.every((word) => word < 2n ** 240n && word < FIELD_ORDER)).toBe(true);
      expect(outputs.map((_, slot) => readOutput(words, slot, isSigned))).toEqual(outputs);
    }),
  );
});

test("one output is its own word, the second begins at bit 12, the twenty-first a word of its own", () => {
  expect(packOutputs([200], false)).toEqual([200n]);
  expect(packOutputs([1, 2], false)).toEqual([0x2001n]);
  expect(packOutputs([-2048, 2047], true)).toEqual([0xfff000n]);
  expect(packOutputs(new Array(21).fill(1), false)).toHaveLength(2);
});

test("what has no 12 bits is refused", () => {
  for (const output of [-1, 4096, 0.5]) expect(() => packOutputs([output], false)).toThrow("no 12 bits");
  for (const output of [-2049, 2048]) expect(() => packOutputs([output], true)).toThrow("no 12 bits");
  expect(() => readOutput([1n], 20, false)).toThrow("no output 20");
});
