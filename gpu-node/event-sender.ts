import { setTimeout as sleep } from "node:timers/promises";
import { eventsReply, type NodeEvent, TEXT_EVENT_CHARACTERS_MAX, type Work } from "../core/schemas/node-protocol.ts";
import type { Platform } from "./platform.ts";

/** Distributes over the union, so that each kind of event keeps its own fields. */
type WithoutIndex<Event> = Event extends NodeEvent ? Omit<Event, "index"> : never;
export type Unsent = WithoutIndex<NodeEvent>;
export type EventSender = ReturnType<typeof createEventSender>;

const PATH = "/api/worker/events";
/** The first piece goes at once; later ones gather this long, so that fast models do not send a request a token. */
const GATHER_MS = 25;
const ALIVE_EVERY_MS = 1_000;
const EVENTS_IN_MESSAGE_MAX = 200;
/** Longer than the platform waits for a silent node, there is nobody to deliver to. */
const GIVE_UP_AFTER_MS = 10_000;

/** A text longer than one event may be, as several. */
function inPieces(event: Unsent): Unsent[] {
  if ((event.type !== "text" && event.type !== "arguments") || event.text.length <= TEXT_EVENT_CHARACTERS_MAX)
    return [event];
  const pieces: Unsent[] = [];
  for (let at = 0; at < event.text.length; at += TEXT_EVENT_CHARACTERS_MAX) {
    pieces.push({ ...event, text: event.text.slice(at, at + TEXT_EVENT_CHARACTERS_MAX) });
  }
  return pieces;
}

/** Whether the second only goes on where the first ends: then they are one. */
function goesOn(last: NodeEvent | undefined, event: Unsent): last is NodeEvent & { text: string } {
  if (last?.type === "text" && event.type === "text")
    return !last.logprobs && !event.logprobs && last.text.length + event.text.length <= TEXT_EVENT_CHARACTERS_MAX;
  return (
    last?.type === "arguments" &&
    event.type === "arguments" &&
    last.call === event.call &&
    last.text.length + event.text.length <= TEXT_EVENT_CHARACTERS_MAX
  );
}

/** Sends the events of one attempt in order, each once, and a sign of life when there is nothing to say. */
export function createEventSender(platform: Platform, work: Work, onStop: () => void) {
  const waiting: Unsent[] = [];
  let nextIndex = 0;
  let sending: Promise<void> | null = null;
  let isStopped = false;
  let lastAt = 0;

  function take(): NodeEvent[] {
    const events: NodeEvent[] = [];
    while (waiting.length > 0 && events.length < EVENTS_IN_MESSAGE_MAX) {
      const event = waiting.shift();
      const last = events.at(-1);
      if (!event) break;
      if (goesOn(last, event) && "text" in event) last.text += event.text;
      else {
        events.push({ ...event, index: nextIndex++ });
      }
    }
    return events;
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0 && !isStopped) {
      const pauseMs = lastAt + GATHER_MS - performance.now();
      if (pauseMs > 0 && waiting.every((event) => event.type === "text" || event.type === "arguments"))
        await sleep(pauseMs);
      lastAt = performance.now();
      const body = { attemptId: work.attemptId, gateway: work.gateway, events: take() };
      const options = { timeoutMs: 5_000, giveUpAfterMs: GIVE_UP_AFTER_MS };
      const stop = await platform.post(PATH, body, eventsReply, options).then(
        (reply) => reply.stop,
        () => true,
      );
      if (stop) {
        isStopped = true;
        onStop();
      }
    }
  }

  function push(event: Unsent): void {
    if (isStopped) return;
    waiting.push(...inPieces(event));
    sending ??= drain().finally(() => {
      sending = null;
    });
  }

  const alive = setInterval(() => {
    if (!sending && performance.now() - lastAt >= ALIVE_EVERY_MS) push({ type: "alive" });
  }, ALIVE_EVERY_MS / 2);

  return {
    push,
    /** Resolves when everything was sent; no sign of life follows. */
    async end(): Promise<void> {
      clearInterval(alive);
      await sending;
    },
  };
}
