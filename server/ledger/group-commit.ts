import type { OperationResult } from "./operations.ts";
import type { Submission } from "./post-each.ts";

type Waiting = {
  submission: Submission;
  resolve: (results: OperationResult[]) => void;
  reject: (error: unknown) => void;
};

export type GroupCommitOptions = {
  /** Posts submissions in one statement and one commit. */
  post: (submissions: Submission[]) => Promise<OperationResult[][]>;
  /** How many batches may be on their way at once. */
  batchesInFlightMax: number;
  /** A batch takes waiting submissions until it holds this many operations. */
  operationsMax: number;
  /** Whether an error may be the fault of one submission, so that each is worth trying alone. */
  isContentError: (error: unknown) => boolean;
};

/**
 * Joins callers that come at the same time into one statement and one commit.
 *
 * While batches are in flight the next one fills, so the more callers there are the fewer commits each of them
 * costs; a lone caller waits for nobody.
 */
export function createGroupCommit({ post, batchesInFlightMax, operationsMax, isContentError }: GroupCommitOptions) {
  let waiting: Waiting[] = [];
  let inFlight = 0;
  let isScheduled = false;

  function takeBatch(): Waiting[] {
    let operations = 0;
    let count = 0;
    for (const { submission } of waiting) {
      operations += submission.operations.length;
      if (count > 0 && operations > operationsMax) break;
      count += 1;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return batch;
  }

  async function send(batch: Waiting[]): Promise<void> {
    try {
      const results = await post(batch.map((item) => item.submission));
      for (const [index, item] of batch.entries()) item.resolve(results[index] ?? []);
    } catch (error) {
      if (batch.length === 1 || !isContentError(error)) {
        for (const item of batch) item.reject(error);
      } else {
        for (const item of batch) await send([item]);
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

  return function submit(submission: Submission): Promise<OperationResult[]> {
    return new Promise((resolve, reject) => {
      waiting.push({ submission, resolve, reject });
      schedule();
    });
  };
}
