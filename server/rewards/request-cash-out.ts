import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { CashOut } from "#core/schemas/reward.ts";
import { type Sql, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { CASHOUT_ACCOUNT, userAccount } from "#server/ledger/account-codes.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";
import { addJob } from "#server/queue.ts";
import { getPersonalAccount } from "#server/wallets/get-account.ts";
import { EPOCH_UNITS_MAX } from "./close-epoch.ts";
import { getCashOut } from "./list-cash-outs.ts";

/**
 * Moves money from the person's balance to what is owed to their account on chain, and starts settling it.
 *
 * Posting, promise and job are one transaction: either the money left the balance and will be in an epoch, or nothing
 * happened. A repeated key answers with the first cash-out.
 */
export async function requestCashOut(
  actor: Actor,
  input: { units: string; key?: string | undefined },
): Promise<CashOut> {
  const units = BigInt(input.units);
  if (units > EPOCH_UNITS_MAX)
    throw new DomainError("CASH_OUT_ABOVE_LIMIT", { param: "units", limit: EPOCH_UNITS_MAX.toString() });
  const account = await getPersonalAccount(actor.userId);
  if (!account) throw new DomainError("OWNER_REQUIRED");

  const id = newId("cashOut");
  const promised = await withTransaction((sql) =>
    promise(sql, { id, userId: actor.userId, address: account.address.toLowerCase(), units, key: input.key ?? id }),
  );
  return getCashOut(actor, { id: promised });
}

type Promised = { id: string; userId: string; address: string; units: bigint; key: string };

async function promise(sql: Sql, cashOut: Promised): Promise<string> {
  const { id, userId, address, units, key } = cashOut;
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
  await postTransfersIn(sql, [
    {
      key: `cash-out:${id}`,
      debit: userAccount(userId),
      credit: CASHOUT_ACCOUNT,
      amount: units,
      asset: "USD",
      kind: "cash_out",
      refId: id,
    },
  ]);
  await addJob(sql, "close-epoch", {}, { jobKey: "close-epoch" });
  return id;
}

async function findFirst(sql: Sql, cashOut: Promised): Promise<string> {
  const [first] = await sql.query<{ id: string; units: bigint }>(
    `SELECT id, units FROM reward_cash_out WHERE user_id = $1 AND key = $2`,
    [cashOut.userId, cashOut.key],
  );
  if (first?.units !== cashOut.units) throw new DomainError("IDEMPOTENCY_KEY_REUSED", { param: "key" });
  return first.id;
}
