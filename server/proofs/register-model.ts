import { type Address, type Hex, isAddressEqual, zeroAddress } from "viem";
import { inferenceRegistryAbi } from "#core/generated/abis.ts";
import type { VerifierKind } from "#core/schemas/proof.ts";
import { registryModelIdOf } from "#core/zk/inference-request.ts";
import { AUDIT_NOTE, REGISTRY_KIND } from "#core/zk/verifier-kinds.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import type { DevelopmentChain } from "./deploy-verifier.ts";

export type ModelTerms = {
  verifier: Address;
  architectureHash: Hex;
  outputCount: number;
  isSigned: boolean;
  name: string;
};
/** Accuracies in hundredths of a percent. */
export type Weights = { commitment: Hex; accuracyFloat: number; accuracyInteger: number };

const registry = () => ({ address: loadDeployment().contracts.InferenceRegistry, abi: inferenceRegistryAbi }) as const;

/** Says in the registry what kind of verifier a contract is, where the account may: the registry's owner lists them. */
export async function ensureListed(
  chain: DevelopmentChain,
  account: Address,
  verifier: Address,
  kind: VerifierKind,
): Promise<void> {
  const [owner, listing] = await Promise.all([
    chain.readContract({ ...registry(), functionName: "owner" }),
    chain.readContract({ ...registry(), functionName: "verifierListing", args: [verifier] }),
  ]);
  if (listing.kind !== 0 || !isAddressEqual(owner, account)) return;
  const args = [verifier, REGISTRY_KIND[kind], AUDIT_NOTE[kind]] as const;
  const hash = await chain.writeContract({ ...registry(), account, chain: null, functionName: "listVerifier", args });
  await chain.waitForTransactionReceipt({ hash });
}

/**
 * The id of an owner's model and the version that its weights have there, after registering what is missing.
 *
 * Other weights of the same architecture are a new version of the same model: its id, its verifier and its history stay.
 */
export async function ensureRegistered(
  chain: DevelopmentChain,
  owner: Address,
  terms: ModelTerms,
  weights: Weights,
): Promise<{ registryModelId: Hex; version: number }> {
  const { chainId, contracts } = loadDeployment();
  const registryModelId = registryModelIdOf({ chainId, address: contracts.InferenceRegistry }, { owner, ...terms });
  const known = await findVersion(chain, registryModelId, weights.commitment);
  if (known.version !== null) return { registryModelId, version: known.version };
  const hash = known.isRegistered
    ? await chain.writeContract({
        ...registry(),
        account: owner,
        chain: null,
        functionName: "addVersion",
        args: [registryModelId, weights],
      })
    : await chain.writeContract({
        ...registry(),
        account: owner,
        chain: null,
        functionName: "registerModel",
        args: [terms, weights],
      });
  await chain.waitForTransactionReceipt({ hash });
  const { version } = await findVersion(chain, registryModelId, weights.commitment);
  if (version === null) throw new Error("The registry did not take the weights.");
  return { registryModelId, version };
}

/** The newest version with a commitment that is in use. */
async function findVersion(chain: DevelopmentChain, modelId: Hex, commitment: Hex) {
  const model = await chain.readContract({ ...registry(), functionName: "model", args: [modelId] });
  const isRegistered = model.owner !== zeroAddress;
  for (let version = model.versionCount; version > 0; version--) {
    const found = await chain.readContract({ ...registry(), functionName: "version", args: [modelId, version] });
    if (found.commitment === commitment && found.retiredAt === 0) return { isRegistered, version };
  }
  return { isRegistered, version: null };
}
