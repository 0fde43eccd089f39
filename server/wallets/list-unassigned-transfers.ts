import type { Address } from "viem";
import { isAddressEqual } from "viem/utils";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import type { UnassignedTransferView } from "#core/schemas/withdrawal.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { pool, sqlOf } from "#server/db.ts";
import { UNCLAIMED_ACCOUNT } from "./count-unassigned-transfers.ts";

type Row = {
  transactionHash: string;
  logIndex: number;
  token: Address;
  from: string;
  amount: string;
  reason: UnassignedTransferView["reason"];
  proposal: string | null;
  at: Date;
  place: string;
};

/**
 * What came to the Vault and belongs to nobody yet, newest first: without a deposit, or under an unknown reference. What an
 * adjustment gave to somebody is not listed any more.
 */
export async function listUnassignedTransfers(input: PageInput): Promise<Page<UnassignedTransferView>> {
  const token = loadDeployment().contracts.TestUSD;
  const rows = await sqlOf(pool).query<Row>(
    `SELECT found.*, (SELECT max(a.id) FROM adjustment a WHERE a.source_kind = 'unassigned' AND a.source_transaction = found."transactionHash"
         AND a.source_log_index = found."logIndex" AND a.status = 'open' AND a.expires_at > clock_timestamp()) AS proposal
     FROM (
       SELECT transaction_hash AS "transactionHash", log_index AS "logIndex", token, "from", amount::text, 'no-deposit' AS reason, at,
              lpad(block_number::text, 20, '0') || lpad(log_index::text, 10, '0') AS place
         FROM unassigned_transfer WHERE status = 'unassigned'
       UNION ALL
       SELECT transaction_hash, log_index, $1, "from", amount::text, 'unknown-reference', at,
              lpad(block_number::text, 20, '0') || lpad(log_index::text, 10, '0')
         FROM deposit WHERE account_code = $2) AS found
      WHERE ($3::text IS NULL OR place < $3) AND NOT EXISTS (
        SELECT FROM adjustment a WHERE a.source_kind = 'unassigned' AND a.source_transaction = found."transactionHash"
          AND a.source_log_index = found."logIndex" AND a.status = 'posted') ORDER BY place DESC LIMIT $4`,
    [token, UNCLAIMED_ACCOUNT, input.cursor ?? null, input.limit + 1],
  );
  const { data, ...rest } = toPage(rows, input.limit, ({ place }) => place);
  return {
    data: data.map(({ place: _, at, ...row }) => ({
      ...row,
      isVaultToken: isAddressEqual(row.token, token),
      at: at.toISOString(),
    })),
    ...rest,
  };
}
