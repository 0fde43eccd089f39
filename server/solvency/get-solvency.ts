import type { SolvencyView } from "#core/schemas/solvency.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { pool, sqlOf } from "#server/db.ts";
import { listEpochs } from "./epoch-rows.ts";

const EPOCHS_SHOWN = 20;

/** The newest epochs, for anybody. Nothing here needs to be believed: root and sums are at the Vault. */
export async function getSolvency(): Promise<SolvencyView> {
  const { chainId, contracts } = loadDeployment();
  const epochs = await listEpochs(sqlOf(pool), EPOCHS_SHOWN);
  return {
    chainId,
    vault: contracts.Vault,
    token: contracts.TestUSD,
    status: epochs[0]?.status ?? "none",
    data: epochs.map((epoch) => ({
      epoch: epoch.number.toString(),
      status: epoch.status,
      root: epoch.root,
      liabilities: epoch.liabilities.toString(),
      reserves: epoch.reserves.toString(),
      leafCount: epoch.leafCount,
      depositsCounted: epoch.depositsCounted.toString(),
      chainHead: { link: epoch.headLink.toString(), hash: epoch.headHash },
      snapshotAt: epoch.snapshotAt.toISOString(),
      anchoredAt: epoch.anchoredAt?.toISOString() ?? null,
      transactionHash: epoch.transactionHash,
      blockNumber: epoch.blockNumber?.toString() ?? null,
      error: epoch.error,
    })),
  };
}
