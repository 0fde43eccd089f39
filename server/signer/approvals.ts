import type { Hex } from "viem";
import { hashApproval } from "#core/approval.ts";
import type { SignerInput } from "#core/schemas/signer.ts";
import type { Grant } from "./grant.ts";
import { isSignedBy } from "./owner-signature.ts";

/** Who of those that are named signed for this very operation, each once; whether they are approvers is asked elsewhere. */
export async function findSigners(
  { chainId, account }: Pick<Grant, "chainId" | "account">,
  operation: { userOperationHash: Hex; callDataHash: Hex },
  approvals: NonNullable<SignerInput<"signUserOperation">["approvals"]>,
): Promise<ReadonlySet<string>> {
  const hash = hashApproval({ chainId, account, ...operation });
  const signers = new Set<string>();
  for (const { owner, signature } of approvals) {
    // Malformed ones are no signatures: they neither count nor keep the others from counting.
    if (await isSignedBy(owner, hash, signature).catch(() => false)) signers.add(owner.toLowerCase());
  }
  return signers;
}
