import type { Address, Hex } from "viem";
import { concat, encodeAbiParameters, hashTypedData, keccak256 } from "viem/utils";

/** What ComputeEscrow pays a provider by: all that was earned under a lease until now, and the receipts that say so. */
export type Voucher = { leaseId: Hex; cumulative: bigint; receiptsRoot: Hex };

const VOUCHER_TYPES = {
  Voucher: [
    { name: "leaseId", type: "bytes32" },
    { name: "cumulative", type: "uint128" },
    { name: "receiptsRoot", type: "bytes32" },
  ],
} as const;

/** The EIP-712 digest that ComputeEscrow checks the signature of. */
export const voucherDigest = (voucher: Voucher, chainId: number, verifyingContract: Address): Hex =>
  hashTypedData({
    domain: { name: "ComputeEscrow", version: "1", chainId, verifyingContract },
    types: VOUCHER_TYPES,
    primaryType: "Voucher",
    message: voucher,
  });

/** A receipt as a voucher commits to it: the SHA-256 of its canonical text, and what of it the lease pays. */
export type VouchedReceipt = { digest: Hex; amount: bigint };

/**
 * The root of a voucher from the root before it and the receipts that came since: a chain, so that one voucher commits
 * to every receipt of its lease and is made from the newest alone. The first root has zero before it.
 */
export function nextReceiptsRoot(previous: Hex, receipts: readonly VouchedReceipt[]): Hex {
  const leaves = receipts.map(({ digest, amount }) =>
    keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint128" }], [digest, amount])),
  );
  return keccak256(concat([previous, ...leaves]));
}
