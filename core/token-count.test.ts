import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainChat } from "./question.ts";
import { countPromptTokens, countTokens, createTokenCounter } from "./token-count.ts";

const METHODS = ["converge/tiny-1", "utf8-bytes/4"] as const;
const english = fc.stringMatching(/^[A-Za-z ,.!?éß漢]{0,60}$/);

describe("counting tokens", () => {
  it("counts a stream exactly like the whole text, wherever it is cut", () => {
    for (const method of METHODS) {
      fc.assert(
        fc.property(fc.array(fc.oneof(english, fc.string({ unit: "grapheme" })), { maxLength: 12 }), (pieces) => {
          const counter = createTokenCounter(method);
          for (const piece of pieces) counter.add(piece);
          expect(counter.total).toBe(countTokens(method, pieces.join("")));
        }),
      );
    }
  });

  it("never lets a fitted text pass the limit, and cuts nothing that fits", () => {
    for (const method of METHODS) {
      fc.assert(
        fc.property(english, english, fc.integer({ min: 0, max: 30 }), (first, second, room) => {
          const counter = createTokenCounter(method);
          const limit = counter.add(first) + room;
          const kept = counter.fitting(second, limit);
          expect(second.startsWith(kept)).toBe(true);
          expect(counter.add(kept)).toBeLessThanOrEqual(limit);
          if (countTokens(method, first + second) <= limit) expect(kept).toBe(second);
        }),
      );
    }
  });

  it("counts a prompt by its messages and the markers around them", () => {
    const question = plainChat([{ role: "user", content: "12345678" }]);
    expect(countPromptTokens("utf8-bytes/4", question)).toBe(6);
    expect(countPromptTokens("converge/tiny-1", question)).toBe(12);
    const tools = [{ name: "look_up", parameters: { type: "object" } }];
    expect(countPromptTokens("utf8-bytes/4", { ...question, tools })).toBe(
      6 + Math.ceil(JSON.stringify(tools).length / 4),
    );
    expect(countPromptTokens("utf8-bytes/4", { kind: "completion", prompt: "12345678" })).toBe(2);
    expect(countPromptTokens("utf8-bytes/4", { kind: "embedding", inputs: ["12345", "1"] })).toBe(3);
  });
});
