import type { Address } from "viem";
import { DomainError } from "#core/errors.ts";
import type { Sql } from "#server/db.ts";
import { CASHOUT_ACCOUNT, userAccount } from "#server/ledger/account-codes.ts";
import { explainRefusal } from "#server/ledger/explain-refusal.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";
import { scopesOf } from "#server/ledger/scopes.ts";
import { addJob } from "#server/queue.ts";

export type PromisedCashOut = {
  id: string;
  userId: string;
  address: Address;
  units: bigint;
  key: string;
  apiKeyId?: string | undefined;
};

/**
 * Moves money from a person's balance to what an address is owed on chain, and queues the epoch that settles it.
 * Answers the id of the cash-out; a key that was used before answers with the first one's.
 */
export async function promiseCashOut(sql: Sql, cashOut: PromisedCashOut): Promise<string> {
  const { id, userId, units, key } = cashOut;
  const address = cashOut.address.toLowerCase();
  await sql.query(
    `INSERT INTO reward_claim (address, user_id, cumulative, updated_at) VALUES ($1, $2, 0, now()) ON CONFLICT DO NOTHING`,
    [address, userId],
  );
  const added = await sql.query(
    `INSERT INTO reward_cash_out (id, user_id, address, units, key) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (user_id, key) DO NOTHING RETURNING id`,
    [id, userId, address, units, key],
  );
  if (added.length === 0) return findFirst(sql, cashOut);

  await sql.query(`UPDATE reward_claim SET cumulative = cumulative + $2, updated_at = now() WHERE address = $1`, [
    address,
    units,
  ]);
  await addJob(sql, "close-epoch", {}, { jobKey: "close-epoch" });
  const spender = { userId, apiKeyId: cashOut.apiKeyId };
  await postTransfersIn(sql, [
    {
      key: `cash-out:${id}`,
      debit: userAccount(userId),
      credit: CASHOUT_ACCOUNT,
      amount: units,
      asset: "USD",
      kind: "cash_out",
      refId: id,
      scopes: scopesOf(spender, { category: "cash-out", counterparty: address }),
    },
  ]).catch((error: unknown) => {
    throw explainRefusal(error, spender);
  });
  return id;
}

async function findFirst(sql: Sql, cashOut: PromisedCashOut): Promise<string> {
  const [first] = await sql.query<{ id: string; units: bigint }>(
    `SELECT id, units FROM reward_cash_out WHERE user_id = $1 AND key = $2`,
    [cashOut.userId, cashOut.key],
  );
  if (first?.units !== cashOut.units) throw new DomainError("IDEMPOTENCY_KEY_REUSED", { param: "key" });
  return first.id;
}
