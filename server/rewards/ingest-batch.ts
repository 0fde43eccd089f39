import { DomainError } from "#core/errors.ts";
import {
  eventBatchBytes,
  FIRST_PREVIOUS_HASH,
  hashEventBatch,
  importDeviceKey,
  type RewardEvent,
  SEQUENCE_AHEAD_MAX,
  type SignedEventBatch,
  verifyDeviceSignature,
} from "#core/event-batch.ts";
import { newId } from "#core/ids.ts";
import { toWire, usd } from "#core/money.ts";
import { priceEvent, type RewardPrices } from "#core/reward-pricing.ts";
import type { EventRejection, IngestResult, WithheldReason } from "#core/schemas/reward.ts";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { campaignAccount, userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { postTransfersIn } from "#server/ledger/post-transfers.ts";
import { categoryScope } from "#server/ledger/scopes.ts";
import { findRejections, SCORE_MIN, scoreBatch } from "./score-batch.ts";

/** How often a batch is decided again when the campaign's last money went to somebody else in between. */
const BUDGET_ATTEMPTS_MAX = 8;

type Door = {
  publicKey: string;
  prices: RewardPrices;
  itemIds: ReadonlySet<string>;
  isOpen: boolean;
};

type Sorted = {
  events: RewardEvent[];
  repeats: number;
  rejections: Map<string, EventRejection>;
  score: number;
};

type Decision = {
  outcome: "accepted" | "duplicate" | "sequence_reused" | "sequence_gap" | "chain_broken" | "device_gone";
  batch_id: string;
  credited: bigint;
  withheld_reason: WithheldReason | null;
  accepted_ids: string[];
  expected: number | null;
};

/**
 * Takes one signed batch in and pays for it, once, whatever is sent again, late or out of order.
 *
 * The rows of the events, the decision and the one ledger posting are a single transaction: what was answered as
 * accepted is on disk, and nothing is paid that is not. A batch that was taken in before answers as a repeat. A
 * sequence number used for another batch, too far ahead, or that breaks the chain of hashes is refused whole.
 */
export async function ingestBatch(actor: Actor, batch: SignedEventBatch): Promise<IngestResult> {
  const bytes = eventBatchBytes(batch);
  const [door, hash] = await Promise.all([openDoor(actor, batch), hashEventBatch(bytes)]);
  const key = await importDeviceKey(door.publicKey);
  if (!(await verifyDeviceSignature(key, batch.signature, bytes))) throw new DomainError("BATCH_SIGNATURE_INVALID");
  if (batch.sequence === 1 && batch.previousHash !== FIRST_PREVIOUS_HASH) throw new DomainError("BATCH_CHAIN_BROKEN");

  const sorted = sortEvents(batch.events, door);
  const decision = await decideAndPay(actor, { batch, door, hash, sorted });
  if (decision.outcome !== "accepted" && decision.outcome !== "duplicate") throw refusal(decision);

  const balance = await getBalance(userAccount(actor.userId));
  return {
    batchId: decision.batch_id,
    sequence: batch.sequence,
    isRepeat: decision.outcome === "duplicate",
    events: describeEvents(batch.events, sorted, decision),
    credited: toWire(usd(decision.credited)),
    withheldReason: decision.withheld_reason,
    balance: toWire(usd(balance.available)),
  };
}

/** Reads the device and the campaign in one go; a stranger's device and a missing one get one answer. */
async function openDoor(actor: Actor, batch: SignedEventBatch): Promise<Door> {
  const [row] = await sqlOf(pool).query<{
    public_key: string;
    campaign_id: string | null;
    price_per_view: bigint;
    price_per_scroll: bigint;
    price_per_dwell_second: bigint;
    item_ids: string[];
    is_open: boolean;
  }>(
    `SELECT d.public_key, c.id AS campaign_id, c.price_per_view, c.price_per_scroll, c.price_per_dwell_second, c.item_ids,
        now() >= c.starts_at AND (c.ends_at IS NULL OR now() < c.ends_at) AS is_open
      FROM reward_device d LEFT JOIN reward_campaign c ON c.id = $3
      WHERE d.id = $1 AND d.user_id = $2 AND d.revoked_at IS NULL`,
    [batch.deviceId, actor.userId, batch.campaignId],
  );
  if (!row) throw new DomainError("DEVICE_NOT_FOUND", { param: "deviceId" });
  if (row.campaign_id === null) throw new DomainError("CAMPAIGN_NOT_FOUND", { param: "campaignId" });
  return {
    publicKey: row.public_key,
    prices: {
      pricePerView: row.price_per_view,
      pricePerScroll: row.price_per_scroll,
      pricePerDwellSecond: row.price_per_dwell_second,
    },
    itemIds: new Set(row.item_ids),
    isOpen: row.is_open,
  };
}

function sortEvents(sent: readonly RewardEvent[], door: Door): Sorted {
  const unique = new Map<string, RewardEvent>();
  for (const event of sent) if (!unique.has(event.id)) unique.set(event.id, event);
  const events = [...unique.values()];
  const rejections = findRejections(events, { itemIds: door.itemIds, nowMs: Date.now() });
  const kept = events.filter((event) => !rejections.has(event.id));
  return { events: kept, repeats: sent.length - events.length, rejections, score: scoreBatch(kept) };
}

type Intake = { batch: SignedEventBatch; door: Door; hash: string; sorted: Sorted };

async function decideAndPay(actor: Actor, intake: Intake): Promise<Decision> {
  const payer = campaignAccount(intake.batch.campaignId);
  let roomLeft: bigint | null = null;
  for (let attempt = 1; ; attempt++) {
    const { available } = await getBalance(payer);
    const budget = roomLeft !== null && roomLeft < available ? roomLeft : available;
    try {
      return await withTransaction(async (sql) => {
        const decision = await decide(sql, actor, intake, budget);
        if (decision.outcome === "accepted" && decision.credited > 0n) {
          const key = `reward:${decision.batch_id}`;
          const credit = userAccount(actor.userId);
          await postTransfersIn(sql, [
            {
              key,
              debit: payer,
              credit,
              amount: decision.credited,
              asset: "USD",
              kind: "reward",
              refId: decision.batch_id,
              scopes: [categoryScope("reward")],
            },
          ]);
        }
        return decision;
      });
    } catch (error) {
      // Between reading the budget and posting, others may have taken it, and a cap on what the campaign pays may leave
      // less than its budget: everything was undone, decide again. Who reads never hears of a campaign's caps.
      const isCapped = error instanceof DomainError && error.code === "CAP_EXCEEDED";
      const isDrained = error instanceof DomainError && error.code === "INSUFFICIENT_FUNDS";
      if ((!isCapped && !isDrained) || attempt > BUDGET_ATTEMPTS_MAX) throw error;
      if (isCapped) roomLeft = attempt < BUDGET_ATTEMPTS_MAX ? BigInt(String(error.details.left)) : 0n;
      else if (attempt === BUDGET_ATTEMPTS_MAX) throw error;
    }
  }
}

async function decide(sql: Sql, actor: Actor, intake: Intake, budget: bigint): Promise<Decision> {
  const { batch, door, hash, sorted } = intake;
  const { events } = sorted;
  const withhold: WithheldReason | null = !door.isOpen
    ? "CAMPAIGN_CLOSED"
    : sorted.score < SCORE_MIN
      ? "IMPLAUSIBLE"
      : null;
  const [decision] = await sql.query<Decision>(
    `SELECT * FROM reward_ingest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
        $14::text[], $15::text[], $16::text[], $17::bigint[], $18::int[], $19::int[], $20::bigint[])`,
    [
      newId("eventBatch"),
      actor.userId,
      batch.deviceId,
      batch.campaignId,
      batch.sequence,
      hash,
      batch.previousHash,
      SEQUENCE_AHEAD_MAX,
      sorted.score,
      sorted.rejections.size,
      sorted.repeats,
      withhold,
      budget,
      events.map((event) => event.id),
      events.map((event) => event.kind),
      events.map((event) => event.itemId),
      events.map((event) => event.atMs),
      events.map((event) => event.dwellMs ?? null),
      events.map((event) => event.depth ?? null),
      events.map((event) => priceEvent(door.prices, event)),
    ],
  );
  if (!decision) throw new Error("reward_ingest answered no row");
  return decision;
}

function refusal(decision: Decision): DomainError {
  if (decision.outcome === "sequence_reused") return new DomainError("BATCH_SEQUENCE_REUSED", { param: "sequence" });
  if (decision.outcome === "chain_broken") return new DomainError("BATCH_CHAIN_BROKEN", { param: "previousHash" });
  if (decision.outcome === "device_gone") return new DomainError("DEVICE_NOT_FOUND", { param: "deviceId" });
  return new DomainError("BATCH_SEQUENCE_GAP", { param: "sequence", expected: decision.expected });
}

/** One answer for each event sent, in the order sent; the second of two with the same id is a duplicate of the first. */
function describeEvents(sent: readonly RewardEvent[], sorted: Sorted, decision: Decision): IngestResult["events"] {
  const accepted = new Set(decision.accepted_ids);
  return sent.map(({ id }) => {
    const reason = sorted.rejections.get(id);
    if (reason) return { id, status: "rejected", reason };
    return { id, status: accepted.delete(id) ? "accepted" : "duplicate" };
  });
}
