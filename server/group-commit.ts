type Waiting<Item, Result> = {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

export type GroupCommitOptions<Item, Result> = {
  /** Commits items together; answers each, in their order. */
  commit: (items: Item[]) => Promise<Result[]>;
  /** How many batches may be on their way at once. */
  batchesInFlightMax: number;
  /** A batch takes waiting items until it is this large; one that is larger by itself goes alone. */
  sizeMax: number;
  sizeOf: (item: Item) => number;
  /** Whether an error may be the fault of one item, so that each is worth trying alone. */
  isContentError: (error: unknown) => boolean;
};

/**
 * Joins callers that come at the same time into one commit.
 *
 * While batches are in flight the next one fills, so the more callers there are the fewer commits each of them
 * costs; a lone caller waits for nobody.
 */
export function createGroupCommit<Item, Result>(options: GroupCommitOptions<Item, Result>) {
  const { commit, batchesInFlightMax, sizeMax, sizeOf, isContentError } = options;
  let waiting: Waiting<Item, Result>[] = [];
  let inFlight = 0;
  let isScheduled = false;

  function takeBatch(): Waiting<Item, Result>[] {
    let size = 0;
    let count = 0;
    for (const { item } of waiting) {
      size += sizeOf(item);
      if (count > 0 && size > sizeMax) break;
      count += 1;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return batch;
  }

  async function send(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await commit(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error("A commit answered fewer items than it was given.");
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      if (batch.length === 1 || !isContentError(error)) {
        for (const { reject } of batch) reject(error);
      } else {
        for (const one of batch) await send([one]);
      }
    }
  }

  function flush(): void {
    isScheduled = false;
    while (inFlight < batchesInFlightMax && waiting.length > 0) {
      inFlight += 1;
      void send(takeBatch()).finally(() => {
        inFlight -= 1;
        schedule();
      });
    }
  }

  // Waiting for the turn's end lets everybody join who asks in the same turn of the event loop.
  function schedule(): void {
    if (isScheduled || waiting.length === 0 || inFlight >= batchesInFlightMax) return;
    isScheduled = true;
    setImmediate(flush);
  }

  return function submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      schedule();
    });
  };
}
