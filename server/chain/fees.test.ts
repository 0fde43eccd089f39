import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { raiseFees } from "./fees.ts";

const GWEI = 1_000_000_000n;
const price = fc.bigInt({ min: 1n, max: 100n * GWEI });

describe("raiseFees", () => {
  it("raises both prices by what nodes want of a replacement, and keeps the tip within the price", () => {
    fc.assert(
      fc.property(price, price, price, (a, b, base) => {
        const [maxPriorityFeePerGas, maxFeePerGas] = a < b ? [a, b] : [b, a];
        const raised = raiseFees(
          { maxFeePerGas, maxPriorityFeePerGas },
          { maxFeePerGas: base, maxPriorityFeePerGas: 1n },
        );
        if (!raised) throw new Error("There is room up to 500 gwei.");
        expect(raised.maxFeePerGas * 10n).toBeGreaterThan(maxFeePerGas * 11n);
        expect(raised.maxPriorityFeePerGas * 10n).toBeGreaterThan(maxPriorityFeePerGas * 11n);
        expect(raised.maxFeePerGas).toBeGreaterThanOrEqual(base);
        expect(raised.maxPriorityFeePerGas).toBeLessThanOrEqual(raised.maxFeePerGas);
      }),
    );
  });

  it("ends where the signer refuses, however long a transaction stays", () => {
    let fees = { maxFeePerGas: 3n * GWEI, maxPriorityFeePerGas: GWEI };
    let rounds = 0;
    for (let next = raiseFees(fees, fees); next; next = raiseFees(fees, fees)) {
      fees = next;
      rounds++;
    }
    expect(rounds).toBeGreaterThan(30);
    expect(fees.maxFeePerGas).toBeLessThanOrEqual(500n * GWEI);
    expect(fees.maxPriorityFeePerGas).toBeLessThanOrEqual(fees.maxFeePerGas);
  });
});
