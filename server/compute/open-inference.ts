import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { InferenceOrder } from "#core/inference-order.ts";
import type { TokenCounting } from "#core/schemas/node-protocol.ts";
import type { Prisma } from "#generated/prisma/client.ts";
import { db, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount, escrowAccount, userAccount } from "#server/ledger/account-codes.ts";
import { explainRefusal } from "#server/ledger/explain-refusal.ts";
import type { Reserve } from "#server/ledger/operations.ts";
import { releaseReservation, reserve, reserveIn } from "#server/ledger/reservations.ts";
import { nodeOf, scopesOf } from "#server/ledger/scopes.ts";
import { worstCase } from "./metering.math.ts";
import { answerTokens, CANDIDATES_MAX, type InferencePlan } from "./plan-inference.ts";
import type { Candidate } from "./rank-offers.ts";
import type { KeyedRequest } from "./repeated-request.ts";
import type { Timing } from "./timing.ts";

const ESCROW_RESERVATION_MS = 300_000;
/** How many nodes without room under their caps are passed over for one request. */
const REFUSALS_MAX = 8;

/** A completion whose money is set aside and whose nodes are chosen. */
export type OpenInference = {
  id: string;
  /** Whether the answer is kept for a repeat of the request. */
  keepsAnswer: boolean;
  receiptId: string;
  reservationId: string;
  payer: string;
  /** The lease on the chain that pays, or null where the ledger does. */
  escrowId: string | null;
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
  /** Settled once its row is written; a failure of it has given the money back. */
  recorded: Promise<void>;
};

/** Whose money pays: the agent's when the key belongs to one, else the person's. */
export const payerOf = (actor: Actor): string =>
  actor.agentId ? agentAccount(actor.agentId) : userAccount(actor.userId);

/** The same for a request that may name an escrow. */
export const payerIn = (actor: Actor, { escrow }: Pick<InferencePlan, "escrow">): string =>
  escrow ? escrowAccount(escrow.id) : payerOf(actor);

export type Opening = {
  actor: Actor;
  order: InferenceOrder;
  plan: InferencePlan;
  request: KeyedRequest | null;
  timing: Timing;
  id: string;
  /** An attempt at a direct node that runs ahead, to be counted as its load. */
  early: { attemptId: string; nodeId: string } | null;
};

/**
 * Sets the worst case aside: the whole prompt and the longest answer, at the highest price among the nodes that may be
 * tried. Under a key that was used before nothing is set aside; see `findRepeated`.
 */
export async function openInference(opening: Opening): Promise<OpenInference> {
  let { ranked } = opening.plan;
  for (let left = REFUSALS_MAX; ; left -= 1) {
    try {
      return await openAt(opening, ranked.slice(0, CANDIDATES_MAX));
    } catch (error) {
      // A cap on one node is no reason to refuse while others may answer.
      const full =
        error instanceof DomainError && error.code === "CAP_EXCEEDED" ? nodeOf(String(error.details.scope)) : null;
      const others = ranked.filter(({ nodeId }) => nodeId !== full);
      if (left === 0 || others.length === 0 || others.length === ranked.length)
        throw explainRefusal(error, opening.actor);
      ranked = others;
    }
  }
}

/** Sets aside what the answer may cost at these nodes, and has the row written. */
async function openAt(opening: Opening, candidates: Candidate[]): Promise<OpenInference> {
  const { actor, order, plan, request, timing, id } = opening;
  const { model, counting, promptHash, promptTokens } = plan;
  const maxTokens = answerTokens(order, candidates, promptTokens);
  const cost = worstCase(candidates, { promptTokens, completionTokens: maxTokens });
  // A reservation of nothing does not exist, so even a free model sets one micro-dollar aside for the moment.
  const reserved = cost > 0n ? cost : 1n;
  const payer = payerIn(actor, plan);
  const startedAt = new Date();
  // A lease that closes gives its payer back what is not earned: what is set aside of it may not outlast that.
  const lifetimeMs = plan.escrow ? Math.min(timing.reservationMs, ESCROW_RESERVATION_MS) : timing.reservationMs;
  const expiresAt = new Date(startedAt.getTime() + lifetimeMs);
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
  const chosen = {
    id,
    receiptId: newId("receipt"),
    payer,
    model,
    counting,
    promptHash,
    promptTokens,
    maxTokens,
    reserved,
  };
  const escrowId = plan.escrow?.id ?? null;
  const row: NewRow = {
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
  const { reservationId, recorded } = await (request
    ? reserveOnce(money, row, request)
    : reserveFast(money, row, opening.early)
  ).catch((error: unknown) => {
    // Somebody who never had money has no account yet: to them it is the same sentence.
    if (error instanceof DomainError && error.code === "ACCOUNT_NOT_FOUND") {
      throw new DomainError("INSUFFICIENT_FUNDS", {}, { cause: error });
    }
    throw error;
  });
  const keepsAnswer = request !== null && !order.isStream && order.logprobs === null;
  return { ...chosen, escrowId, reservationId, recorded, keepsAnswer, scopes, candidates, startedAt };
}

type NewRow = Omit<Prisma.InferenceUncheckedCreateInput, "reservationId">;
type Reserved = { reservationId: string; recorded: Promise<void> };

/**
 * Reserves together with whoever else is asking at this moment; the row follows while the answer is under way.
 *
 * Were this process to die in between, the reservation would expire and be released by the ledger's job.
 */
async function reserveFast(money: Reserve, row: NewRow, early: Opening["early"]): Promise<Reserved> {
  const { reservationId } = await reserve(money);
  const attempts = early && {
    create: { id: early.attemptId, nodeId: early.nodeId, gateway: "direct", status: "claimed" },
  };
  const recorded = db.inference
    .create({ data: { ...row, reservationId, ...(attempts ? { attempts } : {}) } })
    .then(() => undefined)
    .catch(async (error: unknown) => {
      await releaseReservation({ reservationId, key: `inference-release:${row.id}` });
      throw error;
    });
  recorded.catch(() => undefined);
  return { reservationId, recorded };
}

/** Reserves and writes the row in one transaction, so that a key that was seen has a row and a row has its money. */
async function reserveOnce(money: Reserve, row: NewRow, request: KeyedRequest): Promise<Reserved> {
  const reservationId = await db.$transaction(async (tx) => {
    const sql = sqlOf(tx);
    await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 3))::text", [request.key]);
    // The door has looked before; this one came at the same moment as the first.
    const first = await tx.inference.findUnique({ where: { requestKey: request.key }, select: { requestHash: true } });
    if (first && first.requestHash !== request.hash) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
    if (first) throw new DomainError("IDEMPOTENCY_IN_PROGRESS", { retryAfterSeconds: 1 });
    const made = await reserveIn(sql, money);
    await tx.inference.create({ data: { ...row, reservationId: made.reservationId } });
    return made.reservationId;
  });
  return { reservationId, recorded: Promise.resolve() };
}
