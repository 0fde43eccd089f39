import { zeroAddress } from "viem";
import { getAddress, isAddressEqual } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import type { WithdrawalAddressView } from "#core/schemas/withdrawal.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { getPersonalAccount } from "./get-account.ts";

const ADDRESSES_MAX = 50;

type Row = { address: string; kind: WithdrawalAddressView["kind"]; label: string | null; usableAt: Date };

/**
 * Where a person's money may go, and from when on. Their own account and their agents' accounts and purses are known at once; so is the
 * wallet they came with. A wallet linked later, and any other address, waits.
 */
const KNOWN = `
  SELECT address, 'account' AS kind, NULL AS label, created_at AS "usableAt" FROM personal_account WHERE user_id = $1
  UNION ALL
  SELECT account, 'agent', name, created_at FROM agent WHERE user_id = $1 AND status <> 'revoked'
  UNION ALL
  SELECT key, 'agent', name || ', its purse', created_at FROM agent WHERE user_id = $1 AND status <> 'revoked'
  UNION ALL
  SELECT w.address, 'wallet', NULL,
         CASE WHEN w.created_at <= u.created_at + interval '1 minute' THEN w.created_at
              ELSE w.created_at + make_interval(secs => $2::float8) END
    FROM user_wallet w JOIN "user" u ON u.id = w.user_id WHERE w.user_id = $1
  UNION ALL
  SELECT address, 'added', label, usable_at FROM withdrawal_address WHERE user_id = $1`;

const view = ({ address, kind, label, usableAt }: Row): WithdrawalAddressView => ({
  address: getAddress(address),
  kind,
  label,
  usableAt: usableAt.toISOString(),
  isUsable: usableAt.getTime() <= Date.now(),
});

/** An address that the Vault can pay, in its checksummed form. */
export function checkRecipient(text: string): ReturnType<typeof getAddress> {
  const recipient = getAddress(text);
  if (isAddressEqual(recipient, zeroAddress) || isAddressEqual(recipient, loadDeployment().contracts.Vault)) {
    throw new DomainError("VALIDATION_FAILED", { param: "to", message: "The Vault cannot pay this address." });
  }
  return recipient;
}

/** Throws unless the person may withdraw to this address now. */
export async function checkKnownAddress(sql: Sql, userId: string, recipient: string): Promise<void> {
  const found = await sql.query<{ usableAt: Date; isUsable: boolean }>(
    `SELECT "usableAt", "usableAt" <= clock_timestamp() AS "isUsable" FROM (${KNOWN}) AS known
      WHERE lower(address) = lower($3) ORDER BY "usableAt" LIMIT 1`,
    [userId, env.WITHDRAWAL_ADDRESS_WAIT_S, recipient],
  );
  const [known] = found;
  if (!known) throw new DomainError("WITHDRAWAL_ADDRESS_UNKNOWN", { param: "to", address: recipient });
  if (!known.isUsable) {
    const usableAt = known.usableAt.toISOString();
    throw new DomainError("WITHDRAWAL_ADDRESS_WAITING", {
      param: "to",
      usableAt,
      message: `This withdrawal address counts from ${usableAt} on. Withdraw then; nothing was taken.`,
    });
  }
}

export async function listWithdrawalAddresses(actor: Actor): Promise<{ data: WithdrawalAddressView[] }> {
  await getPersonalAccount(actor.userId);
  const rows = await sqlOf(pool).query<Row>(`SELECT * FROM (${KNOWN}) AS known ORDER BY "usableAt" DESC`, [
    actor.userId,
    env.WITHDRAWAL_ADDRESS_WAIT_S,
  ]);
  return { data: rows.map(view) };
}

/** Adds an address, which counts after the waiting time. Adding one that is there changes its label alone. */
export async function addWithdrawalAddress(
  actor: Actor,
  input: { address: string; label?: string | undefined },
): Promise<WithdrawalAddressView> {
  const address = checkRecipient(input.address);
  return withTransaction(async (sql) => {
    await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 4))::text", [actor.userId]);
    const [{ others } = { others: 0 }] = await sql.query<{ others: number }>(
      "SELECT count(*)::int AS others FROM withdrawal_address WHERE user_id = $1 AND address <> $2",
      [actor.userId, address],
    );
    if (others >= ADDRESSES_MAX) throw new DomainError("WITHDRAWAL_ADDRESSES_FULL", { limit: ADDRESSES_MAX });
    const [row] = await sql.query<Row>(
      `INSERT INTO withdrawal_address (user_id, address, label, usable_at)
       VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4::float8))
       ON CONFLICT (user_id, address) DO UPDATE SET label = coalesce(excluded.label, withdrawal_address.label)
       RETURNING address, 'added' AS kind, label, usable_at AS "usableAt"`,
      [actor.userId, address, input.label ?? null, env.WITHDRAWAL_ADDRESS_WAIT_S],
    );
    if (!row) throw new Error("A withdrawal address was added and is not there.");
    return view(row);
  });
}

/** Removes an address that was added. Withdrawals that are under way stay so; they can be cancelled themselves. */
export async function removeWithdrawalAddress(actor: Actor, input: { address: string }): Promise<{ removed: true }> {
  const { rowCount } = await pool.query("DELETE FROM withdrawal_address WHERE user_id = $1 AND address = $2", [
    actor.userId,
    getAddress(input.address),
  ]);
  if (rowCount === 0) throw new DomainError("NOT_FOUND");
  return { removed: true };
}
