import { afterAll, describe, expect, it } from "vitest";
import { newId } from "#core/ids.ts";
import { pool } from "#server/db.ts";
import { consumeRateLimit, refundRateLimit, sweepRateLimits } from "./rate-limit.ts";

afterAll(() => pool.end());

const countOf = async (caller: string): Promise<number | undefined> => {
  const { rows } = await pool.query<{ points: number }>("SELECT points FROM rate_limit WHERE key = $1", [
    `auth:${caller}`,
  ]);
  return rows[0]?.points;
};
const leftOf = (headers: Record<string, string>): number => Number(/r=(\d+)/.exec(headers.ratelimit ?? "")?.[1]);

describe("the rate limit", () => {
  it("counts in the database, where every process sees it", async () => {
    const caller = newId("request");
    const first = leftOf(await consumeRateLimit("auth", caller));
    // What another process counted meanwhile.
    await pool.query("UPDATE rate_limit SET points = points + 50 WHERE key = $1", [`auth:${caller}`]);
    expect(first - leftOf(await consumeRateLimit("auth", caller))).toBe(51);
    expect(await countOf(caller)).toBe(52);
  });

  it("lets exactly the limit through, however many come at once, and takes refunds back", async () => {
    const caller = newId("request");
    const answers = await Promise.allSettled(Array.from({ length: 200 }, () => consumeRateLimit("auth", caller)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(120);
    const other = newId("request");
    await consumeRateLimit("auth", other, 10);
    await refundRateLimit("auth", other);
    expect(await countOf(other)).toBe(9);
  });

  it("forgets the windows that are over, and no other", async () => {
    const [over, running] = [newId("request"), newId("request")];
    await Promise.all([over, running].map((caller) => consumeRateLimit("auth", caller)));
    await pool.query("UPDATE rate_limit SET expire = $2 WHERE key = $1", [`auth:${over}`, Date.now() - 1_000]);
    await sweepRateLimits();
    expect(await countOf(over)).toBeUndefined();
    expect(await countOf(running)).toBe(1);
  });
});
