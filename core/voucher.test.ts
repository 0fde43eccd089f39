import fc from "fast-check";
import { type Hex, zeroHash } from "viem";
import { toHex } from "viem/utils";
import { describe, expect, it } from "vitest";
import { nextReceiptsRoot, voucherDigest } from "./voucher.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes): Hex => toHex(bytes));
const receipt = fc.record({ digest: bytes32, amount: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }) });

describe("a voucher", () => {
  it("commits to every receipt, its amount and its place", () => {
    fc.assert(
      fc.property(fc.array(receipt, { minLength: 2, maxLength: 8 }), fc.nat(), (receipts, at) => {
        const root = nextReceiptsRoot(zeroHash, receipts);
        const place = at % receipts.length;
        const changed = receipts.map((one, i) => (i === place ? { ...one, amount: one.amount ^ 1n } : one));
        expect(nextReceiptsRoot(zeroHash, changed)).not.toBe(root);
        expect(nextReceiptsRoot(zeroHash, receipts.slice(1))).not.toBe(root);
        expect(nextReceiptsRoot(root, receipts)).not.toBe(root);
        const isTurned = receipts.every(
          ({ digest, amount }, i) => digest === receipts.at(-1 - i)?.digest && amount === receipts.at(-1 - i)?.amount,
        );
        if (!isTurned) expect(nextReceiptsRoot(zeroHash, [...receipts].reverse())).not.toBe(root);
      }),
    );
  });

  it("is of one chain, one contract, one lease and one amount", () => {
    const voucher = { leaseId: `0x${"11".repeat(32)}` as Hex, cumulative: 5n, receiptsRoot: zeroHash };
    const [here, there] = [
      "0x1111111111111111111111111111111111111111",
      "0x2222222222222222222222222222222222222222",
    ] as const;
    const digests = [
      voucherDigest(voucher, 1, here),
      voucherDigest(voucher, 2, here),
      voucherDigest(voucher, 1, there),
      voucherDigest({ ...voucher, cumulative: 6n }, 1, here),
      voucherDigest({ ...voucher, leaseId: zeroHash }, 1, here),
      voucherDigest({ ...voucher, receiptsRoot: `0x${"22".repeat(32)}` }, 1, here),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });
});
