import type { Address } from "viem";
import type { Sql } from "#server/db.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";

/** Where money of a ledger account belongs on the chain: a person's own account, an agent's account. */
export async function listExitAddresses(sql: Sql): Promise<Map<string, Address>> {
  const [people, agents] = [
    await sql.query<{ id: string; address: Address }>("SELECT user_id AS id, address FROM personal_account"),
    await sql.query<{ id: string; address: Address }>("SELECT id, account AS address FROM agent"),
  ];
  return new Map([
    ...people.map(({ id, address }) => [userAccount(id), address] as const),
    ...agents.map(({ id, address }) => [agentAccount(id), address] as const),
  ]);
}
