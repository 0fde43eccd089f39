import pg from "pg";
import { env } from "#server/env.ts";
import { log } from "#server/log.ts";

/** A database that does not answer must not hold up the loop: it goes on by the clock. */
const CONNECT_MS_MAX = 5_000;

export type Waker = {
  /** Resolves at a notification, at the latest after the given time, and at once when one arrived since the last wait. */
  wait(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
};

/** Listens on a Postgres channel with a connection of its own. Without it everything still works, only later. */
export function createWaker(channel: string, signal: AbortSignal): Waker {
  let isDue = false;
  let resolveWait: (() => void) | null = null;
  let client: pg.Client | null = null;
  const wake = () => {
    isDue = true;
    resolveWait?.();
  };
  signal.addEventListener("abort", wake);

  async function connect(): Promise<void> {
    if (client || signal.aborted) return;
    const opened = new pg.Client({
      connectionString: env.DATABASE_URL,
      application_name: `converge-${channel}`,
      connectionTimeoutMillis: CONNECT_MS_MAX,
    });
    const lose = () => {
      if (client === opened) client = null;
    };
    opened.on("error", lose);
    opened.on("end", lose);
    opened.on("notification", wake);
    client = opened;
    try {
      await opened.connect();
      await opened.query(`LISTEN ${channel}`);
    } catch (error) {
      lose();
      await opened.end().catch(() => undefined);
      log.warn({ err: error, channel }, "cannot listen for notifications; polling");
    }
  }

  return {
    async wait(timeoutMs) {
      await connect();
      if (!isDue) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          resolveWait = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      resolveWait = null;
      isDue = signal.aborted;
    },
    async close() {
      signal.removeEventListener("abort", wake);
      await client?.end().catch(() => undefined);
      client = null;
    },
  };
}
