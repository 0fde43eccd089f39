import { portfolioValue } from "#core/market/market-view.ts";
import { seededRandom } from "#core/simulated-reader.ts";
import { type StrategySettingsInput, strategySettings } from "#core/strategies/settings.ts";
import { noteMarketPrices } from "#server/agents/market/market-history.ts";
import { simulateMarket } from "#server/agents/market/simulate-market.ts";
import { runStrategies } from "#server/agents/run-strategies.ts";
import { createStrategy } from "#server/agents/strategies.ts";
import { makeTrader, type Trader } from "#server/agents/testing/trading-world.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { readMarket, readPortfolio } from "#server/chain/market.ts";
import { db, pool } from "#server/db.ts";
import { noteAgentValues } from "#server/wallets/market-watch.ts";
import { followUntilQuiet } from "#server/wallets/testing/wallet-world.ts";
import { type BenchRow, bounded, round } from "./bench-row.ts";

/** An hour at the pace of the development chain's own market: a step every 15 s. */
const STEPS = 240;
const STEP_BPS = 40;
const DOLLARS = 1_000_000_000n;
const CAPS = { perTransaction: 200_000_000n, perWindow: 2_000_000_000n };

type Outcome = { outcome: string; count: number };

async function outcomesOf(strategyIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await pool.query<Outcome>(
    "SELECT outcome, count(*)::int AS count FROM agent_decision WHERE strategy_id = ANY($1) GROUP BY outcome",
    [strategyIds],
  );
  return new Map(rows.map(({ outcome, count }) => [outcome, count]));
}

/** The most that was signed for of dollars in any window of an hour, by the signer's own record. */
async function mostInWindow(): Promise<bigint> {
  const { rows } = await pool.query<{ most: string }>(
    `SELECT coalesce(max(sum), 0)::text AS most FROM (
       SELECT (SELECT sum(b.amount) FROM signer_spend b WHERE b.wallet_id = a.wallet_id AND b.token = a.token
         AND b.signed_at <= a.signed_at AND b.signed_at > a.signed_at - interval '1 hour') AS sum
       FROM signer_spend a WHERE a.token = $1) windows`,
    [loadDeployment().contracts.TestUSD],
  );
  return BigInt(rows[0]?.most ?? 0);
}

async function step(random: () => number, number: number): Promise<void> {
  await simulateMarket(() => Math.floor(random() * (2 * STEP_BPS + 1)) - STEP_BPS);
  await noteMarketPrices();
  await pool.query("UPDATE agent_strategy SET next_at = now() WHERE status = 'running' AND lease_until IS NULL");
  // Two workers, and now and then one that died with its lease.
  if (number % 20 === 0) await pool.query("UPDATE agent_strategy SET lease_until = now() - interval '1 second'");
  await Promise.all([runStrategies(), runStrategies()]);
  await followUntilQuiet();
  await noteAgentValues();
}

/** Every kind of rule trades for an hour of market; what it did, and whether anything went beyond its limits. */
export async function run(): Promise<BenchRow[]> {
  await simulateMarket(() => 0);
  const { tokens } = await readMarket();
  const [weth, btc] = tokens.map(({ token }) => token);
  if (!weth || !btc) throw new Error("No market.");
  const price = tokens[0]?.answer ?? 0n;
  const strategies: StrategySettingsInput[] = [
    {
      kind: "rebalance",
      targets: [
        { token: weth, shareBps: 4_000 },
        { token: btc, shareBps: 4_000 },
      ],
      bandBps: 50,
      tradeMax: "150000000",
    },
    { kind: "recurring-buy", token: weth, units: "5000000", everySeconds: 10, totalMax: "50000000" },
    {
      kind: "limit-order",
      side: "buy",
      token: weth,
      units: "20000000",
      price: ((price * 99n) / 100n).toString(),
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    },
    { kind: "payer", keep: { below: "1000000", upTo: "2000000" } },
    { kind: "monitor", token: weth, above: price.toString() },
  ];
  const traders: Trader[] = [];
  const ids: string[] = [];
  for (const settings of strategies) {
    const trader = await makeTrader(DOLLARS, CAPS);
    traders.push(trader);
    const parsed = strategySettings.parse(settings);
    const made = await createStrategy(trader.owner.actor, {
      id: trader.agentId,
      name: settings.kind,
      settings: parsed,
      mode: "live",
    });
    ids.push(made.id);
  }
  const random = seededRandom(7);
  const startedAt = performance.now();
  for (let number = 1; number <= STEPS; number++) await step(random, number);
  const seconds = (performance.now() - startedAt) / 1_000;
  const outcomes = await outcomesOf(ids);
  const market = await readMarket();
  const values = await Promise.all(
    traders.map(async ({ account }) => portfolioValue(await readPortfolio(account), market)),
  );
  const { rows: twice } = await pool.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM (SELECT activity_id FROM agent_decision WHERE activity_id IS NOT NULL GROUP BY activity_id HAVING count(*) > 1) d",
  );
  const { rows: actions } = await pool.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM agent_activity WHERE request_key LIKE '%strategy:%' AND status = 'succeeded'",
  );
  const succeeded = outcomes.get("succeeded") ?? 0;
  const [least = 0n] = values.toSorted((a, b) => (a < b ? -1 : 1));
  const result = [
    { name: "steps of the market", value: STEPS, unit: "steps", note: `${round(seconds)} s for an hour of it` },
    bounded(
      "decisions that the chain carried out",
      succeeded,
      "decisions",
      ">= 10",
      [...outcomes].map(([name, count]) => `${name} ${count}`).join(", "),
    ),
    bounded(
      "actions on the chain beside those decisions",
      Math.abs((actions[0]?.count ?? 0) - succeeded),
      "actions",
      "<= 0",
      "two workers, leases lost now and then",
    ),
    bounded("actions that two decisions claim", twice[0]?.count ?? 0, "actions", "<= 0"),
    bounded(
      "the most signed for in an hour, of a cap of 2,000 dollars",
      Number((await mostInWindow()) / 1_000_000n),
      "dollars",
      "<= 2000",
    ),
    bounded(
      "what the worst of the five has left of 1,000 dollars",
      Number(least / 1_000_000n),
      "dollars",
      ">= 900",
      "costs and prices together",
    ),
  ];
  await db.$disconnect();
  await pool.end();
  return result;
}
