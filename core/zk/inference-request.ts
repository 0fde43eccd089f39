import { type Address, encodeAbiParameters, type Hex, keccak256, numberToHex } from "viem";
import { FIELD_ORDER } from "./poseidon2.ts";
import { consumerOf, type InferenceRequest, requestsRootOf } from "./request-tree.ts";

/** Where proofs are recorded. */
export type Registry = { chainId: number; address: Address };

/** What one proof is made for: a single request, or several that share it. */
export type InferenceBatch = {
  modelId: Hex;
  /** Of the model's weights, counted from 1. */
  version: number;
  /** Of the first request; those of the others follow it one by one. */
  nonce: bigint;
  /** Unix seconds. */
  deadline: bigint;
  requests: readonly InferenceRequest[];
};

/** Public input 0 of a proof, as `InferenceRegistry.contextOf`: where it counts and for what. */
export function contextOf(registry: Registry, batch: InferenceBatch): bigint {
  const digest = keccak256(
    encodeAbiParameters(
      [
        { type: "uint256" },
        { type: "address" },
        { type: "bytes32" },
        { type: "uint16" },
        { type: "uint256" },
        { type: "uint256" },
        { type: "uint256" },
        { type: "bytes32" },
      ],
      [
        BigInt(registry.chainId),
        registry.address,
        batch.modelId,
        batch.version,
        batch.nonce,
        batch.deadline,
        BigInt(batch.requests.length),
        requestsRootOf(batch.requests),
      ],
    ),
  );
  return BigInt(digest) % FIELD_ORDER;
}

/** The name under which the registry keeps an output: of a model, a requester, a consumer and a nonce one is used. */
export function inferenceIdOf(request: InferenceRequest & { modelId: Hex; nonce: bigint }): Hex {
  return keccak256(
    encodeAbiParameters(
      [{ type: "bytes32" }, { type: "address" }, { type: "address" }, { type: "uint256" }],
      [request.modelId, request.requester, consumerOf(request), request.nonce],
    ),
  );
}

/** The registry's id of a registration, as `InferenceRegistry.modelIdOf`. */
export function registryModelIdOf(
  registry: Registry,
  model: { owner: Address; verifier: Address; architectureHash: Hex; name: string },
): Hex {
  return keccak256(
    encodeAbiParameters(
      [
        { type: "uint256" },
        { type: "address" },
        { type: "address" },
        { type: "address" },
        { type: "bytes32" },
        { type: "string" },
      ],
      [BigInt(registry.chainId), registry.address, model.owner, model.verifier, model.architectureHash, model.name],
    ),
  );
}

/** A field element or counter as the 32-byte word that contracts and verifiers take. */
export const toWord = (value: bigint): Hex => numberToHex(value, { size: 32 });
