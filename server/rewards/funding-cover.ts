import type { Sql } from "#server/db.ts";
import { holdCover, MAY_PAY, ROOTS_IN_QUESTION } from "#server/wallets/root-cover.ts";

/**
 * Whether the distributor can be given this much and a forced exit right after it still pays everybody.
 *
 * Rewards are the money of campaigns, and a forced exit has no address to pay campaigns or the platform at: what they have
 * in the root is what it leaves over, all of them together. That much may go to the distributor until the next root. Money
 * that people cashed out without having earned it since is no different: all of it together stays within what is left over.
 */
export async function isFundingCovered(sql: Sql, amount: bigint): Promise<boolean> {
  await holdCover(sql, "platform");
  const [row] = await sql.query<{ left: bigint }>(
    `SELECT min(
        coalesce((SELECT sum(l.balance) FROM solvency_leaf l
            WHERE l.epoch_number = root.number AND l.account_code NOT LIKE 'user:%' AND l.account_code NOT LIKE 'agent:%'), 0)
        - coalesce((SELECT sum(e.delta) FROM chain_transaction t JOIN reward_epoch e ON e.number::text = t.ref_id
            WHERE t.purpose = 'epoch' AND t.key LIKE 'epoch-fund:%' AND t.sequence > root.sequence AND ${MAY_PAY}), 0)
      )::bigint AS left FROM (${ROOTS_IN_QUESTION}) root`,
  );
  return row !== undefined && row.left >= amount;
}
