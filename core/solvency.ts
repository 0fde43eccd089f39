import { type Address, encodeAbiParameters, type Hex } from "viem";
import { keccak256, pad, slice, stringToBytes, stringToHex } from "viem/utils";
import { z } from "zod";
import { EMPTY_NODE, hashLeaf, hashNode, hashRoot, SUM_MAX, type SumLeaf, type SumNode } from "./merkle-sum.ts";

/**
 * What a person needs to check that their balance is in a root that the Vault holds: the proof's form, and its judge.
 * Everything here runs in a browser and trusts nothing but the numbers it is given from the chain.
 */

const SALT_DOMAIN = keccak256(stringToBytes("converge.solvency.salt.v1"));

/**
 * The reference of a ledger account on the chain, under which the Vault takes deposits and pays withdrawals: 20 bytes of
 * a hash behind zeros, so that it reads as an address too.
 */
export const accountReference = (chainId: number, accountCode: string): Hex =>
  pad(slice(keccak256(stringToHex(`converge deposit ${chainId} ${accountCode}`)), 12, 32));

/**
 * The leaf behind each account's own: worth nothing, and unknown to everybody without the account's salt. A stranger who
 * sees the pair's hash beside their own way cannot try out whose it is.
 */
export function saltLeaf(epoch: bigint, account: Hex, salt: Hex): SumLeaf {
  const types = [{ type: "bytes32" }, { type: "uint64" }, { type: "bytes32" }, { type: "bytes32" }] as const;
  const hash = keccak256(encodeAbiParameters(types, [SALT_DOMAIN, epoch, account, salt]));
  return { account: hash, exitTo: "0x0000000000000000000000000000000000000000", balance: 0n };
}

const word = z.string().regex(/^0x[0-9a-f]{64}$/i) as unknown as z.ZodType<Hex>;
const address = z.string().regex(/^0x[0-9a-f]{40}$/i) as unknown as z.ZodType<Address>;
const units = z.string().regex(/^(0|[1-9][0-9]{0,38})$/);

/** A proof as it is handed to its owner and given to an auditor; described in docs/audit.md. */
export const balanceProofSchema = z.object({
  version: z.literal("converge.balance-proof.v1"),
  chainId: z.int().positive(),
  vault: address,
  token: address,
  epoch: units,
  snapshotAt: z.string().max(40),
  anchor: z.object({ root: word, liabilities: units, transactionHash: word, blockNumber: units }),
  accountCode: z.string().min(1).max(200),
  salt: word,
  leaf: z.object({ account: word, exitTo: address, balance: units }),
  proof: z.object({
    index: z.int().min(0),
    leafCount: z.int().min(1),
    siblings: z.array(z.object({ hash: word, sum: units })).max(64),
  }),
});
export type BalanceProof = z.output<typeof balanceProofSchema>;

/** What the chain says of the proof's epoch. */
export type AnchorOnChain = { root: Hex; liabilities: bigint };

export type ProofCheckName = "reference" | "leaf" | "salt" | "path" | "total" | "root" | "reserves";
/** `value` is what was found, `expected` what it had to be, both for eyes. */
export type ProofCheck = { name: ProofCheckName; isOk: boolean; value: string; expected: string };

const isSum = (sum: bigint) => sum >= 0n && sum <= SUM_MAX;

type Walk = { top: SumNode; problem: string | null };

/** Adds up and hashes from the leaf to the top; says in words where something cannot be. */
function walkUp(leaf: SumLeaf, { index, leafCount, siblings }: BalanceProof["proof"]): Walk {
  let node: SumNode = { hash: hashLeaf(leaf), sum: leaf.balance };
  const problem = (words: string): Walk => ({ top: node, problem: words });
  if (!isSum(leaf.balance)) return problem("the balance is beyond 128 bits");
  if (!Number.isSafeInteger(leafCount) || index >= leafCount) return problem("the tree has no leaf at that index");
  let [position, count] = [index, leafCount];
  for (const [level, { hash, sum }] of siblings.entries()) {
    const sibling = { hash, sum: BigInt(sum) };
    const place = position % 2 === 0 ? position + 1 : position - 1;
    const mustBeEmpty = place >= count;
    if (count === 1) return problem(`there are more than the ${level} levels of such a tree`);
    if (mustBeEmpty !== (BigInt(hash) === BigInt(EMPTY_NODE.hash)) || (mustBeEmpty && sibling.sum !== 0n))
      return problem(`level ${level} is ${mustBeEmpty ? "not empty" : "empty"}`);
    const total = node.sum + sibling.sum;
    if (!isSum(sibling.sum) || !isSum(total)) return problem(`the sum overflows at level ${level}`);
    node = { hash: position % 2 === 0 ? hashNode(node, sibling) : hashNode(sibling, node), sum: total };
    [position, count] = [Math.floor(position / 2), Math.ceil(count / 2)];
  }
  return { top: node, problem: count === 1 ? null : "levels are missing" };
}

const check = (name: ProofCheckName, value: string, expected: string, isOk = value === expected): ProofCheck => ({
  name,
  isOk,
  value,
  expected,
});

/** Everything that can be said of a proof by itself. The root that its numbers lead to is what the chain has to know. */
export function checkProofAlone(proof: BalanceProof): { checks: ProofCheck[]; root: Hex; total: bigint } {
  const leaf: SumLeaf = { ...proof.leaf, balance: BigInt(proof.leaf.balance) };
  const lower = (text: string) => text.toLowerCase();
  const salted = hashLeaf(saltLeaf(BigInt(proof.epoch), leaf.account, proof.salt));
  const [behind] = proof.proof.siblings;
  const { top, problem } = walkUp(leaf, proof.proof);
  const root = hashRoot(proof.proof.leafCount, top);
  return {
    root,
    total: top.sum,
    checks: [
      check("reference", lower(leaf.account), accountReference(proof.chainId, proof.accountCode)),
      check("leaf", hashLeaf(leaf), hashLeaf(leaf), leaf.balance <= SUM_MAX),
      check(
        "salt",
        behind ? `${lower(behind.hash)}, ${behind.sum} base units` : "missing",
        `${salted}, 0 base units`,
        behind !== undefined && proof.proof.index % 2 === 0 && lower(behind.hash) === salted && behind.sum === "0",
      ),
      check("path", problem ?? `${proof.proof.siblings.length} levels, no overflow`, "", problem === null),
    ],
  };
}

/** Compares a proof with what the chain says; `reserves` are the Vault's tokens. */
export function checkBalanceProof(proof: BalanceProof, anchor: AnchorOnChain, reserves: bigint): ProofCheck[] {
  const { checks, root, total } = checkProofAlone(proof);
  return [
    ...checks,
    check("total", total.toString(), anchor.liabilities.toString()),
    check("root", root, anchor.root.toLowerCase()),
    check("reserves", reserves.toString(), `at least ${anchor.liabilities}`, reserves >= anchor.liabilities),
  ];
}
