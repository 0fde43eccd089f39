import { pool, sqlOf } from "#server/db.ts";
import { releaseOperation } from "./operations.ts";
import { submit } from "./submit.ts";

const PAGE_SIZE = 500;

/** Releases what nobody captured in time. A job; any number of them at once, or one twice, does no harm. */
export async function releaseExpiredReservations(now: Date = new Date()): Promise<{ released: number }> {
  let released = 0;
  for (;;) {
    const expired = await sqlOf(pool).query<{ id: string }>(
      `SELECT id FROM ledger_reservation WHERE status = 'open' AND expires_at <= $1 ORDER BY expires_at LIMIT $2`,
      [now.toISOString(), PAGE_SIZE],
    );
    const operations = expired.map(({ id }) =>
      releaseOperation({ reservationId: id, key: `expire:${id}`, reason: "expired" }),
    );
    // Each by itself: one row that the ledger cannot release does not keep the others.
    const settled = await Promise.allSettled(operations.map((operation) => submit([operation], true)));
    const results = settled.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    // One that was captured between the look and the release answers RESERVATION_CLOSED, which is as it should be.
    released += results.filter((result) => result.status === "ok" && !result.replayed).length;
    const stuck = settled.find((one) => one.status === "rejected");
    if (stuck) throw stuck.reason;
    if (expired.length < PAGE_SIZE) return { released };
  }
}
