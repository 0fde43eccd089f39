import { DomainError } from "#core/errors.ts";
import type { WithdrawalView } from "#core/schemas/account.ts";
import { type Sql, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { releaseReservationIn } from "#server/ledger/reservations.ts";
import { getWithdrawal } from "./withdrawal-rows.ts";

type Closing = { status: "cancelled" | "rejected" | "expired" | "failed"; error: string | null; decidedBy?: string };

/**
 * Closes a withdrawal of which nothing was ordered yet, and gives its money back. The state changes once, under the
 * row's lock, so the reservation is released once; false when somebody else was first.
 */
export async function closeBeforeSending(sql: Sql, id: string, closing: Closing): Promise<boolean> {
  const [closed] = await sql.query<{ reservationId: string }>(
    `UPDATE withdrawal SET status = $2, error = $3, decided_by = coalesce($4, decided_by),
            decided_at = CASE WHEN $4::text IS NULL THEN decided_at ELSE clock_timestamp() END, settled_at = clock_timestamp()
      WHERE id = $1 AND status IN ('awaiting-approval', 'waiting', 'waiting-root') RETURNING reservation_id AS "reservationId"`,
    [id, closing.status, closing.error, closing.decidedBy ?? null],
  );
  if (!closed) return false;
  await releaseReservationIn(sql, { reservationId: closed.reservationId, key: `withdrawal-${closing.status}:${id}` });
  return true;
}

/** Takes a withdrawal back that waits. Doing it again answers the same; once it is ordered it is too late. */
export async function cancelWithdrawal(actor: Actor, input: { id: string }): Promise<WithdrawalView> {
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  const { status } = await getWithdrawal(actor, input);
  if (status !== "cancelled") {
    const isClosed = await withTransaction((sql) =>
      closeBeforeSending(sql, input.id, { status: "cancelled", error: null }),
    );
    const now = await getWithdrawal(actor, input);
    if (!isClosed && now.status !== "cancelled") throw new DomainError("WITHDRAWAL_CLOSED", { status: now.status });
  }
  return getWithdrawal(actor, input);
}
