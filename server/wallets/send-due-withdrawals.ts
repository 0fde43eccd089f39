import { pool, sqlOf, withTransaction } from "#server/db.ts";
import { closeBeforeSending } from "./close-withdrawal.ts";
import { orderWhenCovered, type Payment } from "./request-withdrawal.ts";

const PAGE_SIZE = 100;

/**
 * Orders withdrawals whose delay has passed or that a root covers by now, and closes those that nobody approved in time.
 * Safe at any time and twice.
 */
export async function sendDueWithdrawals(): Promise<{ sent: number; expired: number }> {
  let sent = 0;
  let expired = 0;
  for (const { id } of await listLate()) {
    const closing = { status: "expired" as const, error: "Nobody approved it in time." };
    if (await withTransaction((sql) => closeBeforeSending(sql, id, closing))) expired++;
  }
  for (const { id } of [...(await listDue()), ...(await listAwaitingRoot())]) if (await sendOne(id)) sent++;
  return { sent, expired };
}

const listLate = () =>
  sqlOf(pool).query<{ id: string }>(
    `SELECT id FROM withdrawal WHERE status = 'awaiting-approval' AND expires_at <= clock_timestamp()
      ORDER BY expires_at LIMIT ${PAGE_SIZE}`,
  );

const listDue = () =>
  sqlOf(pool).query<{ id: string }>(
    `SELECT id FROM withdrawal WHERE status = 'waiting' AND send_at <= clock_timestamp() ORDER BY send_at LIMIT ${PAGE_SIZE}`,
  );

/** Oldest first: what an account has in the root goes to what was asked for first. */
const listAwaitingRoot = () =>
  sqlOf(pool).query<{ id: string }>(
    `SELECT id FROM withdrawal WHERE status = 'waiting-root' ORDER BY requested_at, id LIMIT ${PAGE_SIZE}`,
  );

/** The row's lock decides between this, another worker's and its owner's cancelling. */
async function sendOne(id: string): Promise<boolean> {
  return withTransaction(async (sql) => {
    const [payment] = await sql.query<Payment>(
      `SELECT id, chain_id AS "chainId", account_code AS "accountCode", recipient, amount FROM withdrawal
        WHERE id = $1 AND (status = 'waiting-root' OR status = 'waiting' AND send_at <= clock_timestamp()) FOR UPDATE`,
      [id],
    );
    return payment !== undefined && orderWhenCovered(sql, payment);
  });
}
