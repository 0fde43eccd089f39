import type { Address, Hex } from "viem";
import { encodeFunctionData, keccak256, stringToHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { vaultAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { formatAmount } from "#core/money.ts";
import type { WithdrawalView } from "#core/schemas/account.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { type Sql, withTransaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { explainRefusal, momentWords } from "#server/ledger/explain-refusal.ts";
import { reserveIn } from "#server/ledger/reservations.ts";
import { scopesOf } from "#server/ledger/scopes.ts";
import { depositRef } from "./deposit-accounts.ts";
import { getPersonalAccount } from "./get-account.ts";
import { expectedAfterRoot, isCoveredByRoot } from "./root-cover.ts";
import { checkKnownAddress, checkRecipient } from "./withdrawal-addresses.ts";
import { DAY_MS, WITHDRAWAL_LIMITS, WITHDRAWAL_SCOPE, type WithdrawalLimits } from "./withdrawal-limits.ts";
import { getWithdrawal } from "./withdrawal-rows.ts";

export const WITHDRAWAL_PURPOSE = "withdrawal";
/** A withdrawal's reservation is closed by what happens to it, never by the clock: this is "not in our lifetime". */
const RESERVATION_MS = 50 * 365 * 86_400_000;

type Input = { to: string; units: string; agentId?: string; key?: string | undefined };
type Wanted = { id: string; userId: string; recipient: Address; amount: bigint; agentId: string | null };

/**
 * Takes money out of a person's balance and orders its payment by the Vault; a large one waits, or waits for an admin, and
 * one that the last root does not cover waits for the next.
 *
 * Reservation, row and transaction are written together. The event captures the reservation; it is released when the
 * order is closed and the Vault says that it did not pay. The Vault pays each id once, so nothing here can pay twice.
 */
export async function requestWithdrawal(
  actor: Actor,
  input: Input,
  limits: WithdrawalLimits = WITHDRAWAL_LIMITS,
): Promise<WithdrawalView> {
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  const recipient = checkRecipient(input.to);
  const { userId } = actor;
  const wanted: Wanted = {
    id: newId("withdrawal"),
    userId,
    recipient,
    amount: BigInt(input.units),
    agentId: input.agentId ?? null,
  };
  // A person's own account has an address from the moment somebody asks for it.
  await getPersonalAccount(userId);
  const made = await withTransaction(async (sql) => {
    const first = input.key ? await findRepeated(sql, wanted, input.key) : null;
    if (first) return first;
    await checkKnownAddress(sql, userId, recipient);
    await openWithdrawal(sql, wanted, limits, input.key ?? null);
    return wanted.id;
  });
  return getWithdrawal(actor, { id: made });
}

/** The withdrawal that this key stands for already; callers with one key wait for each other here. */
async function findRepeated(sql: Sql, wanted: Wanted, key: string): Promise<string | null> {
  await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 2))::text", [`${wanted.userId} ${key}`]);
  const [first] = await sql.query<{ id: string; recipient: string; amount: bigint; agentId: string | null }>(
    `SELECT id, recipient, amount, agent_id AS "agentId" FROM withdrawal WHERE user_id = $1 AND request_key = $2`,
    [wanted.userId, key],
  );
  if (!first) return null;
  const { recipient, amount, agentId } = first;
  if (recipient !== wanted.recipient || amount !== wanted.amount || agentId !== wanted.agentId) {
    throw new DomainError("IDEMPOTENCY_KEY_REUSED");
  }
  return first.id;
}

async function openWithdrawal(
  sql: Sql,
  wanted: Wanted,
  limits: WithdrawalLimits,
  requestKey: string | null,
): Promise<void> {
  const { id, userId, recipient, amount, agentId } = wanted;
  const chainId = keccak256(stringToHex(`converge withdrawal ${env.CHAIN_ID} ${id}`));
  const accountCode = userAccount(userId);
  const reservationId = await setAside(sql, wanted, accountCode);
  const needsApproval = amount > limits.approvalAbove;
  const mustWait = amount > limits.delayAbove;
  const status = needsApproval ? "awaiting-approval" : mustWait ? "waiting" : "waiting-root";
  await sql.query(
    `INSERT INTO withdrawal (id, user_id, chain_id, account_code, recipient, amount, reservation_id, agent_id, request_key,
       status, send_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
       clock_timestamp() + make_interval(secs => $11::float8 / 1000),
       clock_timestamp() + make_interval(secs => $12::float8 / 1000))`,
    [
      id,
      userId,
      chainId,
      accountCode,
      recipient,
      amount,
      reservationId,
      agentId,
      requestKey,
      status,
      mustWait ? limits.delayMs : null,
      needsApproval ? limits.approvalMs : null,
    ],
  );
  if (status === "waiting-root") await orderWhenCovered(sql, { id, chainId, accountCode, recipient, amount });
}

async function setAside(sql: Sql, { id, userId, recipient, amount }: Wanted, account: string): Promise<string> {
  try {
    const { reservationId } = await reserveIn(sql, {
      key: `withdrawal:${id}`,
      account,
      amount,
      purpose: WITHDRAWAL_PURPOSE,
      refId: id,
      expiresAt: new Date(Date.now() + RESERVATION_MS),
      scopes: scopesOf({ userId }, { category: "withdrawal", counterparty: recipient }),
    });
    return reservationId;
  } catch (error) {
    throw sayDailyCap(error) ?? explainRefusal(error, { userId });
  }
}

/** What the daily cap of the whole platform means for the one who is refused: how much is left of it is no secret. */
function sayDailyCap(error: unknown): DomainError | null {
  if (!(error instanceof DomainError) || error.code !== "CAP_EXCEEDED") return null;
  const { scope, kind, windowMs, left, roomAt } = error.details;
  if (scope !== WITHDRAWAL_SCOPE || kind !== "window" || windowMs !== DAY_MS) return null;
  const room =
    typeof roomAt === "string"
      ? `There is room for it ${momentWords(roomAt)}`
      : "When there is room depends on withdrawals that are under way";
  const rest = formatAmount({ asset: "USD", units: BigInt(String(left)) });
  const message = `Only a certain amount leaves the platform in 24 hours, and $${rest} of it are left. ${room}; a smaller withdrawal may fit now. Nothing was taken.`;
  return new DomainError("CAP_EXCEEDED", { ...error.details, message }, { cause: error });
}

export type Payment = { id: string; chainId: Hex; accountCode: string; recipient: Address; amount: bigint };

/**
 * Orders the payment, or lets it wait for the root that covers it (root-cover.ts); says whether it ordered. The caller has
 * locked the withdrawal's row and knows that nothing else is in its way.
 */
export async function orderWhenCovered(sql: Sql, payment: Payment): Promise<boolean> {
  if (await isCoveredByRoot(sql, payment)) {
    await sql.query("UPDATE withdrawal SET status = 'requested' WHERE id = $1", [payment.id]);
    await orderPayment(sql, payment);
    return true;
  }
  await sql.query(
    `UPDATE withdrawal SET status = 'waiting-root', send_at = $2
      WHERE id = $1 AND (status <> 'waiting-root' OR send_at IS NULL OR send_at <= clock_timestamp())`,
    [payment.id, await expectedAfterRoot(sql)],
  );
  return false;
}

/** Orders the payment. One id, one order, and the Vault pays each id once. */
async function orderPayment(sql: Sql, withdrawal: Payment): Promise<void> {
  const { id, chainId, accountCode, recipient, amount } = withdrawal;
  const args = [chainId, depositRef(accountCode), recipient, amount] as const;
  await enqueueTransaction(sql, {
    key: `withdrawal:${id}`,
    to: loadDeployment().contracts.Vault,
    data: encodeFunctionData({ abi: vaultAbi, functionName: "withdraw", args }),
    purpose: WITHDRAWAL_PURPOSE,
    refId: id,
  });
}
