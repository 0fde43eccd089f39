import fc from "fast-check";
import { type Address, type Hex, zeroHash } from "viem";
import { encodeAbiParameters, keccak256, pad, stringToHex, toHex } from "viem/utils";
import { describe, expect, it } from "vitest";
import {
  buildSumTree,
  hashLeaf,
  hashNode,
  hashRoot,
  SUM_MAX,
  type SumLeaf,
  type SumProof,
  sumProof,
  verifySumProof,
} from "./merkle-sum.ts";

const leafOf = (seed: number, balance: bigint): SumLeaf => ({
  account: keccak256(toHex(seed + 1)),
  exitTo: pad(toHex(seed + 1), { size: 20 }),
  balance,
});
const balances = fc.array(fc.bigInt({ min: 0n, max: SUM_MAX / 64n }), { minLength: 1, maxLength: 40 });
const treeOf = (amounts: readonly bigint[]) => {
  const leaves = amounts.map((amount, seed) => leafOf(seed, amount));
  return { leaves, tree: buildSumTree(leaves) };
};

describe("the tree", () => {
  it("hashes as Solidity's abi.encode does", () => {
    const leaf = leafOf(7, 123_456_789n);
    const domain = (name: string) => keccak256(stringToHex(`converge.solvency.${name}.v1`));
    const encode = (types: string[], values: unknown[]) =>
      keccak256(
        encodeAbiParameters(
          types.map((type) => ({ type })),
          values,
        ),
      );
    expect(hashLeaf(leaf)).toBe(
      encode(["bytes32", "bytes32", "address", "uint128"], [domain("leaf"), leaf.account, leaf.exitTo, leaf.balance]),
    );
    const [left, right] = [
      { hash: leaf.account, sum: SUM_MAX },
      { hash: zeroHash, sum: 0n },
    ] as const;
    expect(hashNode(left, right)).toBe(
      encode(
        ["bytes32", "bytes32", "uint128", "bytes32", "uint128"],
        [domain("node"), left.hash, left.sum, right.hash, right.sum],
      ),
    );
    expect(hashRoot(300, left)).toBe(
      encode(["bytes32", "uint64", "bytes32", "uint128"], [domain("root"), 300n, left.hash, left.sum]),
    );
  });

  it("proves every leaf, its balance and the sum of all", () => {
    fc.assert(
      fc.property(balances, (amounts) => {
        const { leaves, tree } = treeOf(amounts);
        expect(tree.total).toBe(amounts.reduce((sum, amount) => sum + amount, 0n));
        for (const [index, leaf] of leaves.entries()) {
          const proof = sumProof(tree, index);
          expect(proof.siblings).toHaveLength(Math.ceil(Math.log2(leaves.length)));
          expect(verifySumProof(tree.root, tree.total, leaf, proof)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("stands without leaves, and proves nothing then", () => {
    const tree = buildSumTree([]);
    expect(tree).toMatchObject({ total: 0n, leafCount: 0, root: hashRoot(0, { hash: zeroHash, sum: 0n }) });
    expect(verifySumProof(tree.root, 0n, leafOf(1, 0n), { index: 0, leafCount: 0, siblings: [] })).toBe(false);
    expect(() => sumProof(tree, 0)).toThrow();
  });

  it.each([
    ["a negative balance", [leafOf(1, -1n)]],
    ["a balance beyond 128 bits", [leafOf(1, SUM_MAX + 1n)]],
    ["a sum beyond 128 bits", [leafOf(1, SUM_MAX), leafOf(2, 1n)]],
    ["an account that is no 32 bytes", [{ ...leafOf(1, 1n), account: "0x12" as Hex }]],
    ["an address that is none", [{ ...leafOf(1, 1n), exitTo: zeroHash as Address }]],
  ])("refuses %s", (_, leaves) => {
    expect(() => buildSumTree(leaves)).toThrow(expect.objectContaining({ code: "AMOUNT_INVALID" }));
  });
});

describe("a proof", () => {
  const changes: Record<string, (leaf: SumLeaf, proof: SumProof) => [SumLeaf, SumProof]> = {
    "another account": (leaf, proof) => [{ ...leaf, account: keccak256(leaf.account) }, proof],
    "another address": (leaf, proof) => [{ ...leaf, exitTo: pad("0xbad", { size: 20 }) }, proof],
    "a larger balance": (leaf, proof) => [{ ...leaf, balance: leaf.balance + 1n }, proof],
    "another place": (leaf, proof) => [leaf, { ...proof, index: (proof.index + 1) % proof.leafCount }],
    "another count of leaves": (leaf, proof) => [leaf, { ...proof, leafCount: proof.leafCount + 1 }],
    "a place far outside": (leaf, proof) => [leaf, { ...proof, index: proof.index + proof.leafCount }],
    "a level more": (leaf, proof) => [leaf, { ...proof, siblings: [...proof.siblings, { hash: zeroHash, sum: 0n }] }],
    "a level less": (leaf, proof) => [leaf, { ...proof, siblings: proof.siblings.slice(0, -1) }],
    "a sibling of another sum": (leaf, proof) => [
      leaf,
      { ...proof, siblings: proof.siblings.map(({ hash, sum }) => ({ hash, sum: sum + 1n })) },
    ],
    "a negative sibling": (leaf, proof) => [
      leaf,
      { ...proof, siblings: proof.siblings.map(({ hash }) => ({ hash, sum: -1n })) },
    ],
  };

  it.each(Object.entries(changes))("does not hold with %s", (_, change) => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n }), { minLength: 2, maxLength: 20 }), (amounts) => {
        const { leaves, tree } = treeOf(amounts);
        for (const [index, leaf] of leaves.entries()) {
          const [otherLeaf, otherProof] = change(leaf, sumProof(tree, index));
          expect(verifySumProof(tree.root, tree.total, otherLeaf, otherProof)).toBe(false);
        }
      }),
      { numRuns: 15 },
    );
  });

  it("does not hold above a leaf that wraps the sum around", () => {
    // What a lying operator would publish: a huge leaf beside an honest one, and the sum as 128 bits would have it.
    const [honest, huge] = [leafOf(1, 100n), leafOf(2, SUM_MAX)];
    const nodes = [honest, huge].map((leaf) => ({ hash: hashLeaf(leaf), sum: leaf.balance }));
    const [left, right] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    const top = { hash: hashNode(left, right), sum: (left.sum + right.sum) & SUM_MAX };
    const root = hashRoot(2, top);
    expect(verifySumProof(root, top.sum, honest, { index: 0, leafCount: 2, siblings: [right] })).toBe(false);
    expect(verifySumProof(root, top.sum, huge, { index: 1, leafCount: 2, siblings: [left] })).toBe(false);
  });

  it("does not hold for an inner node shown as a leaf", () => {
    const { leaves, tree } = treeOf([1n, 2n, 3n, 4n]);
    const [first] = leaves as [SumLeaf];
    const inner = sumProof(tree, 0).siblings.slice(1);
    expect(verifySumProof(tree.root, tree.total, first, { index: 0, leafCount: 2, siblings: inner })).toBe(false);
  });

  it("does not hold with an empty node in a place that has a leaf", () => {
    const honest = leafOf(1, 5n);
    const top = { hash: hashNode({ hash: hashLeaf(honest), sum: 5n }, { hash: zeroHash, sum: 0n }), sum: 5n };
    const proof = { index: 0, leafCount: 2, siblings: [{ hash: zeroHash, sum: 0n }] };
    expect(verifySumProof(hashRoot(2, top), 5n, honest, proof)).toBe(false);
  });
});
