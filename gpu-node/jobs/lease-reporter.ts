import { setTimeout as sleep } from "node:timers/promises";
import { type LeaseEvent, LOG_PIECE_CHARACTERS_MAX, leaseReply } from "../../core/schemas/job-protocol.ts";
import type { Platform } from "../platform.ts";
import { PlatformRefusal } from "../platform.ts";

type WithoutIndex<Event> = Event extends LeaseEvent ? Omit<Event, "index"> : never;
export type UnsentEvent = WithoutIndex<LeaseEvent>;

const GATHER_MS = 150;
const EVENTS_IN_REPORT_MAX = 100;
/** What a job writes faster than it can be sent is dropped beyond this, and said to be. */
const LOG_CHARACTERS_WAITING_MAX = 1_048_576;
const ALIVE_EVERY_MS = 5_000;
const RETRY_MS = 2_000;

/** Reports what happens to a lease, each event once and in order, for as long as the platform may be away. */
export function createLeaseReporter(
  { platform, say }: { platform: Platform; say: (line: string) => void },
  lease: { leaseId: string; fence: number },
  onStop: () => void,
) {
  const waiting: LeaseEvent[] = [];
  let nextIndex = 0;
  let logWaiting = 0;
  let dropped = 0;
  let isStopped = false;
  let sending: Promise<void> | null = null;

  const add = (event: UnsentEvent) => {
    waiting.push({ ...event, index: nextIndex } as LeaseEvent);
    nextIndex += 1;
  };

  async function send(events: LeaseEvent[]): Promise<void> {
    const reply = await platform
      .post("/api/worker/lease", { ...lease, events }, leaseReply)
      .catch(async (error: unknown) => {
        if (!(error instanceof PlatformRefusal)) {
          // A reply that is none says nothing about what arrived: it is asked for again, and by then may be one.
          say(`A report about ${lease.leaseId} was answered in a form this program does not know.`);
          await sleep(RETRY_MS);
          return { next: 0, stop: false };
        }
        // That the job is somebody else's now is no trouble; anything else its provider should know of.
        if (error.code !== "LEASE_STALE") say(`A report about ${lease.leaseId} was refused: ${error.message}`);
        return { next: Number.MAX_SAFE_INTEGER, stop: true };
      });
    while (waiting[0] && waiting[0].index < reply.next) {
      const done = waiting.shift();
      if (done?.type === "log") logWaiting -= done.text.length;
    }
    if (reply.stop) stop();
  }

  function stop(): void {
    if (isStopped) return;
    isStopped = true;
    waiting.length = 0;
    onStop();
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0 && !isStopped) {
      if (waiting.every(({ type }) => type === "log")) await sleep(GATHER_MS);
      await send(waiting.slice(0, EVENTS_IN_REPORT_MAX));
    }
  }

  function push(event: UnsentEvent): void {
    if (isStopped) return;
    add(event);
    sendSoon();
  }

  function sendSoon(): void {
    sending ??= drain().finally(() => {
      sending = null;
      // What was added as the last report left has nobody else to send it.
      if (waiting.length > 0 && !isStopped) sendSoon();
    });
  }

  const alive = setInterval(() => {
    if (!sending && !isStopped) void send([]).catch(() => undefined);
  }, ALIVE_EVERY_MS);

  return {
    push,
    log(stream: "stdout" | "stderr" | "node", text: string): void {
      if (logWaiting > LOG_CHARACTERS_WAITING_MAX) {
        dropped += text.length;
        return;
      }
      if (dropped > 0) {
        push({
          type: "log",
          stream: "node",
          text: `[${dropped} characters were written faster than they could be sent]\n`,
        });
        dropped = 0;
      }
      for (let at = 0; at < text.length; at += LOG_PIECE_CHARACTERS_MAX) {
        // NUL has no place in the platform's texts.
        const piece = text.slice(at, at + LOG_PIECE_CHARACTERS_MAX).replaceAll("\0", "\uFFFD");
        logWaiting += piece.length;
        push({ type: "log", stream, text: piece });
      }
    },
    get isStopped() {
      return isStopped;
    },
    /** Resolves when everything was taken, or nobody wants it any more. */
    async end(): Promise<void> {
      clearInterval(alive);
      while (sending) await sending;
    },
  };
}

export type LeaseReporter = ReturnType<typeof createLeaseReporter>;
