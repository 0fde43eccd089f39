import type { Address, Hex } from "viem";
import { pool, sqlOf, withTransaction } from "#server/db.ts";
import { closeBeforeSending } from "./close-withdrawal.ts";
import { orderPayment } from "./request-withdrawal.ts";

const PAGE_SIZE = 100;

type Due = { id: string; chainId: Hex; accountCode: string; recipient: Address; amount: bigint };

/** Orders withdrawals whose delay has passed and closes those that nobody approved in time. Safe at any time and twice. */
export async function sendDueWithdrawals(): Promise<{ sent: number; expired: number }> {
  let sent = 0;
  let expired = 0;
  for (const { id } of await listLate()) {
    const closing = { status: "expired" as const, error: "Nobody approved it in time." };
    if (await withTransaction((sql) => closeBeforeSending(sql, id, closing))) expired++;
  }
  for (const due of await listDue()) if (await sendOne(due)) sent++;
  return { sent, expired };
}

const listLate = () =>
  sqlOf(pool).query<{ id: string }>(
    `SELECT id FROM withdrawal WHERE status = 'awaiting-approval' AND expires_at <= clock_timestamp()
      ORDER BY expires_at LIMIT ${PAGE_SIZE}`,
  );

const listDue = () =>
  sqlOf(pool).query<Due>(
    `SELECT id, chain_id AS "chainId", account_code AS "accountCode", recipient, amount FROM withdrawal
      WHERE status = 'waiting' AND send_at <= clock_timestamp() ORDER BY send_at LIMIT ${PAGE_SIZE}`,
  );

/** The row's lock decides between this, another worker's and its owner's cancelling. */
async function sendOne(due: Due): Promise<boolean> {
  return withTransaction(async (sql) => {
    const [taken] = await sql.query(
      `UPDATE withdrawal SET status = 'requested'
        WHERE id = $1 AND status = 'waiting' AND send_at <= clock_timestamp() RETURNING id`,
      [due.id],
    );
    if (!taken) return false;
    await orderPayment(sql, due);
    return true;
  });
}
