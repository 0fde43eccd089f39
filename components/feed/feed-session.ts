import {
  createDeviceKey,
  deviceRegistrationBytes,
  exportDeviceKey,
  type RewardEvent,
  signEventBatch,
  signWithDevice,
} from "#core/event-batch.ts";
import { priceEvent, type RewardPrices } from "#core/reward-pricing.ts";
import {
  type Campaign,
  campaignOutput,
  campaignsOutput,
  deviceOutput,
  ingestOutput,
  type WithheldReason,
} from "#core/schemas/reward.ts";
import { balanceUnits } from "./feed-answers.ts";
import { callFeedApi, FeedRefusal } from "./feed-api.ts";
import { FeedStore, type StoredBatch, type StoredDevice } from "./feed-store.ts";

const SEND_EVERY_MS = 3000;
const BATCH_EVENTS = 100;
const WAIT_MS_MAX = 60_000;
/** Refusals that say "not now": the batch is kept and tried again. */
const PASSING = new Set([408, 425, 429]);
/** The server knows another story of this device, as after its data was restored: a new key starts a new one. */
const CHAIN_LOST = new Set([
  "BATCH_SEQUENCE_GAP",
  "BATCH_SEQUENCE_REUSED",
  "BATCH_CHAIN_BROKEN",
  "BATCH_SIGNATURE_INVALID",
  "DEVICE_NOT_FOUND",
]);

export type FeedConnection = "starting" | "live" | "offline" | "signed-out" | "unsupported" | "no-campaign";

export type FeedSnapshot = {
  connection: FeedConnection;
  /** What the server has confirmed, in micro-dollars. */
  cleared: bigint;
  /** What was read and is not confirmed yet, the look in progress included. */
  pending: bigint;
  /** Why the last batch paid less than it showed; null when it paid in full. */
  withheld: WithheldReason | null;
  prices: RewardPrices | null;
};

/**
 * The feed's memory and its line to the server.
 *
 * An event is kept on the device first and shown as pending, then signed into a batch with the next sequence number,
 * and only let go when the server has answered for it. Sending again is harmless: the server counts an event once.
 */
export class FeedSession {
  readonly #userId: string;
  readonly #listeners = new Set<() => void>();
  #store: FeedStore | null = null;
  #campaign: Campaign | null = null;
  #snapshot: FeedSnapshot = { connection: "starting", cleared: 0n, pending: 0n, withheld: null, prices: null };
  #queued = 0n;
  #look = 0n;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #waitMs = SEND_EVERY_MS;
  #isStopped = false;
  /** Whether the campaign came from the server since this page was opened. */
  #isFresh = false;

  constructor(userId: string) {
    this.#userId = userId;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  getSnapshot = (): FeedSnapshot => this.#snapshot;

  async start(): Promise<void> {
    // Keys and the store exist only where the connection is private: https, or this very machine.
    if (!globalThis.isSecureContext || !("indexedDB" in globalThis)) {
      this.#update({ connection: "unsupported" });
      return;
    }
    this.#store = await FeedStore.open();
    const memory = await this.#store.readMemory(this.#userId);
    const remembered = campaignOutput.safeParse(memory?.campaign).data;
    if (remembered) this.#adoptCampaign(remembered);
    if (memory) this.#update({ cleared: BigInt(memory.balance) });
    await this.#countQueued();
    if (this.#isStopped) return;
    window.addEventListener("online", this.#sendSoon);
    document.addEventListener("visibilitychange", this.#sendSoon);
    this.#sendSoon();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    window.removeEventListener("online", this.#sendSoon);
    document.removeEventListener("visibilitychange", this.#sendSoon);
    this.#store?.close();
  }

  /** Keeps an event and counts it as pending at once. */
  record(event: RewardEvent): void {
    if (!this.#store || !this.#snapshot.prices) return;
    this.#queued += priceEvent(this.#snapshot.prices, event);
    if (event.kind === "dwell") this.#look = 0n;
    this.#showPending();
    void this.#store.addEvent(this.#userId, event).catch(() => this.#update({ connection: "unsupported" }));
  }

  /** Shows what the look in progress is worth so far, second by second. */
  showLook(dwellMs: number): void {
    const look = this.#snapshot.prices ? priceEvent(this.#snapshot.prices, { kind: "dwell", dwellMs }) : 0n;
    if (look === this.#look) return;
    this.#look = look;
    this.#showPending();
  }

  /** Reads the balance again, after money left it by another way. */
  async refreshBalance(): Promise<void> {
    const cleared = await callFeedApi("/balance", balanceUnits).catch((error: unknown) => {
      // Somebody who never had money has no balance yet.
      if (error instanceof FeedRefusal && error.status === 404) return 0n;
      throw error;
    });
    this.#update({ cleared });
    await this.#remember();
  }

  /** Sends what is queued now instead of soon, and answers what is cleared then. */
  async sendNow(): Promise<bigint> {
    await this.#sendAll();
    return this.#snapshot.cleared;
  }

  #sendSoon = (): void => {
    this.#waitMs = SEND_EVERY_MS;
    this.#schedule(0);
  };

  #schedule(afterMs: number): void {
    if (this.#isStopped) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#sendAll(), afterMs);
  }

  /** One tab at a time signs and sends, so that two never use the same sequence number. */
  async #sendAll(): Promise<void> {
    try {
      await navigator.locks.request(`converge-feed-${this.#userId}`, async () => {
        if (!this.#isFresh) await this.#loadCampaign();
        if (this.#campaign) await this.#sendQueued(this.#campaign);
      });
      this.#waitMs = SEND_EVERY_MS;
      if (this.#snapshot.connection !== "no-campaign") this.#update({ connection: "live" });
    } catch (error) {
      if (this.#isStopped) return;
      const isSignedOut = error instanceof FeedRefusal && error.status === 401 && error.code === "UNAUTHENTICATED";
      this.#update({ connection: isSignedOut ? "signed-out" : "offline" });
      // Waits twice as long after each failure, with jitter so that a crowd does not come back all at once.
      this.#waitMs = Math.min(WAIT_MS_MAX, this.#waitMs * (1.5 + Math.random()));
    }
    this.#schedule(this.#waitMs);
  }

  async #loadCampaign(): Promise<void> {
    const { data } = await callFeedApi("/rewards/campaigns", campaignsOutput);
    const campaign = data.find(({ status }) => status === "active") ?? data[0];
    if (!campaign) {
      this.#update({ connection: "no-campaign" });
      return;
    }
    this.#adoptCampaign(campaign);
    this.#isFresh = true;
    await this.refreshBalance();
    await this.#countQueued();
  }

  #adoptCampaign(campaign: Campaign): void {
    this.#campaign = campaign;
    const { view, scroll, dwellSecond } = campaign.prices;
    this.#update({
      prices: {
        pricePerView: BigInt(view.units),
        pricePerScroll: BigInt(scroll.units),
        pricePerDwellSecond: BigInt(dwellSecond.units),
      },
    });
  }

  async #sendQueued(campaign: Campaign): Promise<void> {
    const store = this.#openStore();
    let device = (await store.readDevice(this.#userId)) ?? (await this.#registerDevice([]));
    let isRenewed = false;
    for (;;) {
      for (const batch of await store.readBatches(this.#userId)) {
        if (await this.#send(batch)) continue;
        // Starting over once mends a lost chain; if the fresh key is refused too, it is not the key.
        if (isRenewed) throw new Error("The server refuses a freshly registered device");
        isRenewed = true;
        device = await this.#registerDevice(await store.readBatches(this.#userId));
        break;
      }
      const events = await store.readEvents(this.#userId, BATCH_EVENTS);
      if (events.length === 0) return;
      device = await this.#seal(device, campaign, events);
    }
  }

  async #seal(device: StoredDevice, campaign: Campaign, queued: { key: number; event: RewardEvent }[]) {
    const sequence = device.sequence + 1;
    const events = queued.map(({ event }) => event);
    const { signed, hash } = await signEventBatch(device.privateKey, {
      deviceId: device.deviceId,
      campaignId: campaign.id,
      sequence,
      previousHash: device.lastHash,
      events,
    });
    const moved: StoredDevice = { ...device, sequence, lastHash: hash };
    const batch: StoredBatch = { userId: this.#userId, sequence, signed, worth: this.#worthOf(events).toString() };
    await this.#openStore().sealBatch(
      moved,
      batch,
      queued.map(({ key }) => key),
    );
    return moved;
  }

  /** Sends one batch. False means that the server no longer goes along with this device's chain. */
  async #send(batch: StoredBatch): Promise<boolean> {
    try {
      const result = await callFeedApi("/events", ingestOutput, batch.signed);
      await this.#letGo(batch);
      this.#update({ cleared: BigInt(result.balance.units), withheld: result.withheldReason });
      await this.#remember();
      return true;
    } catch (error) {
      if (!(error instanceof FeedRefusal) || PASSING.has(error.status) || error.status >= 500) throw error;
      if (error.code === "CAMPAIGN_NOT_FOUND") this.#isFresh = false;
      if (CHAIN_LOST.has(error.code)) return false;
      if (error.status === 401) throw error;
      // Whatever else is refused will be refused again, so it is let go rather than tried for ever.
      await this.#letGo(batch);
      return true;
    }
  }

  async #letGo(batch: StoredBatch): Promise<void> {
    await this.#openStore().dropBatch(this.#userId, batch.sequence);
    this.#queued -= BigInt(batch.worth);
    this.#showPending();
  }

  async #registerDevice(unsent: StoredBatch[]): Promise<StoredDevice> {
    const keys = await createDeviceKey();
    const publicKey = await exportDeviceKey(keys.publicKey);
    const signature = await signWithDevice(keys.privateKey, deviceRegistrationBytes(this.#userId, publicKey));
    const name = /Mobi/.test(navigator.userAgent) ? "Phone" : "Browser";
    const { id, lastSequence, lastHash } = await callFeedApi("/devices", deviceOutput, { name, publicKey, signature });
    const device: StoredDevice = {
      userId: this.#userId,
      deviceId: id,
      privateKey: keys.privateKey,
      sequence: lastSequence,
      lastHash,
    };
    await this.#openStore().replaceDevice(device, unsent);
    return device;
  }

  async #countQueued(): Promise<void> {
    const store = this.#openStore();
    const [events, batches] = await Promise.all([
      store.readEvents(this.#userId, 10_000),
      store.readBatches(this.#userId),
    ]);
    this.#queued = this.#worthOf(events.map(({ event }) => event));
    for (const batch of batches) this.#queued += BigInt(batch.worth);
    this.#showPending();
  }

  #worthOf(events: readonly RewardEvent[]): bigint {
    const { prices } = this.#snapshot;
    return prices ? events.reduce((sum, event) => sum + priceEvent(prices, event), 0n) : 0n;
  }

  async #remember(): Promise<void> {
    const balance = this.#snapshot.cleared.toString();
    await this.#openStore().writeMemory({ userId: this.#userId, campaign: this.#campaign, balance });
  }

  #openStore(): FeedStore {
    if (!this.#store) throw new Error("The feed's store is not open");
    return this.#store;
  }

  #showPending(): void {
    const pending = this.#queued + this.#look;
    this.#update({ pending: pending > 0n ? pending : 0n });
  }

  #update(change: Partial<FeedSnapshot>): void {
    if (this.#isStopped) return;
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}
