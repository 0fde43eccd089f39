import type { NodeEvent } from "#core/schemas/node-protocol.ts";

/**
 * The events of one attempt, in the node's own order.
 *
 * Events may come over different web processes, late or twice: each index is taken once, and one that is early waits
 * for those before it.
 */
export function createEventQueue() {
  const early = new Map<number, NodeEvent>();
  const ready: NodeEvent[] = [];
  let nextIndex = 0;
  let notify = () => {};
  return {
    push(event: NodeEvent): void {
      if (event.index >= nextIndex && early.size < 10_000) early.set(event.index, event);
      for (let next = early.get(nextIndex); next; next = early.get(nextIndex)) {
        early.delete(nextIndex);
        nextIndex += 1;
        ready.push(next);
      }
      notify();
    },
    /** The next event, or null when there is none in time or the signal fires. */
    async shift(timeoutMs: number, signal: AbortSignal): Promise<NodeEvent | null> {
      if (signal.aborted) return null;
      if (ready.length === 0 && timeoutMs > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          const done = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", done);
            resolve();
          };
          notify = () => {
            if (ready.length > 0) done();
          };
          signal.addEventListener("abort", done, { once: true });
        });
        notify = () => {};
      }
      return signal.aborted ? null : (ready.shift() ?? null);
    },
  };
}
