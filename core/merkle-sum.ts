import { type Address, type Hex, zeroHash } from "viem";
import { hexToBytes, keccak256, stringToBytes } from "viem/utils";
import { DomainError } from "./errors.ts";

/**
 * Merkle-sum trees: every node also says what lies below it, so that a root commits to each balance and to their sum.
 * The same trees, to the byte, as `contracts/src/libraries/MerkleSum.sol`, which describes them; shared vectors
 * (`contracts/test/vectors`) keep the two together.
 */

/** What an account is owed, and the address that may take it out of the Vault. */
export type SumLeaf = { account: Hex; exitTo: Address; balance: bigint };
export type SumNode = { hash: Hex; sum: bigint };
/** Where a leaf is, and the other node of each pair from the leaf up. */
export type SumProof = { index: number; leafCount: number; siblings: SumNode[] };
/** `levels[0]` are the leaves, without the empty nodes that pair up an odd level; the last level is the top. */
export type SumTree = { root: Hex; total: bigint; leafCount: number; levels: SumNode[][] };

export const SUM_MAX = 2n ** 128n - 1n;
/** Pairs up the last node of an odd level. No leaf and no pair hashes to zero. */
export const EMPTY_NODE: SumNode = { hash: zeroHash, sum: 0n };

const domain = (name: string) => keccak256(stringToBytes(`converge.solvency.${name}.v1`), "bytes");
const LEAF_DOMAIN = domain("leaf");
const NODE_DOMAIN = domain("node");
const ROOT_DOMAIN = domain("root");

const WORD = 32;

/** `keccak256(abi.encode(…))` of static values: words one after the other. Ten times as fast as a general encoder. */
function hashWords(words: readonly (Uint8Array | Hex | bigint)[]): Hex {
  const bytes = new Uint8Array(words.length * WORD);
  for (const [place, word] of words.entries()) {
    const end = (place + 1) * WORD;
    if (typeof word === "bigint") {
      for (let at = end - 1, rest = word; rest > 0n; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
    } else {
      const part = typeof word === "string" ? hexToBytes(word) : word;
      bytes.set(part, end - part.length);
    }
  }
  return keccak256(bytes);
}

export function hashLeaf({ account, exitTo, balance }: SumLeaf): Hex {
  return hashWords([LEAF_DOMAIN, account, exitTo, balance]);
}

export function hashNode(left: SumNode, right: SumNode): Hex {
  return hashWords([NODE_DOMAIN, left.hash, left.sum, right.hash, right.sum]);
}

/** The root: the count of leaves, which fixes the shape, over the top of the tree. */
export function hashRoot(leafCount: number, top: SumNode): Hex {
  return hashWords([ROOT_DOMAIN, BigInt(leafCount), top.hash, top.sum]);
}

const isSum = (value: bigint) => value >= 0n && value <= SUM_MAX;
const isWord = (value: string) => /^0x[0-9a-fA-F]{64}$/.test(value);
const isAddress = (value: string) => /^0x[0-9a-fA-F]{40}$/.test(value);
const isLeaf = ({ account, exitTo, balance }: SumLeaf) => isWord(account) && isAddress(exitTo) && isSum(balance);

/** Refuses what the contract could not represent: a negative or too large balance, and a sum beyond 128 bits. */
export function buildSumTree(leaves: readonly SumLeaf[]): SumTree {
  let level: SumNode[] = leaves.map((leaf, index) => {
    if (!isLeaf(leaf)) throw new DomainError("AMOUNT_INVALID", { message: "A leaf is not well formed.", index });
    return { hash: hashLeaf(leaf), sum: leaf.balance };
  });
  const levels = [level];
  while (level.length > 1) {
    level = parentsOf(level);
    levels.push(level);
  }
  const top = level[0] ?? EMPTY_NODE;
  return { root: hashRoot(leaves.length, top), total: top.sum, leafCount: leaves.length, levels };
}

function parentsOf(nodes: readonly SumNode[]): SumNode[] {
  const parents: SumNode[] = [];
  for (let at = 0; at < nodes.length; at += 2) {
    const [left = EMPTY_NODE, right = EMPTY_NODE] = [nodes[at], nodes[at + 1]];
    const sum = left.sum + right.sum;
    if (!isSum(sum)) throw new DomainError("AMOUNT_INVALID", { message: "The balances add up to more than 128 bits." });
    parents.push({ hash: hashNode(left, right), sum });
  }
  return parents;
}

/** The proof of the leaf at an index, in the order of the leaves given to `buildSumTree`. */
export function sumProof(tree: SumTree, index: number): SumProof {
  if (!Number.isInteger(index) || index < 0 || index >= tree.leafCount) {
    throw new DomainError("NOT_FOUND", { message: "The tree has no such leaf.", index });
  }
  const siblings: SumNode[] = [];
  let position = index;
  for (const level of tree.levels.slice(0, -1)) {
    siblings.push(level[siblingOf(position)] ?? EMPTY_NODE);
    position = Math.floor(position / 2);
  }
  return { index, leafCount: tree.leafCount, siblings };
}

const siblingOf = (position: number) => (position % 2 === 0 ? position + 1 : position - 1);

/** Whether the tree with this root and this total holds the leaf at the proof's index. Never throws: data may be anybody's. */
export function verifySumProof(root: Hex, total: bigint, leaf: SumLeaf, proof: SumProof): boolean {
  const { index, leafCount, siblings } = proof;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(leafCount) || index < 0 || index >= leafCount) return false;
  if (!isLeaf(leaf)) return false;

  let position = index;
  let count = leafCount;
  let node: SumNode = { hash: hashLeaf(leaf), sum: leaf.balance };
  for (const sibling of siblings) {
    if (count === 1 || !isWord(sibling.hash) || !isSum(sibling.sum)) return false;
    // Exactly the siblings beyond the last node are empty.
    const isEmpty = siblingOf(position) >= count;
    if (isEmpty !== (sibling.hash === zeroHash) || (isEmpty && sibling.sum !== 0n)) return false;
    const sum = node.sum + sibling.sum;
    if (!isSum(sum)) return false;
    node = { hash: position % 2 === 0 ? hashNode(node, sibling) : hashNode(sibling, node), sum };
    position = Math.floor(position / 2);
    count = Math.ceil(count / 2);
  }
  return count === 1 && node.sum === total && hashRoot(leafCount, node) === root.toLowerCase();
}

/** A proof as the Vault's `exit` takes it. */
export function toExitArguments(leaf: SumLeaf, proof: SumProof) {
  const { index, leafCount, siblings } = proof;
  return [leaf, { index: BigInt(index), leafCount: BigInt(leafCount), siblings }] as const;
}
