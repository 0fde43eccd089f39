import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { encodeVectors, merkleVectors, VECTORS_FILE } from "./generate-merkle-vectors.ts";

it("the vectors that forge reads are those of this code", async () => {
  expect(await readFile(VECTORS_FILE, "utf8")).toBe(encodeVectors(merkleVectors()));
});

it("the vectors hold valid proofs and refuse every change of one", () => {
  const valid = merkleVectors().filter(({ isValid }) => isValid);
  // One for each leaf of the trees, and none by a change.
  expect(valid).toHaveLength(1 + 2 + 3 + 5 + 8 + 13);
});
