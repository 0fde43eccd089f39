import { DomainError } from "#core/errors.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { escrowEarnedAccount, userAccount } from "#server/ledger/account-codes.ts";
import type { Candidate } from "../rank-offers.ts";

/** An escrow that a request is to be paid from. */
export type PayingEscrow = { id: string; providerId: string | null };

/** The escrow a caller names, when it is theirs and open. An agent pays from its own alone. */
export async function findPayingEscrow(actor: Actor, id: string): Promise<PayingEscrow> {
  const escrow = await db.escrow.findFirst({
    where: { id, ownerId: actor.userId, agentId: actor.agentId ?? null },
    select: { id: true, providerId: true, status: true },
  });
  if (!escrow) throw new DomainError("ESCROW_NOT_FOUND", { param: "converge.escrow" });
  if (escrow.status !== "open") throw new DomainError("ESCROW_CLOSED", { param: "converge.escrow" });
  return escrow;
}

/**
 * The nodes that an escrow pays: its provider's own, and what they earn goes to it. One that earns for a pool is paid in
 * the ledger, so it is left out.
 */
export const paidBy = (escrow: PayingEscrow, candidates: readonly Candidate[]): Candidate[] =>
  candidates
    .filter(({ ownerId, payee }) => ownerId === escrow.providerId && payee === userAccount(ownerId))
    .map((candidate) => ({ ...candidate, payee: escrowEarnedAccount(escrow.id) }));
