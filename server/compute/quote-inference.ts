import type { InferenceOrder } from "#core/inference-order.ts";
import type { Actor } from "#server/identity/actor.ts";
import { worstCase } from "./metering.math.ts";
import { answerTokens, CANDIDATES_MAX, planInference } from "./plan-inference.ts";

/** Somebody who is not known yet: they have no conversation that sticks to a node, and no escrow. */
const NOBODY: Actor = { userId: "nobody", roles: [], via: "api_key", scopes: [] };

/** The most that a request can cost as it is now, in micro-dollars: what would be set aside for it. */
export async function quoteInference(order: InferenceOrder): Promise<bigint> {
  const plan = await planInference(NOBODY, order);
  const candidates = plan.ranked.slice(0, CANDIDATES_MAX);
  const completionTokens = answerTokens(order, candidates, plan.promptTokens);
  return worstCase(candidates, { promptTokens: plan.promptTokens, completionTokens });
}
