import { expect, test } from "vitest";
import { windowWord } from "./window-word.ts";

test.each([
  [86_400, "any day"],
  [604_800, "any 7 days"],
  [3_600, "any hour"],
  [5_400, "any 90 minutes"],
  [61, "any 61 seconds"],
])("%s seconds are said as %s", (seconds, words) => {
  expect(windowWord(seconds)).toBe(words);
});
