import { describe, expect, it } from "vitest";
import { breakerRule } from "./breaker-words.ts";

const breaker = {
  kind: "velocity" as const,
  isOn: true,
  limit: "60",
  rearmAt: "20",
  seconds: 60,
  holdSeconds: 120 as number | null,
  measured: null,
  trippedAt: null,
  reason: null,
};

describe("the rule of a breaker", () => {
  it.each([
    [{}, "More than 60 in any minute. It arms by itself after 2 minutes, at 20 or fewer."],
    [
      { holdSeconds: 3_600, seconds: 7_200 },
      "More than 60 in any 2 hours. It arms by itself after an hour, at 20 or fewer.",
    ],
    [{ holdSeconds: null }, "More than 60 in any minute. You arm it again."],
    [
      { kind: "counterparty" as const, limit: "500000", holdSeconds: null },
      "More than $0.50 to an address it never paid. You arm it again.",
    ],
    [
      { kind: "counterparty" as const, limit: "12", holdSeconds: null },
      "More than $0.000012 to an address it never paid. You arm it again.",
    ],
  ])("%j", (change, words) => {
    expect(breakerRule({ ...breaker, ...change })).toBe(words);
  });
});
