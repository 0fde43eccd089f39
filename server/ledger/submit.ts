import { randomInt } from "node:crypto";
import { DomainError } from "#core/errors.ts";
import { pool, type Sql } from "#server/db.ts";
import { createGroupCommit } from "#server/group-commit.ts";
import { forgetAccounts, learnAccounts, unknownAmong } from "./known-accounts.ts";
import type { LedgerOperation, OperationResult } from "./operations.ts";
import { decodeEach, encodeEach, POST_EACH_SQL, type PostEachRow, type Submission } from "./post-each.ts";
import { codesOf, decodeSet, encodeSet, POST_SET_SQL, type PostSetRow } from "./post-set.ts";
import { NO_STATE, sqlState } from "./sql-state.ts";

const OPERATIONS_IN_CALL_MAX = 10_000;
const ATTEMPTS_MAX = 4;

/** Deadlock, serialization failure, and a key that another transaction committed a moment ago: nothing was written. */
const RETRYABLE = new Set(["40P01", "40001", "23505"]);

/** No answer from Postgres at all, or one that says it cannot work just now. */
const isUnreachable = (state: string): boolean => state === NO_STATE || /^(08|53|57)/.test(state);

/** Errors of one row's content: classes 22 (data) and 23 (constraint). */
const isContentError = (error: unknown): boolean => /^2[23]/.test(sqlState(error));

type Statement = { name: string; text: string; values: unknown[] };
type Run = <Row>(statement: Statement) => Promise<Row[]>;

/** Batches of one process follow each other in the database. Not its pid: in containers they are all alike. */
const LANE = randomInt(1, 2 ** 31 - 1);

/**
 * Applies submissions as sets, which nearly always succeeds, or else one operation after the other, which says of each
 * what became of it. Both are one statement that leaves a surrounding transaction usable. The answer is read by whoever
 * calls what comes back, so that a fault in reading is not taken for one in asking.
 */
async function applyBatch(
  submissions: Submission[],
  run: Run,
  lane: number | null,
): Promise<() => OperationResult[][]> {
  const codes = codesOf(submissions);
  const unknown = unknownAmong(codes);
  if (unknown.length > 0) {
    await learnAccounts(unknown, { query: (text, values = []) => run({ name: "ledger_learn", text, values }) });
  }
  const values = encodeSet(submissions, lane);
  if (values) {
    const [answer] = await run<PostSetRow>({ name: "ledger_post_set", text: POST_SET_SQL, values });
    const posted = answer?.posted;
    if (typeof posted === "string") return () => decodeSet(submissions, posted);
    forgetAccounts(codes);
  }
  const each = { name: "ledger_post_each", text: POST_EACH_SQL, values: encodeEach(submissions) };
  const rows = await run<PostEachRow>(each);
  return () => decodeEach(submissions, rows);
}

const runAlone: Run = async <Row>(statement: Statement) => (await pool.query(statement)).rows as Row[];

/**
 * Posts in a commit of its own.
 *
 * Every operation carries a key, so sending a batch again after an unknown outcome cannot apply it twice: a broken
 * connection is answered by one more attempt on another connection.
 */
async function postAlone(submissions: Submission[]): Promise<OperationResult[][]> {
  for (let attempt = 1; ; attempt += 1) {
    let read: () => OperationResult[][];
    try {
      read = await applyBatch(submissions, runAlone, LANE);
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
    return read();
  }
}

const submitToGroup = createGroupCommit({
  commit: postAlone,
  batchesInFlightMax: 2,
  sizeMax: 500,
  sizeOf: ({ operations }: Submission) => operations.length,
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
    const read = await applyBatch(submissions, ({ text, values }) => sql.query(text, values), null);
    return read().flat();
  } catch (error) {
    if (RETRYABLE.has(sqlState(error))) throw new DomainError("CONFLICT", {}, { cause: error });
    throw error;
  }
}
