import type { Hex } from "viem";
import { getAddress } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import type { OwnerSignature, OwnerView } from "#core/schemas/account.ts";
import { decodeOwner, encodeOwner, encodePasskeySignature, ownerSignature } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db } from "#server/db.ts";

export type Owner = { bytes: Hex; passkeyId: string | null };

/** Who owns the accounts that a person makes now: the first passkey, else the first wallet. */
export async function findOwner(userId: string): Promise<Owner | null> {
  const passkey = await db.passkey.findFirst({ where: { userId }, orderBy: { createdAt: "asc" } });
  if (passkey) {
    const verifier = loadDeployment().contracts.WebAuthnVerifier;
    const bytes = encodeOwner({ kind: "passkey", verifier, x: passkey.x as Hex, y: passkey.y as Hex });
    return { bytes, passkeyId: passkey.id };
  }
  const wallet = await db.userWallet.findFirst({ where: { userId }, orderBy: { createdAt: "asc" } });
  return wallet ? { bytes: getAddress(wallet.address), passkeyId: null } : null;
}

/** The owner as a client needs it to ask for the right signature. */
export async function viewOwner(owner: Owner): Promise<OwnerView> {
  const decoded = decodeOwner(owner.bytes);
  if (decoded.kind === "wallet") return { kind: "wallet", address: getAddress(decoded.address) };
  const passkey = owner.passkeyId ? await db.passkey.findUnique({ where: { id: owner.passkeyId } }) : null;
  // The credential may be deleted here and live on in the person's device; the account stays its own.
  return { kind: "passkey", credentialId: passkey?.credentialId ?? "" };
}

/** A signature as an ERC-7913 verifier reads it; one of the wrong kind is refused before anything is tried. */
export function encodeSignature(owner: Hex, signature: OwnerSignature): Hex {
  const { kind } = decodeOwner(owner);
  if (kind !== signature.kind) {
    throw new DomainError("SIGNATURE_INVALID", { param: "signature", message: `A ${kind} signs this.` });
  }
  if (signature.kind === "wallet") return signature.signature as Hex;
  return encodePasskeySignature({
    authenticatorData: signature.authenticatorData as Hex,
    clientDataJSON: signature.clientDataJSON,
    signature: signature.signature as Hex,
  });
}

/** The signature as the account reads it. */
export const encodeOwnerSignature = (owner: Hex, signature: OwnerSignature): Hex =>
  ownerSignature(encodeSignature(owner, signature));
