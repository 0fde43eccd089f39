import { percentile } from "../bench-row.ts";

/** What is simulated; times in milliseconds. */
export type Model = {
  /** Machines that post, each with so many callers that wait for their answer and think for a while before the next. */
  replicas: number;
  callers: number;
  thinkMs: number;
  roundTripMs: number;
  /** Rows that the hot account is spread over. */
  shards: number;
  /** The database: processors, what a batch costs one of them, and a flush of its log. */
  cores: number;
  batchMs: number;
  transferMs: number;
  flushMs: number;
  /** Transfers that travel together; 1 is a transaction for each. */
  batchMax: number;
  /** Batches of one replica under way at a time. */
  inFlight: number;
  /** Statements after the one that takes the lock, each a round trip that the lock is held over. */
  heldRoundTrips: number;
};
export type Simulated = { perSecond: number; p99Ms: number };

type Batch = { replica: number; sentBy: number[]; shard: number };

/** Things that happen at a time, the earliest first. */
class Agenda {
  private readonly heap: { at: number; order: number; run: () => void }[] = [];
  private order = 0;
  now = 0;

  after(delayMs: number, run: () => void): void {
    const heap = this.heap;
    heap.push({ at: this.now + delayMs, order: this.order++, run });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.isBefore(child, parent)) break;
      this.swap(child, parent);
      child = parent;
    }
  }

  runUntil(endMs: number): void {
    for (let next = this.heap[0]; next && next.at <= endMs; next = this.heap[0]) {
      this.removeFirst();
      this.now = next.at;
      next.run();
    }
  }

  private removeFirst(): void {
    const last = this.heap.pop();
    if (!last || this.heap.length === 0) return;
    this.heap[0] = last;
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      let least = parent;
      if (left < this.heap.length && this.isBefore(left, least)) least = left;
      if (left + 1 < this.heap.length && this.isBefore(left + 1, least)) least = left + 1;
      if (least === parent) return;
      this.swap(least, parent);
      parent = least;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [left, right] = [this.heap[a], this.heap[b]];
    if (!left || !right) return false;
    return left.at < right.at || (left.at === right.at && left.order < right.order);
  }

  private swap(a: number, b: number): void {
    const [left, right] = [this.heap[a], this.heap[b]];
    if (left && right) [this.heap[a], this.heap[b]] = [right, left];
  }
}

/** Something of which there are so many; who comes when none is free waits in line. */
function makePool(size: number): { take: (then: () => void) => void; give: () => void } {
  let free = size;
  const line: (() => void)[] = [];
  return {
    take: (then) => {
      if (free === 0) return void line.push(then);
      free -= 1;
      then();
    },
    give: () => {
      const next = line.shift();
      if (next) next();
      else free += 1;
    },
  };
}

/** One log: whoever commits during a flush is in the next one, all of them together. */
function makeLog(agenda: Agenda, flushMs: number): (then: () => void) => void {
  let waiting: (() => void)[] = [];
  let isFlushing = false;
  const flush = () => {
    if (waiting.length === 0) return;
    const these = waiting;
    waiting = [];
    isFlushing = true;
    agenda.after(flushMs, () => {
      isFlushing = false;
      for (const then of these) then();
      flush();
    });
  };
  return (then) => {
    waiting.push(then);
    if (!isFlushing) flush();
  };
}

/**
 * Many machines post to one account of one database, every posting waiting for its answer.
 *
 * A batch travels, waits for the row of the hot account and for a processor, is reckoned, perhaps waits for more statements
 * of its transaction while it holds the row, commits with whoever commits at the time, lets the row go, and travels back.
 */
export function simulate(model: Model, seconds = 4, random: () => number = Math.random): Simulated {
  const agenda = new Agenda();
  const cores = makePool(model.cores);
  const rows = Array.from({ length: model.shards }, () => makePool(1));
  const commit = makeLog(agenda, model.flushMs);
  const queues: number[][] = Array.from({ length: model.replicas }, () => []);
  const flying = Array.from({ length: model.replicas }, () => 0);
  const warmMs = 500;
  const times: number[] = [];
  let batches = 0;

  const work = (ms: number, then: () => void) =>
    cores.take(() =>
      agenda.after(ms, () => {
        cores.give();
        then();
      }),
    );
  const think = (replica: number) =>
    agenda.after(-Math.log(1 - random()) * model.thinkMs, () => {
      queues[replica]?.push(agenda.now);
      depart(replica);
    });
  const depart = (replica: number): void => {
    const queue = queues[replica] ?? [];
    while (queue.length > 0 && (flying[replica] ?? 0) < model.inFlight) {
      flying[replica] = (flying[replica] ?? 0) + 1;
      arrive({ replica, sentBy: queue.splice(0, model.batchMax), shard: batches++ % model.shards });
    }
  };
  const arrive = (batch: Batch) =>
    agenda.after(model.roundTripMs / 2, () =>
      rows[batch.shard]?.take(() =>
        work(model.batchMs + model.transferMs * batch.sentBy.length, () => hold(batch, model.heldRoundTrips)),
      ),
    );
  const hold = (batch: Batch, left: number): void => {
    if (left > 0) agenda.after(model.roundTripMs, () => hold(batch, left - 1));
    else
      commit(() => {
        rows[batch.shard]?.give();
        agenda.after(model.roundTripMs / 2, () => answer(batch));
      });
  };
  const answer = ({ replica, sentBy }: Batch) => {
    flying[replica] = (flying[replica] ?? 1) - 1;
    for (const sentAt of sentBy) {
      if (agenda.now >= warmMs) times.push(agenda.now - sentAt);
      think(replica);
    }
    depart(replica);
  };

  for (let replica = 0; replica < model.replicas; replica++)
    for (let caller = 0; caller < model.callers; caller++) think(replica);
  agenda.runUntil(warmMs + seconds * 1000);
  return { perSecond: times.length / seconds, p99Ms: percentile(times, 99) };
}
