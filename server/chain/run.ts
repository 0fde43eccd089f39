import { setTimeout as sleep } from "node:timers/promises";
import { env } from "#server/env.ts";
import { log } from "#server/log.ts";
import { findDeployment } from "./deployments.ts";
import { indexChain, type LogHandler } from "./index-chain.ts";
import { CHAIN_CHANNEL, OUTBOX_CHANNEL } from "./outbox.ts";
import { sendOutbox } from "./send-outbox.ts";
import { createWaker } from "./wake.ts";

const BACKOFF_MS_MAX = 15_000;

type Loop = {
  name: string;
  channel: string;
  pass: () => Promise<{ pending: boolean }>;
  idleMs: number;
  busyMs: number;
};

/** Repeats a pass until the signal; a failed pass (the chain or the database is away) is tried again, ever more slowly. */
async function repeat(loop: Loop, signal: AbortSignal): Promise<void> {
  const waker = createWaker(loop.channel, signal);
  let failures = 0;
  while (!signal.aborted) {
    try {
      const { pending } = findDeployment() ? await loop.pass() : { pending: false };
      if (failures > 0) log.info({ loop: loop.name, failures }, "works again");
      failures = 0;
      await waker.wait(pending ? loop.busyMs : loop.idleMs);
    } catch (error) {
      failures++;
      if (failures === 1 || failures % 20 === 0) log.error({ err: error, loop: loop.name, failures }, "a pass failed");
      await sleep(Math.min(BACKOFF_MS_MAX, 250 * 2 ** Math.min(failures, 6)), undefined, { signal }).catch(
        () => undefined,
      );
    }
  }
  await waker.close();
}

/** Sends what is ordered, until the signal. Any number of workers may run it. */
export const runOutbox = (signal: AbortSignal): Promise<void> =>
  repeat({ name: "outbox", channel: OUTBOX_CHANNEL, pass: () => sendOutbox(), idleMs: 2_000, busyMs: 150 }, signal);

/** Follows the chain and applies its events, until the signal. Any number of workers may run it. */
export const runIndexer = (handlers: readonly LogHandler[], signal: AbortSignal): Promise<void> =>
  repeat(
    {
      name: "indexer",
      channel: CHAIN_CHANNEL,
      pass: () => indexChain(handlers),
      idleMs: env.isDevelopmentChain ? 500 : 4_000,
      busyMs: 0,
    },
    signal,
  );
