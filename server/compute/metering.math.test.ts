import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costOf, type Segment, settle, worstCase } from "./metering.math.ts";

const price = fc.bigInt({ min: 0n, max: 100_000_000n });
const tokens = fc.integer({ min: 0, max: 200_000 });
const segment: fc.Arbitrary<Segment> = fc.record({
  nodeId: fc.constantFrom("node_a", "node_b", "node_c"),
  payee: fc.constantFrom("usr_a", "usr_b"),
  inputPrice: price,
  outputPrice: price,
  promptTokens: tokens,
  completionTokens: tokens,
});

describe("metering", () => {
  it("gives every micro-dollar that is charged to somebody, and nobody a negative one", () => {
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
        const { charged, fee, parts } = settle(segments);
        expect(parts.reduce((sum, part) => sum + part.amount, fee)).toBe(charged);
        for (const part of parts) expect(part.amount).toBeGreaterThan(0n);
      }),
    );
  });

  it("never charges more than was reserved, however the answer was spread over nodes", () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), tokens, (segments, prompt) => {
        const parts = segments.map((part, i) => ({ ...part, promptTokens: i === 0 ? prompt : 0 }));
        const maxTokens = parts.reduce((sum, part) => sum + part.completionTokens, 0);
        const reserved = worstCase(parts, { promptTokens: prompt, completionTokens: maxTokens });
        expect(settle(parts).charged).toBeLessThanOrEqual(reserved);
      }),
    );
  });

  it("charges nothing when nothing was delivered", () => {
    expect(settle([])).toEqual({ charged: 0n, fee: 0n, parts: [] });
  });

  it("rounds a request up to a whole micro-dollar", () => {
    expect(costOf({ inputPrice: 1n, outputPrice: 0n }, { promptTokens: 1, completionTokens: 0 })).toBe(1n);
    expect(costOf({ inputPrice: 1_000_000n, outputPrice: 2_000_000n }, { promptTokens: 3, completionTokens: 2 })).toBe(
      7n,
    );
  });
});
