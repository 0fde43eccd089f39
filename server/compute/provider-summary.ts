import type { ProviderSummary } from "#core/schemas/market.ts";
import type { NodeAccount } from "#core/schemas/node-protocol.ts";
import { nodeTrust } from "#core/schemas/trust.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { type Income, listIncome } from "#server/ledger/list-income.ts";
import type { NodeIdentity } from "./authenticate-node.ts";
import { PLATFORM_FEE_BPS } from "./metering.math.ts";

const DAYS = 30;
const DAY_MS = 86_400_000;
const BPS = 10_000n;
const MILLI = 1_000;
const CENT = 10_000n;

type Use = {
  nodeId: string;
  capacity: number;
  tokensPerSecond: number | null;
  outputPrice: bigint;
  cores: number;
  gpus: number;
  corePrice: bigint;
  gpuPrice: bigint;
  answerMs: number;
  coreMs: number;
  testMs: number;
};

/** The last day of each of a provider's nodes: what it offers, and what was done with it. */
const readUse = (ownerId: string): Promise<Use[]> =>
  sqlOf(pool).query<Use>(
    `WITH since AS (SELECT now() - interval '1 day' AS at)
     SELECT n.id AS "nodeId", n.capacity, n.tokens_per_second AS "tokensPerSecond",
       coalesce((SELECT max(o.output_price) FROM compute_offer o WHERE o.node_id = n.id AND o.is_active), 0)::bigint AS "outputPrice",
       coalesce(r.cpu_cores, 0) AS cores, coalesce(r.price_per_core_hour, 0)::bigint AS "corePrice",
       coalesce((SELECT sum((g->>'count')::int) FROM jsonb_array_elements(r.gpus) g), 0)::int AS gpus,
       coalesce(r.price_per_gpu_hour, 0)::bigint AS "gpuPrice",
       coalesce((SELECT sum(extract(epoch FROM coalesce(a.ended_at, now()) - greatest(a.created_at, since.at)) * 1000)
         FROM inference_attempt a WHERE a.node_id = n.id AND a.inference_id IS NOT NULL
           AND coalesce(a.ended_at, now()) > since.at), 0)::float8 AS "answerMs",
       coalesce((SELECT sum(extract(epoch FROM coalesce(l.released_at, now()) - greatest(l.ready_at, since.at)) * 1000 * l.cpu_cores)
         FROM job_lease l WHERE l.node_id = n.id AND l.ready_at IS NOT NULL
           AND coalesce(l.released_at, now()) > since.at), 0)::float8 AS "coreMs",
       coalesce((SELECT sum(c.device_ms) FROM compute_challenge c WHERE c.node_id = n.id AND c.created_at > since.at), 0)::float8 AS "testMs"
     FROM compute_node n CROSS JOIN since LEFT JOIN compute_rental r ON r.node_id = n.id AND r.is_active
     WHERE n.owner_id = $1 AND n.status <> 'removed' ORDER BY n.id`,
    [ownerId],
  );

const share = (usedMs: number, places: number): number =>
  places === 0 ? 0 : Math.min(1, Math.max(0, usedMs / (DAY_MS * places)));

/**
 * A day at its prices with one answer after the other, as fast as they were measured, and all of the machine under jobs;
 * after the platform's fee, rounded down to whole cents: an estimate has no millionths.
 */
function fullDay(use: Use): bigint {
  // Speed is a measurement, so it enters as whole thousandths of a token; the money itself stays whole throughout.
  const milliTokens = BigInt(Math.round((use.tokensPerSecond ?? 0) * MILLI));
  const answers = (milliTokens * use.outputPrice * 86_400n) / (1_000n * 1_000_000n);
  const jobs = 24n * (BigInt(use.cores) * use.corePrice + BigInt(use.gpus) * use.gpuPrice);
  const net = ((answers + jobs) * (BPS - PLATFORM_FEE_BPS)) / BPS;
  return net - (net % CENT);
}

const sumSince = (income: readonly Income[], day: string): string =>
  income
    .filter((one) => one.day >= day)
    .reduce((sum, one) => sum + one.units, 0n)
    .toString();

const dayAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
const KINDS = ["inference", "compute", "pool-payout", "pool-fee"] as const;
type Kind = (typeof KINDS)[number];

/** What a node shows on its own terminal. */
export async function getNodeAccount({ nodeId, ownerId }: NodeIdentity): Promise<NodeAccount> {
  const [income, node] = await Promise.all([
    listIncome(userAccount(ownerId), KINDS, DAYS),
    db.computeNode.findUniqueOrThrow({ where: { id: nodeId }, select: { trust: true, trustReason: true } }),
  ]);
  return {
    earnedToday: sumSince(income, dayAgo(0)),
    earnedMonth: sumSince(income, dayAgo(DAYS - 1)),
    trust: nodeTrust.parse(node.trust),
    trustReason: node.trustReason,
  };
}

/** What a provider earned, and how its machines are used. */
export async function getProviderSummary(actor: Actor): Promise<ProviderSummary> {
  const [income, uses] = await Promise.all([listIncome(userAccount(actor.userId), KINDS, DAYS), readUse(actor.userId)]);
  const unitsOf = (day: string, ...kinds: Kind[]) =>
    income
      .filter((one) => one.day === day && kinds.some((kind) => kind === one.kind))
      .reduce((sum, one) => sum + one.units, 0n)
      .toString();
  return {
    asset: "USD",
    feeBps: Number(PLATFORM_FEE_BPS),
    earned: {
      today: sumSince(income, dayAgo(0)),
      week: sumSince(income, dayAgo(6)),
      month: sumSince(income, dayAgo(DAYS - 1)),
    },
    byDay: Array.from({ length: DAYS }, (_, index) => {
      const day = dayAgo(DAYS - 1 - index);
      return {
        day,
        inference: unitsOf(day, "inference"),
        compute: unitsOf(day, "compute"),
        pools: unitsOf(day, "pool-payout", "pool-fee"),
      };
    }),
    nodes: uses.map((use) => ({
      nodeId: use.nodeId,
      answering: share(use.answerMs, use.capacity),
      leased: share(use.coreMs, use.cores),
      tested: share(use.testMs, 1),
      fullDay: fullDay(use).toString(),
    })),
  };
}
