import { expect, test } from "vitest";
import { z } from "zod";
import { readJson } from "./read-json.ts";

const schema = z.strictObject({ rules: z.array(z.strictObject({ kind: z.literal("deposit") })) });

test("a text is its value, or the field and what is wrong with it", () => {
  expect(readJson(schema, '{"rules": [{"kind": "deposit"}]}')).toEqual({ value: { rules: [{ kind: "deposit" }] } });
  expect(readJson(schema, "{")).toEqual({ problem: "This is not JSON yet." });
  expect(readJson(schema, '{"rules": [{"kind": "pay"}]}')).toEqual({
    problem: expect.stringMatching(/^rules\.0\.kind: /),
  });
  expect(readJson(schema, '{"rules": [], "more": 1}')).toEqual({ problem: 'Unrecognized key: "more"' });
});
