import type { Address } from "viem";
import { isAddressEqual } from "viem/utils";
import { loadDeployment } from "#server/chain/deployments.ts";
import { withTransaction } from "#server/db.ts";
import { VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";

/** Money that came without a reference, or under one that nobody has: it is owed to somebody, and an admin finds out to whom. */
export const UNCLAIMED_ACCOUNT = "platform:unclaimed";

const PAGE_SIZE = 500;

type Seen = { transactionHash: string; logIndex: number; token: Address; from: string; amount: string };

/**
 * Counts what came to the Vault without a deposit. The blocks it lies in were applied whole before this reads them, so
 * what no deposit took by now none will take. The Vault's own token is posted as unclaimed; others are only listed.
 */
export async function countUnassignedTransfers(): Promise<{ counted: number }> {
  const token = loadDeployment().contracts.TestUSD;
  return withTransaction(async (sql) => {
    const seen = await sql.query<Seen>(
      `UPDATE unassigned_transfer SET status = 'unassigned' WHERE (transaction_hash, log_index) IN (
         SELECT transaction_hash, log_index FROM unassigned_transfer WHERE status = 'seen'
          ORDER BY block_number, log_index LIMIT ${PAGE_SIZE} FOR UPDATE SKIP LOCKED)
       RETURNING transaction_hash AS "transactionHash", log_index AS "logIndex", token, "from", amount::text`,
    );
    const dollars = seen.filter((item) => isAddressEqual(item.token, token));
    if (dollars.length === 0) return { counted: seen.length };
    await ensureAccounts(sql, [{ code: UNCLAIMED_ACCOUNT, asset: "USD" }]);
    await postTransfersIn(
      sql,
      dollars.map(({ transactionHash, logIndex, from, amount }) => ({
        key: `unassigned:${transactionHash}:${logIndex}`,
        debit: VAULT_ACCOUNT,
        credit: UNCLAIMED_ACCOUNT,
        amount: BigInt(amount),
        asset: "USD" as const,
        kind: "deposit",
        refId: transactionHash,
        memo: from,
      })),
    );
    return { counted: seen.length };
  });
}
