import { isAddressEqual } from "viem";
import { computeEscrowAbi } from "#core/generated/abis.ts";
import { type LogHandler, onEvent } from "#server/chain/index-chain.ts";
import { registerFailureHandler } from "#server/chain/outbox.ts";
import type { Sql } from "#server/db.ts";
import { ESCROW_ACCOUNT, escrowAccount, escrowEarnedAccount } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";
import { getBalances } from "#server/ledger/get-balance.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";
import { log } from "#server/log.ts";
import { OWN_ADDRESSES, PAYING_ADDRESSES } from "../own-addresses.ts";
import { voucherSigner } from "./voucher-signer.ts";

export const SETTLE_ESCROWS = "escrow-settle";
export const CLOSE_ESCROW = "escrow-close";

const common = { contract: "ComputeEscrow", abi: computeEscrowAbi } as const;

const deposit = (sql: Sql, key: string, id: string, amount: bigint, transactionHash: string) =>
  postTransfersIn(sql, [
    {
      key,
      debit: ESCROW_ACCOUNT,
      credit: escrowAccount(id),
      amount,
      asset: "USD",
      kind: "escrow-deposit",
      refId: transactionHash,
    },
  ]);

const isKnown = async (sql: Sql, id: string): Promise<boolean> =>
  (await sql.query("SELECT 1 FROM escrow WHERE id = $1", [id])).length === 1;

const opened = onEvent({
  ...common,
  event: "LeaseOpened",
  apply: async (sql, { args, transactionHash, logIndex, at }) => {
    // Under another's vouchers we neither bill it nor know what is earned.
    if (!isAddressEqual(args.signer, await voucherSigner())) return;
    const { leaseId, amount } = args;
    await sql.query(
      `INSERT INTO escrow (id, payer, provider, owner_id, agent_id, provider_id, deposited, transaction_hash, opened_at)
       SELECT $1, $2, $3, p.user_id, p.agent_id, o.user_id, $4, $5, $6::timestamptz
       FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT user_id, agent_id FROM (${PAYING_ADDRESSES}) a WHERE address = $2 LIMIT 1) p ON true
         LEFT JOIN LATERAL (SELECT user_id FROM (${OWN_ADDRESSES}) a WHERE address = $3 LIMIT 1) o ON true`,
      [leaseId, args.payer.toLowerCase(), args.provider.toLowerCase(), amount, transactionHash, at.toISOString()],
    );
    await ensureAccounts(sql, [
      { code: ESCROW_ACCOUNT, asset: "USD" },
      { code: escrowAccount(leaseId), asset: "USD" },
      { code: escrowEarnedAccount(leaseId), asset: "USD" },
    ]);
    await deposit(sql, `escrow-deposit:${transactionHash}:${logIndex}`, leaseId, amount, transactionHash);
  },
});

const toppedUp = onEvent({
  ...common,
  event: "LeaseToppedUp",
  apply: async (sql, { args, transactionHash, logIndex }) => {
    if (!(await isKnown(sql, args.leaseId))) return;
    await sql.query("UPDATE escrow SET deposited = deposited + $2 WHERE id = $1", [args.leaseId, args.amount]);
    await deposit(sql, `escrow-deposit:${transactionHash}:${logIndex}`, args.leaseId, args.amount, transactionHash);
  },
});

const settled = onEvent({
  ...common,
  event: "VoucherSettled",
  apply: async (sql, { args, transactionHash, logIndex }) => {
    if (!(await isKnown(sql, args.leaseId))) return;
    await sql.query("UPDATE escrow SET settled = $2, settling_to = greatest(settling_to, $2) WHERE id = $1", [
      args.leaseId,
      args.cumulative,
    ]);
    await bookPayment(sql, { ...args, transactionHash, key: `escrow-settled:${transactionHash}:${logIndex}` });
  },
});

type Payment = { leaseId: string; amount: bigint; transactionHash: string; key: string };

/**
 * Takes what the contract paid out of the books: from what the provider earned, and where that is less, from what the
 * renter has left, because the dollars are gone. The audit names every such lease.
 */
async function bookPayment(sql: Sql, { leaseId, amount, transactionHash, key }: Payment): Promise<void> {
  const [earnedCode, openCode] = [escrowEarnedAccount(leaseId), escrowAccount(leaseId)];
  const balances = await getBalances([earnedCode, openCode], sql);
  const smaller = (left: bigint, right: bigint) => (left < right ? left : right);
  const earned = smaller(amount, balances.get(earnedCode)?.posted ?? 0n);
  const beyond = smaller(amount - earned, balances.get(openCode)?.available ?? 0n);
  if (earned < amount)
    log.error(
      { event: "escrow.overpaid", escrowId: leaseId, transactionHash, paid: amount, earned },
      "the escrow paid more than was earned under it; whoever holds the voucher key has to be found",
    );
  const part = (debit: string, units: bigint, kind: string) =>
    units === 0n
      ? []
      : [
          {
            key: `${key}:${kind}`,
            debit,
            credit: ESCROW_ACCOUNT,
            amount: units,
            asset: "USD" as const,
            kind,
            refId: transactionHash,
          },
        ];
  const parts = [...part(earnedCode, earned, "escrow-settlement"), ...part(openCode, beyond, "escrow-overpaid")];
  if (parts.length > 0) await postTransfersIn(sql, parts);
}

const closing = onEvent({
  ...common,
  event: "LeaseClosing",
  apply: async (sql, { args }) => {
    await sql.query("UPDATE escrow SET status = 'closing', closable_at = $2 WHERE id = $1 AND status = 'open'", [
      args.leaseId,
      new Date(Number(args.closableAt) * 1_000),
    ]);
  },
});

/** What is left here follows the refund out of the books as soon as nothing is set aside of it any more. */
const closed = onEvent({
  ...common,
  event: "LeaseClosed",
  apply: async (sql, { args }) => {
    await sql.query("UPDATE escrow SET status = 'closed', refunded = $2 WHERE id = $1", [args.leaseId, args.refunded]);
  },
});

export const escrowLogHandlers: readonly LogHandler[] = [opened, toppedUp, settled, closing, closed];

/** The settling that was ordered will not happen: the loop orders it again, from what the chain has paid. */
export function registerEscrowFailures(): void {
  registerFailureHandler(SETTLE_ESCROWS, async (sql, { error }) => {
    log.warn({ event: "escrow.unsettled", reason: error });
    await sql.query("UPDATE escrow SET settling_to = settled WHERE settling_to > settled");
  });
  registerFailureHandler(CLOSE_ESCROW, async (_sql, { refId, error }) => {
    log.warn({ event: "escrow.not-closed", escrowId: refId, reason: error });
  });
}
