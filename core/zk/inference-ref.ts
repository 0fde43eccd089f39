import { encodeAbiParameters, type Hex, keccak256 } from "viem";
import type { InferenceBatch } from "./inference-request.ts";
import { consumerOf, requestsRootOf, siblingsOf } from "./request-tree.ts";

/** The name under which the registry keeps a batch. `outputs` are the words that its proof shows. */
export function batchIdOf(batch: InferenceBatch, outputs: readonly bigint[]): Hex {
  return keccak256(
    encodeAbiParameters(
      [{ type: "bytes32" }, { type: "uint16" }, { type: "uint256" }, { type: "bytes32" }, { type: "uint256[]" }],
      [batch.modelId, batch.version, batch.nonce, requestsRootOf(batch.requests), outputs],
    ),
  );
}

/** Names one inference of a recorded batch to `requireInference`; one that was recorded alone is named by its id. */
export function batchedRefOf(batch: InferenceBatch, outputs: readonly bigint[], index: number): Hex {
  const request = batch.requests[index];
  if (!request) throw new Error(`The batch has no inference ${index}.`);
  return encodeAbiParameters(
    [
      {
        type: "tuple",
        components: [
          { type: "bytes32", name: "modelId" },
          { type: "uint16", name: "version" },
          { type: "uint256", name: "nonce" },
          { type: "uint16", name: "index" },
          { type: "address", name: "requester" },
          { type: "address", name: "consumer" },
          { type: "uint256[]", name: "outputs" },
          { type: "bytes32[]", name: "siblings" },
        ],
      },
    ],
    [
      {
        modelId: batch.modelId,
        version: batch.version,
        nonce: batch.nonce,
        index,
        requester: request.requester,
        consumer: consumerOf(request),
        outputs,
        siblings: siblingsOf(batch.requests, index),
      },
    ],
  );
}
