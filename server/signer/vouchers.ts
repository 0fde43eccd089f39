import { isAddressEqual } from "viem";
import { concat, toHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import type { SignerInput, SignerOutput } from "#core/schemas/signer.ts";
import { voucherDigest } from "#core/voucher.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import type { KeyRing } from "./key-ring.ts";
import { inTransaction } from "./store.ts";
import { addressOf, getOnlyWallet, signHash, withSecret } from "./wallets.ts";

export async function getVoucherKey(keys: KeyRing): Promise<SignerOutput<"getVoucherKey">> {
  const wallet = await inTransaction((connection) => getOnlyWallet(keys, connection, "voucher"));
  return { address: addressOf(wallet) };
}

/**
 * Signs a voucher for our ComputeEscrow on our chain. This key signs nothing else: what it can give away is at most what
 * lies in leases that name it.
 */
export async function signVoucher(
  keys: KeyRing,
  { chainId, escrow, ...voucher }: SignerInput<"signVoucher">,
): Promise<SignerOutput<"signVoucher">> {
  const deployment = loadDeployment();
  const isOurs = chainId === deployment.chainId && isAddressEqual(escrow, deployment.contracts.ComputeEscrow);
  if (!isOurs) throw new DomainError("SIGNER_REFUSED", { message: "Vouchers are signed for our own escrow alone." });
  const wallet = await inTransaction((connection) => getOnlyWallet(keys, connection, "voucher"));
  const { r, s, yParity } = await withSecret(keys, wallet, (secret) =>
    signHash(secret, voucherDigest(voucher, chainId, escrow)),
  );
  return { signature: concat([r, s, toHex(27 + yParity)]) };
}
