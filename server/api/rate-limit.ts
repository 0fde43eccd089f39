import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { DomainError } from "#core/errors.ts";
import { pool } from "#server/db.ts";
import { log } from "#server/log.ts";

/** Requests a minute, for one caller over all processes. */
const LIMITS = {
  /** Signed-in people and API keys. */
  api: 1_200,
  /** Strangers, by address. */
  anonymous: 300,
  /** Sign-in attempts and challenges, by address. */
  auth: 120,
} as const;

export type LimitName = keyof typeof LIMITS;

const WINDOW_SECONDS = 60;

type Row = { points: number; expire: bigint | null };

/** Our pool reads 64-bit integers as bigint; the limiter reckons with numbers and, given others, counts in memory alone. */
const storeClient = {
  query: async (query: { text: string; values?: unknown[] }) => {
    const result = await pool.query<Row>(query);
    const rows = result.rows.map(({ points, expire }) => ({ points, expire: expire === null ? null : Number(expire) }));
    return { ...result, rows };
  },
};

function createLimiter(name: LimitName): RateLimiterPostgres {
  const points = LIMITS[name];
  return new RateLimiterPostgres({
    storeClient,
    storeType: "pool",
    tableName: "rate_limit",
    tableCreated: true,
    clearExpiredByTimeout: false,
    keyPrefix: name,
    points,
    duration: WINDOW_SECONDS,
    // A caller known to be over is refused from memory, so a flood does not become a flood of queries.
    inMemoryBlockOnConsumed: points,
    inMemoryBlockDuration: 5,
    // With the database away the limit still holds for this process.
    insuranceLimiter: new RateLimiterMemory({ keyPrefix: name, points, duration: WINDOW_SECONDS }),
  });
}

const limiters: Record<LimitName, RateLimiterPostgres> = {
  api: createLimiter("api"),
  anonymous: createLimiter("anonymous"),
  auth: createLimiter("auth"),
};

/** Counts a request of a caller; throws RATE_LIMITED when there were too many. Answers the headers to send. */
export async function consumeRateLimit(name: LimitName, caller: string, cost = 1): Promise<Record<string, string>> {
  try {
    const state = await limiters[name].consume(caller.slice(0, 200), cost);
    return limitHeaders(name, state);
  } catch (error) {
    if (error instanceof RateLimiterRes) {
      const retryAfterSeconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
      throw new DomainError("RATE_LIMITED", { retryAfterSeconds, limit: LIMITS[name] });
    }
    log.warn({ event: "rate-limit.unavailable", err: error });
    return {};
  }
}

/** Takes a request back out of the count. */
export async function refundRateLimit(name: LimitName, caller: string): Promise<void> {
  await limiters[name].reward(caller.slice(0, 200)).catch(() => undefined);
}

/** Forgets the counts of windows that are over. */
export async function sweepRateLimits(): Promise<void> {
  await pool.query("DELETE FROM rate_limit WHERE expire < $1", [Date.now()]);
}

/** draft-ietf-httpapi-ratelimit-headers-11: the policy, then what is left of it. */
function limitHeaders(name: LimitName, state: RateLimiterRes): Record<string, string> {
  const reset = Math.max(0, Math.ceil(state.msBeforeNext / 1000));
  return {
    "ratelimit-policy": `"${name}";q=${LIMITS[name]};w=${WINDOW_SECONDS}`,
    ratelimit: `"${name}";r=${Math.max(0, state.remainingPoints)};t=${reset}`,
    // The names that OpenAI's clients read.
    "x-ratelimit-limit-requests": String(LIMITS[name]),
    "x-ratelimit-remaining-requests": String(Math.max(0, state.remainingPoints)),
    "x-ratelimit-reset-requests": `${reset}s`,
  };
}
