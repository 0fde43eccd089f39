import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { type Address, type Hex, isHex } from "viem";

export type Leaf = { address: Address; cumulative: bigint };

export type EpochTree = { root: Hex; proofOf(leaf: Leaf): Hex[] };

/** The cumulative Merkle tree of an epoch: OpenZeppelin's standard tree over ["address", "uint256"]. */
export function buildEpochTree(leaves: readonly Leaf[]): EpochTree {
  const tree = StandardMerkleTree.of(
    leaves.map(({ address, cumulative }): [string, string] => [address, cumulative.toString()]),
    ["address", "uint256"],
  );
  return {
    root: hexOf(tree.root),
    proofOf: ({ address, cumulative }) => tree.getProof([address, cumulative.toString()]).map(hexOf),
  };
}

/** Whether a proof leads from a leaf to a root, as the contract decides it. */
export function isInEpoch(root: Hex, leaf: Leaf, proof: readonly Hex[]): boolean {
  return StandardMerkleTree.verify(
    root,
    ["address", "uint256"],
    [leaf.address, leaf.cumulative.toString()],
    [...proof],
  );
}

function hexOf(text: string): Hex {
  if (!isHex(text)) throw new Error("The Merkle library answered something that is not hex");
  return text;
}

/**
 * The leaves of the next epoch: the last epoch's, each grown by what is cashed out now.
 *
 * An address whose leaf did not grow stays in, so that money nobody collected yet is never dropped.
 */
export function nextLeaves(
  last: readonly Leaf[],
  cashOuts: readonly { address: Address; units: bigint }[],
): { leaves: Leaf[]; delta: bigint; cumulativeTotal: bigint } {
  const cumulativeOf = new Map<Address, bigint>(last.map(({ address, cumulative }) => [address, cumulative]));
  let delta = 0n;
  for (const { address, units } of cashOuts) {
    cumulativeOf.set(address, (cumulativeOf.get(address) ?? 0n) + units);
    delta += units;
  }
  const leaves = [...cumulativeOf].map(([address, cumulative]) => ({ address, cumulative }));
  return { leaves, delta, cumulativeTotal: leaves.reduce((sum, leaf) => sum + leaf.cumulative, 0n) };
}

/** Takes cash-outs in order for as long as they fit under what one epoch may add; the rest waits for the next one. */
export function takeUnderCap<CashOut extends { units: bigint }>(waiting: readonly CashOut[], cap: bigint): CashOut[] {
  const taken: CashOut[] = [];
  let sum = 0n;
  for (const cashOut of waiting) {
    if (sum + cashOut.units > cap) break;
    sum += cashOut.units;
    taken.push(cashOut);
  }
  return taken;
}
