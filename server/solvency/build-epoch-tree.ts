import type { Address, Hex } from "viem";
import { buildSumTree, type SumLeaf, type SumTree } from "#core/merkle-sum.ts";
import { accountReference, saltLeaf } from "#core/solvency.ts";

export type AccountLeaf = { code: string; exitTo: Address; balance: bigint; salt: Hex };

/** The two leaves of an account: what it is owed, and the one that keeps strangers from trying out whose it is. */
function leavesOf(chainId: number, epoch: bigint, { code, exitTo, balance, salt }: AccountLeaf): [SumLeaf, SumLeaf] {
  const account = accountReference(chainId, code);
  return [{ account, exitTo, balance }, saltLeaf(epoch, account, salt)];
}

/** Draws the order anew for each epoch: by the salts' leaves, which nobody else can foretell. */
export function shuffle(chainId: number, epoch: bigint, accounts: readonly AccountLeaf[]): AccountLeaf[] {
  const keyed = accounts.map((account) => ({ account, key: leavesOf(chainId, epoch, account)[1].account }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  return keyed.map(({ account }) => account);
}

/** The tree over accounts in the order given. */
export const buildEpochTree = (chainId: number, epoch: bigint, accounts: readonly AccountLeaf[]): SumTree =>
  buildSumTree(accounts.flatMap((account) => leavesOf(chainId, epoch, account)));
