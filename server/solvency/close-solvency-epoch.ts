import { encodeFunctionData, type Hex, zeroHash } from "viem";
import { vaultAbi } from "#core/generated/abis.ts";
import { publicClient } from "#server/chain/client.ts";
import { findDeployment, loadDeployment } from "#server/chain/deployments.ts";
import { enqueueTransaction, whileNothingIsOrdered } from "#server/chain/outbox.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import { chainHead, sealBatches } from "#server/ledger/seal-batches.ts";
import { log } from "#server/log.ts";
import { isRootAwaited, ROOT_AWAITED_MS } from "#server/wallets/root-cover.ts";
import { buildEpochTree, shuffle } from "./build-epoch-tree.ts";
import { listEpochs, saveEpoch } from "./epoch-rows.ts";
import { type Snapshot, takeSnapshot } from "./take-snapshot.ts";

/** The name under which the outbox reports an anchor that failed. */
export const SOLVENCY_PURPOSE = "solvency-root";
/** Of so many anchored epochs the leaves are kept, so that proofs can be made; of older ones the root alone. */
export const EPOCHS_WITH_LEAVES = 50;

const HOUR_MS = 3_600_000;
export type EpochTiming = { afterChangeMs: number; atLatestMs: number; whenAwaitedMs?: number };

/**
 * On the development chain a change is anchored at the next minute, and at once when a payment waits for it; elsewhere,
 * and without changes, every hour.
 */
export const EPOCH_TIMING: EpochTiming = {
  afterChangeMs: env.isDevelopmentChain ? 45_000 : HOUR_MS,
  atLatestMs: HOUR_MS,
  whenAwaitedMs: ROOT_AWAITED_MS,
};

/**
 * Publishes what every account is owed, when it is time to.
 *
 * Snapshot, leaves, root and the order to anchor it are one transaction, so a process that dies anywhere leaves either
 * nothing or one root that is on its way. Any number of workers may run it as often as they like.
 */
export async function closeSolvencyEpoch(
  timing: EpochTiming = EPOCH_TIMING,
  passing: (place: "built" | "ordered") => Promise<void> = async () => undefined,
): Promise<{ opened: bigint | null }> {
  if (!findDeployment() || !(await isDue(sqlOf(pool), timing))) return { opened: null };
  await sealBatches();
  const latest = await publicClient().readContract({
    address: loadDeployment().contracts.Vault,
    abi: vaultAbi,
    functionName: "latestEpoch",
  });
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on("error", onError);
  const sql = sqlOf(client);
  try {
    return await whileNothingIsOrdered(sql, async () => {
      await sql.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
      try {
        const opened = (await isDue(sql, timing)) ? await openEpoch(sql, latest) : null;
        await passing("built");
        await sql.query("COMMIT");
        await passing("ordered");
        return { opened };
      } catch (error) {
        await sql.query("ROLLBACK");
        throw error;
      }
    });
  } catch (error) {
    // The lock belongs to the connection: one that failed is closed, and the lock is gone with it.
    broken ??= error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.off("error", onError);
    client.release(broken);
  }
}

async function isDue(sql: Sql, timing: EpochTiming): Promise<boolean> {
  const [last] = await listEpochs(sql, 1);
  if (!last) return true;
  if (last.status === "built") return false;
  const age = Date.now() - last.snapshotAt.getTime();
  if (age >= timing.atLatestMs) return true;
  // After a refusal the usual time passes, so that what is wrong is not said every other second.
  const isEager = last.status === "anchored" && age >= (timing.whenAwaitedMs ?? Number.POSITIVE_INFINITY);
  if (isEager && (await isRootAwaited(sql))) return true;
  if (age < timing.afterChangeMs) return false;
  return last.status !== "anchored" || (await chainHead(sql))?.hash !== last.headHash;
}

async function openEpoch(sql: Sql, latestOnChain: bigint): Promise<bigint | null> {
  const snapshot = await takeSnapshot(sql);
  if (!snapshot) return null;
  const number = await nextNumber(sql, latestOnChain);
  const facts = {
    number,
    depositsCounted: snapshot.depositsCounted,
    headLink: snapshot.head.link,
    headHash: snapshot.head.hash as Hex,
    reserves: snapshot.reserves,
    snapshotBlock: snapshot.block,
  };
  if (snapshot.owed > snapshot.reserves) {
    await saveEpoch(sql, { ...facts, ...sayUnderfunded(number, snapshot) }, []);
    return null;
  }
  const accounts = shuffle(env.CHAIN_ID, number, snapshot.accounts);
  const tree = buildEpochTree(env.CHAIN_ID, number, accounts);
  const built = { status: "built" as const, root: tree.root, liabilities: tree.total, leafCount: tree.leafCount };
  await saveEpoch(sql, { ...facts, ...built, error: null }, accounts);
  await forgetOldLeaves(sql);
  const args = [number, tree.root, tree.total, facts.depositsCounted, facts.headHash] as const;
  await enqueueTransaction(sql, {
    key: `${SOLVENCY_PURPOSE}:${number}`,
    to: loadDeployment().contracts.Vault,
    data: encodeFunctionData({ abi: vaultAbi, functionName: "anchorRoot", args }),
    purpose: SOLVENCY_PURPOSE,
    refId: number.toString(),
    isBarrier: true,
  });
  return number;
}

/** The newest anchored epoch's leaves are kept however many were refused since: they are what a forced exit needs. */
const forgetOldLeaves = (sql: Sql) =>
  sql.query(
    `DELETE FROM solvency_leaf WHERE epoch_number < (SELECT min(number) FROM (
       SELECT number FROM solvency_epoch WHERE status = 'anchored' ORDER BY number DESC LIMIT $1) newest)`,
    [EPOCHS_WITH_LEAVES],
  );

/** An epoch that was not ordered for want of money keeps its number until it is. */
async function nextNumber(sql: Sql, latestOnChain: bigint): Promise<bigint> {
  const [last] = await listEpochs(sql, 1);
  const ours = last ? (last.status === "underfunded" ? last.number - 1n : last.number) : 0n;
  return (ours > latestOnChain ? ours : latestOnChain) + 1n;
}

function sayUnderfunded(epoch: bigint, { owed, reserves }: Snapshot) {
  const missing = owed - reserves;
  log.error(
    { event: "solvency.underfunded", epoch, liabilities: owed, reserves, missing },
    "the ledger owes more than the Vault holds; no root is anchored",
  );
  const error = `The ledger owes ${owed} base units and the Vault holds ${reserves}: ${missing} are missing.`;
  return { status: "underfunded" as const, root: zeroHash, liabilities: owed, leafCount: 0, error };
}
