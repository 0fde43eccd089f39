import type { Address, Hex } from "viem";
import { zeroAddress } from "viem";
import { encodeFunctionData, getAddress, isAddressEqual, keccak256, stringToHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { vaultAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { toWire, usd } from "#core/money.ts";
import type { WithdrawalView } from "#core/schemas/account.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { db, withTransaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { reserveIn } from "#server/ledger/reservations.ts";
import { depositRef } from "./deposit-accounts.ts";

export const WITHDRAWAL_PURPOSE = "withdrawal";
/** A withdrawal's reservation is closed by what happens on the chain, never by the clock: this is "not in our lifetime". */
const RESERVATION_MS = 50 * 365 * 86_400_000;

/**
 * Takes money out of a person's balance and orders its payment by the Vault.
 *
 * Reservation, row and transaction are written together. The event captures the reservation; it is released when the
 * order is closed and the Vault says that it did not pay. The Vault pays each id once, so nothing here can pay twice.
 */
export async function requestWithdrawal(
  actor: Actor,
  input: { to: string; units: string; agentId?: string; key?: string | undefined },
): Promise<WithdrawalView> {
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  const { contracts } = loadDeployment();
  const recipient = getAddress(input.to);
  if (isAddressEqual(recipient, zeroAddress) || isAddressEqual(recipient, contracts.Vault)) {
    throw new DomainError("VALIDATION_FAILED", { param: "to", message: "The Vault cannot pay this address." });
  }
  const id = newId("withdrawal");
  const order = { id, userId: actor.userId, recipient, amount: BigInt(input.units), agentId: input.agentId ?? null };
  const made = await withTransaction(async (sql) => {
    const accountCode = userAccount(order.userId);
    if (input.key) {
      await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 2))::text", [`${order.userId} ${input.key}`]);
      const [first] = await sql.query<{ id: string; recipient: string; amount: bigint; agentId: string | null }>(
        `SELECT id, recipient, amount, agent_id AS "agentId" FROM withdrawal WHERE user_id = $1 AND request_key = $2`,
        [order.userId, input.key],
      );
      if (first) {
        const isSame =
          first.recipient === recipient && first.amount === order.amount && first.agentId === order.agentId;
        if (!isSame) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
        return first.id;
      }
    }
    const chainId = withdrawalChainId(id);
    const { reservationId } = await reserveIn(sql, {
      key: `withdrawal:${id}`,
      account: accountCode,
      amount: order.amount,
      purpose: WITHDRAWAL_PURPOSE,
      refId: id,
      expiresAt: new Date(Date.now() + RESERVATION_MS),
    });
    await sql.query(
      `INSERT INTO withdrawal (id, user_id, chain_id, account_code, recipient, amount, reservation_id, agent_id, request_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        id,
        order.userId,
        chainId,
        accountCode,
        recipient,
        order.amount,
        reservationId,
        order.agentId,
        input.key ?? null,
      ],
    );
    await enqueueTransaction(sql, {
      key: `withdrawal:${id}`,
      to: contracts.Vault,
      data: withdrawData(chainId, accountCode, recipient, order.amount),
      purpose: WITHDRAWAL_PURPOSE,
      refId: id,
    });
    return id;
  });
  return getWithdrawal(actor, { id: made });
}

const withdrawalChainId = (id: string): Hex => keccak256(stringToHex(`converge withdrawal ${env.CHAIN_ID} ${id}`));

/** The Vault takes the account's reference too: what it pays after a root comes off what the account may exit with. */
const withdrawData = (chainId: Hex, accountCode: string, recipient: Address, amount: bigint): Hex =>
  encodeFunctionData({
    abi: vaultAbi,
    functionName: "withdraw",
    args: [chainId, depositRef(accountCode), recipient, amount],
  });

type Row = NonNullable<Awaited<ReturnType<typeof db.withdrawal.findUnique>>>;

const view = (row: Row): WithdrawalView => ({
  id: row.id,
  chainId: row.chainId,
  to: row.recipient,
  amount: toWire(usd(row.amount)),
  agentId: row.agentId,
  status: row.status as WithdrawalView["status"],
  transactionHash: row.transactionHash,
  error: row.error,
  requestedAt: row.requestedAt.toISOString(),
  settledAt: row.settledAt?.toISOString() ?? null,
});

/** A person sees all of theirs; a key of an agent sees what went to that agent. */
const visibleTo = (actor: Actor) => ({
  userId: actor.userId,
  ...(actor.agentId ? { agentId: actor.agentId } : {}),
});

export async function getWithdrawal(actor: Actor, input: { id: string }): Promise<WithdrawalView> {
  const row = await db.withdrawal.findFirst({ where: { id: input.id, ...visibleTo(actor) } });
  if (!row) throw new DomainError("NOT_FOUND");
  return view(row);
}

export async function listWithdrawals(
  actor: Actor,
  input: { limit: number; cursor?: string | undefined },
): Promise<{ data: WithdrawalView[]; hasMore: boolean; nextCursor: string | null }> {
  const rows = await db.withdrawal.findMany({
    where: {
      ...visibleTo(actor),
      ...(input.cursor ? { id: { lt: input.cursor } } : {}),
    },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const page = rows.slice(0, input.limit);
  const hasMore = rows.length > page.length;
  return { data: page.map(view), hasMore, nextCursor: hasMore ? (page.at(-1)?.id ?? null) : null };
}
