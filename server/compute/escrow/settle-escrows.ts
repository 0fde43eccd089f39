import type { Hex } from "viem";
import { encodeFunctionData } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { computeEscrowAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { ESCROW_ACCOUNT, escrowAccount, escrowEarnedAccount } from "#server/ledger/account-codes.ts";
import { getBalances } from "#server/ledger/get-balance.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { CLOSE_ESCROW, SETTLE_ESCROWS } from "./chain-events.ts";

/** What is worth a transaction of its own at once: one dollar. Less is settled when it has waited, or its lease closes. */
const SETTLE_FROM = 1_000_000n;
const SETTLE_AFTER_SECONDS = env.isDevelopmentChain ? 60 : 3_600;
const VOUCHERS_MAX = 100;
const AGAIN_MS = 10 * 60_000;

type Due = { id: Hex; cumulative: bigint; receiptsRoot: Hex; signature: Hex };

/** Orders one transaction for the newest vouchers of leases that have something to settle. */
async function orderSettling(sql: Sql, which: string, values: unknown[]): Promise<Due[]> {
  const due = await sql.query<Due>(
    `SELECT e.id, v.cumulative, v.receipts_root AS "receiptsRoot", v.signature
     FROM escrow e JOIN escrow_voucher v ON v.escrow_id = e.id AND v.number = e.vouchers
     WHERE e.status <> 'closed' AND e.vouched > e.settling_to AND (${which})
     ORDER BY e.id LIMIT ${VOUCHERS_MAX} FOR UPDATE OF e SKIP LOCKED`,
    values,
  );
  if (due.length === 0) return due;
  const data = encodeFunctionData({
    abi: computeEscrowAbi,
    functionName: "settle",
    args: [
      due.map(({ id, cumulative, receiptsRoot, signature }) => ({ leaseId: id, cumulative, receiptsRoot, signature })),
    ],
  });
  await enqueueTransaction(sql, {
    // What was ordered is kept beside each lease, so an order needs no name of its own to be there once.
    key: newId("chainTransaction"),
    to: loadDeployment().contracts.ComputeEscrow,
    data,
    purpose: SETTLE_ESCROWS,
  });
  await sql.query("UPDATE escrow SET settling_to = vouched WHERE id = ANY($1)", [due.map(({ id }) => id)]);
  return due;
}

/**
 * Settles what is due: one transaction for all leases, however many requests are behind them. Then has those closed whose
 * time is over, and takes what closed ones gave back out of the books. A loop.
 */
export async function settleEscrows(): Promise<{ settled: number; closed: number }> {
  const settled = await withTransaction((sql) =>
    orderSettling(
      sql,
      `e.status = 'closing' OR e.vouched - e.settling_to >= $1 OR
       (SELECT min(w.created_at) FROM escrow_voucher w WHERE w.escrow_id = e.id AND w.cumulative > e.settling_to) < now() - make_interval(secs => $2)`,
      [SETTLE_FROM, SETTLE_AFTER_SECONDS],
    ),
  );
  const closed = await closeDue();
  await bookRefunds();
  return { settled: settled.length, closed };
}

/** A provider who does not want to wait. */
export async function settleEscrow(actor: Actor, { id }: { id: string }): Promise<{ id: string; settlingTo: string }> {
  const [due] = await withTransaction((sql) =>
    orderSettling(sql, "e.id = $1 AND e.provider_id = $2", [id, actor.userId]),
  );
  if (due) return { id, settlingTo: due.cumulative.toString() };
  const rows = await sqlOf(pool).query("SELECT 1 FROM escrow WHERE id = $1 AND provider_id = $2", [id, actor.userId]);
  throw new DomainError(rows.length === 0 ? "ESCROW_NOT_FOUND" : "ESCROW_NOTHING_DUE");
}

/** Everything vouched for is settled first: `close` gives back what is not paid. */
async function closeDue(): Promise<number> {
  const [waiting] = await sqlOf(pool).query<{ count: number }>(
    "SELECT count(*)::int AS count FROM escrow WHERE status = 'closing'",
  );
  if (!waiting?.count) return 0;
  const { timestamp } = await publicClient().getBlock();
  const { contracts } = loadDeployment();
  return withTransaction(async (sql) => {
    const due = await sql.query<{ id: Hex }>(
      `SELECT e.id FROM escrow e WHERE e.status = 'closing' AND e.closable_at <= to_timestamp($1) AND e.settled >= e.vouched
         AND NOT EXISTS (SELECT 1 FROM escrow_receipt r WHERE r.escrow_id = e.id AND r.voucher IS NULL)
       ORDER BY e.id LIMIT ${VOUCHERS_MAX}`,
      [Number(timestamp)],
    );
    for (const { id } of due)
      await enqueueTransaction(sql, {
        key: `escrow-close:${id}:${Math.floor(Date.now() / AGAIN_MS)}`,
        to: contracts.ComputeEscrow,
        data: encodeFunctionData({ abi: computeEscrowAbi, functionName: "close", args: [id] }),
        purpose: CLOSE_ESCROW,
        refId: id,
      });
    return due.length;
  });
}

/** What a closed lease has here went back to its payer on the chain. What is set aside waits for its request to end. */
async function bookRefunds(): Promise<void> {
  const rows = await sqlOf(pool).query<{ id: string }>(
    `SELECT e.id FROM escrow e WHERE e.status = 'closed' AND EXISTS (SELECT 1 FROM ledger_account a
       WHERE a.code IN ('escrow:' || e.id, 'escrow:' || e.id || ':earned') AND a.credits_posted > a.debits_posted + a.debits_pending)
     LIMIT ${VOUCHERS_MAX}`,
  );
  for (const { id } of rows) {
    const codes = [escrowAccount(id), escrowEarnedAccount(id)];
    const balances = await getBalances(codes);
    for (const code of codes) {
      const balance = balances.get(code);
      if (!balance || balance.available <= 0n) continue;
      await postTransfers([
        {
          // After every posting there is another balance: two loops at once book the same one once.
          key: `escrow-refund:${code}:${balance.posted}`,
          debit: code,
          credit: ESCROW_ACCOUNT,
          amount: balance.available,
          asset: "USD",
          kind: "escrow-refund",
          refId: id,
        },
      ]);
    }
  }
}
