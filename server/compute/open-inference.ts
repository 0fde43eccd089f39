import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { sha256Hex } from "#core/node-signature.ts";
import { type ChatRequest, canonicalMessages } from "#core/schemas/chat.ts";
import type { TokenCounting } from "#core/schemas/node-protocol.ts";
import { countingOf, countPromptTokens } from "#core/token-count.ts";
import type { Prisma } from "#generated/prisma/client.ts";
import { db, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { assertScope } from "#server/identity/assert-scope.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import { explainRefusal } from "#server/ledger/explain-refusal.ts";
import type { Reserve } from "#server/ledger/operations.ts";
import { releaseReservation, reserve, reserveIn } from "#server/ledger/reservations.ts";
import { nodeOf, scopesOf } from "#server/ledger/scopes.ts";
import { listCandidates } from "./list-candidates.ts";
import { worstCase } from "./metering.math.ts";
import { type Candidate, rankOffers, readModelName } from "./rank-offers.ts";
import type { KeyedRequest } from "./repeated-request.ts";
import type { Timing } from "./timing.ts";

/** How many nodes may be tried for one request. */
const CANDIDATES_MAX = 3;
/** How many nodes without room under their caps are passed over for one request. */
const REFUSALS_MAX = 8;
/** How long an answer may get when the caller names no limit. */
const ANSWER_TOKENS_DEFAULT = 512;

/** A completion whose money is set aside and whose nodes are chosen. */
export type OpenInference = {
  id: string;
  /** Whether the answer is kept for a repeat of the request. */
  keepsAnswer: boolean;
  receiptId: string;
  reservationId: string;
  payer: string;
  model: string;
  counting: TokenCounting;
  promptHash: string;
  promptTokens: number;
  maxTokens: number;
  reserved: bigint;
  /** What the reservation falls under besides its account. */
  scopes: string[];
  candidates: Candidate[];
  startedAt: Date;
};

/** Whose money pays: the agent's when the key belongs to one, else the person's. */
export const payerOf = (actor: Actor): string =>
  actor.agentId ? agentAccount(actor.agentId) : userAccount(actor.userId);

type Order = { actor: Actor; input: ChatRequest; request: KeyedRequest | null; timing: Timing };

/** What is asked for, before nodes are chosen. */
type Question = Pick<OpenInference, "model" | "counting" | "promptHash" | "promptTokens">;

/**
 * Chooses nodes and sets the worst case aside: the whole prompt and the longest answer, at the highest price among
 * the nodes that may be tried. Under a key that was used before nothing is set aside; see `findRepeated`.
 */
export async function openInference(
  actor: Actor,
  input: ChatRequest,
  timing: Timing,
  request: KeyedRequest | null = null,
): Promise<OpenInference> {
  assertScope(actor, "inference:write");
  const { model, preference } = readModelName(input.model);
  const counting = countingOf(model);
  const promptTokens = countPromptTokens(counting, input.messages);
  const all = await listCandidates(model);
  const fitting = all.filter((node) => node.contextTokens > promptTokens);
  if (fitting.length === 0) {
    const contextTokens = Math.max(...all.map((node) => node.contextTokens));
    throw new DomainError("CONTEXT_LENGTH_EXCEEDED", { param: "messages", promptTokens, contextTokens });
  }
  const promptHash = await sha256Hex(canonicalMessages(input.messages));
  const question = { model, counting, promptHash, promptTokens };
  let ranked = rankOffers(fitting, preference, Date.now());
  for (let left = REFUSALS_MAX; ; left -= 1) {
    try {
      return await openAt({ actor, input, request, timing }, question, ranked.slice(0, CANDIDATES_MAX));
    } catch (error) {
      // A cap on one node is no reason to refuse while others may answer.
      const full =
        error instanceof DomainError && error.code === "CAP_EXCEEDED" ? nodeOf(String(error.details.scope)) : null;
      const others = ranked.filter(({ nodeId }) => nodeId !== full);
      if (left === 0 || others.length === 0 || others.length === ranked.length) throw explainRefusal(error, actor);
      ranked = others;
    }
  }
}

/** Sets aside what the answer may cost at these nodes and writes the row. */
async function openAt(order: Order, question: Question, candidates: Candidate[]): Promise<OpenInference> {
  const { actor, input, request, timing } = order;
  const { promptTokens } = question;
  const room = Math.min(...candidates.map((node) => node.contextTokens)) - promptTokens;
  const wanted = input.max_completion_tokens ?? input.max_tokens ?? ANSWER_TOKENS_DEFAULT;
  const maxTokens = Math.min(wanted, room);
  const cost = worstCase(candidates, { promptTokens, completionTokens: maxTokens });
  // A reservation of nothing does not exist, so even a free model sets one micro-dollar aside for the moment.
  const reserved = cost > 0n ? cost : 1n;
  const id = newId("inference");
  const payer = payerOf(actor);
  const startedAt = new Date();
  const expiresAt = new Date(startedAt.getTime() + timing.reservationMs);
  const scopes = scopesOf(actor, { category: "inference", nodeIds: candidates.map(({ nodeId }) => nodeId) });
  const money: Reserve = {
    key: `inference:${id}`,
    account: payer,
    amount: reserved,
    purpose: "inference",
    refId: id,
    expiresAt,
    scopes,
  };
  const chosen = { ...question, id, receiptId: newId("receipt"), payer, maxTokens, reserved };
  const row = {
    ...chosen,
    userId: actor.userId,
    agentId: actor.agentId ?? null,
    apiKeyId: actor.apiKeyId ?? null,
    status: "running",
    requestKey: request?.key ?? null,
    requestHash: request?.hash ?? null,
    createdAt: startedAt,
    expiresAt,
  };
  const reservationId = await (request ? reserveOnce(money, row, request) : reserveFast(money, row)).catch(
    (error: unknown) => {
      // Somebody who never had money has no account yet: to them it is the same sentence.
      if (error instanceof DomainError && error.code === "ACCOUNT_NOT_FOUND") {
        throw new DomainError("INSUFFICIENT_FUNDS", {}, { cause: error });
      }
      throw error;
    },
  );
  const keepsAnswer = request !== null && !input.stream;
  return { ...chosen, reservationId, keepsAnswer, scopes, candidates, startedAt };
}

type NewRow = Omit<Prisma.InferenceUncheckedCreateInput, "reservationId">;

/** Reserves together with whoever else is asking at this moment, and then writes the row. */
async function reserveFast(order: Reserve, row: NewRow): Promise<string> {
  const { reservationId } = await reserve(order);
  try {
    await db.inference.create({ data: { ...row, reservationId } });
  } catch (error) {
    // Were this process to die here instead, the reservation would expire and be released by the ledger's job.
    await releaseReservation({ reservationId, key: `inference-release:${row.id}` });
    throw error;
  }
  return reservationId;
}

/** Reserves and writes the row in one transaction, so that a key that was seen has a row and a row has its money. */
async function reserveOnce(order: Reserve, row: NewRow, request: KeyedRequest): Promise<string> {
  return db.$transaction(async (tx) => {
    const sql = sqlOf(tx);
    await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 3))::text", [request.key]);
    // The door has looked before; this one came at the same moment as the first.
    const first = await tx.inference.findUnique({ where: { requestKey: request.key }, select: { requestHash: true } });
    if (first && first.requestHash !== request.hash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
    if (first) throw new DomainError("IDEMPOTENCY_IN_PROGRESS", { retryAfterSeconds: 1 });
    const { reservationId } = await reserveIn(sql, order);
    await tx.inference.create({ data: { ...row, reservationId } });
    return reservationId;
  });
}
