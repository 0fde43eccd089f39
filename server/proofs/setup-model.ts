import { createHash } from "node:crypto";
import type { Address, Hex } from "viem";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { VerifierKind } from "#core/schemas/proof.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { DEVELOPMENT_CHAIN_ID, ensureCircuitKeys, ensureCompiledVerifier } from "./build-verifier.ts";
import { EVENT_SCORER_CIRCUIT, loadCircuit } from "./circuit-artifact.ts";
import { connectToDevelopmentChain, ensureVerifier } from "./deploy-verifier.ts";
import { ensureListed, ensureRegistered } from "./register-model.ts";
import { ensureTrainedModel, readMetrics } from "./trained-model.ts";

export const EVENT_SCORER = "event-scorer";
const ARCHITECTURE = "mlp-16-16-1";

/**
 * Makes the shipped model provable on the development chain: reference string, keys, verifier, registration.
 *
 * Every step is skipped when its result exists, so a second start costs a few calls to the chain. The verifier and
 * the model belong to the chain's first unlocked account, which exists on a development chain only. Weights that were
 * trained anew become a version of the same model.
 */
export async function setUpModel(
  verifierKind: VerifierKind = env.PROOF_VERIFIER,
): Promise<{ modelId: string; registryModelId: Hex; version: number; verifier: Address }> {
  await refusePublicChain();
  const artifact = loadCircuit(EVENT_SCORER_CIRCUIT);
  const trained = ensureTrainedModel(EVENT_SCORER);
  const compiled = await ensureCompiledVerifier(await ensureCircuitKeys(artifact), verifierKind);
  const chain = connectToDevelopmentChain();
  const [owner] = await chain.getAddresses();
  if (!owner) throw new DomainError("CHAIN_UNAVAILABLE", { message: "The development chain has no unlocked account." });

  const verifier = await ensureVerifier(chain, owner, compiled);
  await ensureListed(chain, owner, verifier, verifierKind);
  const metrics = readMetrics(EVENT_SCORER);
  const accuracyFloat = Math.round(metrics.accuracyFloat * 100);
  const accuracyInteger = Math.round(metrics.accuracyQuantised * 100);
  const circuitHash = createHash("sha256").update(artifact.bytecode).digest("hex");
  const { registryModelId, version } = await ensureRegistered(
    chain,
    owner,
    { verifier, architectureHash: `0x${circuitHash}`, outputCount: 1, isSigned: false, name: EVENT_SCORER },
    { commitment: trained.commitment, accuracyFloat, accuracyInteger },
  );
  const modelId = await writeModel(registryModelId, version, {
    name: EVENT_SCORER,
    architecture: ARCHITECTURE,
    chainId: env.CHAIN_ID,
    commitment: trained.commitment,
    verifierAddress: verifier,
    verifierKind,
    ownerAddress: owner,
    circuitHash,
    gates: artifact.gates,
    accuracyFloat,
    accuracyQuantised: accuracyInteger,
    isCurrent: true,
  });
  return { modelId, registryModelId, version, verifier };
}

/** Keeps what the registry was told, as the version that new proofs are made with. */
async function writeModel(
  registryModelId: Hex,
  registryVersion: number,
  row: Omit<Parameters<typeof db.provingModel.create>[0]["data"], "id" | "registryModelId" | "registryVersion">,
): Promise<string> {
  const [, model] = await db.$transaction([
    db.provingModel.updateMany({
      where: { name: row.name, chainId: row.chainId, NOT: { registryModelId, registryVersion } },
      data: { isCurrent: false },
    }),
    db.provingModel.upsert({
      where: { registryModelId_registryVersion: { registryModelId, registryVersion } },
      create: { ...row, id: newId("model"), registryModelId, registryVersion },
      update: row,
    }),
  ]);
  return model.id;
}

/** Whoever made a local reference string could forge proofs under it: no public chain ever sees its verifier. */
async function refusePublicChain(): Promise<void> {
  const chainId = await connectToDevelopmentChain().getChainId();
  if (chainId !== DEVELOPMENT_CHAIN_ID || env.CHAIN_ID !== DEVELOPMENT_CHAIN_ID) {
    throw new DomainError("PROVER_UNAVAILABLE", {
      message: `Chain ${chainId} is not a development chain: its verifier needs the public reference string and is deployed by its operator.`,
    });
  }
}
