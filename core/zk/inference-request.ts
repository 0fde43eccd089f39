import { type Address, encodeAbiParameters, type Hex, keccak256, numberToHex } from "viem";
import { FIELD_ORDER } from "./poseidon2.ts";

export type InferenceRequest = {
  modelId: Hex;
  requester: Address;
  nonce: bigint;
  /** Unix seconds. */
  deadline: bigint;
};

/** Public input 0 of a proof, as `InferenceRegistry.contextOf`: chain, registry, model, requester, nonce and deadline. */
export function contextOf(registry: { chainId: number; address: Address }, request: InferenceRequest): bigint {
  const digest = keccak256(
    encodeAbiParameters(
      [
        { type: "uint256" },
        { type: "address" },
        { type: "bytes32" },
        { type: "address" },
        { type: "uint256" },
        { type: "uint256" },
      ],
      [BigInt(registry.chainId), registry.address, request.modelId, request.requester, request.nonce, request.deadline],
    ),
  );
  return BigInt(digest) % FIELD_ORDER;
}

/** The name under which the registry keeps an output: a model, a requester and a nonce have one. */
export function inferenceIdOf(request: Pick<InferenceRequest, "modelId" | "requester" | "nonce">): Hex {
  return keccak256(
    encodeAbiParameters(
      [{ type: "bytes32" }, { type: "address" }, { type: "uint256" }],
      [request.modelId, request.requester, request.nonce],
    ),
  );
}

/** The registry's id of a registration, as `InferenceRegistry.modelIdOf`. */
export function registryModelIdOf(
  registry: { chainId: number; address: Address },
  model: { owner: Address; commitment: Hex; verifier: Address },
): Hex {
  return keccak256(
    encodeAbiParameters(
      [{ type: "uint256" }, { type: "address" }, { type: "address" }, { type: "bytes32" }, { type: "address" }],
      [BigInt(registry.chainId), registry.address, model.owner, model.commitment, model.verifier],
    ),
  );
}

/** A field element or counter as the 32-byte word that contracts and verifiers take. */
export const toWord = (value: bigint): Hex => numberToHex(value, { size: 32 });
