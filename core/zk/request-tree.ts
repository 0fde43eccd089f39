import { type Address, concat, encodeAbiParameters, type Hex, keccak256, zeroAddress } from "viem";

/** Whom an inference is for, and the contract that may use it: the requester itself when there is none. */
export type InferenceRequest = { requester: Address; consumer?: Address };

export const consumerOf = ({ requester, consumer }: InferenceRequest): Address =>
  consumer === undefined || consumer === zeroAddress ? requester : consumer;

const hashPair = (a: Hex, b: Hex): Hex => keccak256(BigInt(a) < BigInt(b) ? concat([a, b]) : concat([b, a]));

/** The next row towards the root; a node without a partner moves up. */
const rowAbove = (nodes: readonly Hex[]): Hex[] =>
  nodes.flatMap((node, i) => (i % 2 === 1 ? [] : [hashWith(node, nodes[i + 1])]));

const hashWith = (node: Hex, partner: Hex | undefined): Hex => (partner === undefined ? node : hashPair(node, partner));

const leavesOf = (requests: readonly InferenceRequest[]): Hex[] =>
  requests.map((request, index) =>
    keccak256(
      encodeAbiParameters(
        [{ type: "uint256" }, { type: "address" }, { type: "address" }],
        [BigInt(index), request.requester, consumerOf(request)],
      ),
    ),
  );

/** The root over the requests of a batch, as `RequestTree.sol`. */
export function requestsRootOf(requests: readonly InferenceRequest[]): Hex {
  let row = leavesOf(requests);
  while (row.length > 1) row = rowAbove(row);
  const [root] = row;
  if (root === undefined) throw new Error("A batch has at least one request.");
  return root;
}

/** What to hash the request at `index` with, one node after the other, to come to the root. */
export function siblingsOf(requests: readonly InferenceRequest[], index: number): Hex[] {
  const siblings: Hex[] = [];
  for (let [row, at] = [leavesOf(requests), index]; row.length > 1; [row, at] = [rowAbove(row), at >> 1]) {
    const sibling = row[at ^ 1];
    if (sibling !== undefined) siblings.push(sibling);
  }
  return siblings;
}
