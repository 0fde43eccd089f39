import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { STALE_SECONDS } from "#core/market/listed.ts";
import { poolPrice } from "#core/market/market-view.ts";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import type { DecisionView, MarketOutput, StrategyView } from "#core/schemas/strategy.ts";
import type { StrategySettings } from "#core/strategies/settings.ts";
import { readMarket, tradeRouter } from "#server/chain/market.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { getAgentRow, getOwnAgentRow } from "#server/wallets/agent-rows.ts";
import { findStrategy, viewDecision, viewStrategy } from "./strategy-rows.ts";

const STRATEGIES_MAX = 20;

/** The strategies of an agent, newest first. */
export async function listStrategies(actor: Actor, { id }: { id: string }): Promise<{ data: StrategyView[] }> {
  const agent = await getAgentRow(actor, id);
  const rows = await db.agentStrategy.findMany({ where: { agentId: agent.id }, orderBy: { createdAt: "desc" } });
  return { data: rows.map(viewStrategy) };
}

/** Gives an agent something to do by itself. Only its owner does: an agent's own key gives itself no orders. */
export async function createStrategy(
  actor: Actor,
  input: { id: string; name: string; settings: StrategySettings; mode: "dry-run" | "live" },
): Promise<StrategyView> {
  const agent = await getOwnAgentRow(actor, input.id);
  if (agent.status === "revoked") throw new DomainError("AGENT_REVOKED");
  const count = await db.agentStrategy.count({ where: { agentId: agent.id, status: { not: "done" } } });
  if (count >= STRATEGIES_MAX)
    throw new DomainError("VALIDATION_FAILED", { message: `An agent has at most ${STRATEGIES_MAX} strategies.` });
  const row = await db.agentStrategy.create({
    data: {
      id: newId("strategy"),
      agentId: agent.id,
      name: input.name,
      settings: input.settings,
      mode: input.mode,
    },
  });
  return viewStrategy(row);
}

/** Stops it, lets it go on, or takes it from a dry run to the real thing. */
export async function setStrategy(
  actor: Actor,
  {
    id,
    mode,
    status,
  }: { id: string; mode?: "dry-run" | "live" | undefined; status?: "running" | "stopped" | undefined },
): Promise<StrategyView> {
  const row = await findStrategy(actor, id);
  await getOwnAgentRow(actor, row.agentId);
  if (row.status === "done") throw new DomainError("STRATEGY_CLOSED");
  await db.agentStrategy.updateMany({
    where: { id, status: { not: "done" } },
    data: {
      ...(status ? { status } : {}),
      // What it remembers of a dry run never happened.
      ...(mode && mode !== row.mode ? { mode, state: {} } : {}),
      nextAt: new Date(),
    },
  });
  return viewStrategy(await findStrategy(actor, id));
}

/** What a strategy decided beside waiting, newest first. */
export async function listDecisions(actor: Actor, input: PageInput & { id: string }): Promise<Page<DecisionView>> {
  const { id } = await findStrategy(actor, input.id);
  const rows = await db.agentDecision.findMany({
    where: { strategyId: id, ...(input.cursor ? { id: { lt: input.cursor } } : {}) },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const page = toPage(rows, input.limit);
  return { ...page, data: page.data.map(viewDecision) };
}

/** What is traded here and what it costs now. */
export async function getMarket(): Promise<MarketOutput> {
  const { usd, tokens, atSeconds } = await readMarket();
  return {
    usd,
    router: tradeRouter(),
    data: tokens.map((token) => ({
      token: token.token,
      symbol: token.symbol,
      decimals: token.decimals,
      price: token.answer.toString(),
      poolPrice: (poolPrice(token) ?? 0n).toString(),
      depth: token.reserveUsd.toString(),
      pricedAt: new Date(token.answeredAtSeconds * 1_000).toISOString(),
      isStale: atSeconds - token.answeredAtSeconds > STALE_SECONDS,
    })),
  };
}
