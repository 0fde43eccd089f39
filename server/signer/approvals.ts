import type { Hex } from "viem";
import { recoverAddress, slice } from "viem/utils";
import { hashApproval } from "#core/approval.ts";
import type { SignerInput } from "#core/schemas/signer.ts";
import { decodeOwner } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { chainView } from "./chain-view.ts";
import type { Grant } from "./grant.ts";

const VERIFIER_ABI = [
  {
    type: "function",
    name: "verify",
    stateMutability: "view",
    inputs: [
      { name: "key", type: "bytes" },
      { name: "hash", type: "bytes32" },
      { name: "signature", type: "bytes" },
    ],
    outputs: [{ name: "", type: "bytes4" }],
  },
] as const;
/** What an ERC-7913 verifier answers when a signature is one. */
const VALID: Hex = "0x024ad318";

async function isSignature(owner: Hex, hash: Hex, signature: Hex): Promise<boolean> {
  const decoded = decodeOwner(owner);
  if (decoded.kind === "wallet")
    return (await recoverAddress({ hash, signature })).toLowerCase() === decoded.address.toLowerCase();
  // A verifier that somebody named would say yes to everything.
  const { WebAuthnVerifier } = loadDeployment().contracts;
  if (decoded.verifier.toLowerCase() !== WebAuthnVerifier.toLowerCase()) return false;
  const answer = await chainView().readContract({
    address: WebAuthnVerifier,
    abi: VERIFIER_ABI,
    functionName: "verify",
    args: [slice(owner, 20), hash, signature],
  });
  return answer === VALID;
}

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
    if (await isSignature(owner, hash, signature).catch(() => false)) signers.add(owner.toLowerCase());
  }
  return signers;
}
