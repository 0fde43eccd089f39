import fc from "fast-check";
import { expect, it } from "vitest";
import type { NodeEvent } from "#core/schemas/node-protocol.ts";
import { createEventQueue } from "./event-queue.ts";

const never = new AbortController().signal;

it("gives each event once and in order, however they arrive", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.infiniteStream(fc.nat()), async (count, random) => {
      const events = Array.from(
        { length: count },
        (_, index): NodeEvent => ({ type: "text", index, text: `${index}` }),
      );
      const arrivals = [...events, ...events].map((event) => ({ event, at: random.next().value ?? 0 }));
      const queue = createEventQueue();
      for (const { event } of arrivals.sort((left, right) => left.at - right.at)) queue.push(event);
      const received: number[] = [];
      for (let event = await queue.shift(0, never); event; event = await queue.shift(0, never))
        received.push(event.index);
      expect(received).toEqual(events.map((event) => event.index));
    }),
  );
});

it("stops waiting at once when the caller gives up", async () => {
  const controller = new AbortController();
  const waiting = createEventQueue().shift(60_000, controller.signal);
  controller.abort();
  expect(await waiting).toBeNull();
});
