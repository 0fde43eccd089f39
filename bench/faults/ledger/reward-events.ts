import {
  createDeviceKey,
  deviceRegistrationBytes,
  exportDeviceKey,
  FIRST_PREVIOUS_HASH,
  type RewardEvent,
  type SignedEventBatch,
  signEventBatch,
  signWithDevice,
} from "#core/event-batch.ts";
import { newId } from "#core/ids.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import { readCards, seededRandom } from "#core/simulated-reader.ts";
import { pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { campaignAccount, EXTERNAL_ACCOUNT, userAccount } from "#server/ledger/account-codes.ts";
import { ensureAccounts } from "#server/ledger/ensure-accounts.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { ingestBatch } from "#server/rewards/ingest-batch.ts";
import { registerDevice } from "#server/rewards/register-device.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";
import { codeOf, pay } from "./ledger-world.ts";

const EVENTS = 1_000;
const BATCH = 10;
const DELIVERIES = 3;
const AT_ONCE = 8;
const BUDGET = 100_000_000n;
const ITEMS = ["card-a", "card-b", "card-c", "card-d", "card-e"];

const sql = sqlOf(pool);

/** One person with one device, and a campaign that nobody else earns at. */
type World = { actor: Actor; campaignId: string; batches: SignedEventBatch[] };

async function openCampaign(userCap: bigint): Promise<string> {
  const id = newId("campaign");
  await ensureAccounts(sql, [{ code: campaignAccount(id), asset: "USD" }]);
  await sql.query(
    `INSERT INTO reward_campaign (id, name, description, price_per_view, price_per_scroll, price_per_dwell_second,
        user_cap_per_day, device_cap_per_day, item_ids, starts_at)
      VALUES ($1, 'Fault', '', 1000, 100, 500, $2, $3, $4::text[], now() - interval '1 day')`,
    [id, userCap, BUDGET, ITEMS],
  );
  await postTransfers([pay(EXTERNAL_ACCOUNT, campaignAccount(id), BUDGET)]);
  return id;
}

async function openWorld(events: readonly RewardEvent[], userCap: bigint): Promise<World> {
  const campaignId = await openCampaign(userCap);
  const actor: Actor = { userId: newId("user"), roles: ["user"], via: "session", scopes: ALL_SCOPES };
  const keys = await createDeviceKey();
  const publicKey = await exportDeviceKey(keys.publicKey);
  const signature = await signWithDevice(keys.privateKey, deviceRegistrationBytes(actor.userId, publicKey));
  const device = await registerDevice(actor, { name: "Phone", publicKey, signature });
  const batches: SignedEventBatch[] = [];
  let previousHash = FIRST_PREVIOUS_HASH;
  for (let start = 0; start < events.length; start += BATCH) {
    const { signed, hash } = await signEventBatch(keys.privateKey, {
      deviceId: device.id,
      campaignId,
      sequence: batches.length + 1,
      previousHash,
      events: events.slice(start, start + BATCH),
    });
    batches.push(signed);
    previousHash = hash;
  }
  return { actor, campaignId, batches };
}

/** Everything that is kept of what a person did, without the ids that differ between two people. */
async function stateOf({ actor, campaignId }: World, withShares: boolean) {
  const { userId } = actor;
  const shares = withShares ? "b.credited, b.withheld_reason" : "NULL AS credited, NULL AS withheld_reason";
  return {
    balance: await getBalance(userAccount(userId)),
    campaign: await getBalance(campaignAccount(campaignId)),
    devices: await sql.query("SELECT max_sequence FROM reward_device WHERE user_id = $1", [userId]),
    batches: await sql.query(
      `SELECT b.sequence, b.campaign_id = $2 AS is_here, b.accepted_count, b.duplicate_count, b.rejected_count, b.score, b.worth,
          ${shares} FROM reward_batch b WHERE b.user_id = $1 ORDER BY b.sequence`,
      [userId, campaignId],
    ),
    events: await sql.query(
      `SELECT e.id, b.sequence, e.kind, e.item_id, e.at, e.dwell_ms, e.depth, e.worth
        FROM reward_event e JOIN reward_batch b ON b.id = e.batch_id WHERE e.user_id = $1 ORDER BY e.id`,
      [userId],
    ),
    postings: await sql.query(
      `SELECT sum(t.amount)::bigint AS paid FROM ledger_transfer t JOIN reward_batch b ON t.key = 'reward:' || b.id
        WHERE b.user_id = $1`,
      [userId],
    ),
  };
}

const asText = (state: unknown): string =>
  JSON.stringify(state, (_, value) => (typeof value === "bigint" ? value.toString() : value));

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

type Outcome = { differs: string[]; answers: number; refusals: Set<string>; events: number };

/** One delivery in order to one person, and three of the same events to another, in any order and many at once. */
async function compare(userCap: bigint, seed: number, withShares: boolean): Promise<Outcome> {
  const random = seededRandom(seed);
  const events = readCards({ itemIds: ITEMS, cards: EVENTS / 2, endsAtMs: Date.now() - 1_000, random }).slice(
    0,
    EVENTS,
  );
  const [once, thrice] = [await openWorld(events, userCap), await openWorld(events, userCap)];
  for (const batch of once.batches) await ingestBatch(once.actor, batch);

  const deliveries = shuffled(Array.from({ length: DELIVERIES }, () => thrice.batches).flat(), random);
  const refusals = new Set<string>();
  let answers = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let batch = deliveries.pop(); batch; batch = deliveries.pop()) {
        await ingestBatch(thrice.actor, batch).then(
          () => answers++,
          (error) => refusals.add(codeOf(error)),
        );
      }
    }),
  );
  const [left, right] = [await stateOf(once, withShares), await stateOf(thrice, withShares)];
  const differs = (Object.keys(left) as (keyof typeof left)[]).filter(
    (part) => asText(left[part]) !== asText(right[part]),
  );
  return { differs, answers, refusals, events: right.events.length };
}

/** L6: a thousand events delivered three times, shuffled and eight batches at a time, beside one delivery in order. */
export async function eventsThrice(): Promise<BenchRow[]> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const free = await compare(BUDGET, seed, true);
  // Under a cap the batches that come first are paid: which those are may differ, what they come to may not.
  const capped = await compare(200_000n, seed, false);
  const rowOf = (name: string, { differs, answers, refusals, events }: Outcome): BenchRow =>
    bounded(
      name,
      differs.length + refusals.size + (events === EVENTS ? 0 : 1),
      "things",
      "<= 0",
      `${events} events, ${answers} batches answered, seed ${seed}${[...differs, ...refusals].map((word) => `; ${word}`).join("")}`,
    );
  return [
    rowOf("L6 what differs after 3 shuffled deliveries", free),
    rowOf("L6 what differs under a cap that is reached", capped),
  ];
}
