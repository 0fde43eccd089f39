import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAmount, mulDivDown, mulDivUp, parseAmount, usd } from "./money.ts";

const units = fc.bigInt({ min: 0n, max: 2n ** 62n });

describe("amounts", () => {
  it("read back exactly what was written", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (value) => {
        expect(parseAmount("USD", formatAmount(usd(value))).units).toBe(value);
      }),
    );
  });

  it("show every digit and at least two", () => {
    expect(formatAmount(usd(1_234_567n))).toBe("1.234567");
    expect(formatAmount(usd(1n))).toBe("0.000001");
    expect(formatAmount(usd(5_000_000n))).toBe("5.00");
    expect(formatAmount(usd(-1_500_000n))).toBe("-1.50");
  });

  it.each(["", "-1", "1e3", "0x10", "1,000", ".5", "1.", "99999999999999"])("refuse %j", (text) => {
    expect(() => parseAmount("USD", text)).toThrow(expect.objectContaining({ code: "AMOUNT_INVALID" }));
  });

  it("refuse a digit too many instead of rounding it", () => {
    expect(() => parseAmount("USD", "0.0000001")).toThrow(expect.objectContaining({ code: "AMOUNT_TOO_PRECISE" }));
  });

  it("never round up what is shared out, nor down what is owed", () => {
    fc.assert(
      fc.property(
        units,
        fc.bigInt({ min: 0n, max: 10_000n }),
        fc.bigInt({ min: 1n, max: 10_000n }),
        (value, numerator, denominator) => {
          const down = mulDivDown(value, numerator, denominator);
          const up = mulDivUp(value, numerator, denominator);
          expect(down * denominator <= value * numerator).toBe(true);
          expect(up * denominator >= value * numerator).toBe(true);
          expect(up - down <= 1n).toBe(true);
        },
      ),
    );
  });
});
