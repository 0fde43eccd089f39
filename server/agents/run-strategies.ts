import type { Address } from "viem";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { Refusal } from "#core/schemas/agent.ts";
import { decide } from "#core/strategies/decide.ts";
import type { Decision } from "#core/strategies/decision.ts";
import type { RuleSettings, StrategySettings } from "#core/strategies/settings.ts";
import { type AgentDecision, type AgentStrategy, Prisma } from "#generated/prisma/client.ts";
import { readPortfolio } from "#server/chain/market.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import { agentAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { log } from "#server/log.ts";
import { getPayment, refusalOf, refusedActionOf } from "#server/wallets/act-as-agent.ts";
import type { AgentRow } from "#server/wallets/agent-rows.ts";
import { carryOut, intentSchema, intentToJson, type Ordered, tryOut } from "./intents.ts";
import { viewMarket } from "./market/market-history.ts";
import { decideModel, takeModelTurn } from "./model-turn.ts";
import { actorOf, settingsOf, stateOf } from "./strategy-rows.ts";

const LEASE_SECONDS = 120;
const AT_ONCE = 16;
/** How often rules look at the market, how soon an ordered action is looked after, and how long after a refusal. */
const LOOK_SECONDS = env.isDevelopmentChain ? 5 : 30;
const ORDERED_SECONDS = 1;
const REFUSED_SECONDS = env.isDevelopmentChain ? 15 : 300;

/** After refusals in a row it asks less and less often, up to this many doublings. */
const DOUBLINGS_MAX = 6;

type Row = AgentStrategy & { agent: AgentRow };

/** Takes strategies whose time has come, each for one worker alone. */
async function takeDue(): Promise<Row[]> {
  const taken = await sqlOf(pool).query<{ id: string }>(
    `UPDATE agent_strategy SET lease_until = now() + make_interval(secs => ${LEASE_SECONDS})
     WHERE id IN (SELECT id FROM agent_strategy WHERE status = 'running' AND next_at <= now()
       AND (lease_until IS NULL OR lease_until < now()) ORDER BY next_at LIMIT ${AT_ONCE} FOR UPDATE SKIP LOCKED)
     RETURNING id`,
  );
  return db.agentStrategy.findMany({ where: { id: { in: taken.map(({ id }) => id) } }, include: { agent: true } });
}

/** Lets every strategy whose time has come take its turn. A loop; any number of workers may run it. */
export async function runStrategies(): Promise<{ ran: number }> {
  const due = await takeDue();
  await Promise.all(
    due.map((row) =>
      takeTurn(row).catch(async (error: Error) => {
        // What cannot be decided now is decided later: the market or a model may be away.
        const why = error instanceof DomainError ? error.message : "Something went wrong here; it is tried again.";
        if (!(error instanceof DomainError)) log.error({ event: "strategy.failed", strategyId: row.id, err: error });
        await rest(row, why, REFUSED_SECONDS);
      }),
    ),
  );
  return { ran: due.length };
}

/** Writes down why and when it looks again, unless somebody changed it meanwhile. */
async function rest(row: Row, why: string | null, seconds: number, more: object = {}): Promise<void> {
  await db.agentStrategy.updateMany({
    where: { id: row.id, turn: row.turn },
    data: {
      ...(why === null ? {} : { lastWhy: why, lastAt: new Date() }),
      nextAt: new Date(Date.now() + seconds * 1_000),
      leaseUntil: null,
      ...more,
    },
  });
}

/**
 * One turn. A decision that is more than waiting is written down under its turn before anything is done about it, and
 * done under a key made of both: whoever comes after a crash finds it and goes on, and the agent acts once.
 */
async function takeTurn(row: Row): Promise<void> {
  const settings = settingsOf(row);
  const open = await db.agentDecision.findUnique({
    where: { strategyId_turn: { strategyId: row.id, turn: row.turn } },
  });
  const decision = open ?? (await decideTurn(row, settings));
  if (decision) await follow(row, settings, decision);
}

const pauseOf = (settings: StrategySettings): number =>
  settings.kind === "model" ? settings.everySeconds : LOOK_SECONDS;

/** Decides, and writes it down; null when there was nothing to do. */
async function decideTurn(row: Row, settings: StrategySettings): Promise<AgentDecision | null> {
  const state = stateOf(row.state);
  const decision =
    settings.kind === "model" ? decideModel(settings, state) : decide(settings, await situationOf(row, settings));
  if (settings.kind !== "model" && !decision.intent && !decision.isAlert && !decision.isDone) {
    await rest(row, decision.why, pauseOf(settings), { state: decision.state });
    return null;
  }
  return writeDown(row, decision);
}

async function situationOf(row: Row, settings: RuleSettings) {
  const past = settings.kind === "monitor" && settings.moveBps !== undefined ? settings.windowSeconds : null;
  const [market, portfolio, balance] = await Promise.all([
    viewMarket(past),
    readPortfolio(row.agent.account as Address),
    getBalance(agentAccount(row.agentId)),
  ]);
  return { market, portfolio, balanceHere: balance.available, state: stateOf(row.state) };
}

function writeDown(row: Row, { why, intent, isAlert, isDone, state }: Decision): Promise<AgentDecision> {
  return db.agentDecision.create({
    data: {
      id: newId("decision"),
      strategyId: row.id,
      turn: row.turn,
      why,
      intent: intent ? intentToJson(intent) : Prisma.DbNull,
      isAlert,
      isDone,
      stateAfter: state,
      outcome: "planned",
    },
  });
}

/** Brings a decision one step further: tries it, orders it, or looks what became of it. */
async function follow(row: Row, settings: StrategySettings, decision: AgentDecision): Promise<void> {
  if (settings.kind === "model") {
    const why = await takeModelTurn(row, settings, decision);
    return close(row, decision, "noted", { why, pauseSeconds: pauseOf(settings) });
  }
  if (decision.intent === null) return close(row, decision, "noted", { pauseSeconds: pauseOf(settings) });
  const actor = actorOf(row.agent);
  const ordered: Ordered = {
    intent: intentSchema.parse(decision.intent),
    agentId: row.agentId,
    account: row.agent.account as Address,
    decidedAt: decision.createdAt,
    key: `strategy:${row.id}:${row.turn}`,
    turn: { kind: "strategy", strategyId: row.id, turn: row.turn, step: null },
  };
  if (row.mode === "dry-run") {
    const { refusal, contract } = await tryOut(actor, ordered);
    const revert =
      contract && ({ refusedBy: "contract", rule: contract.error, value: contract.args.join(", "), fix: "" } as const);
    return close(row, decision, "tried-dry", { refusal: refusal ?? revert, pauseSeconds: REFUSED_SECONDS });
  }
  if (decision.activityId === null) {
    const refused = await carryOut(actor, ordered).then(
      async ({ id }) => {
        await db.agentDecision.update({ where: { id: decision.id }, data: { activityId: id, outcome: "submitted" } });
        return null;
      },
      (error: unknown) => {
        const known = refusalOf(error);
        if (!known) throw error;
        return { refusal: known, activityId: refusedActionOf(error) };
      },
    );
    if (refused) return close(row, decision, "refused", { ...refused, pauseSeconds: await restAfterRefusal(row) });
    return rest(row, decision.why, ORDERED_SECONDS);
  }
  const activity = await getPayment(actor, { id: row.agentId, paymentId: decision.activityId });
  if (activity.status === "awaiting-approval")
    return rest(row, `${decision.why} It waits for approval.`, REFUSED_SECONDS);
  if (activity.status === "submitted" || activity.status === "planned") return rest(row, null, ORDERED_SECONDS);
  const outcome = activity.status === "succeeded" ? "succeeded" : activity.status === "refused" ? "refused" : "failed";
  return close(row, decision, outcome, {
    refusal: activity.refusal,
    pauseSeconds: outcome === "succeeded" ? LOOK_SECONDS : REFUSED_SECONDS,
  });
}

/** How long a strategy rests that was refused: what stands against it seldom goes away by being asked again. */
async function restAfterRefusal(row: Row): Promise<number> {
  const last = await db.agentDecision.findMany({
    where: { strategyId: row.id, turn: { gte: row.turn - DOUBLINGS_MAX } },
    select: { outcome: true },
  });
  return REFUSED_SECONDS * 2 ** last.filter(({ outcome }) => outcome === "refused").length;
}

type Closing = { why?: string; refusal?: Refusal | null; activityId?: string | null; pauseSeconds: number };

/** Ends a decision and begins the next turn. What it remembers counts only when it was carried out. */
async function close(
  row: Row,
  decision: AgentDecision,
  outcome: "noted" | "tried-dry" | "refused" | "succeeded" | "failed",
  { why = decision.why, refusal = null, activityId = decision.activityId, pauseSeconds }: Closing,
): Promise<void> {
  const isKept = outcome === "noted" || outcome === "succeeded" || (outcome === "tried-dry" && refusal === null);
  await db.$transaction([
    db.agentDecision.update({
      where: { id: decision.id },
      data: { outcome, why, activityId, ...(refusal ? { refusal } : {}) },
    }),
    db.agentStrategy.updateMany({
      where: { id: row.id, turn: row.turn },
      data: {
        turn: row.turn + 1,
        lastWhy: refusal ? `${why} Refused: ${refusal.rule}${refusal.fix ? `. ${refusal.fix}` : "."}` : why,
        lastAt: new Date(),
        nextAt: new Date(Date.now() + pauseSeconds * 1_000),
        leaseUntil: null,
        ...(isKept ? { state: stateOf(decision.stateAfter) } : {}),
        ...(isKept && decision.isDone ? { status: "done" } : {}),
      },
    }),
  ]);
}
