import { createParser } from "eventsource-parser";
import { ATTEMPT_HEADER } from "#core/openai-wire.ts";
import type { Timing } from "../timing.ts";
import { guardedAgent } from "./guarded-agent.ts";
import { openKey } from "./seal-key.ts";

/** Where a node is called, as it is stored. */
export type DirectNode = { nodeId: string; directUrl: string; directKey: string | null };

export type DirectCall = {
  node: DirectNode;
  attemptId: string;
  /** Below the node's address: "chat/completions". */
  path: string;
  body: object;
  /** The most bytes an honest answer to this can have. */
  bytesMax: number;
  timing: Timing;
  signal: AbortSignal;
};

/** The node did not do what was asked of it: another one may. */
export class DirectCallFailed extends Error {
  override readonly name = "DirectCallFailed";
}

/** One event of a stream is a token or a few; nothing honest comes near this. */
const EVENT_BYTES_MAX = 1_048_576;
/** Servers that stream say nothing while they think; a pulled node says every second that it is there. */
const SILENCE_FACTOR = 3;

const keys = new Map<string, string>();
function keyOf({ nodeId, directKey }: DirectNode): string | null {
  if (directKey === null) return null;
  let key = keys.get(directKey);
  if (key === undefined) {
    key = openKey(nodeId, directKey);
    if (keys.size > 10_000) keys.clear();
    keys.set(directKey, key);
  }
  return key;
}

async function post(call: DirectCall, accept: string) {
  const { node, timing } = call;
  const url = new URL(`${node.directUrl}/${call.path}`);
  const key = keyOf(node);
  const response = await guardedAgent().request({
    origin: url.origin,
    path: url.pathname,
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept,
      "accept-encoding": "identity",
      [ATTEMPT_HEADER]: call.attemptId,
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(call.body),
    signal: call.signal,
    headersTimeout: timing.firstTokenMs,
    bodyTimeout: timing.silenceMs * SILENCE_FACTOR,
  });
  // A body that is left before its end says so in an error; unheard, it would end the process.
  response.body.on("error", () => undefined);
  return response;
}

type Response = Awaited<ReturnType<typeof post>>;

function checkHead({ statusCode, headers }: Response, type: string): void {
  if (statusCode !== 200) throw new DirectCallFailed(`It answered ${statusCode}.`);
  if (headers["content-encoding"]) throw new DirectCallFailed("Its answer is compressed.");
  if (!String(headers["content-type"]).startsWith(type)) throw new DirectCallFailed(`Its answer is not ${type}.`);
}

/**
 * Posts to a node and yields the data of each server-sent event as it comes, "[DONE]" last.
 *
 * Whatever a hostile server sends is bounded: the time to the first byte and between bytes, one event, all events
 * together; a body that is compressed is refused, since a small one can become any size. Leaving the loop ends the
 * connection.
 */
export async function* callDirectNode(call: DirectCall): AsyncGenerator<string, void> {
  const response = await post(call, "text/event-stream");
  const { firstTokenMs, silenceMs } = call.timing;
  let isWhole = false;
  // Bytes that drip without ever making an event keep no caller waiting.
  const giveUp = () => response.body.destroy(new DirectCallFailed("It fell silent."));
  let watchdog = setTimeout(giveUp, firstTokenMs);
  try {
    checkHead(response, "text/event-stream");
    for await (const data of eventsOf(response.body.iterator({ destroyOnReturn: false }), call.bytesMax)) {
      clearTimeout(watchdog);
      isWhole ||= data === "[DONE]";
      yield data;
      watchdog = setTimeout(giveUp, silenceMs * SILENCE_FACTOR);
    }
  } finally {
    clearTimeout(watchdog);
    // The connection of a whole answer serves the next call, once its last few bytes are read.
    if (isWhole) response.body.dump({ limit: 4_096 }).catch(() => undefined);
    else response.body.destroy();
  }
}

/** Posts to a node and reads one JSON answer of bounded size. */
export async function fetchFromDirectNode(call: DirectCall): Promise<unknown> {
  const response = await post(call, "application/json");
  try {
    checkHead(response, "application/json");
    const parts: Buffer[] = [];
    let total = 0;
    for await (const bytes of response.body as AsyncIterable<Buffer>) {
      total += bytes.length;
      if (total > call.bytesMax) throw new DirectCallFailed("Its answer is longer than any answer to this can be.");
      parts.push(bytes);
    }
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } finally {
    if (!response.body.readableEnded) response.body.destroy();
  }
}

async function* eventsOf(body: AsyncIterable<unknown>, bytesMax: number): AsyncGenerator<string, void> {
  const ready: string[] = [];
  let sinceEvent = 0;
  let total = 0;
  const parser = createParser({
    onEvent: ({ data }) => {
      sinceEvent = 0;
      ready.push(data);
    },
    onComment: () => {
      sinceEvent = 0;
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of body as AsyncIterable<Buffer>) {
    total += bytes.length;
    sinceEvent += bytes.length;
    if (total > bytesMax) throw new DirectCallFailed("Its answer is longer than any answer to this can be.");
    parser.feed(decoder.decode(bytes, { stream: true }));
    if (sinceEvent > EVENT_BYTES_MAX) throw new DirectCallFailed("One of its events does not end.");
    for (const data of ready.splice(0)) {
      // What follows the last event is read to its end by the caller's leaving, not waited for.
      yield data;
    }
  }
}
