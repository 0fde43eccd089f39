import { DomainError } from "#core/errors.ts";
import type { Transfer } from "#server/ledger/operations.ts";
import { freshKey, openAccounts } from "#server/ledger/testing/accounts.ts";

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const pay = (debit: string, credit: string, amount: bigint, key = freshKey()): Transfer => ({
  key,
  debit,
  credit,
  amount,
  asset: "USD",
  kind: "fault",
});

export async function pair(funds: bigint): Promise<[string, string]> {
  const [payer = "", payee = ""] = await openAccounts(funds, 0n);
  return [payer, payee];
}

export const codeOf = (error: unknown): string => (error instanceof DomainError ? error.code : "not named");
