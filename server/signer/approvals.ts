import type { Hex } from "viem";
import { hashAgreement, hashApproval } from "#core/approval.ts";
import type { Grant } from "./grant.ts";
import { isSignedBy } from "./owner-signature.ts";

type Signed = readonly { owner: Hex; signature: Hex }[];

/** Who of those that are named signed a hash, each once; whether anybody asked them is looked at elsewhere. */
async function findSignersOf(hash: Hex, signed: Signed): Promise<ReadonlySet<string>> {
  const signers = new Set<string>();
  for (const { owner, signature } of signed) {
    // Malformed ones are no signatures: they neither count nor keep the others from counting.
    if (await isSignedBy(owner, hash, signature).catch(() => false)) signers.add(owner.toLowerCase());
  }
  return signers;
}

type Where = Pick<Grant, "chainId" | "account">;

/** Who approved of this very operation. */
export const findSigners = (
  { chainId, account }: Where,
  operation: { userOperationHash: Hex; callDataHash: Hex },
  approvals: Signed,
): Promise<ReadonlySet<string>> => findSignersOf(hashApproval({ chainId, account, ...operation }), approvals);

/** Who agreed to this very policy. */
export const findAgreed = (
  { chainId, account }: Where,
  policyHash: Hex,
  agreements: Signed,
): Promise<ReadonlySet<string>> => findSignersOf(hashAgreement({ chainId, account, policyHash }), agreements);
