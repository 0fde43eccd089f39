import { bytesToHex, type Hex } from "viem";
import { DomainError } from "#core/errors.ts";
import { PROOF_FAILURES, type ProofSummary, type ProofView } from "#core/schemas/proof.ts";
import { toWord } from "#core/zk/inference-request.ts";
import type { Proof, ProvingModel } from "#generated/prisma/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

type ProofWithModel = Proof & { model: ProvingModel };

const iso = (date: Date | null) => date?.toISOString() ?? null;

/** One proof of the caller. A stranger's and a missing one give the same answer. */
export async function getProof(actor: Actor, input: { id: string }): Promise<ProofView> {
  const proof = await db.proof.findUnique({ where: { id: input.id }, include: { model: true } });
  if (!proof || proof.userId !== actor.userId) throw new DomainError("PROOF_NOT_FOUND");
  return describeProof(proof);
}

/** A proof that stands on the chain, for anybody who holds its inference id: all of it is public there. */
export async function getRecordedProof(input: { inferenceId: string }): Promise<ProofView> {
  const proof = await db.proof.findUnique({ where: { inferenceId: input.inferenceId }, include: { model: true } });
  if (proof?.status !== "recorded") throw new DomainError("PROOF_NOT_FOUND");
  return describeProof(proof);
}

export function summariseProof(proof: Omit<ProofWithModel, "proof">): ProofSummary {
  return {
    id: proof.id,
    modelId: proof.modelId,
    modelName: proof.model.name,
    registryModelId: proof.model.registryModelId,
    registryVersion: proof.model.registryVersion,
    status: proof.status,
    requester: proof.requester,
    nonce: proof.nonce,
    deadline: proof.deadline.toISOString(),
    inferenceId: proof.inferenceId,
    output: proof.output,
    failureCode: PROOF_FAILURES.find((code) => code === proof.failureCode) ?? null,
    attempts: proof.attempts,
    proveMs: proof.proveMs,
    transactionHash: proof.transactionHash,
    blockNumber: proof.blockNumber === null ? null : Number(proof.blockNumber),
    createdAt: proof.createdAt.toISOString(),
    provedAt: iso(proof.provedAt),
    recordedAt: iso(proof.recordedAt),
    consumedAt: iso(proof.consumedAt),
    consumedHash: proof.consumedHash,
  };
}

function describeProof(proof: ProofWithModel): ProofView {
  const { context, inputHash, output, model } = proof;
  const isProved = inputHash !== null && output !== null;
  return {
    ...summariseProof(proof),
    verifierAddress: model.verifierAddress,
    verifierKind: model.verifierKind,
    registryAddress: loadDeployment().contracts.InferenceRegistry,
    chainId: model.chainId,
    context,
    commitment: model.commitment,
    inputHash,
    publicInputs: isProved ? [context, model.commitment, inputHash, toWord(BigInt(output))] : null,
    proof: proof.proof ? (bytesToHex(proof.proof) satisfies Hex) : null,
  };
}
