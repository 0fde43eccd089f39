import { log } from "#server/log.ts";

export type Loop = { name: string; everyMs: number; work: () => Promise<unknown> };

const FAILURE_PAUSE_MS = 2_000;

/** Runs each piece of work again and again, one at a time, with a pause between; a failure is logged and tried again. */
export function runLoops(loops: Loop[]): () => Promise<void> {
  const stopping = new AbortController();
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      if (stopping.signal.aborted) return resolve();
      const timer = setTimeout(resolve, ms);
      stopping.signal.addEventListener(
        "abort",
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  const running = loops.map(async ({ name, everyMs, work }) => {
    let isFailing = false;
    while (!stopping.signal.aborted) {
      try {
        await work();
        if (isFailing) log.info({ event: "loop.recovered", loop: name });
        isFailing = false;
        await pause(everyMs);
      } catch (error) {
        // Said once when it begins, not every two seconds for as long as it lasts.
        if (!isFailing) log.error({ event: "loop.failed", loop: name, err: error });
        isFailing = true;
        await pause(FAILURE_PAUSE_MS);
      }
    }
  });
  return async () => {
    stopping.abort();
    await Promise.all(running);
  };
}
