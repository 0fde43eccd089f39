import { type Address, getAddress, isHex } from "viem";
import { toWire, usd } from "#core/money.ts";
import type { Claim } from "#core/schemas/reward.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { readLeaves } from "./close-epoch.ts";
import { buildEpochTree, type EpochTree } from "./epoch-tree.ts";

// Trees never change once their epoch is final; only the newest is ever asked for.
let newest: { epoch: number; root: string; tree: EpochTree } | null = null;

/** What the caller may collect now, with the proof that the distributor asks for. */
export async function listClaims(actor: Actor): Promise<{ data: Claim[] }> {
  const epoch = await db.rewardEpoch.findFirst({ where: { status: "final" }, orderBy: { number: "desc" } });
  if (!epoch || !isHex(epoch.root)) return { data: [] };
  const claims = await db.rewardClaim.findMany({ where: { userId: actor.userId } });
  const leaves = await db.rewardLeaf.findMany({
    where: { epochNumber: epoch.number, address: { in: claims.map((claim) => claim.address) } },
  });
  if (leaves.length === 0) return { data: [] };

  const tree = await treeOf(epoch.number, epoch.root);
  const paidOf = new Map(claims.map((claim) => [claim.address, claim.paid]));
  const distributor = loadDeployment().contracts.RewardsDistributor;
  return {
    data: leaves.map((leaf) => {
      const address = leaf.address as Address;
      const paid = paidOf.get(leaf.address) ?? 0n;
      return {
        address: getAddress(address),
        distributor,
        epoch: epoch.number,
        root: epoch.root,
        cumulative: toWire(usd(leaf.cumulative)),
        paid: toWire(usd(paid)),
        claimable: toWire(usd(leaf.cumulative > paid ? leaf.cumulative - paid : 0n)),
        proof: tree.proofOf({ address, cumulative: leaf.cumulative }),
      };
    }),
  };
}

async function treeOf(epoch: number, root: string): Promise<EpochTree> {
  if (newest?.epoch === epoch && newest.root === root) return newest.tree;
  const tree = buildEpochTree(await readLeaves(sqlOf(pool), epoch));
  if (tree.root !== root) throw new Error(`The leaves of epoch ${epoch} do not add up to its root`);
  newest = { epoch, root, tree };
  return tree;
}
