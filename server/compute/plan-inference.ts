import { createHash } from "node:crypto";
import { DomainError } from "#core/errors.ts";
import type { InferenceOrder } from "#core/inference-order.ts";
import { canonicalModel } from "#core/model-names.ts";
import { canonicalQuestion } from "#core/question.ts";
import type { TokenCounting } from "#core/schemas/node-protocol.ts";
import { countingOf, countPromptTokens } from "#core/token-count.ts";
import type { Actor } from "#server/identity/actor.ts";
import { findPayingEscrow, type PayingEscrow, paidBy } from "./escrow/pay-from-escrow.ts";
import { listCandidates } from "./list-candidates.ts";
import { type Candidate, misfit, preferenceOf, rankOffers, readModelName } from "./rank-offers.ts";
import { stickyNode } from "./sticky-nodes.ts";

/** How many nodes may be tried for one request. */
export const CANDIDATES_MAX = 3;
/** How long an answer may get when the caller names no limit. */
const ANSWER_TOKENS_DEFAULT = 512;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A request that is understood and whose nodes are ranked, before any money is set aside. */
export type InferencePlan = {
  model: string;
  counting: TokenCounting;
  promptHash: string;
  promptTokens: number;
  ranked: Candidate[];
  /** The escrow that pays, when the caller named one. */
  escrow: PayingEscrow | null;
};

/** Understands a request: which model is meant, how long the prompt is, which nodes could answer, best first. */
export async function planInference(actor: Actor, order: InferenceOrder): Promise<InferencePlan> {
  const { model: asked, preference } = readModelName(order.name);
  const model = canonicalModel(asked);
  const counting = countingOf(model);
  const promptTokens = countPromptTokens(counting, order.question);
  const { escrow: escrowId } = order.routing;
  const escrow = escrowId ? await findPayingEscrow(actor, escrowId) : null;
  const market = await listCandidates(model);
  const all = escrow ? paidBy(escrow, market) : market;
  if (all.length === 0)
    throw new DomainError("NO_NODE_FITS", { param: "converge", model, nodes: market.length, reasons: ["escrow"] });
  const able = fitting(all, order, model);
  const roomy = able.filter((node) => node.contextTokens > promptTokens);
  if (roomy.length === 0) {
    const contextTokens = Math.max(...able.map((node) => node.contextTokens));
    throw new DomainError("CONTEXT_LENGTH_EXCEEDED", { param: "messages", promptTokens, contextTokens });
  }
  const wish = {
    preference: preferenceOf(order.routing.sort, preference),
    promptTokens,
    tokensMax: order.tokensMax ?? ANSWER_TOKENS_DEFAULT,
    stickyNodeId: stickyNode(actor, model, order.question),
  };
  const ranked = rankOffers(roomy, wish, Date.now());
  return { model, counting, promptTokens, ranked, escrow, promptHash: sha256(canonicalQuestion(order.question)) };
}

/** The candidates that have what the request needs; otherwise what stands in the way of each. */
function fitting(all: readonly Candidate[], { needs, routing }: InferenceOrder, model: string): Candidate[] {
  const reasons = all.map((candidate) => misfit(candidate, needs, routing));
  const able = all.filter((_, index) => reasons[index] === null);
  if (able.length > 0) return able;
  const lacking = reasons.filter((reason) => reason?.startsWith("feature:"));
  if (lacking.length === all.length)
    throw new DomainError("MODEL_FEATURE_UNAVAILABLE", {
      param: "model",
      model,
      features: [...new Set(lacking.map((reason) => reason?.slice("feature:".length)))],
    });
  throw new DomainError("NO_NODE_FITS", {
    param: "converge",
    model,
    nodes: all.length,
    reasons: [...new Set(reasons)].sort(),
  });
}

/** How long the answer may get at these nodes. An embedding has none. */
export function answerTokens(order: InferenceOrder, candidates: readonly Candidate[], promptTokens: number): number {
  if (order.question.kind === "embedding") return 0;
  const room = Math.min(...candidates.map((node) => node.contextTokens)) - promptTokens;
  return Math.min(order.tokensMax ?? ANSWER_TOKENS_DEFAULT, room);
}
