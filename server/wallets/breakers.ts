import type { Address } from "viem";
import {
  type Behaviour,
  BREAKER_DEFAULTS,
  BREAKER_KINDS,
  type BreakerInput,
  type BreakerKind,
  type BreakerReading,
  type BreakerSettings,
  breakerKind,
  FAILURES_LOOKED_AT,
  mayRearm,
  measure,
  measureNext,
  type NextAction,
  whyTripped,
} from "#core/breakers.ts";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { BreakerView } from "#core/schemas/agent.ts";
import type { AgentBreaker } from "#generated/prisma/client.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db, pool, sqlOf, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { recordAdminAction } from "#server/identity/record-admin-action.ts";
import type { EncodedAction } from "./agent-actions.ts";
import { type AgentRow, getAgentRow, getOwnAgentRow } from "./agent-rows.ts";
import { drawdownOf, isTradeOf, lossOf, marketTrouble } from "./market-watch.ts";

const EVENTS_SHOWN = 20;
const LATELY_MS = 120_000;
/** What depends on prices stops trades: a payment in dollars goes on. */
const MARKET_KINDS = new Set<BreakerKind>(["slippage", "oracle"]);
const NOTHING: NextAction = { newRecipient: null, amount: 0n, lossBps: null, isTrade: false };

const settingsOf = (kind: BreakerKind, row: AgentBreaker | undefined): BreakerSettings =>
  row
    ? { isOn: row.isOn, limit: row.limit, rearmAt: row.rearmAt, seconds: row.seconds, holdSeconds: row.holdSeconds }
    : BREAKER_DEFAULTS[kind];

async function readBreakers(
  agentId: string,
): Promise<Map<BreakerKind, { settings: BreakerSettings; row: AgentBreaker | undefined }>> {
  const rows = await db.agentBreaker.findMany({ where: { agentId } });
  return new Map(
    BREAKER_KINDS.map((kind) => {
      const row = rows.find((one) => one.kind === kind);
      return [kind, { settings: settingsOf(kind, row), row }];
    }),
  );
}

/** What an agent did within a time: what it began, and which of the last that ended had failed. A denial is no failure. */
async function actionsOf(agentId: string, seconds: number): Promise<{ actions: bigint; failures: bigint }> {
  const [row] = await sqlOf(pool).query<{ actions: bigint; failures: bigint }>(
    `SELECT count(*) FILTER (WHERE status <> 'refused')::bigint AS actions,
       (SELECT count(*) FILTER (WHERE status = 'failed' OR refusal ->> 'refusedBy' = 'contract')::bigint FROM (
          SELECT status, refusal FROM agent_activity
          WHERE agent_id = $1 AND created_at > now() - make_interval(secs => $2)
            AND status NOT IN ('planned', 'awaiting-approval', 'submitted')
          ORDER BY created_at DESC LIMIT ${FAILURES_LOOKED_AT}) ended) AS failures
     FROM agent_activity WHERE agent_id = $1 AND created_at > now() - make_interval(secs => $2)`,
    [agentId, seconds],
  );
  return row ?? { actions: 0n, failures: 0n };
}

/** What a breaker of this kind looks at; what it does not look at is nothing. */
async function behaviourOf(agentId: string, kind: BreakerKind, seconds: number): Promise<Behaviour> {
  const calm: Behaviour = { actions: 0n, failures: 0n, drawdownBps: 0n, deviationBps: 0n, silentSeconds: 0 };
  if (kind === "velocity" || kind === "failures") return { ...calm, ...(await actionsOf(agentId, seconds)) };
  if (kind === "drawdown") return { ...calm, drawdownBps: await drawdownOf(agentId, seconds) };
  return kind === "oracle" ? { ...calm, ...(await marketTrouble()) } : calm;
}

async function isNewRecipient(agentId: string, recipient: string): Promise<boolean> {
  const rows = await sqlOf(pool).query(
    "SELECT 1 FROM agent_activity WHERE agent_id = $1 AND recipient = $2 AND status = 'succeeded' LIMIT 1",
    [agentId, recipient],
  );
  return rows.length === 0;
}

const haltScope = (agentId: string): string => `agent:${agentId}`;

/** Stops the agent at the signer before anything is written down about it: what is told is what holds. */
async function trip(agentId: string, kind: BreakerKind, reason: string, userId: string | null): Promise<void> {
  await signerClient.setHalt({ scope: haltScope(agentId), halted: true, reason: `${kind}: ${reason}` });
  const { limit, rearmAt, seconds, holdSeconds, isOn } =
    (await readBreakers(agentId)).get(kind)?.settings ?? BREAKER_DEFAULTS[kind];
  await db.$transaction([
    db.agentBreaker.upsert({
      where: { agentId_kind: { agentId, kind } },
      create: { agentId, kind, isOn, limit, rearmAt, seconds, holdSeconds, trippedAt: new Date(), reason },
      update: { trippedAt: new Date(), reason },
    }),
    db.agentBreakerEvent.create({
      data: { id: newId("breakerEvent"), agentId, kind, what: "tripped", reason, userId },
    }),
  ]);
}

async function arm(agentId: string, kind: BreakerKind, reason: string, userId: string | null): Promise<void> {
  const { count } = await db.agentBreaker.updateMany({
    where: { agentId, kind, trippedAt: { not: null } },
    data: { trippedAt: null, reason: null },
  });
  if (count === 0) return;
  await db.agentBreakerEvent.create({
    data: { id: newId("breakerEvent"), agentId, kind, what: "armed", reason, userId },
  });
  // Another one may hold it still.
  if ((await db.agentBreaker.count({ where: { agentId, trippedAt: { not: null } } })) === 0)
    await signerClient.setHalt({ scope: haltScope(agentId), halted: false, reason });
}

/** What breakers have to know of the action itself. */
async function nextAction(agent: AgentRow, { recipient, amount, callData }: EncodedAction): Promise<NextAction> {
  const isTrade = isTradeOf(callData);
  return {
    newRecipient: recipient !== null && (await isNewRecipient(agent.id, recipient)) ? recipient : null,
    amount: amount ?? 0n,
    isTrade,
    lossBps: isTrade ? await lossOf(agent.account as Address, callData) : null,
  };
}

/**
 * Asked before every action: throws while a breaker is tripped, and trips one that this action is too much for. Answers
 * what the others measured.
 */
export async function passBreakers(agent: AgentRow, action: EncodedAction): Promise<BreakerReading[]> {
  const breakers = await readBreakers(agent.id);
  for (const [kind, { row }] of breakers)
    if (row?.trippedAt) throw new DomainError("BREAKER_TRIPPED", { breaker: kind, reason: row.reason ?? "" });
  const next = await nextAction(agent, action);
  const readings: BreakerReading[] = [];
  for (const [kind, { settings }] of breakers) {
    if (!settings.isOn || kind === "manual") continue;
    if (MARKET_KINDS.has(kind) && !next.isTrade) continue;
    const behaviour = { ...(await behaviourOf(agent.id, kind, settings.seconds)), ...next };
    const reason = whyTripped(kind, settings, behaviour);
    if (reason !== null) {
      await trip(agent.id, kind, reason, null);
      throw new DomainError("BREAKER_TRIPPED", { breaker: kind, reason });
    }
    const measured = measureNext(kind, behaviour);
    if (measured !== null) readings.push({ kind, measured: measured.toString(), limit: settings.limit.toString() });
  }
  return readings;
}

/** Trips the agents whose holdings have fallen too far, whatever they do. A loop. */
export async function tripFallen(): Promise<{ tripped: number }> {
  const agents = await db.agent.findMany({
    where: { status: "active", values: { some: { at: { gt: new Date(Date.now() - LATELY_MS) } } } },
    select: { id: true },
    take: 500,
  });
  let tripped = 0;
  for (const { id } of agents) {
    const { settings, row } = (await readBreakers(id)).get("drawdown") ?? {};
    if (!settings?.isOn || row?.trippedAt) continue;
    const behaviour = await behaviourOf(id, "drawdown", settings.seconds);
    const reason = whyTripped("drawdown", settings, { ...behaviour, ...NOTHING });
    if (reason === null) continue;
    await trip(id, "drawdown", reason, null);
    tripped += 1;
  }
  return { tripped };
}

/** Arms what may be armed by itself. A loop. */
export async function rearmBreakers(): Promise<{ armed: number }> {
  const tripped = await db.agentBreaker.findMany({
    where: { trippedAt: { not: null }, holdSeconds: { not: null } },
    take: 200,
  });
  let armed = 0;
  for (const row of tripped) {
    const kind = breakerKind.parse(row.kind);
    const trippedForSeconds = (Date.now() - (row.trippedAt?.getTime() ?? Date.now())) / 1_000;
    const behaviour = await behaviourOf(row.agentId, kind, row.seconds);
    if (!mayRearm(kind, settingsOf(kind, row), behaviour, trippedForSeconds)) continue;
    await arm(row.agentId, kind, "by its rule: what it measures has fallen", null);
    armed += 1;
  }
  return { armed };
}

/** The breakers of an agent, what each measures now, and what became of them lately. */
export async function listBreakers(actor: Actor, { id }: { id: string }): Promise<BreakerView> {
  const agent = await getAgentRow(actor, id);
  const [breakers, events] = await Promise.all([
    readBreakers(agent.id),
    db.agentBreakerEvent.findMany({ where: { agentId: agent.id }, orderBy: { createdAt: "desc" }, take: EVENTS_SHOWN }),
  ]);
  const data = await Promise.all(
    [...breakers].map(async ([kind, { settings, row }]) => ({
      kind,
      isOn: settings.isOn,
      limit: settings.limit.toString(),
      rearmAt: settings.rearmAt.toString(),
      seconds: settings.seconds,
      holdSeconds: settings.holdSeconds,
      measured: measure(kind, await behaviourOf(agent.id, kind, settings.seconds))?.toString() ?? null,
      trippedAt: row?.trippedAt?.toISOString() ?? null,
      reason: row?.reason ?? null,
    })),
  );
  return {
    data,
    events: events.map(({ id: eventId, kind, what, reason, createdAt }) => ({
      id: eventId,
      kind: breakerKind.parse(kind),
      what: what === "tripped" ? "tripped" : "armed",
      reason,
      createdAt: createdAt.toISOString(),
    })),
  };
}

/** Sets what a breaker trips at. The tripped stay tripped. */
export async function setBreaker(actor: Actor, { id, ...input }: BreakerInput & { id: string }): Promise<BreakerView> {
  const agent = await getOwnAgentRow(actor, id);
  const { kind, isOn, seconds, holdSeconds } = input;
  const settings = { isOn, limit: BigInt(input.limit), rearmAt: BigInt(input.rearmAt), seconds, holdSeconds };
  await db.agentBreaker.upsert({
    where: { agentId_kind: { agentId: agent.id, kind } },
    create: { agentId: agent.id, kind, ...settings },
    update: settings,
  });
  return listBreakers(actor, { id });
}

/** Trips the breaker that people trip, whoever they are. */
export const stopAgent = (agentId: string, reason: string, userId: string): Promise<void> =>
  trip(agentId, "manual", reason, userId);

/** Arms that one again; what another breaker holds stays held. */
export const armAgent = (agentId: string, reason: string, userId: string): Promise<void> =>
  arm(agentId, "manual", reason, userId);

/** Trips one by hand: nothing is signed for the agent from the answer on. */
export async function tripBreaker(actor: Actor, { id, reason }: { id: string; reason: string }): Promise<BreakerView> {
  const agent = await getOwnAgentRow(actor, id);
  await trip(agent.id, "manual", reason, actor.userId);
  return listBreakers(actor, { id });
}

/** Arms one again by hand. */
export async function armBreaker(actor: Actor, { id, kind }: { id: string; kind: BreakerKind }): Promise<BreakerView> {
  const agent = await getOwnAgentRow(actor, id);
  await arm(agent.id, kind, "by its owner", actor.userId);
  return listBreakers(actor, { id });
}

/** Stops every agent of a person at the signer at once; each is armed again by itself. */
export async function stopOwnAgents(actor: Actor, { reason }: { reason: string }): Promise<{ stopped: number }> {
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  const agents = await db.agent.findMany({
    where: { userId: actor.userId, status: { in: ["active", "paused"] } },
    select: { id: true },
  });
  await Promise.all(agents.map(({ id }) => trip(id, "manual", reason, actor.userId)));
  return { stopped: agents.length };
}

type Halt = { halted: boolean; reason: string | null };

/**
 * The kill switch over all agents, and its release. The signer has stopped before this answers: from then on nothing is
 * signed for any of them, whoever asks.
 */
export async function setPlatformHalt(
  actor: Actor,
  { halted, reason }: { halted: boolean; reason: string },
): Promise<Halt> {
  await signerClient.setHalt({ scope: "platform", halted, reason });
  await withTransaction((sql) =>
    recordAdminAction(sql, {
      userId: actor.userId,
      action: halted ? "agents.halt" : "agents.resume",
      subject: "platform",
      details: { reason },
    }),
  );
  return getPlatformHalt();
}

export async function getPlatformHalt(): Promise<Halt> {
  const halt = await db.signerHalt.findUnique({ where: { scope: "platform" } });
  return { halted: halt !== null, reason: halt?.reason ?? null };
}
