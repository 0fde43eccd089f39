import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAmount, parseAmount, splitDown, usd } from "./money.ts";

describe("amounts", () => {
  it("read back exactly what was written", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (value) => {
        expect(parseAmount("USD", formatAmount(usd(value)))).toEqual(usd(value));
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
    expect(parseAmount("USD", text)).toBe("AMOUNT_INVALID");
  });

  it("refuse a digit too many instead of rounding it", () => {
    expect(parseAmount("USD", "0.0000001")).toBe("AMOUNT_TOO_PRECISE");
  });

  it("split without losing or making a unit", () => {
    const units = fc.bigInt({ min: 0n, max: 10n ** 18n });
    const weights = fc.array(fc.bigInt({ min: 1n, max: 10n ** 6n }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(units, weights, (whole, by) => {
        const { shares, residue } = splitDown(whole, by);
        expect(shares.reduce((sum, share) => sum + share, residue)).toBe(whole);
        expect(residue >= 0n && residue < BigInt(by.length)).toBe(true);
      }),
    );
  });
});
