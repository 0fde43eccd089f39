import type { Hex } from "viem";
import { recoverAddress, slice } from "viem/utils";
import { decodeOwner } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { chainView } from "./chain-view.ts";

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

/** Whether somebody, named by ERC-7913 bytes, signed a hash. Throws on what is no signature at all. */
export async function isSignedBy(owner: Hex, hash: Hex, signature: Hex): Promise<boolean> {
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
