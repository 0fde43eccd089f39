import { testUsdAbi } from "#core/generated/abis.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { type LogHandler, onEvent } from "#server/chain/index-chain.ts";
import type { FailureHandler } from "#server/chain/outbox.ts";
import type { Sql } from "#server/db.ts";
import { userAccount, VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";
import { SETTLE_PAYMENT } from "./settle-payment.ts";

/** The token itself says that an authorization was used, whoever sent it: the event, not our order, settles a payment. */
const authorizationUsed = onEvent({
  contract: "TestUSD",
  abi: testUsdAbi,
  event: "AuthorizationUsed",
  apply: async (sql, { args, transactionHash }) => {
    const [paid] = await sql.query<{ id: string; userId: string | null; amount: bigint; payTo: string }>(
      `UPDATE x402_payment SET status = 'settled', transaction_hash = $3, error = NULL
       WHERE payer = $1 AND nonce = $2 AND status <> 'settled' RETURNING id, user_id AS "userId", amount, pay_to AS "payTo"`,
      [args.authorizer.toLowerCase(), args.nonce.toLowerCase(), transactionHash],
    );
    const isDeposit = paid?.userId != null && paid.payTo === loadDeployment().contracts.Vault.toLowerCase();
    if (!isDeposit || !paid?.userId) return;
    await postTransfersIn(sql, [
      {
        key: `x402:${paid.id}`,
        debit: VAULT_ACCOUNT,
        credit: userAccount(paid.userId),
        amount: paid.amount,
        asset: "USD",
        kind: "deposit",
        refId: transactionHash,
        memo: args.authorizer,
      },
    ]);
  },
});

/** Whether a transfer to the Vault is one that a payment made, and so is counted already. Its event comes first. */
export async function isPayment(
  sql: Sql,
  transfer: { transactionHash: string; from: string; amount: bigint },
): Promise<boolean> {
  const rows = await sql.query(
    `SELECT 1 FROM x402_payment WHERE transaction_hash = $1 AND payer = $2 AND amount = $3 AND user_id IS NOT NULL`,
    [transfer.transactionHash, transfer.from.toLowerCase(), transfer.amount],
  );
  return rows.length > 0;
}

export const paymentLogHandlers: readonly LogHandler[] = [authorizationUsed];

/** The token refused the transfer. Should the authorization have been used by somebody else's order, its event says so. */
export const paymentFailureHandlers: Readonly<Record<string, FailureHandler>> = {
  [SETTLE_PAYMENT]: async (sql, { refId, error }) => {
    await sql.query("UPDATE x402_payment SET status = 'failed', error = $2 WHERE id = $1 AND status = 'ordered'", [
      refId,
      error,
    ]);
  },
};
