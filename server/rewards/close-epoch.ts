import { type Address, encodeAbiParameters, encodeFunctionData, type Hex, keccak256 } from "viem";
import { rewardsDistributorAbi, vaultAbi } from "#core/generated/abis.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { type Sql, withTransaction } from "#server/db.ts";
import { buildEpochTree, type Leaf, nextLeaves, takeUnderCap } from "./epoch-tree.ts";

/** The most one epoch adds, in micro-dollars: never above the distributor's own cap. */
export const EPOCH_UNITS_MAX = 10_000_000_000n;

/**
 * Closes the next epoch when there is something to settle, as far as it can go by itself.
 *
 * The epoch's row, its leaves and the order to fund it are written in one transaction before anything is sent; the
 * rest follows from events (`chain-events.ts`): funded, then the root, then final. So a process that dies anywhere
 * leaves exactly one root for the epoch, and this is safe to run as often as anybody likes.
 */
export async function closeEpoch(): Promise<{ opened: number | null }> {
  return withTransaction(async (sql) => {
    await sql.query(`SELECT pg_advisory_xact_lock(hashtextextended('reward-epoch', 0))`);
    const [last] = await sql.query<{ number: number; status: string }>(
      `SELECT number, status FROM reward_epoch ORDER BY number DESC LIMIT 1`,
    );
    if (last && last.status !== "final") return { opened: null };

    const waiting = await sql.query<{ id: string; address: Address; units: bigint }>(
      `SELECT id, address, units FROM reward_cash_out WHERE epoch_number IS NULL ORDER BY created_at, id LIMIT 100000`,
    );
    const taken = takeUnderCap(waiting, EPOCH_UNITS_MAX);
    if (taken.length === 0) return { opened: null };

    const number = (last?.number ?? 0) + 1;
    const lastLeaves = last ? await readLeaves(sql, last.number) : [];
    await openEpoch(sql, number, lastLeaves, taken);
    return { opened: number };
  });
}

async function openEpoch(
  sql: Sql,
  number: number,
  lastLeaves: Leaf[],
  taken: { id: string; address: Address; units: bigint }[],
): Promise<void> {
  const { chainId, contracts } = loadDeployment();
  const { leaves, delta, cumulativeTotal } = nextLeaves(lastLeaves, taken);
  const { root } = buildEpochTree(leaves);
  const withdrawalId = epochWithdrawalId(chainId, contracts.RewardsDistributor, number);

  await sql.query(
    `INSERT INTO reward_epoch (number, status, root, cumulative_total, delta, withdrawal_id)
      VALUES ($1, 'funding', $2, $3, $4, $5)`,
    [number, root, cumulativeTotal, delta, withdrawalId],
  );
  await sql.query(
    `INSERT INTO reward_leaf (epoch_number, address, cumulative)
      SELECT $1, leaf.address, leaf.cumulative FROM unnest($2::text[], $3::bigint[]) AS leaf (address, cumulative)`,
    [number, leaves.map((leaf) => leaf.address), leaves.map((leaf) => leaf.cumulative)],
  );
  await sql.query(`UPDATE reward_cash_out SET epoch_number = $1 WHERE id = ANY($2::text[])`, [
    number,
    taken.map((cashOut) => cashOut.id),
  ]);
  await enqueueTransaction(sql, {
    key: `epoch-fund:${number}`,
    to: contracts.Vault,
    data: encodeFunctionData({
      abi: vaultAbi,
      functionName: "withdraw",
      args: [withdrawalId, contracts.RewardsDistributor, delta],
    }),
    purpose: "epoch-fund",
    refId: String(number),
  });
}

/** Orders the root of an epoch that is funded. Called in the transaction that saw the money arrive, never before. */
export async function publishEpoch(
  sql: Sql,
  epoch: { number: number; root: Hex; cumulativeTotal: bigint },
): Promise<void> {
  await enqueueTransaction(sql, {
    key: `epoch-root:${epoch.number}`,
    to: loadDeployment().contracts.RewardsDistributor,
    data: encodeFunctionData({
      abi: rewardsDistributorAbi,
      functionName: "publishRoot",
      args: [BigInt(epoch.number), epoch.root, epoch.cumulativeTotal],
    }),
    purpose: "epoch-root",
    refId: String(epoch.number),
  });
}

/** The Vault pays an id once, and this id is the epoch's own: a second order for the same epoch cannot be paid. */
export function epochWithdrawalId(chainId: number, distributor: Address, number: number): Hex {
  return keccak256(
    encodeAbiParameters(
      [{ type: "string" }, { type: "uint256" }, { type: "address" }, { type: "uint64" }],
      ["converge-epoch-v1", BigInt(chainId), distributor, BigInt(number)],
    ),
  );
}

export function readLeaves(sql: Sql, epochNumber: number): Promise<Leaf[]> {
  return sql.query<Leaf>(`SELECT address, cumulative FROM reward_leaf WHERE epoch_number = $1`, [epochNumber]);
}
