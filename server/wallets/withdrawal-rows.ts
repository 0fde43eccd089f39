import { DomainError } from "#core/errors.ts";
import { toWire, usd } from "#core/money.ts";
import { toPage } from "#core/page.ts";
import type { WithdrawalView } from "#core/schemas/account.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

export type WithdrawalRow = NonNullable<Awaited<ReturnType<typeof db.withdrawal.findUnique>>>;

export const viewWithdrawal = (row: WithdrawalRow): WithdrawalView => ({
  id: row.id,
  chainId: row.chainId,
  to: row.recipient,
  amount: toWire(usd(row.amount)),
  agentId: row.agentId,
  status: row.status as WithdrawalView["status"],
  sendAt: row.sendAt?.toISOString() ?? null,
  expiresAt: row.expiresAt?.toISOString() ?? null,
  decidedAt: row.decidedAt?.toISOString() ?? null,
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
  return viewWithdrawal(row);
}

export async function listWithdrawals(
  actor: Actor,
  input: { limit: number; cursor?: string | undefined },
): Promise<{ data: WithdrawalView[]; hasMore: boolean; nextCursor: string | null }> {
  const rows = await db.withdrawal.findMany({
    where: { ...visibleTo(actor), ...(input.cursor ? { id: { lt: input.cursor } } : {}) },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const { data, ...rest } = toPage(rows, input.limit);
  return { data: data.map(viewWithdrawal), ...rest };
}
