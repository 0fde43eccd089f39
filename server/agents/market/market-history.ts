import type { Address } from "viem";
import { getAddress } from "viem/utils";
import { STALE_SECONDS } from "#core/market/listed.ts";
import { type MarketView, poolPrice } from "#core/market/market-view.ts";
import type { Price } from "#core/policy/guards.ts";
import type { PricePoint } from "#core/strategies/backtest.ts";
import { listTokens, readMarket } from "#server/chain/market.ts";
import { pool, sqlOf } from "#server/db.ts";

const KEPT_DAYS = 30;

/** Notes what everything costs now. A loop. */
export async function noteMarketPrices(): Promise<void> {
  if ((await listTokens()).length === 0) return;
  const { tokens } = await readMarket();
  await sqlOf(pool).query(
    `INSERT INTO market_price (token, at, answer, pool_price)
     SELECT token, date_trunc('second', now()), answer, pool_price
     FROM unnest($1::text[], $2::numeric[], $3::numeric[]) AS t (token, answer, pool_price)
     ON CONFLICT (token, at) DO NOTHING`,
    [
      tokens.map(({ token }) => token),
      tokens.map(({ answer }) => answer.toString()),
      tokens.map((token) => (poolPrice(token) ?? 0n).toString()),
    ],
  );
}

/** Lets go of what is older than anybody asks for. A job. */
export const sweepMarketPrices = () =>
  sqlOf(pool).query("DELETE FROM market_price WHERE at < now() - make_interval(days => $1)", [KEPT_DAYS]);

/** What the feeds said so many seconds ago: the newest note that is at least so old. */
async function answersAgo(seconds: number): Promise<Map<Address, bigint>> {
  const rows = await sqlOf(pool).query<{ token: string; answer: string }>(
    `SELECT DISTINCT ON (token) token, answer::text FROM market_price
     WHERE at <= now() - make_interval(secs => $1) AND at > now() - make_interval(secs => $1 * 2 + 600)
     ORDER BY token, at DESC`,
    [seconds],
  );
  return new Map(rows.map(({ token, answer }) => [getAddress(token), BigInt(answer)]));
}

type Noted = { token: string; atSeconds: number; answer: string; notedAtSeconds: number };

/**
 * What prices were at moments of the past, by the moment in seconds: the newest note before it that is no older than any
 * price that is counted with. Moments without one have no price here.
 */
export async function pricesAt(moments: readonly number[]): Promise<Map<number, Map<Address, Price>>> {
  const listed = await listTokens();
  const prices = new Map<number, Map<Address, Price>>();
  if (listed.length === 0 || moments.length === 0) return prices;
  const rows = await sqlOf(pool).query<Noted>(
    `SELECT t.token, m.seconds::int AS "atSeconds", p.answer::text, extract(epoch FROM p.at)::int AS "notedAtSeconds"
     FROM unnest($1::int[]) AS m (seconds) CROSS JOIN unnest($2::text[]) AS t (token)
     CROSS JOIN LATERAL (
       SELECT answer, at FROM market_price
       WHERE token = t.token AND at <= to_timestamp(m.seconds) AND at >= to_timestamp(m.seconds - ${STALE_SECONDS})
       ORDER BY at DESC LIMIT 1) p`,
    [[...new Set(moments)], listed.map(({ token }) => token)],
  );
  for (const { token, atSeconds, answer, notedAtSeconds } of rows) {
    const decimals = listed.find((one) => one.token === token)?.decimals;
    if (decimals === undefined) continue;
    const noted = prices.get(atSeconds) ?? new Map<Address, Price>();
    prices.set(
      atSeconds,
      noted.set(getAddress(token), { decimals, answer: BigInt(answer), answeredAtSeconds: notedAtSeconds }),
    );
  }
  return prices;
}

/** The market now, with what was `pastSeconds` ago to compare it with. */
export async function viewMarket(pastSeconds: number | null): Promise<MarketView> {
  const [market, past] = await Promise.all([
    readMarket(),
    pastSeconds === null ? new Map<Address, bigint>() : answersAgo(pastSeconds),
  ]);
  return { ...market, answerAgo: (token) => past.get(token) ?? null };
}

/** The feeds' prices over the last hours, evenly spaced, oldest first; at most `pointsMax` of them. */
export async function priceSeries(hours: number, pointsMax: number): Promise<PricePoint[]> {
  const rows = await sqlOf(pool).query<{ at: Date; token: string; answer: string }>(
    `SELECT DISTINCT ON (bucket, token) to_timestamp(bucket * $2) AS at, token, answer::text
     FROM (SELECT floor(extract(epoch FROM at) / $2)::bigint AS bucket, token, answer, at FROM market_price
       WHERE at > now() - make_interval(hours => $1)) noted
     ORDER BY bucket, token, noted.at`,
    [hours, Math.max(1, Math.floor((hours * 3_600) / pointsMax))],
  );
  const points = new Map<number, Map<Address, bigint>>();
  for (const { at, token, answer } of rows) {
    const seconds = Math.floor(at.getTime() / 1_000);
    const answers = points.get(seconds) ?? new Map<Address, bigint>();
    points.set(seconds, answers.set(getAddress(token), BigInt(answer)));
  }
  const complete = Math.max(0, ...[...points.values()].map((answers) => answers.size));
  return [...points]
    .filter(([, answers]) => answers.size === complete)
    .map(([atSeconds, answers]) => ({ atSeconds, answers }));
}
