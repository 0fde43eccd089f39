import { DomainError } from "#core/errors.ts";
import { type SumTree, sumProof } from "#core/merkle-sum.ts";
import { accountReference, type BalanceProof } from "#core/solvency.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import { type AccountLeaf, buildEpochTree } from "./build-epoch-tree.ts";
import { type Epoch, listEpochs, listLeaves } from "./epoch-rows.ts";

type Built = { number: bigint; leaves: AccountLeaf[]; places: Map<string, number>; tree: SumTree };

/** The newest anchored epoch's tree: all proofs of an epoch come from one, and only the newest is asked for. */
let kept: Promise<Built> | null = null;
let keptNumber = -1n;

function treeOf({ number, root }: Epoch): Promise<Built> {
  if (kept && keptNumber === number) return kept;
  keptNumber = number;
  kept = listLeaves(sqlOf(pool), number).then((leaves) => {
    const tree = buildEpochTree(env.CHAIN_ID, number, leaves);
    if (tree.root !== root) throw new Error(`The leaves of epoch ${number} do not make its root.`);
    return { number, leaves, tree, places: new Map(leaves.map(({ code }, place) => [code, place])) };
  });
  kept.catch(() => {
    kept = null;
  });
  return kept;
}

/**
 * The proof that the caller's balance is in the newest anchored root. It is its owner's alone: with the salt in it a
 * stranger could find the leaf's hash in other people's proofs. An agent's key gets the agent's.
 */
export async function getBalanceProof(actor: Actor): Promise<BalanceProof> {
  const code = actor.agentId ? agentAccount(actor.agentId) : userAccount(actor.userId);
  const [epoch] = await listEpochs(sqlOf(pool), 1, "anchored");
  if (!epoch?.transactionHash || epoch.blockNumber === null)
    throw new DomainError("NOT_FOUND", { message: "No root is anchored yet. The first follows the first deposit." });
  const { leaves, places, tree } = await treeOf(epoch);
  const place = places.get(code);
  const leaf = place === undefined ? undefined : leaves[place];
  if (place === undefined || !leaf)
    throw new DomainError("NOT_FOUND", { message: "Your account is younger than the last root. The next one has it." });
  const { chainId, contracts } = loadDeployment();
  const { siblings, ...where } = sumProof(tree, place * 2);
  return {
    version: "converge.balance-proof.v1",
    chainId,
    vault: contracts.Vault,
    token: contracts.TestUSD,
    epoch: epoch.number.toString(),
    snapshotAt: epoch.snapshotAt.toISOString(),
    anchor: {
      root: epoch.root,
      liabilities: epoch.liabilities.toString(),
      transactionHash: epoch.transactionHash,
      blockNumber: epoch.blockNumber.toString(),
    },
    accountCode: code,
    salt: leaf.salt,
    leaf: { account: accountReference(chainId, code), exitTo: leaf.exitTo, balance: leaf.balance.toString() },
    proof: { ...where, siblings: siblings.map(({ hash, sum }) => ({ hash, sum: sum.toString() })) },
  };
}
