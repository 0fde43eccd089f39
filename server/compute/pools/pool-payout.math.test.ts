import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitPool } from "./pool-payout.math.ts";

const works = fc.array(fc.record({ ownerId: fc.uuid(), work: fc.bigInt(0n, 10n ** 15n) }), { maxLength: 20 });

describe("a pool's payout", () => {
  it("never gives out more than came in, and keeps less than a unit for each member", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 12n), fc.bigInt(0n, 2_000n), works, (balance, feeBps, all) => {
        const { fee, parts } = splitPool(balance, feeBps, all);
        const given = parts.reduce((sum, { amount }) => sum + amount, fee);
        expect(given).toBeLessThanOrEqual(balance);
        const hasWork = all.some(({ work }) => work > 0n);
        if (hasWork && balance > 0n) expect(balance - given).toBeLessThan(BigInt(all.length) + 1n);
        else expect(given).toBe(0n);
      }),
    );
  });

  it("gives by work, after the fee", () => {
    const split = splitPool(1_000n, 500n, [
      { ownerId: "a", work: 3n },
      { ownerId: "b", work: 1n },
    ]);
    expect(split).toEqual({
      fee: 50n,
      parts: [
        { ownerId: "a", work: 3n, amount: 712n },
        { ownerId: "b", work: 1n, amount: 237n },
      ],
    });
  });
});
