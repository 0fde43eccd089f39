import type { RewardEvent, SignedEventBatch } from "#core/event-batch.ts";

/** This browser's registered key and where its chain of batches has come to. The private key cannot be read out. */
export type StoredDevice = {
  userId: string;
  deviceId: string;
  privateKey: CryptoKey;
  sequence: number;
  lastHash: string;
};
/** A signed batch that the server has not acknowledged yet; `worth` is what its events should pay. */
export type StoredBatch = { userId: string; sequence: number; signed: SignedEventBatch; worth: string };
/** What was known last, for a start without a network. */
export type StoredMemory = { userId: string; campaign: unknown; balance: string };
export type QueuedEvent = { key: number; event: RewardEvent };

const STORES = ["device", "event", "batch", "memory"] as const;
type StoreName = (typeof STORES)[number];

const answerOf = <Result>(request: IDBRequest<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** What was read but not sent lives here, in IndexedDB, and survives a closed tab and a flat battery. */
export class FeedStore {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  static async open(): Promise<FeedStore> {
    const request = indexedDB.open("converge-feed", 1);
    request.onupgradeneeded = () => {
      const database = request.result;
      database.createObjectStore("device", { keyPath: "userId" });
      database.createObjectStore("event", { autoIncrement: true }).createIndex("userId", "userId");
      database.createObjectStore("batch", { keyPath: ["userId", "sequence"] });
      database.createObjectStore("memory", { keyPath: "userId" });
    };
    return new FeedStore(await answerOf(request));
  }

  readDevice(userId: string): Promise<StoredDevice | undefined> {
    return answerOf(this.#read("device").get(userId));
  }

  readMemory(userId: string): Promise<StoredMemory | undefined> {
    return answerOf(this.#read("memory").get(userId));
  }

  async writeMemory(memory: StoredMemory): Promise<void> {
    await this.#change(["memory"], (store) => void store("memory").put(memory));
  }

  async addEvent(userId: string, event: RewardEvent): Promise<void> {
    await this.#change(["event"], (store) => void store("event").add({ userId, event }));
  }

  async readEvents(userId: string, limit: number): Promise<QueuedEvent[]> {
    const index = this.#read("event").index("userId");
    const [keys, rows] = await Promise.all([
      answerOf(index.getAllKeys(userId, limit)),
      answerOf<{ event: RewardEvent }[]>(index.getAll(userId, limit)),
    ]);
    return rows.flatMap(({ event }, i) => {
      const key = keys[i];
      return typeof key === "number" ? [{ key, event }] : [];
    });
  }

  readBatches(userId: string): Promise<StoredBatch[]> {
    return answerOf(this.#read("batch").getAll(IDBKeyRange.bound([userId, 0], [userId, Number.MAX_SAFE_INTEGER])));
  }

  /** A batch takes its events over and moves the device's chain on, all or nothing. */
  async sealBatch(device: StoredDevice, batch: StoredBatch, eventKeys: readonly number[]): Promise<void> {
    await this.#change(["device", "event", "batch"], (store) => {
      store("device").put(device);
      store("batch").put(batch);
      for (const key of eventKeys) store("event").delete(key);
    });
  }

  async dropBatch(userId: string, sequence: number): Promise<void> {
    await this.#change(["batch"], (store) => void store("batch").delete([userId, sequence]));
  }

  /** Starts over with a new key: events of batches under the old one go back into the queue, none is lost. */
  async replaceDevice(device: StoredDevice, unsent: readonly StoredBatch[]): Promise<void> {
    await this.#change(["device", "event", "batch"], (store) => {
      store("device").put(device);
      for (const batch of unsent) {
        store("batch").delete([batch.userId, batch.sequence]);
        for (const event of batch.signed.events) store("event").add({ userId: batch.userId, event });
      }
    });
  }

  close(): void {
    this.#database.close();
  }

  #read(name: StoreName): IDBObjectStore {
    return this.#database.transaction(name, "readonly").objectStore(name);
  }

  #change(names: StoreName[], work: (store: (name: StoreName) => IDBObjectStore) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(names, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
      work((name) => transaction.objectStore(name));
    });
  }
}
