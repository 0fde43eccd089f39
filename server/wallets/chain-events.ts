import { zeroAddress } from "viem";
import { agentAccountAbi, entryPointAbi, testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { type LogHandler, onEvent } from "#server/chain/index-chain.ts";
import type { FailureHandler } from "#server/chain/outbox.ts";
import { decodeRevert, describeRevert } from "#server/chain/reverts.ts";
import type { Sql } from "#server/db.ts";
import { VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";
import { captureReservationIn } from "#server/ledger/reservations.ts";
import { log } from "#server/log.ts";
import { addJob } from "#server/queue.ts";
import { UNCLAIMED_ACCOUNT } from "./count-unassigned-transfers.ts";
import { WITHDRAWAL_PURPOSE } from "./request-withdrawal.ts";
import { OPERATION_PURPOSE } from "./submit-operation.ts";
import { isPayment, paymentFailureHandlers, paymentLogHandlers } from "./x402/chain-events.ts";

const deposited = onEvent({
  contract: "Vault",
  abi: vaultAbi,
  event: "Deposited",
  apply: async (sql, { args, transactionHash, logIndex, blockNumber, at }) => {
    const [known] = await sql.query<{ code: string }>(
      "SELECT account_code AS code FROM deposit_account WHERE ref = $1",
      [args.account.toLowerCase()],
    );
    const credit = known?.code ?? UNCLAIMED_ACCOUNT;
    if (!known) {
      log.warn(
        { event: "deposit.unclaimed", ref: args.account, transactionHash },
        "a deposit came under an unknown reference",
      );
      await ensureAccounts(sql, [{ code: credit, asset: "USD" }]);
    }
    await postTransfersIn(sql, [
      {
        key: `deposit:${transactionHash}:${logIndex}`,
        debit: VAULT_ACCOUNT,
        credit,
        amount: args.amount,
        asset: "USD",
        kind: "deposit",
        refId: transactionHash,
        memo: args.account,
      },
    ]);
    await sql.query(
      `INSERT INTO deposit (transaction_hash, log_index, block_number, ref, account_code, "from", amount, at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
      [transactionHash, logIndex, blockNumber, args.account.toLowerCase(), credit, args.from, args.amount, at],
    );
    // The token's own event lies before this one: that transfer was a deposit.
    await sql.query(
      `DELETE FROM unassigned_transfer WHERE (transaction_hash, log_index) = (
         SELECT transaction_hash, log_index FROM unassigned_transfer
          WHERE transaction_hash = $1 AND log_index < $2 AND status = 'seen' AND amount = $3 AND token = $4
          ORDER BY log_index DESC LIMIT 1)`,
      [transactionHash, logIndex, args.amount.toString(), loadDeployment().contracts.TestUSD],
    );
  },
});

/** Any token that comes to the Vault. A deposit of the same transaction takes its own away again; the rest is a person's mistake. */
const tokenReceived = onEvent({
  contract: "any",
  abi: testUsdAbi,
  event: "Transfer",
  args: ({ contracts }) => ({ to: contracts.Vault }),
  apply: async (sql, { args, address, transactionHash, logIndex, blockNumber, at }) => {
    if (args.value === 0n) return;
    if (await isPayment(sql, { transactionHash, from: args.from, amount: args.value })) return;
    await sql.query(
      `INSERT INTO unassigned_transfer (transaction_hash, log_index, block_number, token, "from", amount, at)
       VALUES ($1, $2, $3, $4, $5, $6::numeric, $7) ON CONFLICT DO NOTHING`,
      [transactionHash, logIndex, blockNumber, address, args.from, args.value.toString(), at],
    );
    await addJob(sql, "count-unassigned-transfers", {}, { jobKey: "count-unassigned-transfers" });
  },
});

const withdrawn = onEvent({
  contract: "Vault",
  abi: vaultAbi,
  event: "Withdrawn",
  apply: async (sql, { args, transactionHash, at }) => {
    const [paid] = await sql.query<{ id: string; reservationId: string; amount: bigint }>(
      `UPDATE withdrawal SET status = 'paid', transaction_hash = $2, settled_at = $3
        WHERE chain_id = $1 AND status = 'requested' RETURNING id, reservation_id AS "reservationId", amount`,
      [args.withdrawalId.toLowerCase(), transactionHash, at],
    );
    // Other rooms pay through the Vault too, under ids of their own.
    if (!paid) return warnIfGivenUp(sql, args.withdrawalId.toLowerCase(), transactionHash);
    await captureReservationIn(sql, {
      reservationId: paid.reservationId,
      key: `withdrawal-paid:${paid.id}`,
      parts: [{ credit: VAULT_ACCOUNT, amount: paid.amount, kind: "withdrawal", refId: transactionHash }],
    });
  },
});

/** Only a chain that was rewritten below the depth we trust can bring this about; a person has to see it. */
async function warnIfGivenUp(sql: Sql, chainId: string, transactionHash: string): Promise<void> {
  const [known] = await sql.query<{ id: string }>(
    "SELECT id FROM withdrawal WHERE chain_id = $1 AND status = 'failed'",
    [chainId],
  );
  if (known)
    log.error(
      { event: "withdrawal.paid-after-failure", withdrawalId: known.id, transactionHash },
      "the Vault paid a withdrawal whose money was given back here",
    );
}

const operationFailed = onEvent({
  contract: "EntryPoint",
  abi: entryPointAbi,
  event: "UserOperationRevertReason",
  apply: async (sql, { args }) => {
    await sql.query("UPDATE user_operation SET error = $2 WHERE hash = $1 AND status = 'submitted'", [
      args.userOpHash,
      describeRevert(decodeRevert(args.revertReason)),
    ]);
  },
});

const operationSettled = onEvent({
  contract: "EntryPoint",
  abi: entryPointAbi,
  event: "UserOperationEvent",
  apply: async (sql, { args, transactionHash, blockNumber, at }) => {
    const status = args.success ? "succeeded" : "failed";
    const [row] = await sql.query<{ id: string }>(
      `UPDATE user_operation SET status = $2, transaction_hash = $3, gas_used = $4, gas_cost = $5::numeric,
              block_number = $6, mined_at = $7, payer = $8, updated_at = now(),
              error = CASE WHEN $2 = 'failed' THEN coalesce(error, 'Reverted') END
        WHERE hash = $1 RETURNING id`,
      [
        args.userOpHash,
        status,
        transactionHash,
        args.actualGasUsed,
        args.actualGasCost.toString(),
        blockNumber,
        at,
        args.paymaster === zeroAddress ? args.sender : args.paymaster,
      ],
    );
    if (row) await settleActivity(sql, row.id, status);
  },
});

/** The event is the truth, whatever was thought of the operation before. */
async function settleActivity(sql: Sql, operationId: string, status: "succeeded" | "failed"): Promise<void> {
  await sql.query(`UPDATE agent_activity SET status = $2, updated_at = now() WHERE user_operation_id = $1`, [
    operationId,
    status,
  ]);
}

const keyGranted = onEvent({
  contract: "any",
  abi: agentAccountAbi,
  event: "AgentKeyGranted",
  apply: async (sql, { args, address, transactionHash, at }) => {
    const [agent] = await sql.query<{ id: string }>("SELECT id FROM agent WHERE account = $1 AND key = $2", [
      address,
      args.key,
    ]);
    if (agent)
      await addJob(sql, "adopt-agent-policy", { agentId: agent.id }, { jobKey: `adopt-agent-policy:${agent.id}` });
    await sql.query(
      `UPDATE agent SET status = 'active', granted_at = $3, grant_hash = $4, updated_at = now()
        WHERE account = $1 AND key = $2 AND status = 'awaiting-owner'`,
      [address, args.key, at, transactionHash],
    );
  },
});

const keyRevoked = onEvent({
  contract: "any",
  abi: agentAccountAbi,
  event: "AgentKeyRevoked",
  apply: async (sql, { args, address }) =>
    changeStatus(
      sql,
      "UPDATE agent SET status = 'revoked', updated_at = now() WHERE account = $1 AND key = $2 RETURNING id",
      [address, args.key],
    ),
});

const paused = onEvent({
  contract: "any",
  abi: agentAccountAbi,
  event: "Paused",
  apply: async (sql, { address }) =>
    changeStatus(
      sql,
      "UPDATE agent SET status = 'paused', updated_at = now() WHERE account = $1 AND status = 'active' RETURNING id",
      [address],
    ),
});

const unpaused = onEvent({
  contract: "any",
  abi: agentAccountAbi,
  event: "Unpaused",
  apply: async (sql, { address }) =>
    changeStatus(
      sql,
      "UPDATE agent SET status = 'active', updated_at = now() WHERE account = $1 AND status = 'paused' RETURNING id",
      [address],
    ),
});

/** The signer follows what the owner did on the chain itself, in a job after the commit. */
async function changeStatus(sql: Sql, text: string, values: unknown[]): Promise<void> {
  const changed = await sql.query<{ id: string }>(text, values);
  for (const { id } of changed)
    await addJob(sql, "sync-agent-pause", { agentId: id }, { jobKey: `sync-agent-pause:${id}` });
}

/** Everything the chain tells this room. */
export const walletLogHandlers: readonly LogHandler[] = [
  ...paymentLogHandlers,
  tokenReceived,
  deposited,
  withdrawn,
  operationFailed,
  operationSettled,
  keyGranted,
  keyRevoked,
  paused,
  unpaused,
];

/** An order is closed without effect, as far as the outbox can see. What follows from that is asked of the chain. */
const settleSoon: FailureHandler = (sql) => addJob(sql, "settle-closed-orders", {}, { jobKey: "settle-closed-orders" });

export const walletFailureHandlers: Readonly<Record<string, FailureHandler>> = {
  [WITHDRAWAL_PURPOSE]: settleSoon,
  [OPERATION_PURPOSE]: settleSoon,
  ...paymentFailureHandlers,
};
