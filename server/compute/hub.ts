import pg from "pg";
import type { NodeEvent } from "#core/schemas/node-protocol.ts";
import { env } from "#server/env.ts";
import { log } from "#server/log.ts";

/**
 * Brings together a caller who waits in one web process and a node whose connection another one holds.
 *
 * Within a process it is a function call; between processes it is Postgres LISTEN/NOTIFY on a connection of its own.
 * Work itself is in rows (`inference_attempt`), so a lost notification delays but never loses anything.
 */
const NODE_CHANNEL = "compute_nodes";
const RECONNECT_MS = 250;

type EventMessage = { nodeId: string; attemptId: string; event: NodeEvent };
type Wake = { nodeId: string };
type AttemptListener = { nodeId: string; receive: (event: NodeEvent) => void };

type Hub = {
  gateway: string;
  wakers: Map<string, Set<() => void>>;
  attempts: Map<string, AttemptListener>;
  connecting: Promise<pg.Client> | null;
  outgoing: { channel: string; payload: string }[];
  isSending: boolean;
};

// Next bundles each route on its own; they must still share one hub.
const shared = globalThis as typeof globalThis & { convergeComputeHub?: Hub };
shared.convergeComputeHub ??= {
  gateway: `gw${crypto.randomUUID().replaceAll("-", "")}`,
  wakers: new Map(),
  attempts: new Map(),
  connecting: null,
  outgoing: [],
  isSending: false,
};
const hub: Hub = shared.convergeComputeHub;

export const thisGateway = (): string => hub.gateway;
const channelOf = (gateway: string): string => `compute_${gateway}`;
const isGateway = (name: string): boolean => /^gw[0-9a-f]{32}$/.test(name);

function receive(channel: string, payload: string): void {
  if (channel === NODE_CHANNEL) {
    const wake: Wake = JSON.parse(payload);
    wakeLocal(wake.nodeId);
    return;
  }
  const message: EventMessage = JSON.parse(payload);
  deliverLocal(message.nodeId, message.attemptId, [message.event]);
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: env.DATABASE_URL, keepAlive: true });
  client.on("notification", ({ channel, payload }) => receive(channel, payload ?? ""));
  const reconnect = () => {
    if (hub.connecting === null) return;
    hub.connecting = null;
    setTimeout(() => {
      listening()
        // Whatever was said while nobody listened is in the rows: everyone looks again.
        .then(() => [...hub.wakers.keys()].forEach(wakeLocal))
        .catch((error: unknown) => log.warn({ event: "compute.listen-failed", err: error }));
    }, RECONNECT_MS).unref();
  };
  client.once("error", reconnect);
  // A connection that breaks may say so more than once; unheard, the second time would end the process.
  client.on("error", () => undefined);
  client.once("end", reconnect);
  await client.connect();
  // These notifications carry no money: losing one in a crash of the database costs a retry, waiting for disk costs every token.
  await client.query("SET synchronous_commit = off");
  await client.query(`LISTEN ${NODE_CHANNEL}`);
  await client.query(`LISTEN ${channelOf(hub.gateway)}`);
  return client;
}

/** Resolves once this process hears what others say. */
export async function listening(): Promise<void> {
  hub.connecting ??= connect().catch((error: unknown) => {
    hub.connecting = null;
    throw error;
  });
  await hub.connecting;
}

/** Closes the hub's connection: for programs and tests that end. */
export async function closeHub(): Promise<void> {
  const connecting = hub.connecting;
  hub.connecting = null;
  await (await connecting)?.end();
}

/** Everything that piles up while one statement is on its way goes out with the next, in order. */
async function send(): Promise<void> {
  if (hub.isSending) return;
  hub.isSending = true;
  try {
    while (hub.outgoing.length > 0) {
      const batch = hub.outgoing.splice(0, 200);
      await listening();
      const client = await hub.connecting;
      await client?.query("SELECT pg_notify(c, p) FROM unnest($1::text[], $2::text[]) AS t(c, p)", [
        batch.map((item) => item.channel),
        batch.map((item) => item.payload),
      ]);
    }
  } catch (error) {
    log.warn({ event: "compute.notify-failed", err: error });
  } finally {
    hub.isSending = false;
  }
}

function notify(channel: string, message: Wake | EventMessage): void {
  hub.outgoing.push({ channel, payload: JSON.stringify(message) });
  void send();
}

function wakeLocal(nodeId: string): boolean {
  const wakers = hub.wakers.get(nodeId);
  if (!wakers || wakers.size === 0) return false;
  for (const wake of wakers) wake();
  return true;
}

/** Tells a node's waiting connection, wherever it is, that there is something to look at. */
export function wakeNode(nodeId: string): void {
  if (!wakeLocal(nodeId)) notify(NODE_CHANNEL, { nodeId });
}

/** Calls `wake` whenever something happens for the node, until the returned function is called. */
export function onWake(nodeId: string, wake: () => void): () => void {
  const wakers = hub.wakers.get(nodeId) ?? new Set();
  hub.wakers.set(nodeId, wakers.add(wake));
  return () => {
    wakers.delete(wake);
    if (wakers.size === 0) hub.wakers.delete(nodeId);
  };
}

/** Registers who waits for an attempt's events in this process. */
export function onAttempt(attemptId: string, listener: AttemptListener): () => void {
  hub.attempts.set(attemptId, listener);
  return () => hub.attempts.delete(attemptId);
}

/** False when nobody here waits for this attempt of this node. */
function deliverLocal(nodeId: string, attemptId: string, events: readonly NodeEvent[]): boolean {
  const listener = hub.attempts.get(attemptId);
  if (listener?.nodeId !== nodeId) return false;
  for (const event of events) listener.receive(event);
  return true;
}

/** Hands a node's events to whoever waits for them. "gone" when it is known that nobody does. */
export function deliverEvents(
  gateway: string,
  nodeId: string,
  attemptId: string,
  events: readonly NodeEvent[],
): "delivered" | "relayed" | "gone" {
  if (gateway === hub.gateway) return deliverLocal(nodeId, attemptId, events) ? "delivered" : "gone";
  if (!isGateway(gateway)) return "gone";
  for (const event of events) notify(channelOf(gateway), { nodeId, attemptId, event });
  return "relayed";
}
