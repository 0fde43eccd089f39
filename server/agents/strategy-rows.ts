import { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { refusalOutput } from "#core/schemas/agent.ts";
import type { DecisionView, StrategyView } from "#core/schemas/strategy.ts";
import { decisionOutcome, strategyMode, strategyStatus, strategyStep } from "#core/schemas/strategy.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import type { StrategyState } from "#core/strategies/decision.ts";
import { strategySettings } from "#core/strategies/settings.ts";
import type { AgentDecision, AgentStrategy } from "#generated/prisma/client.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

const stateSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const settingsOf = (row: AgentStrategy) => strategySettings.parse(row.settings);
export const stateOf = (json: unknown): StrategyState => stateSchema.parse(json);

/** A strategy acts as its agent and with the agent's rights alone: it cannot lift its own limits. */
export const actorOf = (agent: { id: string; userId: string }): Actor => ({
  userId: agent.userId,
  roles: ["user"],
  via: "api_key",
  scopes: ALL_SCOPES,
  agentId: agent.id,
});

export async function findStrategy(actor: Actor, id: string): Promise<AgentStrategy> {
  const row = await db.agentStrategy.findUnique({ where: { id }, include: { agent: true } });
  const isOthers = row?.agent.userId !== actor.userId || (actor.agentId !== undefined && actor.agentId !== row.agentId);
  if (!row || isOthers) throw new DomainError("NOT_FOUND");
  return row;
}

export const viewStrategy = (row: AgentStrategy): StrategyView => ({
  id: row.id,
  agentId: row.agentId,
  name: row.name,
  settings: settingsOf(row),
  mode: strategyMode.parse(row.mode),
  status: strategyStatus.parse(row.status),
  lastWhy: row.lastWhy,
  lastAt: row.lastAt?.toISOString() ?? null,
  nextAt: row.nextAt.toISOString(),
  createdAt: row.createdAt.toISOString(),
});

export const viewDecision = (row: AgentDecision): DecisionView => ({
  id: row.id,
  strategyId: row.strategyId,
  why: row.why,
  intent: row.intent === null ? null : z.record(z.string(), z.string()).parse(row.intent),
  isAlert: row.isAlert,
  outcome: decisionOutcome.parse(row.outcome),
  steps: row.steps === null ? [] : z.array(strategyStep).parse(row.steps),
  refusal: row.refusal === null ? null : refusalOutput.parse(row.refusal),
  activityId: row.activityId,
  createdAt: row.createdAt.toISOString(),
});
