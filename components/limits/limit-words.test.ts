import { expect, test } from "vitest";
import { coversWord, timeWord } from "./limit-words.ts";

test.each([
  ["window", 86_400_000, "in any day"],
  ["window", 5_400_000, "in any 90 minutes"],
  ["lifetime", null, "in all"],
  ["transaction", null, "at a time"],
] as const)("a %s of %s is said as “%s”", (kind, windowMs, words) => {
  expect(timeWord({ kind, windowMs })).toBe(words);
});

test("a limit is named after what it is on, and by its scope where only the platform limits that", () => {
  const scope = "key:key_1";
  expect(coversWord({ covers: { kind: "api-key", id: "key_1" }, name: "laptop", scope })).toBe("Key “laptop”");
  expect(coversWord({ covers: { kind: "api-key", id: "key_1" }, name: null, scope })).toBe("Key “key_1”");
  expect(coversWord({ covers: null, name: null, scope: "category:inference" })).toBe("category:inference");
});
