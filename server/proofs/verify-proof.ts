import type { Address } from "viem";
import { DomainError } from "#core/errors.ts";
import type { VerifyProofInput } from "#core/schemas/proof.ts";
import { db } from "#server/db.ts";
import { checkProof } from "./check-proof.ts";

/** Anybody's check of a proof against a model, by the same contract that the registry asks. Changes nothing. */
export async function verifyProof(input: VerifyProofInput) {
  const model = await db.provingModel.findUnique({ where: { id: input.modelId } });
  if (!model) throw new DomainError("MODEL_NOT_FOUND");
  const refused = (reason: "PROOF_INVALID" | "OTHER_MODEL") => ({ isValid: false, reason, output: null });
  // One verifier serves every model of an architecture; the commitment says which model a proof is of.
  const [, commitment, , output] = input.publicInputs;
  if (commitment !== model.commitment) return refused("OTHER_MODEL");
  const isValid = await checkProof(model.verifierAddress as Address, input.proof, input.publicInputs);
  return isValid ? { isValid, reason: null, output: Number(BigInt(output)) } : refused("PROOF_INVALID");
}
