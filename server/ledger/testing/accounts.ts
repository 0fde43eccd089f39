import { newId } from "#core/ids.ts";
import { pool, sqlOf } from "#server/db.ts";
import { EXTERNAL_ACCOUNT } from "../account-codes.ts";
import { ensureAccounts, ensurePlatformAccounts } from "../ensure-accounts.ts";
import { postTransfers } from "../post-transfers.ts";

/** A key that nobody used before. */
export const freshKey = (): string => newId("request");

/** New accounts with the given balances, paid in from outside. For tests, benchmarks and seeds. */
export async function openAccounts(...balances: bigint[]): Promise<string[]> {
  await ensurePlatformAccounts();
  const codes = balances.map(() => `user:${newId("user")}`);
  await ensureAccounts(
    sqlOf(pool),
    codes.map((code) => ({ code, asset: "USD" })),
  );
  await postTransfers(
    codes.flatMap((credit, index) => {
      const amount = balances[index] ?? 0n;
      return amount > 0n
        ? [{ key: freshKey(), debit: EXTERNAL_ACCOUNT, credit, amount, asset: "USD", kind: "deposit" }]
        : [];
    }),
  );
  return codes;
}
