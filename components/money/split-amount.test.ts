import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitAmount } from "./split-amount.ts";

describe("splitAmount", () => {
  test.each([
    [0n, false, "0.00"],
    [1n, false, "0.000001"],
    [10_000n, false, "0.01"],
    [1_234_567_890n, false, "1,234.56789"],
    [1_000_000_000_000n, true, "+1,000,000.00"],
    [-2_500_000n, false, "−2.50"],
    [0n, true, "0.00"],
  ])("shows %s micro-dollars exactly", (units, isSigned, text) => {
    const parts = splitAmount("USD", units, isSigned);
    expect(`${parts.sign}${parts.whole}.${parts.cents}${parts.rest}`).toBe(text);
  });

  test("loses no digit of any amount", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }), (units) => {
        const parts = splitAmount("USD", units);
        const digits = `${parts.whole.replaceAll(",", "")}${(parts.cents + parts.rest).padEnd(6, "0")}`;
        expect(BigInt(digits) * (parts.sign === "−" ? -1n : 1n)).toBe(units);
      }),
    );
  });
});
