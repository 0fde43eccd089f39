import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AdjustmentContent, hashAdjustment, SOURCE_KINDS } from "./adjustment.ts";

const text = fc.string({ maxLength: 8 });
const source = fc.record({ kind: fc.constantFrom(...SOURCE_KINDS), transactionHash: text, logIndex: fc.nat(9) });
const content: fc.Arbitrary<AdjustmentContent> = fc.record({
  id: text,
  reason: text,
  reference: fc.option(text),
  source: fc.option(source),
  transfers: fc.array(fc.record({ debit: text, credit: text, units: fc.bigInt({ min: 1n }).map(String) }), {
    maxLength: 3,
  }),
});

describe("the hash of an adjustment", () => {
  test("stands for one content: another field, account, amount or order is another hash", async () => {
    await fc.assert(
      fc.asyncProperty(content, content, async (left, right) => {
        const isSame = JSON.stringify(left) === JSON.stringify(right);
        expect((await hashAdjustment(left)) === (await hashAdjustment(right))).toBe(isSame);
      }),
    );
  });

  test("is the one that docs/audit.md describes", async () => {
    const transfers = [{ debit: "user:usr_1", credit: "platform:revenue", units: "5" }];
    expect(await hashAdjustment({ id: "adj_1", reason: "Twice", reference: null, source: null, transfers })).toBe(
      "d9be98bbfdbfa9df85314e909bd5e464f79c0e58e61c1593f89cf7fa65f70b09",
    );
  });
});
