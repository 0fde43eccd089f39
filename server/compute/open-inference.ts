import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { sha256Hex } from "#core/node-signature.ts";
import { type ChatRequest, canonicalMessages } from "#core/schemas/chat.ts";
import type { TokenCounting } from "#core/schemas/node-protocol.ts";
import { countingOf, countPromptTokens } from "#core/token-count.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import { releaseReservation, reserve } from "#server/ledger/reservations.ts";
import { listCandidates } from "./list-candidates.ts";
import { worstCase } from "./metering.math.ts";
import { type Candidate, rankOffers, readModelName } from "./rank-offers.ts";
import type { Timing } from "./timing.ts";

/** How many nodes may be tried for one request. */
const CANDIDATES_MAX = 3;
/** How long an answer may get when the caller names no limit. */
const ANSWER_TOKENS_DEFAULT = 512;

/** A completion whose money is set aside and whose nodes are chosen. */
export type OpenInference = {
  id: string;
  receiptId: string;
  reservationId: string;
  payer: string;
  model: string;
  counting: TokenCounting;
  promptHash: string;
  promptTokens: number;
  maxTokens: number;
  reserved: bigint;
  candidates: Candidate[];
  startedAt: Date;
};

/** Whose money pays: the agent's when the key belongs to one, else the person's. */
export const payerOf = (actor: Actor): string =>
  actor.agentId ? agentAccount(actor.agentId) : userAccount(actor.userId);

/**
 * Chooses nodes and sets the worst case aside: the whole prompt and the longest answer, at the highest price among
 * the nodes that may be tried.
 */
export async function openInference(actor: Actor, input: ChatRequest, timing: Timing): Promise<OpenInference> {
  if (actor.via === "api_key" && !actor.scopes.includes("inference:write")) {
    throw new DomainError("SCOPE_MISSING", { scope: "inference:write" });
  }
  const { model, preference } = readModelName(input.model);
  const counting = countingOf(model);
  const promptTokens = countPromptTokens(counting, input.messages);
  const all = await listCandidates(model);
  const fitting = all.filter((node) => node.contextTokens > promptTokens);
  if (fitting.length === 0) {
    const contextTokens = Math.max(...all.map((node) => node.contextTokens));
    throw new DomainError("CONTEXT_LENGTH_EXCEEDED", { param: "messages", promptTokens, contextTokens });
  }
  const candidates = rankOffers(fitting, preference, Date.now()).slice(0, CANDIDATES_MAX);
  const room = Math.min(...candidates.map((node) => node.contextTokens)) - promptTokens;
  const wanted = input.max_completion_tokens ?? input.max_tokens ?? ANSWER_TOKENS_DEFAULT;
  const maxTokens = Math.min(wanted, room);
  const cost = worstCase(candidates, { promptTokens, completionTokens: maxTokens });
  // A reservation of nothing does not exist, so even a free model sets one micro-dollar aside for the moment.
  const reserved = cost > 0n ? cost : 1n;
  const id = newId("inference");
  const payer = payerOf(actor);
  const expiresAt = new Date(Date.now() + timing.reservationMs);
  const promptHash = await sha256Hex(canonicalMessages(input.messages));
  const { reservationId } = await reserve({
    key: `inference:${id}`,
    account: payer,
    amount: reserved,
    purpose: "inference",
    refId: id,
    expiresAt,
  }).catch((error: unknown) => {
    // Somebody who never had money has no account yet: to them it is the same sentence.
    if (error instanceof DomainError && error.code === "ACCOUNT_NOT_FOUND") {
      throw new DomainError("INSUFFICIENT_FUNDS", {}, { cause: error });
    }
    throw error;
  });
  const open = {
    id,
    receiptId: newId("receipt"),
    reservationId,
    payer,
    model,
    counting,
    promptHash,
    promptTokens,
    maxTokens,
    reserved,
  };
  try {
    await db.inference.create({
      data: {
        ...open,
        userId: actor.userId,
        agentId: actor.agentId ?? null,
        apiKeyId: actor.apiKeyId ?? null,
        status: "running",
        expiresAt,
      },
    });
  } catch (error) {
    // Were this process to die here instead, the reservation would expire and be released by the ledger's job.
    await releaseReservation({ reservationId, key: `inference-release:${id}` });
    throw error;
  }
  return { ...open, candidates, startedAt: new Date() };
}
