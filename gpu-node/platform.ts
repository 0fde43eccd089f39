import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
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
  /** Fetches a file by its hash into a place, and refuses one that is longer or another than it was said to be. */
  download: (blob: string, target: string, bytes: number) => Promise<void>;
  /** Brings a file up under its hash, for a lease. */
  upload: (blob: string, source: string, lease: { leaseId: string; fence: number }) => Promise<void>;
  useNodeId: (nodeId: string) => void;
  /** Whether the last message found nobody. */
  isAway: () => boolean;
};

/** Nothing is wrong with the message itself: the same one may pass in a moment. */
const isTransient = (status: number, code: string): boolean =>
  status >= 500 || status === 429 || code === "NODE_MESSAGE_REPLAYED" || code === "CONFLICT";

export function connectPlatform(url: string, identity: Identity, say: (line: string) => void): Platform {
  const base = new URL(url);
  let nodeId = "";
  let isAway = false;

  const addressOf = (path: string) => new URL(`${base.pathname.replace(/\/$/, "")}${path}`, base);

  async function signedHeaders(method: string, path: string, body: string): Promise<Record<string, string>> {
    const timestamp = String(Date.now());
    const nonce = toBase64(crypto.getRandomValues(new Uint8Array(18)))
      .replaceAll("+", "-")
      .replaceAll("/", "_");
    return {
      [NODE_HEADERS.node]: nodeId,
      [NODE_HEADERS.timestamp]: timestamp,
      [NODE_HEADERS.nonce]: nonce,
      [NODE_HEADERS.signature]: await signNodeMessage(identity.privateKey, { method, path, timestamp, nonce, body }),
    };
  }

  async function send(path: string, body: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const headers = { "content-type": "application/json", ...(await signedHeaders("POST", path, body)) };
    const response = await fetch(addressOf(path), { method: "POST", signal, body, headers });
    return { status: response.status, text: await response.text() };
  }

  /** Tries what moves a file again while the platform is away; a refusal is final. */
  async function withRetries(work: () => Promise<Response>): Promise<Response> {
    for (let waitMs = BACKOFF_FIRST_MS; ; waitMs = Math.min(waitMs * 2, BACKOFF_MOST_MS)) {
      const response = await work().catch((error: unknown) => {
        if (waitMs >= BACKOFF_MOST_MS) throw error;
        return null;
      });
      if (response?.ok) return response;
      if (response) {
        const error = readError(await response.text(), response.status);
        if (!isTransient(response.status, error.code) || waitMs >= BACKOFF_MOST_MS) throw error;
      }
      await sleep(waitMs);
    }
  }

  const pathOf = (blob: string) => `/api/worker/blobs/${blob.slice("sha256:".length)}`;

  const download: Platform["download"] = async (blob, target, bytes) => {
    const path = pathOf(blob);
    const response = await withRetries(async () =>
      fetch(addressOf(path), { headers: await signedHeaders("GET", path, ""), signal: transferTime(bytes) }),
    );
    if (!response.body) throw new Error("The platform sent no file.");
    const hash = createHash("sha256");
    let size = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        hash.update(chunk);
        done(size > bytes ? new Error("The file is longer than it was said to be.") : null, chunk);
      },
    });
    await pipeline(response.body, measure, createWriteStream(target));
    if (`sha256:${hash.digest("hex")}` !== blob) throw new Error("The file is another one than it was said to be.");
  };

  const upload: Platform["upload"] = async (blob, source, lease) => {
    const path = pathOf(blob);
    const header = JSON.stringify(lease);
    const { size } = await stat(source);
    await withRetries(async () =>
      fetch(addressOf(path), {
        method: "PUT",
        signal: transferTime(size),
        headers: {
          ...(await signedHeaders("PUT", path, header)),
          "x-converge-lease": Buffer.from(header).toString("base64url"),
          "content-length": String(size),
          "content-type": "application/octet-stream",
        },
        body: Readable.toWeb(createReadStream(source)) as ReadableStream<Uint8Array>,
        duplex: "half",
      } as RequestInit),
    );
  };

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
    download,
    upload,
    isAway: () => isAway,
    useNodeId: (id) => {
      nodeId = id;
    },
  };
}

/** A transfer that is slower than this is one that stands still. */
const transferTime = (bytes: number): AbortSignal => AbortSignal.timeout(60_000 + Math.ceil(bytes / 20));

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
