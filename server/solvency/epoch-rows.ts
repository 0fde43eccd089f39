import type { Hex } from "viem";
import type { Sql } from "#server/db.ts";
import type { AccountLeaf } from "./build-epoch-tree.ts";

export type EpochStatus = "built" | "anchored" | "failed" | "underfunded";
export type Epoch = {
  number: bigint;
  status: EpochStatus;
  root: Hex;
  liabilities: bigint;
  leafCount: number;
  depositsCounted: bigint;
  headLink: bigint;
  headHash: Hex;
  reserves: bigint;
  snapshotAt: Date;
  snapshotBlock: bigint;
  transactionHash: Hex | null;
  blockNumber: bigint | null;
  anchoredAt: Date | null;
  error: string | null;
};

const EPOCH_COLUMNS = `number, status, root, liabilities, leaf_count AS "leafCount", deposits_counted AS "depositsCounted",
  head_link AS "headLink", head_hash AS "headHash", reserves, snapshot_at AS "snapshotAt", snapshot_block AS "snapshotBlock",
  transaction_hash AS "transactionHash", block_number AS "blockNumber", anchored_at AS "anchoredAt", error`;

/** The newest epochs, newest first; only those of one status when it is given. */
export const listEpochs = (sql: Sql, limit: number, status: EpochStatus | null = null): Promise<Epoch[]> =>
  sql.query(
    `SELECT ${EPOCH_COLUMNS} FROM solvency_epoch WHERE $2::text IS NULL OR status = $2 ORDER BY number DESC LIMIT $1`,
    [limit, status],
  );

export const listLeaves = (sql: Sql, epoch: bigint): Promise<AccountLeaf[]> =>
  sql.query(
    `SELECT l.account_code AS code, l.exit_to AS "exitTo", l.balance, s.salt
     FROM solvency_leaf l JOIN solvency_salt s USING (account_code) WHERE l.epoch_number = $1 ORDER BY l.place`,
    [epoch],
  );

/** Writes an epoch; one that was never ordered is written over under its number. */
export async function saveEpoch(
  sql: Sql,
  epoch: Omit<Epoch, "transactionHash" | "blockNumber" | "anchoredAt" | "snapshotAt">,
  leaves: readonly AccountLeaf[],
): Promise<void> {
  const { number, status, root, liabilities, leafCount, depositsCounted, headLink, headHash, reserves } = epoch;
  await sql.query("DELETE FROM solvency_epoch WHERE number = $1 AND status = 'underfunded'", [number]);
  await sql.query(
    `INSERT INTO solvency_epoch (number, status, root, liabilities, leaf_count, deposits_counted, head_link, head_hash, reserves,
       snapshot_block, error, snapshot_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now())`,
    [
      ...[number, status, root, liabilities, leafCount, depositsCounted, headLink, headHash, reserves],
      ...[epoch.snapshotBlock, epoch.error],
    ],
  );
  await sql.query(
    `INSERT INTO solvency_leaf (epoch_number, place, account_code, exit_to, balance)
     SELECT $1, n - 1, code, exit_to, balance FROM unnest($2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY
       AS leaf (code, exit_to, balance, n)`,
    [number, leaves.map(({ code }) => code), leaves.map(({ exitTo }) => exitTo), leaves.map(({ balance }) => balance)],
  );
}
