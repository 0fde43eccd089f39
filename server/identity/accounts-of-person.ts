import type { Sql } from "#server/db.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";

/** The ledger accounts that a person and their agents spend from. */
export async function accountsOfPerson(sql: Sql, userId: string): Promise<string[]> {
  const agents = await sql.query<{ id: string }>("SELECT id FROM agent WHERE user_id = $1", [userId]);
  return [userAccount(userId), ...agents.map(({ id }) => agentAccount(id))];
}
