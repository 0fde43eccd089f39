import type { Address, Hex } from "viem";
import { isAddressEqual } from "viem/utils";
import { apartBps, type MarketView, poolPrice, portfolioValue, unitsWorth } from "#core/market/market-view.ts";
import { decodeExecution } from "#core/policy/execution.ts";
import { ENTRY_POINT_ADDRESS } from "#core/user-operation.ts";
import { listTokens, readMarket, readPortfolio, tradeRouter } from "#server/chain/market.ts";
import { type SimulatedLog, simulateCalls } from "#server/chain/simulate.ts";
import { db, pool, sqlOf } from "#server/db.ts";

/** keccak256("Transfer(address,address,uint256)") */
const TRANSFER_EVENT = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const INDEX_ONE = 1_000_000_000n;
const KEPT_DAYS = 8;
const AT_ONCE = 200;

type Market = Pick<MarketView, "usd" | "tokens">;

/** Whether a batch calls the router. */
export function isTradeOf(callData: Hex): boolean {
  let router: Address;
  try {
    router = tradeRouter();
  } catch {
    return false;
  }
  return decodeExecution(callData).calls.some(({ target }) => isAddressEqual(target, router));
}

/** What an account gains and loses by a batch, by token in lower case, read from what tokens say of it. */
export function changesOf(account: Address, logs: readonly SimulatedLog[]): Map<string, bigint> {
  const changes = new Map<string, bigint>();
  const isAccount = (topic: Hex) => BigInt(topic) === BigInt(account);
  for (const { address, topics, data } of logs) {
    const [event, from, to] = topics;
    if (event !== TRANSFER_EVENT || !from || !to || data === "0x") continue;
    const token = address.toLowerCase();
    const amount = (isAccount(to) ? BigInt(data) : 0n) - (isAccount(from) ? BigInt(data) : 0n);
    changes.set(token, (changes.get(token) ?? 0n) + amount);
  }
  return changes;
}

/** Tries a batch out on the newest block; null when it would not go through. */
export async function tryOut(account: Address, callData: Hex): Promise<Map<string, bigint> | null> {
  const [result] = await simulateCalls([{ from: ENTRY_POINT_ADDRESS, to: account, data: callData }]);
  return result?.ok ? changesOf(account, result.logs) : null;
}

function worthOf(market: Market, token: string, units: bigint): bigint {
  if (token === market.usd.toLowerCase()) return units;
  const listed = market.tokens.find((one) => one.token.toLowerCase() === token);
  return listed ? unitsWorth(units, listed.decimals, listed.answer) : 0n;
}

/** What a trade would lose by the feeds, in hundredths of a percent of what it gives; null when it would fail or gives nothing. */
export async function lossOf(account: Address, callData: Hex): Promise<bigint | null> {
  const [market, changes] = await Promise.all([readMarket(), tryOut(account, callData)]);
  if (!changes) return null;
  let [given, got] = [0n, 0n];
  for (const [token, change] of changes) {
    if (change < 0n) given += worthOf(market, token, -change);
    else got += worthOf(market, token, change);
  }
  return given === 0n || got >= given ? null : ((given - got) * 10_000n) / given;
}

/** How far pools are from their feeds, and how long the most silent feed has said nothing. */
export async function marketTrouble(): Promise<{ deviationBps: bigint; silentSeconds: number }> {
  if ((await listTokens()).length === 0) return { deviationBps: 0n, silentSeconds: 0 };
  const { tokens, atSeconds } = await readMarket();
  let deviationBps = 0n;
  for (const token of tokens) {
    const apart = apartBps(token.answer, poolPrice(token) ?? 0n);
    if (apart > deviationBps) deviationBps = apart;
  }
  const silentSeconds = Math.max(...tokens.map(({ answeredAtSeconds }) => atSeconds - answeredAtSeconds));
  return { deviationBps, silentSeconds };
}

/** How far the index of an agent's holdings is below its highest within a time, in hundredths of a percent. */
export async function drawdownOf(agentId: string, seconds: number): Promise<bigint> {
  const [row] = await sqlOf(pool).query<{ highest: string | null; last: string | null }>(
    `SELECT max(index)::text AS highest, (array_agg(index ORDER BY at DESC))[1]::text AS last
     FROM agent_value WHERE agent_id = $1 AND at > now() - make_interval(secs => $2)`,
    [agentId, seconds],
  );
  const [highest, last] = [BigInt(row?.highest ?? 0), BigInt(row?.last ?? 0)];
  return highest === 0n ? 0n : ((highest - last) * 10_000n) / highest;
}

type Sample = { value: bigint; index: string; holdings: Record<string, string> };

/** What the holdings of before are worth at the prices of now: what prices alone made of them. */
function worthNow(holdings: Record<string, string>, market: Market): bigint {
  return Object.entries(holdings).reduce((sum, [token, units]) => sum + worthOf(market, token, BigInt(units)), 0n);
}

async function noteValue(agent: { id: string; account: string }, market: Market): Promise<void> {
  const { usd, held } = await readPortfolio(agent.account as Address);
  const [before] = await sqlOf(pool).query<Sample>(
    "SELECT value, index::text AS index, holdings FROM agent_value WHERE agent_id = $1 ORDER BY at DESC LIMIT 1",
    [agent.id],
  );
  const moved =
    before && before.value > 0n ? (BigInt(before.index) * worthNow(before.holdings, market)) / before.value : null;
  const holdings = Object.fromEntries(
    [[market.usd, usd] as const, ...held].map(([token, units]) => [token.toLowerCase(), units.toString()]),
  );
  await sqlOf(pool).query(
    `INSERT INTO agent_value (agent_id, at, value, index, holdings) VALUES ($1, clock_timestamp(), $2, $3::numeric, $4::jsonb)
     ON CONFLICT (agent_id, at) DO NOTHING`,
    [
      agent.id,
      portfolioValue({ usd, held }, market),
      (moved ?? BigInt(before?.index ?? INDEX_ONE)).toString(),
      JSON.stringify(holdings),
    ],
  );
}

/** Notes what the agents that do something by themselves hold, and what prices made of it. A loop. */
export async function noteAgentValues(): Promise<{ noted: number }> {
  if ((await listTokens()).length === 0) return { noted: 0 };
  const agents = await db.agent.findMany({
    where: { status: { in: ["active", "paused"] }, strategies: { some: { status: "running" } } },
    select: { id: true, account: true },
    take: AT_ONCE,
  });
  if (agents.length === 0) return { noted: 0 };
  const market = await readMarket();
  for (const agent of agents) await noteValue(agent, market);
  return { noted: agents.length };
}

/** Lets go of what no breaker looks at any more. A job. */
export const sweepAgentValues = () =>
  sqlOf(pool).query("DELETE FROM agent_value WHERE at < now() - make_interval(days => $1)", [KEPT_DAYS]);
