import { expect, test } from "vitest";
import { every } from "./every.ts";

test.each([
  ["is on its way", { status: "pending", data: undefined }, 3_000],
  ["was read", { status: "success", data: [] }, 3_000],
  ["was read and fails now", { status: "error", data: [] }, 3_000],
  ["could never be read", { status: "error", data: undefined }, false],
])("what %s is asked for again: %o", (_what, state, expected) => expect(every(3_000)({ state })).toBe(expected));
