import { hexToBigInt, numberToHex } from "viem/utils";
import { describe, expect, it } from "vitest";
import { buildSumTree, type SumLeaf, sumProof } from "./merkle-sum.ts";
import { accountReference, type BalanceProof, balanceProofSchema, checkBalanceProof, saltLeaf } from "./solvency.ts";

/** A generator with a seed, so that a failure is the same failure again. */
function seeded(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NOBODY = "0x0000000000000000000000000000000000000000" as const;
const words = (value: number | bigint) => numberToHex(value, { size: 32 });

function makeEpoch(seed: number) {
  const random = seeded(seed);
  const epoch = BigInt(random(1_000_000) + 1);
  const accounts = Array.from({ length: random(40) + 1 }, (_, index) => {
    const code = `user:${seed}-${index}`;
    // Zeros, small ones, and some near the end of 64 bits.
    const balance = [0n, BigInt(random(1_000_000_000)), 2n ** 63n - 1n - BigInt(random(1_000))][random(3)] ?? 0n;
    return { code, salt: words(random(2 ** 31)), balance, account: accountReference(31337, code) };
  });
  const leaves: SumLeaf[] = accounts.flatMap(({ account, balance, salt }) => [
    { account, exitTo: NOBODY, balance },
    saltLeaf(epoch, account, salt),
  ]);
  const tree = buildSumTree(leaves);
  const proofOf = (place: number): BalanceProof => {
    const { code = "", salt = words(0), account = words(0), balance = 0n } = accounts[place] ?? {};
    const { siblings, ...where } = sumProof(tree, place * 2);
    return balanceProofSchema.parse({
      version: "converge.balance-proof.v1",
      chainId: 31337,
      vault: NOBODY,
      token: NOBODY,
      epoch: epoch.toString(),
      snapshotAt: "2026-11-23T00:00:00.000Z",
      anchor: { root: tree.root, liabilities: tree.total.toString(), transactionHash: words(1), blockNumber: "1" },
      accountCode: code,
      salt,
      leaf: { account, exitTo: NOBODY, balance: balance.toString() },
      proof: { ...where, siblings: siblings.map(({ hash, sum }) => ({ hash, sum: sum.toString() })) },
    });
  };
  return { accounts, tree, proofOf, anchor: { root: tree.root, liabilities: tree.total } };
}

const failing = (...input: Parameters<typeof checkBalanceProof>) =>
  checkBalanceProof(...input).flatMap(({ name, isOk }) => (isOk ? [] : [name]));

describe("a balance's proof", () => {
  it("holds for every account of any epoch, and the sum of all is what is anchored", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { accounts, tree, proofOf, anchor } = makeEpoch(seed);
      expect(tree.total).toBe(accounts.reduce((sum, { balance }) => sum + balance, 0n));
      for (const place of accounts.keys()) expect(failing(proofOf(place), anchor, tree.total)).toEqual([]);
    }
  });

  it("does not hold once any one of its numbers is another", () => {
    const flip = (hex: string) => words(hexToBigInt(hex as `0x${string}`) ^ 1n);
    const plus = (units: string) => (BigInt(units) + 1n).toString();
    const changes: ((proof: BalanceProof) => void)[] = [
      (proof) => Object.assign(proof.leaf, { balance: plus(proof.leaf.balance) }),
      (proof) => Object.assign(proof.leaf, { account: flip(proof.leaf.account) }),
      (proof) => Object.assign(proof.leaf, { exitTo: `0x${"1".repeat(40)}` }),
      (proof) => Object.assign(proof, { accountCode: `${proof.accountCode}x` }),
      (proof) => Object.assign(proof, { salt: flip(proof.salt) }),
      (proof) => Object.assign(proof, { epoch: plus(proof.epoch) }),
      (proof) => Object.assign(proof.proof, { leafCount: proof.proof.leafCount + 2 }),
      (proof) => Object.assign(proof.proof, { index: proof.proof.index + 1 }),
      (proof) => proof.proof.siblings.pop(),
      (proof) =>
        Object.assign(proof.proof.siblings.at(-1) ?? {}, { sum: plus(proof.proof.siblings.at(-1)?.sum ?? "0") }),
      (proof) =>
        Object.assign(proof.proof.siblings.at(-1) ?? {}, { hash: flip(proof.proof.siblings.at(-1)?.hash ?? "0x0") }),
    ];
    for (let seed = 1; seed <= 20; seed++) {
      const { proofOf, anchor, tree } = makeEpoch(seed);
      for (const change of changes) {
        const proof = proofOf(0);
        change(proof);
        expect(failing(proof, anchor, tree.total)).not.toEqual([]);
      }
    }
  });

  it("names what is wrong: a balance that is not the anchored one, reserves that do not cover it", () => {
    const { proofOf, anchor, tree } = makeEpoch(7);
    const richer = proofOf(0);
    richer.leaf.balance = (BigInt(richer.leaf.balance) + 1n).toString();
    expect(failing(richer, anchor, tree.total)).toEqual(["total", "root"]);
    expect(failing(proofOf(0), anchor, tree.total - 1n)).toEqual(["reserves"]);
    expect(failing({ ...proofOf(0), accountCode: "user:somebody else" }, anchor, tree.total)).toEqual(["reference"]);
  });

  it("refuses sums that wrap around 128 bits", () => {
    const { proofOf, anchor, tree } = makeEpoch(3);
    const proof = proofOf(0);
    Object.assign(proof.proof.siblings.at(-1) ?? {}, { sum: (2n ** 128n - 1n).toString() });
    proof.leaf.balance = "1";
    expect(failing(proof, anchor, tree.total)).toContain("path");
  });
});
