import pg from "pg";
import { DomainError } from "#core/errors.ts";
import { pool, type Sql } from "#server/db.ts";
import { createGroupCommit } from "./group-commit.ts";
import type { LedgerOperation, OperationResult } from "./operations.ts";
import { decodeBatch, encodeBatch, POST_BATCH_SQL, type PostBatchRow, type Submission } from "./post-batch.ts";

const OPERATIONS_IN_CALL_MAX = 10_000;
const ATTEMPTS_MAX = 4;

/** Deadlock, serialization failure, and a key that another transaction committed a moment ago: nothing was written. */
const RETRYABLE = new Set(["40P01", "40001", "23505"]);

const NO_STATE = "";

const sqlState = (error: unknown): string =>
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

/** No answer from Postgres at all, or one that says it cannot work just now. */
const isUnreachable = (state: string): boolean => state === NO_STATE || /^(08|53|57)/.test(state);

/** Errors of one row's content: classes 22 (data) and 23 (constraint). */
const isContentError = (error: unknown): boolean => /^2[23]/.test(sqlState(error));

/**
 * Posts in a statement and a commit of its own.
 *
 * Every operation carries a key, so sending a batch again after an unknown outcome cannot apply it twice: a broken
 * connection is answered by one more attempt on another connection.
 */
async function postAlone(submissions: Submission[]): Promise<OperationResult[][]> {
  const values = encodeBatch(submissions);
  for (let attempt = 1; ; attempt += 1) {
    let rows: PostBatchRow[];
    try {
      rows = (await pool.query<PostBatchRow>({ name: "ledger_post", text: POST_BATCH_SQL, values })).rows;
    } catch (error) {
      const state = sqlState(error);
      if (isUnreachable(state)) {
        if (attempt < 2) continue;
        throw new DomainError(
          "UNAVAILABLE",
          { message: "The ledger did not answer. Retry shortly with the same key: it is applied once at most." },
          { cause: error },
        );
      }
      if (!RETRYABLE.has(state) || attempt >= ATTEMPTS_MAX) throw error;
      continue;
    }
    return decodeBatch(submissions, rows);
  }
}

const submitToGroup = createGroupCommit({
  post: postAlone,
  batchesInFlightMax: 2,
  operationsMax: 1000,
  isContentError,
});

function checkSize(operations: readonly LedgerOperation[]): void {
  if (operations.length > OPERATIONS_IN_CALL_MAX) {
    throw new DomainError("VALIDATION_FAILED", {
      message: `One call takes at most ${OPERATIONS_IN_CALL_MAX} operations.`,
    });
  }
}

/** Applies operations together with those of whoever else is asking; resolves once they are committed. */
export async function submit(operations: readonly LedgerOperation[], isAtomic: boolean): Promise<OperationResult[]> {
  checkSize(operations);
  if (operations.length === 0) return [];
  return submitToGroup({ operations, isAtomic });
}

/** Applies operations in the caller's transaction, all or none; a refusal leaves the transaction usable. */
export async function submitIn(sql: Sql, operations: readonly LedgerOperation[]): Promise<OperationResult[]> {
  checkSize(operations);
  if (operations.length === 0) return [];
  const submissions = [{ operations, isAtomic: true }];
  try {
    const rows = await sql.query<PostBatchRow>(POST_BATCH_SQL, encodeBatch(submissions));
    return decodeBatch(submissions, rows).flat();
  } catch (error) {
    if (RETRYABLE.has(sqlState(error))) throw new DomainError("CONFLICT", {}, { cause: error });
    throw error;
  }
}
