import { sign } from "node:crypto";
import type { Hex } from "viem";
import { hexToBytes, toHex } from "viem/utils";
import type { SignerInput, SignerOutput } from "#core/schemas/signer.ts";
import type { KeyRing } from "./key-ring.ts";
import { inTransaction } from "./store.ts";
import { ed25519Key, getOnlyWallet, withSecret } from "./wallets.ts";

export async function getReceiptKey(keys: KeyRing): Promise<SignerOutput<"getReceiptKey">> {
  const wallet = await inTransaction((connection) => getOnlyWallet(keys, connection, "receipt"));
  return { publicKey: wallet.address as Hex };
}

/** Signs the digest of a receipt with Ed25519. This key signs nothing else, and nothing on a chain trusts it. */
export async function signReceipt(
  keys: KeyRing,
  input: SignerInput<"signReceipt">,
): Promise<SignerOutput<"signReceipt">> {
  const wallet = await inTransaction((connection) => getOnlyWallet(keys, connection, "receipt"));
  const signature = await withSecret(keys, wallet, (secret) =>
    sign(null, hexToBytes(input.digest), ed25519Key(secret)),
  );
  return { signature: toHex(signature), publicKey: wallet.address as Hex };
}
