import fc from "fast-check";
import type { Address } from "viem";
import { describe, expect, test } from "vitest";
import { buildEpochTree, isInEpoch, type Leaf, nextLeaves, takeUnderCap } from "./epoch-tree.ts";

const addressOf = (n: number): Address => `0x${n.toString(16).padStart(40, "0")}`;

describe("an epoch's tree", () => {
  test("proves 1,000 sampled claims of 2,000, and none with another amount or account", () => {
    const leaves = Array.from(
      { length: 2000 },
      (_, i): Leaf => ({ address: addressOf(i + 1), cumulative: BigInt(i * 7 + 1) }),
    );
    const tree = buildEpochTree(leaves);
    for (const leaf of leaves.filter((_, i) => i % 2 === 0)) {
      const proof = tree.proofOf(leaf);
      expect(isInEpoch(tree.root, leaf, proof)).toBe(true);
      expect(isInEpoch(tree.root, { ...leaf, cumulative: leaf.cumulative + 1n }, proof)).toBe(false);
      expect(isInEpoch(tree.root, { ...leaf, address: addressOf(999_999) }, proof)).toBe(false);
    }
  });

  test("of one person has an empty proof", () => {
    const leaf: Leaf = { address: addressOf(1), cumulative: 5n };
    const tree = buildEpochTree([leaf]);
    expect(tree.proofOf(leaf)).toEqual([]);
    expect(isInEpoch(tree.root, leaf, [])).toBe(true);
  });

  test("does not depend on the order of its leaves", () => {
    const leaves = [3, 1, 2].map((n): Leaf => ({ address: addressOf(n), cumulative: BigInt(n) }));
    expect(buildEpochTree(leaves).root).toBe(buildEpochTree([...leaves].reverse()).root);
  });
});

describe("the next epoch", () => {
  const cashOut = fc.record({
    address: fc.integer({ min: 1, max: 6 }).map(addressOf),
    units: fc.bigInt({ min: 1n, max: 1_000_000n }),
  });

  test("adds exactly what was cashed out, over any number of epochs, and never lets a leaf fall", () => {
    fc.assert(
      fc.property(fc.array(fc.array(cashOut, { minLength: 1, maxLength: 8 }), { maxLength: 6 }), (epochs) => {
        let leaves: Leaf[] = [];
        let total = 0n;
        for (const cashOuts of epochs) {
          const next = nextLeaves(leaves, cashOuts);
          expect(next.delta).toBe(cashOuts.reduce((sum, { units }) => sum + units, 0n));
          expect(next.cumulativeTotal).toBe(total + next.delta);
          for (const before of leaves) {
            const after = next.leaves.find((leaf) => leaf.address === before.address);
            expect(after !== undefined && after.cumulative >= before.cumulative).toBe(true);
          }
          leaves = next.leaves;
          total = next.cumulativeTotal;
        }
      }),
    );
  });

  test("takes cash-outs in order and stays under the cap", () => {
    const waiting = [5n, 4n, 3n, 1n].map((units) => ({ units }));
    expect(takeUnderCap(waiting, 10n)).toEqual([{ units: 5n }, { units: 4n }]);
    expect(takeUnderCap(waiting, 4n)).toEqual([]);
  });
});
