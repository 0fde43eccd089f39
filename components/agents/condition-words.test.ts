import { pad } from "viem/utils";
import { describe, expect, it } from "vitest";
import { conditionWords } from "./condition-words.ts";

const of = (change: object) => ({
  reading: "word" as const,
  word: 0,
  element: 0,
  comparison: "equal" as const,
  operands: [pad("0x05", { size: 32 })],
  ...change,
});

describe("the words of a condition", () => {
  it.each([
    [{}, "argument 1 is 5"],
    [{ reading: "last", word: 2, comparison: "at-most" }, "the last item of argument 3 is at most 5"],
    [{ reading: "element", element: 1 }, "item 2 of argument 1 is 5"],
    [
      {
        comparison: "one-of",
        operands: [pad("0x1111111111111111111111111111111111111111", { size: 32 }), pad("0x07", { size: 32 })],
      },
      "argument 1 is one of 0x111111…1111, 7",
    ],
  ])("%j", (change, words) => {
    expect(conditionWords(of(change))).toBe(words);
  });
});
