import { beforeAll, describe, expect, test } from "vitest";
import {
  createDeviceKey,
  deviceRegistrationBytes,
  type EventBatch,
  exportDeviceKey,
  FIRST_PREVIOUS_HASH,
  type RewardEvent,
  type SignedEventBatch,
  signEventBatch,
  signWithDevice,
} from "#core/event-batch.ts";
import { newId } from "#core/ids.ts";
import { signedEventBatch } from "#core/schemas/reward.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import { readCards, seededRandom } from "#core/simulated-reader.ts";
import { pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { campaignAccount, EXTERNAL_ACCOUNT, userAccount } from "#server/ledger/account-codes.ts";
import { createCap } from "#server/ledger/caps.ts";
import { ensureAccounts, ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { shardAccount } from "#server/ledger/shard-account.ts";
import { ingestBatch } from "./ingest-batch.ts";
import { registerDevice } from "./register-device.ts";

const ITEMS = ["card-a", "card-b", "card-c", "card-d", "card-e"];
const sql = sqlOf(pool);

type Terms = { budget?: bigint; userCap?: bigint; deviceCap?: bigint; endsAt?: Date; shards?: number };

async function openCampaign({
  budget = 1_000_000_000n,
  userCap = 10n ** 12n,
  deviceCap = 10n ** 12n,
  endsAt,
  shards = 1,
}: Terms = {}) {
  const id = newId("campaign");
  await ensureAccounts(sql, [{ code: campaignAccount(id), asset: "USD" }]);
  await shardAccount(campaignAccount(id), shards);
  await sql.query(
    `INSERT INTO reward_campaign (id, name, description, price_per_view, price_per_scroll, price_per_dwell_second,
        user_cap_per_day, device_cap_per_day, item_ids, starts_at, ends_at)
      VALUES ($1, 'Test', '', 1000, 100, 500, $2, $3, $4::text[], now() - interval '1 day', $5)`,
    [id, userCap, deviceCap, ITEMS, endsAt ?? null],
  );
  if (budget > 0n) {
    await postTransfers([
      {
        key: `fund:${id}`,
        debit: EXTERNAL_ACCOUNT,
        credit: campaignAccount(id),
        amount: budget,
        asset: "USD",
        kind: "deposit",
      },
    ]);
  }
  return id;
}

const person = (): Actor => ({ userId: newId("user"), roles: ["user"], via: "session", scopes: ALL_SCOPES });

async function openDevice(actor: Actor) {
  const keys = await createDeviceKey();
  const publicKey = await exportDeviceKey(keys.publicKey);
  const signature = await signWithDevice(keys.privateKey, deviceRegistrationBytes(actor.userId, publicKey));
  const device = await registerDevice(actor, { name: "Phone", publicKey, signature });
  return { id: device.id, keys, publicKey, signature };
}
type TestDevice = Awaited<ReturnType<typeof openDevice>>;

/** Cuts events into a chain of signed batches, as a phone would. */
async function signAll(
  device: TestDevice,
  campaignId: string,
  events: RewardEvent[],
  size: number,
): Promise<SignedEventBatch[]> {
  const batches: SignedEventBatch[] = [];
  let previousHash = FIRST_PREVIOUS_HASH;
  for (let start = 0; start < events.length; start += size) {
    const batch: EventBatch = {
      deviceId: device.id,
      campaignId,
      sequence: batches.length + 1,
      previousHash,
      events: events.slice(start, start + size),
    };
    const { signed, hash } = await signEventBatch(device.keys.privateKey, batch);
    expect(signedEventBatch.safeParse(signed).success).toBe(true);
    batches.push(signed);
    previousHash = hash;
  }
  return batches;
}

const read = (cards: number, seed = 1) =>
  readCards({ itemIds: ITEMS, cards, endsAtMs: Date.now() - 1000, random: seededRandom(seed) });

function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const random = seededRandom(seed);
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

const balanceOf = async (actor: Actor) => (await getBalance(userAccount(actor.userId))).posted;

async function stateOf(actor: Actor) {
  const [row] = await sql.query<{ events: bigint; worth: bigint; credited: bigint }>(
    `SELECT (SELECT count(*) FROM reward_event WHERE user_id = $1) AS events, coalesce(sum(worth), 0)::bigint AS worth,
        coalesce(sum(credited), 0)::bigint AS credited FROM reward_batch WHERE user_id = $1`,
    [actor.userId],
  );
  return { ...row, balance: await balanceOf(actor) };
}

beforeAll(() => ensurePlatformAccounts());

describe("a batch", () => {
  test("is credited what its events are worth, and the balance moves with it", async () => {
    const actor = person();
    const [campaignId, device] = [await openCampaign(), await openDevice(actor)];
    const events: RewardEvent[] = [
      { id: "evt_one_a", kind: "view", itemId: "card-a", atMs: Date.now() - 5000 },
      { id: "evt_two_a", kind: "dwell", itemId: "card-a", atMs: Date.now() - 1000, dwellMs: 3999 },
    ];
    const [batch] = await signAll(device, campaignId, events, 10);
    if (!batch) throw new Error("One batch was signed");
    const result = await ingestBatch(actor, batch);
    expect(result).toMatchObject({
      isRepeat: false,
      credited: { asset: "USD", units: "2500" },
      balance: { asset: "USD", units: "2500" },
      withheldReason: null,
      events: [
        { id: "evt_one_a", status: "accepted" },
        { id: "evt_two_a", status: "accepted" },
      ],
    });
    expect((await getBalance(campaignAccount(campaignId))).posted).toBe(1_000_000_000n - 2500n);

    const repeat = await ingestBatch(actor, batch);
    expect(repeat).toMatchObject({
      isRepeat: true,
      batchId: result.batchId,
      credited: { units: "2500" },
      balance: { units: "2500" },
    });
    expect(repeat.events.map(({ status }) => status)).toEqual(["duplicate", "duplicate"]);
  });

  test("answers for each event: accepted, duplicate, or rejected with a reason", async () => {
    const actor = person();
    const [campaignId, device] = [await openCampaign(), await openDevice(actor)];
    const good: RewardEvent = { id: "evt_good_1", kind: "view", itemId: "card-a", atMs: Date.now() };
    const events: RewardEvent[] = [good, good, { ...good, id: "evt_bad_11", itemId: "card-unknown" }];
    const [batch] = await signAll(device, campaignId, events, 10);
    if (!batch) throw new Error("One batch was signed");
    const result = await ingestBatch(actor, batch);
    expect(result.events).toEqual([
      { id: "evt_good_1", status: "accepted" },
      { id: "evt_good_1", status: "duplicate" },
      { id: "evt_bad_11", status: "rejected", reason: "UNKNOWN_ITEM" },
    ]);
    expect(result.credited.units).toBe("1000");
  });
});

describe("1,000 events delivered three times, shuffled and at once", () => {
  test("leave the same state as delivered once in order", async () => {
    const campaignId = await openCampaign();
    const events = read(334).slice(0, 1000);
    const [once, thrice] = [person(), person()];
    const inOrder = await signAll(await openDevice(once), campaignId, events, 20);
    for (const batch of inOrder) await ingestBatch(once, batch);

    const batches = await signAll(await openDevice(thrice), campaignId, events, 20);
    const deliveries = shuffled([...batches, ...batches, ...batches], 7);
    for (let start = 0; start < deliveries.length; start += 8) {
      await Promise.all(deliveries.slice(start, start + 8).map((batch) => ingestBatch(thrice, batch)));
    }
    const expected = await stateOf(once);
    expect(expected.events).toBe(1000n);
    expect(expected.balance).toBe(expected.worth);
    expect(await stateOf(thrice)).toEqual(expected);
  });

  test("and sent again in other batches by the same device are all duplicates", async () => {
    const actor = person();
    const [campaignId, device] = [await openCampaign(), await openDevice(actor)];
    const events = read(20);
    for (const batch of await signAll(device, campaignId, [...events, ...shuffled(events, 3)], 30)) {
      await ingestBatch(actor, batch);
    }
    const state = await stateOf(actor);
    expect(state.events).toBe(BigInt(events.length));
    expect(state.balance).toBe(state.worth);
  });
});

describe("a cap", () => {
  test("for a person holds over devices and parallel batches, to the last unit", async () => {
    const actor = person();
    const campaignId = await openCampaign({ userCap: 50_005n });
    const devices = await Promise.all([openDevice(actor), openDevice(actor), openDevice(actor)]);
    const batches = await Promise.all(devices.map((device, i) => signAll(device, campaignId, read(40, i), 12)));
    const results = await Promise.all(batches.flat().map((batch) => ingestBatch(actor, batch)));
    expect(await balanceOf(actor)).toBe(50_005n);
    expect(results.some(({ withheldReason }) => withheldReason === "USER_CAP")).toBe(true);
  });

  test("for a device holds by itself", async () => {
    const actor = person();
    const campaignId = await openCampaign({ deviceCap: 7_000n });
    const [batch] = await signAll(await openDevice(actor), campaignId, read(20), 100);
    if (!batch) throw new Error("One batch was signed");
    expect(await ingestBatch(actor, batch)).toMatchObject({
      withheldReason: "DEVICE_CAP",
      credited: { units: "7000" },
    });
  });

  test("forgets what was earned more than 24 hours ago", async () => {
    const actor = person();
    const campaignId = await openCampaign({ userCap: 5_000n });
    const [first, second] = await signAll(await openDevice(actor), campaignId, read(10), 15);
    if (!first || !second) throw new Error("Two batches were signed");
    await ingestBatch(actor, first);
    await sql.query(`UPDATE reward_batch SET received_at = now() - interval '24 hours 1 second' WHERE user_id = $1`, [
      actor.userId,
    ]);
    await ingestBatch(actor, second);
    expect(await balanceOf(actor)).toBe(10_000n);
  });
});

describe("a campaign", () => {
  test.each([1, 8])(
    "that runs dry pays exactly its budget to many at once, keeps their events and says why it paid no more, in %i shards",
    async (shards) => {
      const campaignId = await openCampaign({ budget: 30_003n, shards });
      const people = Array.from({ length: 6 }, person);
      const results = await Promise.all(
        people.map(async (actor, i) => {
          const [batch] = await signAll(await openDevice(actor), campaignId, read(10, i), 100);
          if (!batch) throw new Error("One batch was signed");
          return ingestBatch(actor, batch);
        }),
      );
      expect(results.reduce((sum, { credited }) => sum + BigInt(credited.units), 0n)).toBe(30_003n);
      expect((await getBalance(campaignAccount(campaignId))).posted).toBe(0n);
      expect(results.filter(({ withheldReason }) => withheldReason === "BUDGET_EXHAUSTED").length).toBeGreaterThan(0);
      expect(results.every(({ events }) => events.every(({ status }) => status === "accepted"))).toBe(true);
    },
  );

  test("under a cap pays exactly what the cap leaves, and nobody who reads hears of it", async () => {
    const campaignId = await openCampaign();
    await createCap({
      scope: campaignAccount(campaignId),
      asset: "USD",
      kind: "window",
      windowMs: 86_400_000,
      amount: 10_001n,
      actor: "test",
    });
    const results = await Promise.all(
      Array.from({ length: 3 }, person).map(async (actor, i) => {
        const [batch] = await signAll(await openDevice(actor), campaignId, read(10, i), 100);
        if (!batch) throw new Error("One batch was signed");
        return ingestBatch(actor, batch);
      }),
    );
    expect(results.reduce((sum, { credited }) => sum + BigInt(credited.units), 0n)).toBe(10_001n);
    expect(results.some(({ withheldReason }) => withheldReason === "BUDGET_EXHAUSTED")).toBe(true);
    expect(results.every(({ events }) => events.every(({ status }) => status === "accepted"))).toBe(true);
  });

  test("that is over keeps events and pays nothing", async () => {
    const actor = person();
    const campaignId = await openCampaign({ endsAt: new Date(Date.now() - 60_000) });
    const [batch] = await signAll(await openDevice(actor), campaignId, read(3), 100);
    if (!batch) throw new Error("One batch was signed");
    expect(await ingestBatch(actor, batch)).toMatchObject({
      withheldReason: "CAMPAIGN_CLOSED",
      credited: { units: "0" },
    });
  });

  test("does not pay a machine", async () => {
    const actor = person();
    const campaignId = await openCampaign();
    const events = Array.from(
      { length: 30 },
      (_, i): RewardEvent => ({ id: `evt_bot_${i}`, kind: "view", itemId: "card-a", atMs: Date.now() - i * 500 }),
    );
    const [batch] = await signAll(await openDevice(actor), campaignId, events, 100);
    if (!batch) throw new Error("One batch was signed");
    expect(await ingestBatch(actor, batch)).toMatchObject({ withheldReason: "IMPLAUSIBLE", credited: { units: "0" } });
  });
});

describe("a batch is refused whole, and nothing changes,", () => {
  async function arrange() {
    const actor = person();
    const [campaignId, device] = [await openCampaign(), await openDevice(actor)];
    const batches = await signAll(device, campaignId, read(20), 10);
    const [first, second, third] = batches;
    if (!first || !second || !third) throw new Error("Three batches were signed");
    return { actor, campaignId, device, first, second, third };
  }
  const resign = async (device: TestDevice, batch: EventBatch) =>
    (await signEventBatch(device.keys.privateKey, batch)).signed;

  test("when it is forged", async () => {
    const { actor, first, second } = await arrange();
    const forged = { ...first, events: second.events };
    await expect(ingestBatch(actor, forged)).rejects.toMatchObject({ code: "BATCH_SIGNATURE_INVALID" });
    const foreign = await openDevice(actor);
    const signed = await resign(foreign, first);
    await expect(ingestBatch(actor, signed)).rejects.toMatchObject({ code: "BATCH_SIGNATURE_INVALID" });
    expect((await stateOf(actor)).events).toBe(0n);
  });

  test("when the device is somebody else's, as if it did not exist", async () => {
    const { actor, first } = await arrange();
    const thief = person();
    await openDevice(thief);
    await expect(ingestBatch(thief, first)).rejects.toMatchObject({ code: "DEVICE_NOT_FOUND" });
    await expect(ingestBatch(actor, { ...first, deviceId: newId("device") })).rejects.toMatchObject({
      code: "DEVICE_NOT_FOUND",
    });
    expect(await balanceOf(thief)).toBe(0n);
  });

  test("when the device was revoked", async () => {
    const { actor, device, first } = await arrange();
    await sql.query(`UPDATE reward_device SET revoked_at = now() WHERE id = $1`, [device.id]);
    await expect(ingestBatch(actor, first)).rejects.toMatchObject({ code: "DEVICE_NOT_FOUND" });
  });

  test("when the campaign is unknown", async () => {
    const { actor, device, first } = await arrange();
    const batch = await resign(device, { ...first, campaignId: newId("campaign") });
    await expect(ingestBatch(actor, batch)).rejects.toMatchObject({ code: "CAMPAIGN_NOT_FOUND" });
  });

  test("when its sequence number belongs to another batch", async () => {
    const { actor, device, first, second } = await arrange();
    await ingestBatch(actor, first);
    const replayed = await resign(device, { ...first, events: second.events });
    await expect(ingestBatch(actor, replayed)).rejects.toMatchObject({ code: "BATCH_SEQUENCE_REUSED" });
  });

  test("when it runs too far ahead, and the error names the number that is expected", async () => {
    const { actor, device, first, second } = await arrange();
    await ingestBatch(actor, first);
    const batch = await resign(device, { ...second, sequence: 1026 });
    await expect(ingestBatch(actor, batch)).rejects.toMatchObject({
      code: "BATCH_SEQUENCE_GAP",
      details: { expected: 2 },
    });
    expect((await ingestBatch(actor, await resign(device, { ...second, sequence: 1025 }))).isRepeat).toBe(false);
  });

  test("when it breaks the chain of hashes on either side", async () => {
    const { actor, device, first, second, third } = await arrange();
    const rootless = await resign(device, { ...first, previousHash: "1".repeat(64) });
    await expect(ingestBatch(actor, rootless)).rejects.toMatchObject({ code: "BATCH_CHAIN_BROKEN" });
    await ingestBatch(actor, first);
    await ingestBatch(actor, third);
    const forked = await resign(device, { ...second, events: second.events.slice(1) });
    await expect(ingestBatch(actor, forked)).rejects.toMatchObject({ code: "BATCH_CHAIN_BROKEN" });
    const estranged = await resign(device, { ...second, previousHash: "2".repeat(64) });
    await expect(ingestBatch(actor, estranged)).rejects.toMatchObject({ code: "BATCH_CHAIN_BROKEN" });
    expect((await ingestBatch(actor, second)).isRepeat).toBe(false);
  });
});

describe("a device key", () => {
  test("registers again as the same device, and never for somebody who does not hold it", async () => {
    const [actor, thief] = [person(), person()];
    const { id, publicKey, signature } = await openDevice(actor);
    expect((await registerDevice(actor, { name: "Again", publicKey, signature })).id).toBe(id);
    await expect(registerDevice(thief, { name: "Mine", publicKey, signature })).rejects.toMatchObject({
      code: "SIGNATURE_INVALID",
    });
  });

  test("belongs to one person, even when its holder signs for another", async () => {
    const [actor, other] = [person(), person()];
    const { keys, publicKey } = await openDevice(actor);
    const signature = await signWithDevice(keys.privateKey, deviceRegistrationBytes(other.userId, publicKey));
    await expect(registerDevice(other, { name: "Mine too", publicKey, signature })).rejects.toMatchObject({
      code: "DEVICE_TAKEN",
    });
  });
});
