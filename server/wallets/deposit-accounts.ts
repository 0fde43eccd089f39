import type { Address, Hex } from "viem";
import { slice } from "viem/utils";
import type { DepositReference } from "#core/schemas/account.ts";
import { accountReference } from "#core/solvency.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";

/** The reference under which the Vault takes money for a ledger account. */
export const depositRef = (accountCode: string): Hex => accountReference(env.CHAIN_ID, accountCode);

/** The same as an address, so that an agent's policy can name it as the only account to deposit to. */
export const depositCounterparty = (accountCode: string): Address => slice(depositRef(accountCode), 12, 32);

/** Opens a ledger account for deposits and returns its reference. Safe to call again. */
export async function ensureDepositAccount(sql: Sql, accountCode: string): Promise<Hex> {
  const ref = depositRef(accountCode);
  await ensureAccounts(sql, [{ code: accountCode, asset: "USD" }]);
  await sql.query("INSERT INTO deposit_account (ref, account_code) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
    ref,
    accountCode,
  ]);
  return ref;
}

/** Where a person's own deposits go, or an agent's when its key asks. */
const accountOf = (actor: Actor) => (actor.agentId ? agentAccount(actor.agentId) : userAccount(actor.userId));

export async function getDepositReference(actor: Actor): Promise<DepositReference> {
  const reference = await ensureDepositAccount(sqlOf(pool), accountOf(actor));
  const { chainId, contracts } = loadDeployment();
  return { reference, vault: contracts.Vault, token: contracts.TestUSD, chainId };
}
