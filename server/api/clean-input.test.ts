import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertCleanInput } from "./clean-input.ts";

function inside(value: unknown, depth: number): unknown {
  let nested = value;
  for (let level = 0; level < depth; level++) nested = [nested];
  return nested;
}

describe("assertCleanInput", () => {
  it("takes every JSON value of well-formed text without NUL", () => {
    const text = fc.string({ unit: "grapheme" }).map((value) => value.replaceAll("\0", ""));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        text,
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constant(undefined),
        fc.array(tie("tree")),
        fc.dictionary(text, tie("tree")),
      ),
    }));
    fc.assert(fc.property(tree, (value) => void assertCleanInput(value)));
  });

  it.each(["\0", "a\0b", "\ud800", "x\udfff", "\udc00\ud800"])("refuses %j wherever it stands", (bad) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), (depth) => {
        expect(() => assertCleanInput(inside(bad, depth))).toThrow(/surrogate/);
        expect(() => assertCleanInput(inside({ [bad]: 1 }, depth))).toThrow(/surrogate/);
      }),
    );
  });

  it("names the field at fault", () => {
    expect(() => assertCleanInput({ policy: { rules: [{ name: "\0" }] } })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ param: "policy.rules.0.name" }) }),
    );
  });

  it("refuses nesting without end, and returns", () => {
    expect(() => assertCleanInput(inside(1, 100_000))).toThrow(/deeper/);
  });
});
