import { newId } from "#core/ids.ts";
import type { Role } from "#core/scopes.ts";
import { sqlOf, type Transaction } from "#server/db.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";

/** Makes a person and their ledger account together: nobody exists without a balance to stand on. */
export async function createUser(
  tx: Transaction,
  input: { id?: string; name: string; roles?: Role[]; demoName?: string },
): Promise<string> {
  const id = input.id ?? newId("user");
  await tx.user.create({
    data: { id, name: input.name, roles: input.roles ?? ["user"], demoName: input.demoName ?? null },
  });
  await ensureAccounts(sqlOf(tx), [{ code: `user:${id}`, asset: "USD", ownerId: id }]);
  return id;
}
