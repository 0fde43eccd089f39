import fc from "fast-check";
import { expect, test } from "vitest";
import { amountOut, amountToPrice, squareRoot } from "./constant-product.ts";

const reserve = fc.bigInt({ min: 1_000n, max: 10n ** 30n });

test("a pool never gives so much that its product falls", () => {
  fc.assert(
    fc.property(reserve, reserve, fc.bigInt({ min: 1n, max: 10n ** 30n }), (reserveIn, reserveOut, amountIn) => {
      const out = amountOut(amountIn, reserveIn, reserveOut);
      expect(out).toBeLessThan(reserveOut);
      expect((reserveIn + amountIn) * (reserveOut - out)).toBeGreaterThanOrEqual(reserveIn * reserveOut);
    }),
  );
});

test("the root is the whole one below", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 60n }), (value) => {
      const root = squareRoot(value);
      expect(root * root <= value && (root + 1n) * (root + 1n) > value).toBe(true);
    }),
  );
});

test("selling what the price wants brings the pool within one percent of it", () => {
  fc.assert(
    fc.property(reserve, reserve, fc.bigInt({ min: 101n, max: 300n }), (reserveIn, reserveOut, percent) => {
      fc.pre(reserveIn > 10n ** 9n && reserveOut > 10n ** 9n);
      const amount = amountToPrice(reserveIn, reserveOut, reserveIn * percent, reserveOut * 100n);
      const [after, left] = [reserveIn + amount, reserveOut - amountOut(amount, reserveIn, reserveOut)];
      const off = (after * reserveOut * 100n * 1_000n) / (left * reserveIn * percent);
      expect(off).toBeGreaterThan(989n);
      expect(off).toBeLessThan(1_011n);
    }),
  );
});

test("nothing is sold into a pool whose price is beyond it already", () => {
  expect(amountToPrice(1_000n, 1_000n, 99n, 100n)).toBe(0n);
});
