// Writes the vectors by which forge checks the contract's Merkle-sum proofs against ours:
// node scripts/run.mjs scripts/generate-merkle-vectors.ts
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Hex, zeroHash } from "viem";
import { encodeAbiParameters, keccak256, pad, toHex } from "viem/utils";
import { buildSumTree, SUM_MAX, type SumLeaf, type SumProof, sumProof, verifySumProof } from "../core/merkle-sum.ts";

export const VECTORS_FILE = resolve(import.meta.dirname, "../contracts/test/vectors/merkle-sum.json");

type Vector = { root: Hex; total: bigint; leaf: SumLeaf; proof: SumProof; isValid: boolean };

const NODE = [
  { name: "hash", type: "bytes32" },
  { name: "sum", type: "uint128" },
] as const;
const VECTORS = [
  {
    type: "tuple[]",
    components: [
      { name: "root", type: "bytes32" },
      { name: "total", type: "uint128" },
      {
        name: "leaf",
        type: "tuple",
        components: [
          { name: "account", type: "bytes32" },
          { name: "exitTo", type: "address" },
          { name: "balance", type: "uint128" },
        ],
      },
      {
        name: "proof",
        type: "tuple",
        components: [
          { name: "index", type: "uint64" },
          { name: "leafCount", type: "uint64" },
          { name: "siblings", type: "tuple[]", components: NODE },
        ],
      },
      { name: "isValid", type: "bool" },
    ],
  },
] as const;

/** Numbers that look random and are the same in every run. */
const random = (seed: string) => BigInt(keccak256(toHex(seed)));

function leavesOf(count: number): SumLeaf[] {
  return Array.from({ length: count }, (_, index) => ({
    account: keccak256(toHex(`account ${count} ${index}`)),
    exitTo: pad(toHex(random(`address ${count} ${index}`) >> 96n), { size: 20 }),
    // Every fourth owes nothing, some nearly fill their share of 128 bits.
    balance:
      index % 4 === 3 ? 0n : random(`balance ${count} ${index}`) % (index % 5 === 0 ? SUM_MAX / 64n : 10n ** 12n),
  }));
}

/** What must not pass. Some changes change nothing in a small tree, and are left out there. */
function changesOf(root: Hex, total: bigint, leaf: SumLeaf, proof: SumProof): Omit<Vector, "isValid">[] {
  const [first, ...rest] = proof.siblings;
  const base = { root, total, leaf, proof };
  const withSiblings = (siblings: SumProof["siblings"]) => ({ ...base, proof: { ...proof, siblings } });
  const changes = [
    { ...base, root: keccak256(root) },
    { ...base, total: total + 1n },
    { ...base, leaf: { ...leaf, balance: leaf.balance + 1n } },
    { ...base, leaf: { ...leaf, exitTo: pad("0xbad", { size: 20 }) } },
    { ...base, leaf: { ...leaf, account: zeroHash } },
    { ...base, proof: { ...proof, index: (proof.index + 1) % proof.leafCount } },
    { ...base, proof: { ...proof, index: proof.index + proof.leafCount } },
    { ...base, proof: { ...proof, leafCount: proof.leafCount + 1 } },
    { ...base, proof: { ...proof, leafCount: 0 } },
    withSiblings([...proof.siblings, { hash: zeroHash, sum: 0n }]),
    withSiblings(rest),
    ...(first
      ? [
          withSiblings([{ ...first, sum: SUM_MAX }, ...rest]),
          withSiblings([{ ...first, sum: first.sum + 1n }, ...rest]),
          withSiblings([{ hash: keccak256(first.hash), sum: first.sum }, ...rest]),
          withSiblings([{ hash: zeroHash, sum: 0n }, ...rest]),
          withSiblings([{ hash: zeroHash, sum: 7n }, ...rest]),
        ]
      : []),
  ];
  return changes.filter((changed) => !isDeepStrictEqual(changed, base));
}

export function merkleVectors(): Vector[] {
  const vectors: Vector[] = [];
  for (const count of [1, 2, 3, 5, 8, 13]) {
    const leaves = leavesOf(count);
    const tree = buildSumTree(leaves);
    for (const [index, leaf] of leaves.entries()) {
      const proof = sumProof(tree, index);
      vectors.push({ root: tree.root, total: tree.total, leaf, proof, isValid: true });
      if (index > 1 && index < count - 2) continue;
      for (const changed of changesOf(tree.root, tree.total, leaf, proof)) {
        vectors.push({ ...changed, isValid: verifySumProof(changed.root, changed.total, changed.leaf, changed.proof) });
      }
    }
  }
  return vectors;
}

export function encodeVectors(vectors: readonly Vector[]): string {
  const encoded = vectors.map((vector) => ({
    ...vector,
    proof: { ...vector.proof, index: BigInt(vector.proof.index), leafCount: BigInt(vector.proof.leafCount) },
  }));
  return `${JSON.stringify({ vectors: encodeAbiParameters(VECTORS, [encoded]) })}\n`;
}

if (import.meta.main) {
  const vectors = merkleVectors();
  await writeFile(VECTORS_FILE, encodeVectors(vectors));
  process.stdout.write(`${VECTORS_FILE}: ${vectors.length} vectors\n`);
}
