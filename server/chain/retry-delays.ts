import { env } from "#server/env.ts";

/** How long after each failure a transaction is tried again; behind the last one it is given up. */
export const RETRY_DELAYS_MS: Readonly<Record<"tries" | "troubles", readonly number[]>> = {
  // It would revert: a quarter of a minute in all, for what it depends on to arrive.
  tries: [200, 800, 3_200, 12_800],
  // The node cannot say: nine minutes in all, and on the development chain half a minute.
  troubles: env.isDevelopmentChain
    ? [200, 800, 3_200, ...Array.from({ length: 5 }, () => 5_000)]
    : [200, 800, 3_200, 12_800, ...Array.from({ length: 17 }, () => 30_000)],
};
