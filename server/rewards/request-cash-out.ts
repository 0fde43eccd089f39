import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { CashOut } from "#core/schemas/reward.ts";
import { withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { getPersonalAccount } from "#server/wallets/get-account.ts";
import { EPOCH_UNITS_MAX } from "./close-epoch.ts";
import { getCashOut } from "./list-cash-outs.ts";
import { promiseCashOut } from "./promise-cash-out.ts";

/**
 * Cashes out to the person's own account, and starts settling it.
 *
 * Posting, promise and job are one transaction: either the money left the balance and will be in an epoch, or nothing
 * happened. A repeated key answers with the first cash-out.
 */
export async function requestCashOut(
  actor: Actor,
  input: { units: string; key?: string | undefined },
): Promise<CashOut> {
  const units = BigInt(input.units);
  if (units > EPOCH_UNITS_MAX) {
    throw new DomainError("CASH_OUT_ABOVE_LIMIT", { param: "units", limit: EPOCH_UNITS_MAX });
  }
  const account = await getPersonalAccount(actor.userId);
  if (!account) throw new DomainError("OWNER_REQUIRED");

  const id = newId("cashOut");
  const { userId, apiKeyId } = actor;
  const first = await withTransaction((sql) =>
    promiseCashOut(sql, { id, userId, address: account.address, units, key: input.key ?? id, apiKeyId }),
  );
  return getCashOut(actor, { id: first });
}
