import type { Sql } from "#server/db.ts";
import {
  type Capture,
  captureOperation,
  idsOf,
  type LedgerOperation,
  type OperationResult,
  type Release,
  type Reserve,
  releaseOperation,
  reserveOperation,
} from "./operations.ts";
import { submit, submitIn } from "./submit.ts";

export type ReservationResult = { reservationId: string; replayed: boolean };

function only(results: OperationResult[]): ReservationResult {
  const [first] = idsOf(results);
  if (!first) throw new Error("The ledger left a reservation out");
  return { reservationId: first.id, replayed: first.replayed };
}

const alone = async (operation: LedgerOperation) => only(await submit([operation], true));
const within = async (sql: Sql, operation: LedgerOperation) => only(await submitIn(sql, [operation]));

/** Sets money aside: from now on it counts against the balance, until it is captured, released or expires. */
export async function reserve(input: Reserve): Promise<ReservationResult> {
  return alone(reserveOperation(input));
}

/** `reserve` in the caller's transaction. */
export async function reserveIn(sql: Sql, input: Reserve): Promise<ReservationResult> {
  return within(sql, reserveOperation(input));
}

/**
 * Pays out of a reservation and releases the rest at once. Each reservation closes once.
 *
 * Without parts everything is released. Past its expiry it can still be captured for as long as it was not released.
 */
export async function captureReservation(input: Capture): Promise<ReservationResult> {
  return alone(captureOperation(input));
}

/** `captureReservation` in the caller's transaction. */
export async function captureReservationIn(sql: Sql, input: Capture): Promise<ReservationResult> {
  return within(sql, captureOperation(input));
}

/** Gives everything that was set aside back to the account. */
export async function releaseReservation(input: Release): Promise<ReservationResult> {
  return alone(releaseOperation(input));
}

/** `releaseReservation` in the caller's transaction. */
export async function releaseReservationIn(sql: Sql, input: Release): Promise<ReservationResult> {
  return within(sql, releaseOperation(input));
}
