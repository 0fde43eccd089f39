import { createHash } from "node:crypto";
import { type Address, createWalletClient, type Hex, http, keccak256, publicActions } from "viem";
import { DomainError } from "#core/errors.ts";
import { inferenceRegistryAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { registryModelIdOf } from "#core/zk/inference-request.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import {
  type CompiledVerifier,
  DEVELOPMENT_CHAIN_ID,
  ensureCircuitKeys,
  ensureCompiledVerifier,
} from "./build-verifier.ts";
import { EVENT_SCORER_CIRCUIT, loadCircuit } from "./circuit-artifact.ts";
import { ensureTrainedModel, readMetrics } from "./trained-model.ts";

export const EVENT_SCORER = "event-scorer";
const ARCHITECTURE = "mlp-16-16-1";
const DEPLOY_GAS = 8_000_000n;

/**
 * Makes the shipped model provable on the development chain: reference string, keys, verifier, registration.
 *
 * Every step is skipped when its result exists, so a second start costs two calls to the chain. The verifier and
 * the model belong to the chain's first unlocked account, which exists on a development chain only.
 */
export async function setUpModel(): Promise<{ modelId: string; registryModelId: Hex; verifier: Address }> {
  await refusePublicChain();
  const artifact = loadCircuit(EVENT_SCORER_CIRCUIT);
  const trained = ensureTrainedModel(EVENT_SCORER);
  const compiled = await ensureCompiledVerifier(await ensureCircuitKeys(artifact));
  const chain = connect();
  const [owner] = await chain.getAddresses();
  if (!owner) throw new DomainError("CHAIN_UNAVAILABLE", { message: "The development chain has no unlocked account." });

  const known = await db.provingModel.findFirst({
    where: { commitment: trained.commitment, chainId: env.CHAIN_ID, ownerAddress: owner },
    orderBy: { id: "desc" },
  });
  const verifier = await ensureVerifier(chain, owner, compiled, known?.verifierAddress as Address | undefined);
  const registryModelId = await ensureRegistered(chain, owner, { commitment: trained.commitment, verifier });
  const metrics = readMetrics(EVENT_SCORER);
  const row = {
    name: EVENT_SCORER,
    architecture: ARCHITECTURE,
    chainId: env.CHAIN_ID,
    commitment: trained.commitment,
    verifierAddress: verifier,
    ownerAddress: owner,
    circuitHash: createHash("sha256").update(artifact.bytecode).digest("hex"),
    gates: artifact.gates,
    accuracyFloat: Math.round(metrics.accuracyFloat * 100),
    accuracyQuantised: Math.round(metrics.accuracyQuantised * 100),
    isCurrent: true,
  };
  const [, model] = await db.$transaction([
    db.provingModel.updateMany({
      where: { name: EVENT_SCORER, chainId: env.CHAIN_ID, registryModelId: { not: registryModelId } },
      data: { isCurrent: false },
    }),
    db.provingModel.upsert({
      where: { registryModelId },
      create: { ...row, id: newId("model"), registryModelId },
      update: row,
    }),
  ]);
  return { modelId: model.id, registryModelId, verifier };
}

type Chain = ReturnType<typeof connect>;
const connect = () =>
  createWalletClient({ transport: http(env.CHAIN_RPC_URL), pollingInterval: 50 }).extend(publicActions);

/** Whoever made a local reference string could forge proofs under it: no public chain ever sees its verifier. */
async function refusePublicChain(): Promise<void> {
  const chainId = await connect().getChainId();
  if (chainId !== DEVELOPMENT_CHAIN_ID || env.CHAIN_ID !== DEVELOPMENT_CHAIN_ID) {
    throw new DomainError("PROVER_UNAVAILABLE", {
      message: `Chain ${chainId} is not a development chain: its verifier needs the public reference string and is deployed by its operator.`,
    });
  }
}

async function ensureVerifier(
  chain: Chain,
  owner: Address,
  compiled: CompiledVerifier,
  known: Address | undefined,
): Promise<Address> {
  const isSame = async (address: Address) => {
    const code = await chain.getCode({ address });
    return code !== undefined && keccak256(code) === keccak256(compiled.deployedBytecode);
  };
  if (known && (await isSame(known))) return known;
  const hash = await chain.sendTransaction({
    account: owner,
    chain: null,
    data: compiled.bytecode,
    gas: DEPLOY_GAS,
  });
  const { contractAddress } = await chain.waitForTransactionReceipt({ hash });
  if (!contractAddress || !(await isSame(contractAddress)))
    throw new Error("The verifier was not deployed as compiled.");
  return contractAddress;
}

async function ensureRegistered(
  chain: Chain,
  owner: Address,
  model: { commitment: Hex; verifier: Address },
): Promise<Hex> {
  const { chainId, contracts } = loadDeployment();
  const address = contracts.InferenceRegistry;
  const modelId = registryModelIdOf({ chainId, address }, { owner, ...model });
  const registered = await chain.readContract({
    address,
    abi: inferenceRegistryAbi,
    functionName: "model",
    args: [modelId],
  });
  if (registered.commitment === model.commitment) return modelId;
  const hash = await chain.writeContract({
    account: owner,
    chain: null,
    address,
    abi: inferenceRegistryAbi,
    functionName: "registerModel",
    args: [model.commitment, model.verifier, EVENT_SCORER],
  });
  await chain.waitForTransactionReceipt({ hash });
  return modelId;
}
