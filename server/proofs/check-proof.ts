import { type Address, BaseError, ContractFunctionRevertedError, type Hex } from "viem";
import { DomainError } from "#core/errors.ts";
import { proofVerifierAbi } from "#core/generated/abis.ts";
import { publicClient } from "#server/chain/client.ts";

/**
 * Asks the verifier contract, the only judge there is: bb's own verifier holds the public reference string and
 * would refuse proofs of a local one.
 */
export async function checkProof(verifier: Address, proof: Hex, publicInputs: readonly Hex[]): Promise<boolean> {
  try {
    return await publicClient().readContract({
      address: verifier,
      abi: proofVerifierAbi,
      functionName: "verify",
      args: [proof, publicInputs],
    });
  } catch (error) {
    // The verifier reverts with the name of the check that failed; anything else is the chain's trouble, not the proof's.
    if (error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError))
      return false;
    throw new DomainError("CHAIN_UNAVAILABLE", {}, { cause: error });
  }
}
