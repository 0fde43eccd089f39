import { type Address, encodeAbiParameters, encodeFunctionData, type Hex, keccak256 } from "viem";
import { rewardsDistributorAbi, vaultAbi } from "#core/generated/abis.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { type Sql, withTransaction } from "#server/db.ts";
import { CASHOUT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { addJob } from "#server/queue.ts";
import { depositRef } from "#server/wallets/deposit-accounts.ts";
import { buildEpochTree, type Leaf, nextLeaves, takeUnderCap } from "./epoch-tree.ts";
import { isFundingCovered } from "./funding-cover.ts";

/** The most one epoch adds, in micro-dollars: never above the distributor's own cap. */
export const EPOCH_UNITS_MAX = 10_000_000_000n;
/** The name under which the outbox reports a failed step. */
export const EPOCH_PURPOSE = "epoch";

type Epoch = {
  number: number;
  status: string;
  root: Hex;
  delta: bigint;
  cumulativeTotal: bigint;
  withdrawalId: Hex;
  failures: number;
  isWaiting: boolean;
};

const EPOCH_COLUMNS = `number, status, root, delta, cumulative_total AS "cumulativeTotal", withdrawal_id AS "withdrawalId",
  failures, coalesce(retry_at > now(), false) AS "isWaiting"`;

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
    const [last] = await sql.query<Epoch>(`SELECT ${EPOCH_COLUMNS} FROM reward_epoch ORDER BY number DESC LIMIT 1`);
    if (last && last.status !== "final") {
      if (!last.isWaiting) await orderNextStep(sql, last);
      return { opened: null };
    }

    const waiting = await sql.query<{ id: string; address: Address; units: bigint }>(
      `SELECT id, address, units FROM reward_cash_out WHERE epoch_number IS NULL ORDER BY created_at, id LIMIT 100000`,
    );
    const taken = takeUnderCap(waiting, EPOCH_UNITS_MAX);
    if (taken.length === 0) return { opened: null };

    const number = (last?.number ?? 0) + 1;
    await openEpoch(sql, number, last ? await readLeaves(sql, last.number) : [], taken);
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

  const [epoch] = await sql.query<Epoch>(
    `INSERT INTO reward_epoch (number, status, root, cumulative_total, delta, withdrawal_id)
      VALUES ($1, 'funding', $2, $3, $4, $5) RETURNING ${EPOCH_COLUMNS}`,
    [number, root, cumulativeTotal, delta, withdrawalId],
  );
  if (!epoch) throw new Error("The epoch was not written");
  await sql.query(
    `INSERT INTO reward_leaf (epoch_number, address, cumulative)
      SELECT $1, leaf.address, leaf.cumulative FROM unnest($2::text[], $3::bigint[]) AS leaf (address, cumulative)`,
    [number, leaves.map((leaf) => leaf.address), leaves.map((leaf) => leaf.cumulative)],
  );
  await sql.query(`UPDATE reward_cash_out SET epoch_number = $1 WHERE id = ANY($2::text[])`, [
    number,
    taken.map((cashOut) => cashOut.id),
  ]);
  await orderNextStep(sql, epoch);
}

/** The money is with the distributor. Called in the transaction that saw it arrive: the root is never ordered before. */
export async function markFunded(
  sql: Sql,
  seen: { withdrawalId: Hex; at: Date; transactionHash: Hex },
): Promise<Epoch | null> {
  const [epoch] = await sql.query<Epoch>(
    `UPDATE reward_epoch SET status = 'publishing', funded_at = $2, funded_hash = $3, retry_at = NULL
      WHERE withdrawal_id = $1 AND status = 'funding' RETURNING ${EPOCH_COLUMNS}`,
    [seen.withdrawalId, seen.at, seen.transactionHash],
  );
  if (epoch) await orderNextStep(sql, epoch);
  return epoch ?? null;
}

/**
 * A step was refused for good (the Vault's daily cap, a pause): it is ordered again later, ever more seldom.
 * Ordering again cannot pay twice: the Vault knows the withdrawal's id, the distributor the epoch's number.
 */
export async function retryEpochLater(sql: Sql, failed: { refId: string | null }): Promise<void> {
  const [epoch] = await sql.query<{ retryAt: Date }>(
    `UPDATE reward_epoch SET failures = failures + 1, retry_at = now() + least(3600, 15 * power(2, least(failures, 8))) * interval '1 second'
      WHERE number = $1 AND status <> 'final' RETURNING retry_at AS "retryAt"`,
    [Number(failed.refId)],
  );
  if (epoch) await addJob(sql, "close-epoch", {}, { jobKey: "close-epoch", runAt: epoch.retryAt });
}

async function orderNextStep(sql: Sql, epoch: Epoch): Promise<void> {
  const { contracts } = loadDeployment();
  const refId = String(epoch.number);
  if (epoch.status === "funding") {
    // The next root covers it, and whoever sees that root anchored calls for this again.
    if (!(await isFundingCovered(sql, epoch.delta))) return;
    const args = [epoch.withdrawalId, depositRef(CASHOUT_ACCOUNT), contracts.RewardsDistributor, epoch.delta] as const;
    const data = encodeFunctionData({ abi: vaultAbi, functionName: "withdraw", args });
    const key = `epoch-fund:${epoch.number}:${epoch.failures}`;
    await enqueueTransaction(sql, { key, to: contracts.Vault, data, purpose: EPOCH_PURPOSE, refId });
  } else {
    const args = [BigInt(epoch.number), epoch.root, epoch.cumulativeTotal] as const;
    const data = encodeFunctionData({ abi: rewardsDistributorAbi, functionName: "publishRoot", args });
    const key = `epoch-root:${epoch.number}:${epoch.failures}`;
    await enqueueTransaction(sql, { key, to: contracts.RewardsDistributor, data, purpose: EPOCH_PURPOSE, refId });
  }
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
