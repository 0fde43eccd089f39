import pg from "pg";

export const NO_STATE = "";

/** The code of Postgres beneath an error; empty when Postgres did not answer at all. */
export const sqlState = (error: unknown): string =>
  error instanceof pg.DatabaseError ? (error.code ?? NO_STATE) : stateBehindPrisma(error);

// Prisma wraps what the driver threw and keeps Postgres's code beneath it.
function stateBehindPrisma(error: unknown): string {
  let cause: unknown = error;
  for (let depth = 0; depth < 5 && typeof cause === "object" && cause !== null; depth += 1) {
    if ("originalCode" in cause && typeof cause.originalCode === "string") return cause.originalCode;
    if (
      "meta" in cause &&
      typeof cause.meta === "object" &&
      cause.meta !== null &&
      "driverAdapterError" in cause.meta
    ) {
      cause = cause.meta.driverAdapterError;
    } else {
      cause = "cause" in cause ? cause.cause : null;
    }
  }
  return NO_STATE;
}
