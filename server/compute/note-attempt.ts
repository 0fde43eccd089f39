import { pool } from "#server/db.ts";
import type { AttemptEnd, AttemptInput } from "./attempt.ts";
import { forgetMarket } from "./list-candidates.ts";

/** A breaker opens after so many failures in a row, for so long, and twice as long each time it fails again. */
const FAILURES_TO_OPEN = 3;
const OPEN_SECONDS = 30;
const OPEN_SECONDS_MAX = 600;

/**
 * What an attempt's end says about the node: counts for its reliability, and for the breaker of this node *and this
 * model*, so that a model it cannot serve closes nothing else.
 */
export async function noteAttemptEnd(
  { candidate, model }: AttemptInput,
  end: AttemptEnd,
  firstTokenMs: number | null,
): Promise<void> {
  const { nodeId, offerId } = candidate;
  if (end.type === "lost" && end.isFault) {
    await pool.query(
      `WITH node AS (UPDATE compute_node SET attempts_failed = attempts_failed + 1 WHERE id = $1)
       UPDATE compute_offer SET failures = failures + 1, last_failure_at = now(),
         open_until = CASE WHEN failures + 1 >= $3 THEN
           now() + make_interval(secs => least($5, $4 * power(2, least(failures + 1 - $3, 16)))) END
       WHERE id = $2`,
      [nodeId, offerId, FAILURES_TO_OPEN, OPEN_SECONDS, OPEN_SECONDS_MAX],
    );
    forgetMarket([model]);
  } else if (end.type === "done" && firstTokenMs !== null) {
    await pool.query(
      `WITH node AS (
         UPDATE compute_node SET attempts_succeeded = attempts_succeeded + 1,
           first_token_ms = COALESCE(first_token_ms * 0.8, $3 * 0.8) + $3 * 0.2 WHERE id = $1)
       UPDATE compute_offer SET failures = 0, open_until = NULL,
         first_token_ms = COALESCE(first_token_ms * 0.8, $3 * 0.8) + $3 * 0.2 WHERE id = $2`,
      [nodeId, offerId, firstTokenMs],
    );
  }
}
