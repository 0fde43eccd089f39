import type { Address } from "viem";
import { signerClient } from "#server/chain/signer-client.ts";

let known: Promise<Address> | null = null;

/** The address that leases must name as their signer for vouchers of ours to be worth anything. */
export function voucherSigner(): Promise<Address> {
  known ??= signerClient
    .getVoucherKey({})
    .then(({ address }) => address)
    .catch((error: unknown) => {
      known = null;
      throw error;
    });
  return known;
}
