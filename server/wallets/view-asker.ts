import { z } from "zod";
import type { Asker } from "#core/schemas/action.ts";
import { strategyStep } from "#core/schemas/strategy.ts";
import { db } from "#server/db.ts";
import { askedBySchema, type Turn } from "./action-record.ts";
import type { ActivityRow, AgentRow } from "./agent-rows.ts";

/** Who asked for an action, by name; null where that was not written down yet. */
export async function viewAsker(row: ActivityRow, agent: AgentRow): Promise<Asker | null> {
  const asked = askedBySchema.nullable().parse(row.askedBy);
  if (!asked) return null;
  if (asked.kind === "strategy") return viewTurn(asked);
  if (asked.kind === "person") {
    const user = await db.user.findUnique({ where: { id: asked.userId }, select: { name: true } });
    return { kind: "person", name: user?.name ?? null };
  }
  const key = await db.apiKey.findUnique({ where: { id: asked.keyId }, select: { name: true, agentId: true } });
  return { ...asked, name: key?.name ?? null, isAgents: key?.agentId === agent.id };
}

/** A strategy's turn with its reason; a model's step with what it proposed. */
async function viewTurn({ strategyId, turn, step }: Turn): Promise<Asker | null> {
  const decision = await db.agentDecision.findUnique({
    where: { strategyId_turn: { strategyId, turn } },
    include: { strategy: { select: { name: true } } },
  });
  if (!decision) return null;
  const steps = decision.steps === null ? [] : z.array(strategyStep).parse(decision.steps);
  const proposed = step === null ? undefined : steps[step];
  return {
    kind: "strategy",
    strategyId,
    name: decision.strategy.name,
    turn,
    why: proposed?.thought ?? decision.why,
    proposal: proposed ? { tool: proposed.tool, input: proposed.input } : null,
  };
}
