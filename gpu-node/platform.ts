import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { NODE_HEADERS, signNodeMessage, toBase64 } from "../core/node-signature.ts";
import type { Identity } from "./identity.ts";

const BACKOFF_FIRST_MS = 250;
const BACKOFF_MOST_MS = 15_000;

const wireError = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** The platform understood and refused. */
export class PlatformRefusal extends Error {
  override readonly name = "PlatformRefusal";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export type Platform = {
  /** Sends one signed message and reads its answer; repeats it, signed anew, while the platform cannot be reached. */
  post: <Reply extends z.ZodType>(
    path: string,
    body: unknown,
    reply: Reply,
    options?: { signal?: AbortSignal; timeoutMs?: number; giveUpAfterMs?: number },
  ) => Promise<z.output<Reply>>;
  useNodeId: (nodeId: string) => void;
};

/** Nothing is wrong with the message itself: the same one may pass in a moment. */
const isTransient = (status: number, code: string): boolean =>
  status >= 500 || status === 429 || code === "NODE_MESSAGE_REPLAYED" || code === "CONFLICT";

export function connectPlatform(url: string, identity: Identity, say: (line: string) => void): Platform {
  const base = new URL(url);
  let nodeId = "";
  let isAway = false;

  async function send(path: string, body: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const target = new URL(`${base.pathname.replace(/\/$/, "")}${path}`, base);
    const timestamp = String(Date.now());
    const nonce = toBase64(crypto.getRandomValues(new Uint8Array(18)))
      .replaceAll("+", "-")
      .replaceAll("/", "_");
    const parts = { method: "POST", path, timestamp, nonce, body };
    const response = await fetch(target, {
      method: "POST",
      signal,
      body,
      headers: {
        "content-type": "application/json",
        [NODE_HEADERS.node]: nodeId,
        [NODE_HEADERS.timestamp]: timestamp,
        [NODE_HEADERS.nonce]: nonce,
        [NODE_HEADERS.signature]: await signNodeMessage(identity.privateKey, parts),
      },
    });
    return { status: response.status, text: await response.text() };
  }

  const post: Platform["post"] = async (path, message, reply, options = {}) => {
    const body = JSON.stringify(message);
    const giveUpAt = Date.now() + (options.giveUpAfterMs ?? Number.POSITIVE_INFINITY);
    for (let waitMs = BACKOFF_FIRST_MS; ; waitMs = Math.min(waitMs * 2, BACKOFF_MOST_MS)) {
      options.signal?.throwIfAborted();
      const timeout = AbortSignal.timeout(options.timeoutMs ?? 20_000);
      const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
      let trouble: string;
      try {
        const answer = await send(path, body, signal);
        if (answer.status < 300) {
          if (isAway) say("The platform answers again.");
          isAway = false;
          return reply.parse(JSON.parse(answer.text));
        }
        const error = readError(answer.text, answer.status);
        if (!isTransient(answer.status, error.code)) throw error;
        trouble = error.message;
      } catch (error) {
        options.signal?.throwIfAborted();
        if (error instanceof PlatformRefusal || error instanceof z.ZodError) throw error;
        trouble = describe(error);
      }
      if (Date.now() + waitMs > giveUpAt) throw new PlatformRefusal("UNREACHABLE", trouble);
      if (!isAway) say(`The platform at ${url} does not answer (${trouble}). Trying again until it does.`);
      isAway = true;
      // A random part keeps many nodes from coming back in the same instant.
      await sleep(waitMs * (0.5 + Math.random() / 2), undefined, options.signal ? { signal: options.signal } : {});
    }
  };
  return {
    post,
    useNodeId: (id) => {
      nodeId = id;
    },
  };
}

function readError(text: string, status: number): PlatformRefusal {
  try {
    const { error } = wireError.parse(JSON.parse(text));
    return new PlatformRefusal(error.code, error.message);
  } catch {
    return new PlatformRefusal("UNEXPECTED", `It answered ${status} in a form this program does not know.`);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
